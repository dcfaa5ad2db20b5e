#!/bin/sh
# Installs Mumble's server of one Debian suite, and the client of its database. Arguments: suite, version.
set -eu
suite=$1
version=$2
sed -i "s/bookworm/${suite}/g" /etc/apt/sources.list
apt-get update -q
DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends mumble-server sqlite3
rm -rf /var/lib/apt/lists/* /var/cache/apt/archives/*.deb /var/cache/apt/*.bin

# The tag says a version: an image that holds another one is worse than none.
found=$(dpkg-query --show --showformat='${Version}' mumble-server | sed 's,-.*,,')
test "${found}" = "${version}" || { echo "expected Mumble ${version}, the ${suite} suite has ${found}" >&2; exit 1; }

# The owner must be right before the image declares the volume.
mkdir -p /data
chown mumble-server:mumble-server /data
