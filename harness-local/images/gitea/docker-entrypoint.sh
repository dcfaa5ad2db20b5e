#!/bin/bash
# Makes the settings on the first start, brings them up to date with GITEA__<section>__<KEY> and
# GITEA__<section>__<KEY>__FILE from the environment, and runs Gitea, or the command that is given.
set -euo pipefail

mkdir -p "${HOME}" "${GITEA_CUSTOM}" "${GITEA_TEMP}"
chmod 0700 "${HOME}" "${GITEA_CUSTOM}" "${GITEA_TEMP}"
if [ ! -s "${GITEA_APP_INI}" ]; then
    cp /etc/templates/app.ini "${GITEA_APP_INI}"
fi
# Older releases have a program of its own for this.
if [ -x /app/gitea/environment-to-ini ]; then
    /app/gitea/environment-to-ini --config "${GITEA_APP_INI}"
else
    /app/gitea/gitea config edit-ini --config "${GITEA_APP_INI}" --in-place --apply-env
fi

if [ "$#" -gt 0 ]; then
    exec "$@"
fi
exec /usr/local/bin/gitea web
