#!/bin/bash
# Waits for the database, then starts Ghost, which gives up at once when nobody answers.
set -euo pipefail

until (: < "/dev/tcp/${database__connection__host}/3306") 2> /dev/null; do
  sleep 0.5
done
exec docker-entrypoint.sh "$@"
