#!/bin/bash

export MYSQL_BACKUP_VERSION=v1

# Makes an administrator. Usage: abra app cmd YOURAPPDOMAIN app admin NAME EMAIL
admin() {
  gitea admin user create --admin --username "$1" --email "$2" --random-password
}
