#!/bin/bash
# First start: an empty data directory, then a database, a user and root's password from the environment.
# Understands MYSQL_* and MARIADB_*: DATABASE, USER, PASSWORD, ROOT_PASSWORD, and the same with _FILE.
set -euo pipefail

if [ "${1:-}" != mariadbd ] && [ "${1:-}" != mysqld ]; then
    exec "$@"
fi
shift

value() { # name: prints MARIADB_<name> or MYSQL_<name>, directly or from the file that <…>_FILE names
    local prefix var file
    for prefix in MARIADB MYSQL; do
        var=${prefix}_$1
        file=${prefix}_$1_FILE
        if [ -n "${!file:-}" ]; then
            cat "${!file}"
            return
        elif [ -n "${!var:-}" ]; then
            printf %s "${!var}"
            return
        fi
    done
}
quoted() { # text: prints it as an SQL string
    local text=${1//\\/\\\\}
    printf "'%s'" "${text//\'/\'\'}"
}

data=/var/lib/mysql
init=/run/mysqld/init.sql
options=()
if [ ! -d "${data}/mysql" ]; then
    root=$(value ROOT_PASSWORD)
    if [ -z "${root}" ] && [ -z "${MARIADB_ALLOW_EMPTY_ROOT_PASSWORD:-}${MYSQL_ALLOW_EMPTY_PASSWORD:-}" ]; then
        echo "Database is uninitialized: set MYSQL_ROOT_PASSWORD or MYSQL_ROOT_PASSWORD_FILE" >&2
        exit 1
    fi
    database=$(value DATABASE) user=$(value USER) password=$(value PASSWORD)
    echo "Initializing the data directory" >&2
    cp -a /usr/share/mysql-empty/. "${data}/"
    chown mysql:mysql "${data}"
    (
        umask 077
        {
            if [ -n "${database}" ]; then
                echo "CREATE DATABASE IF NOT EXISTS \`${database//\`/\`\`}\` CHARACTER SET utf8mb4;"
            fi
            if [ -n "${user}" ] && [ -n "${password}" ]; then
                echo "CREATE USER IF NOT EXISTS $(quoted "${user}")@'%' IDENTIFIED BY $(quoted "${password}");"
                if [ -n "${database}" ]; then
                    echo "GRANT ALL ON \`${database//\`/\`\`}\`.* TO $(quoted "${user}")@'%';"
                fi
            fi
            # May connect and nothing else: the health check is no failed login in the log.
            echo "CREATE USER IF NOT EXISTS 'healthcheck'@'127.0.0.1';"
            echo "CREATE USER IF NOT EXISTS 'root'@'%' IDENTIFIED BY $(quoted "${root}");"
            echo "GRANT ALL ON *.* TO 'root'@'%' WITH GRANT OPTION;"
            echo "ALTER USER 'root'@'localhost' IDENTIFIED BY $(quoted "${root}");"
        } > "${init}"
    )
    chown mysql:mysql "${init}"
    options=(--init-file="${init}")
else
    rm -f "${init}"
fi
exec mariadbd "${options[@]}" "$@"
