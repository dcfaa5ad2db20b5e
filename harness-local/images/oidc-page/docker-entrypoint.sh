#!/bin/sh
# Runs Apache; people sign in where OIDC_ENABLED says so.
set -eu
export CA_BUNDLE="${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}"
if [ "${OIDC_ENABLED:-false}" = true ]; then
    exec apache2 -D FOREGROUND -D OIDC
fi
exec apache2 -D FOREGROUND
