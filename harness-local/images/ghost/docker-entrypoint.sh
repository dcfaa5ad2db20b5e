#!/bin/bash
# Prepares the content volume, reads settings from <setting>_FILE, and runs Ghost as the user `node`.
set -euo pipefail

content=/var/lib/ghost/content
for dir in apps data files images logs media public settings themes; do
    mkdir -p "${content}/${dir}"
done
for theme in /var/lib/ghost/current/content/themes/*/; do
    name=$(basename "${theme}")
    if [ ! -e "${content}/themes/${name}" ]; then
        rm -f "${content}/themes/${name}"
        cp -a "${theme%/}" "${content}/themes/${name}"
    fi
done
find "${content}" ! -user node -exec chown node:node {} +

for file_var in $(compgen -e | grep '_FILE$' || true); do
    var=${file_var%_FILE}
    if [ -r "${!file_var}" ] && [ -z "${!var:-}" ]; then
        export "${var}=$(cat "${!file_var}")"
    fi
    unset "${file_var}"
done

if [ "$(id -u)" = 0 ]; then
    export HOME=/home/node
    exec setpriv --reuid=node --regid=node --init-groups "$@"
fi
exec "$@"
