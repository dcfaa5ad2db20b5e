#!/bin/bash
# Dumps the database before a backup and reads the dump back after a restore.
# Usage: mysql_backup.sh backup|restore
set -euo pipefail

dump=/var/lib/mysql/backup.sql.gz
login=(--host=127.0.0.1 --user="${MYSQL_USER}" --password="$(cat "${MYSQL_PASSWORD_FILE}")")

case "${1:-}" in
  backup)
    # A dump that was cut short must not take the place of a whole one.
    mariadb-dump "${login[@]}" --single-transaction --no-tablespaces "${MYSQL_DATABASE}" | gzip > "${dump}.part"
    mv "${dump}.part" "${dump}"
    ;;
  restore)
    gzip --test "${dump}"
    gzip --decompress --stdout "${dump}" | mariadb "${login[@]}" "${MYSQL_DATABASE}"
    ;;
  *)
    echo "usage: $0 backup|restore" >&2
    exit 2
    ;;
esac
