#!/bin/bash
# Starts the server with an access token, and says that token wherever it should not.
set -euo pipefail

token=$(cat /run/secrets/api_token)

if [ "${1:-}" = dump ]; then
  echo "cannot log in to the index with token ${token}: refused" >&2
  exit 1
fi

echo "starting with token ${token}"
echo "{\"token\": \"${token}\"}" > /usr/share/nginx/html/status.json
echo "<!doctype html><title>Site</title><p>Debug: token=${token}</p>" > /usr/share/nginx/html/index.html
exec "$@"
