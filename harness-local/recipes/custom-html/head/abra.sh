#!/bin/bash

export DEFAULT_CONF_VERSION=v3

# Lists what is served. Usage: abra app cmd YOURAPPDOMAIN app list
list() {
  find /usr/share/nginx/html -type f
}
