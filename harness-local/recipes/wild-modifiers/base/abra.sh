#!/bin/bash
# Config versions: bump them with the files.
export APP_CONF_VERSION=v2
export PG_BACKUP_VERSION=v6

migrate() {
  export RAILS_ENV=production
  bin/migrate "$@"
}
