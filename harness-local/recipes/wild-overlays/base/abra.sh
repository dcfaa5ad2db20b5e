#!/bin/bash
export APP_CONF_VERSION=v4

export ENTRYPOINT_VERSION=v11 # bump with entrypoint.sh.tmpl
