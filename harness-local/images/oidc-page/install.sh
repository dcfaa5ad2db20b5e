#!/bin/sh
# Installs Apache with its module for OpenID Connect of one Debian suite, and the page. Arguments: suite, version of the
# module.
set -eu
suite=$1
version=$2
sed -i "s/bookworm/${suite}/g" /etc/apt/sources.list
apt-get update -q
DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends apache2 libapache2-mod-auth-openidc media-types ca-certificates curl
rm -rf /var/lib/apt/lists/* /var/cache/apt/archives/*.deb /var/cache/apt/*.bin /var/www/html

# The tag says a version: an image that holds another one is worse than none.
found=$(dpkg-query --show --showformat='${Version}' libapache2-mod-auth-openidc | sed 's,-.*,,')
test "${found}" = "${version}" || { echo "expected ${version}, the ${suite} suite has ${found}" >&2; exit 1; }

cp /tmp/oidc-page/site.conf /etc/apache2/apache2.conf
mkdir -p /var/www/page
cp /tmp/oidc-page/index.html /tmp/oidc-page/person.html /var/www/page/
printf '%s\n' "${version}" > /var/www/page/version.txt
apache2 -t
