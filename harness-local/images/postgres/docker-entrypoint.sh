#!/bin/bash
# First start: a cluster with a superuser, its password and a database from the environment.
# Understands POSTGRES_USER, POSTGRES_PASSWORD, POSTGRES_DB, each also with _FILE, and POSTGRES_INITDB_ARGS.
set -euo pipefail

if [ "${1:-}" != postgres ]; then
    exec "$@"
fi
if [ "$(id -u)" = 0 ]; then
    mkdir -p "${PGDATA}"
    chown postgres:postgres "${PGDATA}" /run/postgresql
    chmod 700 "${PGDATA}"
    export HOME=/var/lib/postgresql
    exec setpriv --reuid=postgres --regid=postgres --init-groups "$0" "$@"
fi
shift

value() { # name: prints POSTGRES_<name>, directly or from the file that POSTGRES_<name>_FILE names
    local var=POSTGRES_$1 file=POSTGRES_$1_FILE
    if [ -n "${!file:-}" ]; then
        cat "${!file}"
    else
        printf %s "${!var:-}"
    fi
}

if [ ! -s "${PGDATA}/PG_VERSION" ]; then
    user=$(value USER) password=$(value PASSWORD) database=$(value DB)
    user=${user:-postgres}
    database=${database:-${user}}
    if [ -z "${password}" ]; then
        echo "Database is uninitialized: set POSTGRES_PASSWORD or POSTGRES_PASSWORD_FILE" >&2
        exit 1
    fi
    options=()
    read -r -a options <<< "${POSTGRES_INITDB_ARGS:-}" || true
    # Who is in the container may come in; who comes over the network needs the password.
    initdb --username="${user}" --pwfile=<(printf '%s\n' "${password}") "${options[@]}"
    printf 'host all all all scram-sha-256\n' >> "${PGDATA}/pg_hba.conf"
    if [ "${database}" != postgres ]; then
        printf 'CREATE DATABASE "%s"\n' "${database//\"/\"\"}" | postgres --single -j postgres
    fi
fi
exec postgres -c listen_addresses='*' "$@"
