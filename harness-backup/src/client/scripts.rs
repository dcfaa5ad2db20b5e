//! The scripts that find out in a container who may ask its database what, and ask it.

/// What a script says when the image has no client; the client's name follows.
pub(super) const NO_CLIENT: &str = "ccci: the image has no client:";

/// Reads who it is from the image's variables; root if there is a password for it. `mariadb` is what newer images of
/// MariaDB call the client. Where no variable names the database, it is the only one that is not the server's own.
/// Arguments: the statement, the database.
pub(super) const MYSQL: &str = r#"
set -eu
user=root
password="${MARIADB_ROOT_PASSWORD:-${MYSQL_ROOT_PASSWORD:-}}"
file="${MARIADB_ROOT_PASSWORD_FILE:-${MYSQL_ROOT_PASSWORD_FILE:-}}"
if [ -z "${password}${file}" ]; then
  user="${MARIADB_USER:-${MYSQL_USER:-root}}"
  password="${MARIADB_PASSWORD:-${MYSQL_PASSWORD:-}}"
  file="${MARIADB_PASSWORD_FILE:-${MYSQL_PASSWORD_FILE:-}}"
fi
if [ -n "${file}" ]; then password="$(cat "${file}")"; fi
client=mysql
if command -v mariadb > /dev/null; then client=mariadb; fi
if ! command -v "${client}" > /dev/null; then echo "ccci: the image has no client: mysql" >&2; exit 127; fi
export MYSQL_PWD="${password}"
database="${2:-${MARIADB_DATABASE:-${MYSQL_DATABASE:-}}}"
if [ -z "${database}" ]; then
  database="$("${client}" --user="${user}" --batch --skip-column-names --execute="SELECT schema_name FROM information_schema.schemata WHERE schema_name NOT IN ('information_schema', 'mysql', 'performance_schema', 'sys')")"
fi
exec "${client}" --user="${user}" --batch --skip-column-names --database="${database}" --execute="$1"
"#;

/// The same for PostgreSQL, as its superuser. Arguments: the statement, the database, the signs between columns and rows.
pub(super) const POSTGRES: &str = r#"
set -eu
if ! command -v psql > /dev/null; then echo "ccci: the image has no client: psql" >&2; exit 127; fi
user="${POSTGRES_USER:-}"
if [ -n "${POSTGRES_USER_FILE:-}" ]; then user="$(cat "${POSTGRES_USER_FILE}")"; fi
user="${user:-postgres}"
password="${POSTGRES_PASSWORD:-}"
if [ -n "${POSTGRES_PASSWORD_FILE:-}" ]; then password="$(cat "${POSTGRES_PASSWORD_FILE}")"; fi
export PGPASSWORD="${password}"
database="${2:-${POSTGRES_DB:-}}"
if [ -z "${database}" ] && [ -n "${POSTGRES_DB_FILE:-}" ]; then database="$(cat "${POSTGRES_DB_FILE}")"; fi
database="${database:-${user}}"
exec psql --no-psqlrc --quiet --no-align --tuples-only --set=ON_ERROR_STOP=1 --pset=null=NULL --field-separator="$3" --record-separator="$4" --username="${user}" --dbname="${database}" --command="$1"
"#;

/// A file that is not there would be made, and a marker in it would prove nothing. Arguments: the statement, the file.
pub(super) const SQLITE: &str = r#"
set -eu
if ! command -v sqlite3 > /dev/null; then echo "ccci: the image has no client: sqlite3" >&2; exit 127; fi
if [ ! -f "$2" ]; then echo "there is no database $2" >&2; exit 1; fi
exec sqlite3 -batch -bail -ascii -nullvalue NULL -cmd ".timeout 10000" "$2" "$1"
"#;

/// Redis and what speaks like it. The password is looked for where images and recipes put it. Arguments: what to do
/// (`plant`, `read`, `break`), then for each key its name, its value, the value that breaks it (empty: the key goes), and
/// how many lines of bulk stand beside it. Prints for each key `none` or `is` and its value, a tab, and whether the bulk
/// is `whole`, `cut` or `none`.
pub(crate) const REDIS: &str = r#"
set -eu
client=redis-cli
if ! command -v redis-cli > /dev/null; then client=valkey-cli; fi
if ! command -v "${client}" > /dev/null; then echo "ccci: the image has no client: redis-cli" >&2; exit 127; fi
password="${REDIS_PASSWORD:-${VALKEY_PASSWORD:-${REDISCLI_AUTH:-}}}"
for file in "${REDIS_PASSWORD_FILE:-}" "${VALKEY_PASSWORD_FILE:-}"; do
  if [ -n "${file}" ]; then password="$(cat "${file}")"; fi
done
ping() {
  if [ -n "${password}" ]; then export REDISCLI_AUTH="${password}"; fi
  said="$("${client}" PING 2>&1 || true)"
}
ping
case "${said}" in *NOAUTH*|*WRONGPASS*|*"invalid password"*)
  for file in /run/secrets/*; do
    if [ "${said}" != PONG ] && [ -f "${file}" ]; then password="$(cat "${file}")"; ping; fi
  done
  for file in /etc/redis/redis.conf /usr/local/etc/redis/redis.conf /etc/valkey/valkey.conf; do
    if [ "${said}" != PONG ] && [ -f "${file}" ]; then
      password="$(grep '^requirepass ' "${file}" | cut -d ' ' -f 2)"; ping
    fi
  done
esac
if [ "${said}" != PONG ]; then echo "${said}" >&2; exit 1; fi
bulk() { echo "$1"; seq 1 "$2"; }
deed="$1"
shift
while [ "$#" -ge 4 ]; do
  case "${deed}" in
  plant)
    "${client}" SET "$1" "$2" > /dev/null
    if [ "$4" -gt 0 ]; then bulk "$2" "$4" | "${client}" -x SET "$1:bulk" > /dev/null; fi ;;
  break)
    if [ -n "$3" ]; then "${client}" SET "$1" "$3" > /dev/null; else "${client}" DEL "$1" > /dev/null; fi
    if [ "$4" -gt 0 ]; then "${client}" DEL "$1:bulk" > /dev/null; fi ;;
  esac
  state=none
  if [ "$("${client}" EXISTS "$1:bulk")" = 1 ]; then
    state=cut
    if [ "$("${client}" GET "$1:bulk")" = "$(bulk "$2" "$4")" ]; then state=whole; fi
  fi
  if [ "$("${client}" EXISTS "$1")" = 1 ]; then
    printf 'is\t%s\t%s\n' "$("${client}" GET "$1")" "${state}"
  else
    printf 'none\t\t%s\n' "${state}"
  fi
  shift 4
done
"#;
