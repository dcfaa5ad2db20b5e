use rstest::rstest;

use super::*;

/// Each store as `id at volume coverage`.
fn stores(compose: &str) -> Vec<String> {
    let compose = Compose::parse("compose.yml", compose).expect("a compose file");
    find(&compose).stores.iter().map(shown).collect()
}

fn shown(store: &Store) -> String {
    let coverage = match &store.coverage {
        Coverage::Whole => "whole".to_owned(),
        Coverage::Paths { paths } => paths.join("+"),
        Coverage::Nothing { reason } => format!("nothing: {reason}"),
    };
    let volume = store.volume.as_deref().unwrap_or("-");
    format!("{} {} {volume} {coverage}", store.id(), store.at)
}

const GHOST: &str = "
services:
  app:
    image: ghost:6
    volumes: [ghost_content:/var/lib/ghost/content]
    deploy: {labels: [backupbot.backup=true]}
  db:
    image: mariadb:10.11
    volumes: [mysql:/var/lib/mysql]
    deploy:
      labels:
        backupbot.backup.pre-hook: /mysql_backup.sh backup
        backupbot.backup.volumes.mysql.path: backup.sql.gz
volumes: {ghost_content: , mysql: }
";

const IMMICH: &str = "
services:
  app:
    image: ghcr.io/immich-app/immich-server:v1
    environment: [DB_PASSWORD_FILE=/run/secrets/x, DB_HOSTNAME=database]
    volumes: [uploads:/usr/src/app/upload]
    deploy:
      labels: {backupbot.backup: 'true', backupbot.backup.volumes.uploads: 'false'}
  redis:
    image: docker.io/valkey/valkey:8@sha256:0
  database:
    image: ghcr.io/immich-app/postgres:14-vectorchord0.4.3@sha256:0
    environment: [POSTGRES_PASSWORD_FILE=/x]
    volumes: [postgres:/var/lib/postgresql/data]
volumes: {uploads: , postgres: }
";

const N8N: &str = "
services:
  app:
    image: n8nio/n8n:1
    environment: [DB_SQLITE_DATABASE=/home/node/.n8n/database.sqlite, DB_TYPE=sqlite]
    volumes: [data:/home/node/.n8n, '/etc/localtime:/etc/localtime:ro']
    deploy: {labels: [backupbot.backup=true, 'backupbot.backup.path=/home/node/.n8n']}
volumes: {data: }
";

const PLAUSIBLE: &str = "
services:
  app:
    image: plausible/community-edition:v2
    volumes: [data:/var/lib/plausible]
  db:
    image: postgres:13
    volumes: [db-data:/var/lib/postgresql/data]
    deploy:
      labels:
        backupbot.backup: 'true'
        backupbot.backup.path: /var/lib/postgresql/data/backup.sql
  plausible_events_db:
    image: clickhouse/clickhouse-server:24
    volumes: [event-data:/var/lib/clickhouse]
volumes: {data: , db-data: , event-data: }
";

const ODD: &str = "
services:
  app:
    image: example/app:1
    environment: [DATABASE_URL=sqlite:////srv/app.db, CACHE_DB=/tmp/cache.db]
    volumes: ['shared:/srv/', 'conf:/etc/app:ro']
    deploy: {labels: [backupbot.backup=true]}
  worker:
    image: example/app:1
    environment: [DATABASE_URL=sqlite:////srv/app.db]
    volumes: ['shared:/srv']
  db:
    image: mariadb:11
    volumes: ['wrong:/var/lib/mariadb', 'dumps:/dumps']
  job:
    image: postgres:16
    volumes: ['once:/var/lib/postgresql/data']
    deploy: {replicas: 0}
  search:
    image: getmeili/meilisearch:v1
    volumes: ['search:/meili_data']
volumes: {shared: , conf: , wrong: , dumps: , once: , search: }
";

#[rstest]
#[case::ghost(GHOST, &[
    "db:mariadb /var/lib/mysql mysql backup.sql.gz",
    "ghost_content /var/lib/ghost/content ghost_content whole",
])]
#[case::immich(IMMICH, &[
    "redis:redis /data - nothing: no volume of the stack is mounted at /data in service `redis`",
    "database:postgres /var/lib/postgresql/data postgres whole",
    "uploads /usr/src/app/upload uploads nothing: label `backupbot.backup.volumes.uploads=false` leaves it out",
])]
#[case::n8n(N8N, &[
    "app:sqlite:/home/node/.n8n/database.sqlite /home/node/.n8n/database.sqlite data whole",
    "data /home/node/.n8n data whole",
])]
#[case::plausible(PLAUSIBLE, &[
    "db:postgres /var/lib/postgresql/data db-data backup.sql",
    "plausible_events_db:clickhouse /var/lib/clickhouse event-data whole",
    "data /var/lib/plausible data whole",
])]
#[case::odd(ODD, &[
    "db:mariadb /var/lib/mysql - nothing: no volume of the stack is mounted at /var/lib/mysql in service `db`",
    "app:sqlite:/srv/app.db /srv/app.db shared whole",
    "shared /srv shared whole",
    "wrong /var/lib/mariadb wrong whole",
    "dumps /dumps dumps whole",
    "search /meili_data search whole",
])]
fn what_a_stack_keeps_data_in_is_found(#[case] compose: &str, #[case] expected: &[&str]) {
    assert_eq!(stores(compose), expected);
}

#[test]
fn a_server_that_nothing_can_be_planted_in_is_listed() {
    let found = find(&Compose::parse("compose.yml", ODD).unwrap());
    let listed: Vec<_> =
        found.unrecognized.iter().map(|u| (u.service.as_str(), u.what.as_str())).collect();
    assert_eq!(listed, [("search", "meilisearch")]);
}

#[test]
fn no_two_stores_have_one_name() {
    for text in [GHOST, IMMICH, N8N, PLAUSIBLE, ODD] {
        let found = find(&Compose::parse("compose.yml", text).unwrap());
        let ids: BTreeSet<String> = found.stores.iter().map(Store::id).collect();
        assert_eq!(ids.len(), found.stores.len());
    }
}

#[test]
fn the_innermost_mount_holds_a_path() {
    let text = "services:\n  a:\n    image: x:1\n    volumes: ['v:/data', '/srv:/data/in', 'w:/data/in/w/']\nvolumes: {v: , w: }\n";
    let compose = Compose::parse("compose.yml", text).unwrap();
    let at = |path| volume_at(&compose.services[0], path);
    assert_eq!(at("/data/x").as_deref(), Some("v"));
    assert_eq!(at("/data/in/x"), None, "a folder of the host");
    assert_eq!(at("/data/in/w").as_deref(), Some("w"));
    assert_eq!(at("/database"), None);
}
