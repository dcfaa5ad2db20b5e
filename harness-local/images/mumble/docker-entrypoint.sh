#!/bin/bash
# Writes the settings from MUMBLE_CONFIG_<NAME>, sets the password of the user SuperUser from the secret
# MUMBLE_SUPERUSER_PASSWORD, and runs the server.
set -euo pipefail

# Debian names the program as the release does.
server=$(command -v mumble-server || command -v murmurd)
ini=/tmp/mumble-server.ini
secret=/run/secrets/MUMBLE_SUPERUSER_PASSWORD

setting() { # key in the file, value
    local text=${2//\\/\\\\}
    printf '%s="%s"\n' "$1" "${text//\"/\\\"}"
}
{
    setting database /data/mumble-server.sqlite
    # An empty name means standard error, and that nobody is told of this server.
    printf 'logfile=\nregisterName=\nbonjour=false\n'
    setting welcometext "${MUMBLE_CONFIG_WELCOMETEXT:-}"
    setting users "${MUMBLE_CONFIG_USERS:-100}"
    setting autobanAttempts "${MUMBLE_CONFIG_AUTOBANATTEMPTS:-10}"
} > "${ini}"

if [ -r "${secret}" ]; then
    "${server}" -fg -ini "${ini}" -readsupw < "${secret}"
fi
exec "${server}" -fg -ini "${ini}"
