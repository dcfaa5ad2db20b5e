#!/bin/bash
set -euo pipefail
backup() { PGPASSWORD=$(cat "${POSTGRES_PASSWORD_FILE}") pg_dump --username=postgres app > /var/lib/postgresql/data/backup.sql; }
restore() { psql --username=postgres app < /var/lib/postgresql/data/backup.sql; }
"$@"
