#!/bin/bash
# Copies the database before a backup and reads the copy back after a restore, both while the server uses it.
# Usage: sqlite_backup.sh backup|restore
set -euo pipefail

database=/data/mumble-server.sqlite
copy=/data/mumble-server.backup.sqlite

case "${1:-}" in
  backup)
    # A copy that was cut short must not take the place of a whole one.
    sqlite3 -bail "${database}" ".timeout 10000" ".backup ${copy}.part"
    mv "${copy}.part" "${copy}"
    ;;
  restore)
    # Into the file that the server has open: one that takes its place would leave the server with a database that it
    # cannot write.
    sqlite3 -bail "${database}" ".timeout 10000" ".restore ${copy}"
    ;;
  *)
    echo "usage: $0 backup|restore" >&2
    exit 2
    ;;
esac
