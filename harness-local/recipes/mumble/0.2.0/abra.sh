#!/bin/bash

export SQLITE_BACKUP_VERSION=v1
