#!/bin/bash
# Waits for the database, then starts Synapse, which gives up at once when nobody answers.
set -euo pipefail

until (: < /dev/tcp/db/5432) 2> /dev/null; do
  sleep 0.5
done
exec /start.py "$@"
