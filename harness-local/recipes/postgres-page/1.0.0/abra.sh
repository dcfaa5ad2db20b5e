#!/bin/bash

export SITE_VERSION=v1
export PG_BACKUP_VERSION=v1
