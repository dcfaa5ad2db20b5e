#!/bin/bash
# Reads the passwords, which Keycloak takes from no file, waits for the database, then starts Keycloak, which gives up
# at once when nobody answers.
set -euo pipefail

KC_DB_PASSWORD=$(cat /run/secrets/db_password)
KC_BOOTSTRAP_ADMIN_PASSWORD=$(cat /run/secrets/admin_password)
export KC_DB_PASSWORD KC_BOOTSTRAP_ADMIN_PASSWORD

until (: < "/dev/tcp/${KC_DB_URL_HOST}/3306") 2> /dev/null; do
  sleep 0.5
done
exec /opt/keycloak/bin/kc.sh "$@"
