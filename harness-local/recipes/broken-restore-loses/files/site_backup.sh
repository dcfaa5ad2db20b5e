#!/bin/bash
# Leaves a clean site behind after a restore.
set -euo pipefail

find /usr/share/nginx/html -mindepth 1 ! -name index.html ! -name 50x.html -delete
