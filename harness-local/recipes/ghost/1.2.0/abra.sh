#!/bin/bash

export MYSQL_BACKUP_VERSION=v1
