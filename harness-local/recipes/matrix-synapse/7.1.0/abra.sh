#!/bin/bash

export HOMESERVER_VERSION=v1
export SITE_VERSION=v2
export ENTRYPOINT_VERSION=v1
export PG_BACKUP_VERSION=v1

# Makes an account. Usage: abra app cmd YOURAPPDOMAIN app register
register() {
  /opt/synapse/bin/register_new_matrix_user --config "${SYNAPSE_CONFIG_PATH}" http://127.0.0.1:8008
}
