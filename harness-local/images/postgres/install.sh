#!/bin/sh
# Installs PostgreSQL without a cluster; the first start of a container makes one. Argument: version.
set -eu
version=$1
major=${version%%.*}
apt-get update -q
export DEBIAN_FRONTEND=noninteractive
apt-get install -q -y --no-install-recommends postgresql-common
sed -i 's/^#\?create_main_cluster.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf
apt-get install -q -y --no-install-recommends "postgresql-${major}"
rm -rf /var/lib/apt/lists/* /var/cache/apt/archives/*.deb /var/cache/apt/*.bin

programs=/usr/lib/postgresql/${major}/bin
found=$("${programs}/postgres" --version | sed 's,.*(PostgreSQL) ,,; s, .*,,')
test "${found}" = "${version}" || { echo "expected PostgreSQL ${version}, the suite has ${found}" >&2; exit 1; }
# Debian's own wrappers look for clusters of its own kind.
for program in "${programs}"/*; do
    ln -sf "${program}" /usr/local/bin/
done

# The owner must be right before the image declares the volume.
mkdir -p /run/postgresql /var/lib/postgresql/data
chown -R postgres:postgres /run/postgresql /var/lib/postgresql
chmod 700 /var/lib/postgresql/data
