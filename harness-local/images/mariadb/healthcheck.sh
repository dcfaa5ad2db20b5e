#!/bin/sh
# Says whether the server takes connections: any answer of the server counts, a refused password too.
set -eu
exec mariadb-admin --protocol=tcp --host=127.0.0.1 --user=healthcheck --connect-timeout=3 --silent ping
