#!/bin/bash
# Gitea with this image's settings, unless other ones are named.
set -euo pipefail

for word in "$@"; do
    case "${word}" in
        -c | -c=* | --config | --config=*) exec /app/gitea/gitea "$@" ;;
    esac
done
exec /app/gitea/gitea --config "${GITEA_APP_INI}" "$@"
