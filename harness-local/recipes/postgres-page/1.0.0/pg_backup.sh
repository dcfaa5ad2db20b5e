#!/bin/bash
# Dumps the database before a backup and reads the dump back after a restore.
# Usage: pg_backup.sh backup|restore
set -euo pipefail

dump=/var/lib/postgresql/data/backup.sql.gz

case "${1:-}" in
  backup)
    # A dump that was cut short must not take the place of a whole one.
    pg_dump --username="${POSTGRES_USER}" "${POSTGRES_DB}" | gzip > "${dump}.part"
    mv "${dump}.part" "${dump}"
    ;;
  restore)
    gzip --test "${dump}"
    psql --username="${POSTGRES_USER}" --dbname=postgres --quiet --set=ON_ERROR_STOP=1 \
      --command="DROP DATABASE IF EXISTS \"${POSTGRES_DB}\" WITH (FORCE)" \
      --command="CREATE DATABASE \"${POSTGRES_DB}\""
    gzip --decompress --stdout "${dump}" \
      | psql --username="${POSTGRES_USER}" --dbname="${POSTGRES_DB}" --quiet --set=ON_ERROR_STOP=1 > /dev/null
    ;;
  *)
    echo "usage: $0 backup|restore" >&2
    exit 2
    ;;
esac
