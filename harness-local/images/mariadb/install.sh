#!/bin/sh
# Installs MariaDB and keeps an empty data directory that the first start of a container copies. Argument: version.
set -eu
version=$1
apt-get update -q
DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends mariadb-server mariadb-client
rm -rf /var/lib/apt/lists/* /var/cache/apt/archives/*.deb /var/cache/apt/*.bin

found=$(mariadbd --version | sed 's,.*Ver ,,; s,-.*,,')
test "${found}" = "${version}" || { echo "expected MariaDB ${version}, the suite has ${found}" >&2; exit 1; }

rm -rf /etc/mysql/mariadb.conf.d /etc/mysql/conf.d
mkdir -p /etc/mysql/conf.d
printf '[client-server]\nsocket = /run/mysqld/mysqld.sock\n!includedir /etc/mysql/conf.d/\n' > /etc/mysql/mariadb.cnf
cp /tmp/mariadb/mariadb.cnf /etc/mysql/conf.d/server.cnf

rm -rf /var/lib/mysql /usr/share/mysql-empty
mkdir -p /run/mysqld /var/lib/mysql /usr/share/mysql-empty
mariadb-install-db --datadir=/usr/share/mysql-empty --user=mysql \
    --auth-root-authentication-method=normal --skip-test-db > /dev/null
# The owner must be right before the image declares the volume.
chown -R mysql:mysql /run/mysqld /var/lib/mysql
