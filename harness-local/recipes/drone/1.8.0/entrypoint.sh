#!/bin/sh
# Reads the secrets, which Drone takes from no file, then starts Drone.
set -eu

DRONE_RPC_SECRET=$(cat /run/secrets/rpc_secret)
export DRONE_RPC_SECRET
if [ -f /run/secrets/client_secret ]; then
  DRONE_GITEA_CLIENT_SECRET=$(cat /run/secrets/client_secret)
  export DRONE_GITEA_CLIENT_SECRET
fi
exec /bin/drone-server "$@"
