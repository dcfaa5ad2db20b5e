#!/bin/sh
# Installs nginx of one Debian suite and lays it out like the official image. Arguments: suite, version.
set -eu
suite=$1
version=$2
sed -i "s/bookworm/${suite}/g" /etc/apt/sources.list
apt-get update -q
apt-get install -q -y --no-install-recommends nginx
rm -rf /var/lib/apt/lists/* /var/cache/apt/archives/*.deb /var/cache/apt/*.bin /etc/nginx/sites-enabled /etc/nginx/sites-available

# The tag says a version: an image that holds another one is worse than none.
found=$(nginx -v 2>&1 | sed 's,.*nginx/,,; s, .*,,')
test "${found}" = "${version}" || { echo "expected nginx ${version}, the ${suite} suite has ${found}" >&2; exit 1; }

useradd --system --uid 101 --user-group --home-dir /nonexistent --shell /usr/sbin/nologin nginx
mkdir -p /etc/nginx/conf.d /var/log/nginx /usr/share/nginx/html
cp /tmp/nginx/nginx.conf /etc/nginx/nginx.conf
cp /tmp/nginx/default.conf /etc/nginx/conf.d/default.conf
test -s /usr/share/nginx/html/index.html
rm -rf /var/www/html
ln -sf /dev/stdout /var/log/nginx/access.log
ln -sf /dev/stderr /var/log/nginx/error.log
nginx -t
