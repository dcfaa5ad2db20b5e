use crate::app::play::Play;

const MARIADB: [(&str, &str); 4] = [
    ("MYSQL_DATABASE", "app"),
    ("MYSQL_USER", "me"),
    ("MYSQL_PASSWORD", "s3cret"),
    ("MYSQL_ROOT_PASSWORD", "r00t"),
];

fn mariadb() -> Play {
    let mut play = Play::new()
        .service("db", "mariadb:10.11.18", &MARIADB, &["/var/lib/mysql"])
        .service("app", "nginx:1", &[], &[]);
    play.up(10);
    play
}

const AS_ME: &str = "-h 127.0.0.1 -ume -ps3cret app";

#[test]
fn a_mariadb_keeps_what_is_put_into_it() {
    let mut play = mariadb();
    let sql = "CREATE TABLE IF NOT EXISTS ci_marker (id int AUTO_INCREMENT PRIMARY KEY, v varchar(64)); TRUNCATE ci_marker; INSERT INTO ci_marker (v) VALUES ('original'), ('it''s')";
    play.out("db", &format!("mysql {AS_ME} -N -e \"{sql}\""));
    let read = format!("mariadb {AS_ME} -N -e 'SELECT * FROM ci_marker ORDER BY id DESC LIMIT 5'");
    assert_eq!(play.out("db", &read), "2\tit's\n1\toriginal\n");
    let remote = "mysql --host=db --user=root --password=r00t app -e 'SELECT COUNT(*) AS n FROM ci_marker WHERE v = \"original\" AND id > 0'";
    assert_eq!(play.out("app", remote), "n\n1\n");
    play.scale("db", 0);
    play.scale("db", 1);
    assert_eq!(play.out("db", &read), "2\tit's\n1\toriginal\n");
}

#[test]
fn a_mysql_dump_brings_back_what_was_dropped() {
    let mut play = mariadb();
    let run =
        |play: &mut Play, sql: &str| play.run("db", &format!("mysql {AS_ME} -N -e \"{sql}\""));
    run(
        &mut play,
        "CREATE TABLE t (k varchar(9) NOT NULL, n int DEFAULT 7, b text, PRIMARY KEY (k)); INSERT INTO t VALUES ('a', NULL, 'x\\\\ny;'); INSERT INTO t (k) VALUES ('b')",
    );
    let before = run(&mut play, "SELECT * FROM t");
    assert_eq!(before.1, "a\tNULL\tx\\ny;\nb\t7\tNULL\n");
    play.out("db", &format!("mysqldump --single-transaction --no-tablespaces {AS_ME} | gzip > /var/lib/mysql/d.sql.gz"));
    let (code, _, err) = run(&mut play, "DROP TABLE t; SELECT * FROM t");
    assert_eq!(
        (code, err.as_str()),
        (1, "ERROR 1146 (42S02) at line 1: Table 'app.t' doesn't exist\n")
    );
    play.out("db", &format!("gunzip < /var/lib/mysql/d.sql.gz | mysql {AS_ME}"));
    assert_eq!(run(&mut play, "SELECT * FROM t"), before);
    let last = play.out("db", "gunzip < /var/lib/mysql/d.sql.gz | tail -n 1");
    assert!(last.starts_with("-- Dump completed on 2026-11-21"), "{last}");
}

#[test]
fn a_wrong_password_is_refused_in_mysqls_own_words() {
    let mut play = mariadb();
    let (code, _, err) = play.run("db", "mysql -ume -pwrong app -e 'SELECT 1'");
    let expected =
        "ERROR 1045 (28000): Access denied for user 'me'@'localhost' (using password: YES)\n";
    assert_eq!((code, err.as_str()), (1, expected));
    let (code, _, err) = play.run("db", "mysqldump -ume app");
    assert!(code == 2 && err.contains("mysqldump: Got error: 1045: \"Access denied"), "{err}");
    let (code, _, err) = play.run("db", "mysql -ume -ps3cret other -e 'SELECT 1'");
    assert_eq!((code, err.as_str()), (1, "ERROR 1049 (42000): Unknown database 'other'\n"));
    assert_eq!(play.run("app", "mysqladmin -h db ping").1, "mysqld is alive\n");
    let (code, _, err) = play.run("app", "mysql -h 127.0.0.1 -e 'SELECT 1'");
    assert!(code == 1 && err.starts_with("ERROR 2003 (HY000)"), "{err}");
}

#[test]
fn what_mysql_is_not_played_to_do_is_refused_by_name() {
    let mut play = mariadb();
    for (sql, what) in [
        ("SELECT a.x FROM a JOIN b ON a.x = b.x", "JOIN"),
        ("CREATE VIEW v AS SELECT 1", "CREATE VIEW"),
        ("SELECT soundex('x')", "soundex()"),
    ] {
        let (code, _, err) = play.run("db", &format!("mysql {AS_ME} -e \"{sql}\""));
        assert!(code == 1 && err.contains(what) && err.contains("not played"), "{sql}: {err}");
    }
    let (code, _, err) = play.run("db", "mysqldump --tab=/tmp app");
    assert!(code == 2 && err.contains("--tab is not played"), "{err}");
}

#[test]
fn a_mysql_that_is_killed_while_it_is_made_never_starts_again() {
    let mut play = Play::new().service("db", "mysql:8.0", &MARIADB, &["/var/lib/mysql"]);
    play.up(2);
    play.scale("db", 0);
    play.scale("db", 1);
    play.wait(30);
    assert!(
        play.logs("db").contains("Can't open and lock privilege tables"),
        "{}",
        play.logs("db")
    );
    assert_ne!(play.run("db", "mysqladmin ping").0, 0);
}

const POSTGRES: [(&str, &str); 3] =
    [("POSTGRES_USER", "me"), ("POSTGRES_DB", "app"), ("POSTGRES_PASSWORD", "s3cret")];

fn postgres() -> Play {
    let mut play = Play::new()
        .service("db", "postgres:15.8-alpine", &POSTGRES, &["/var/lib/postgresql/data"])
        .service("app", "nginx:1", &[], &[]);
    play.up(10);
    play
}

const PSQL: &str = "psql -U me -d app -v ON_ERROR_STOP=1 -tAc";
const PLANT: &str = "CREATE TABLE IF NOT EXISTS ci_marker(v text); TRUNCATE ci_marker; INSERT INTO ci_marker VALUES('original')";

#[test]
fn a_postgres_keeps_what_is_put_into_it() {
    let mut play = postgres();
    assert_eq!(
        play.out("db", "pg_isready -U me"),
        "/var/run/postgresql:5432 - accepting connections\n"
    );
    let said = play.out("db", &format!("{PSQL} \"{PLANT}\""));
    assert_eq!(said, "CREATE TABLE\nTRUNCATE TABLE\nINSERT 0 1\n");
    let read = "PGPASSWORD=s3cret psql -h db -U me app -tAc 'SELECT v, 1 + 1 FROM ci_marker'";
    assert_eq!(play.out("app", read), "original|2\n");
    play.scale("db", 0);
    assert_eq!(play.run("app", "pg_isready -h db -q").0, 2);
    play.scale("db", 1);
    assert_eq!(play.out("app", read), "original|2\n");
    let uri = "psql postgresql://me:s3cret@db:5432/app -c 'SELECT count(*) FROM ci_marker'";
    assert_eq!(play.out("app", uri), " count\n-------\n     1\n(1 row)\n\n");
}

/// The convention that recipes copy from each other.
const PG_BACKUP: &str = r#"
set -e
BACKUP_FILE=/var/lib/postgresql/data/backup.sql
function backup {
  export PGPASSWORD=s3cret
  pg_dump -U ${POSTGRES_USER} ${POSTGRES_DB} | gzip > $BACKUP_FILE
}
function restore {
  psql -U ${POSTGRES_USER} -d postgres -c "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${POSTGRES_DB}' AND pid <> pg_backend_pid();"
  psql -U ${POSTGRES_USER} -d postgres -c "DROP DATABASE ${POSTGRES_DB} WITH (FORCE);"
  createdb -U ${POSTGRES_USER} ${POSTGRES_DB}
  gunzip -c $BACKUP_FILE | psql -U ${POSTGRES_USER} -d ${POSTGRES_DB} -1 -v ON_ERROR_STOP=1
}
"#;

#[test]
fn the_hooks_that_recipes_share_bring_a_postgres_back() {
    let mut play = postgres();
    let sql = "CREATE TABLE t (id serial PRIMARY KEY, v text DEFAULT 'x y', ok boolean NOT NULL); INSERT INTO t (v, ok) VALUES (E'a\\\\tb', true), (NULL, false); INSERT INTO t (ok) VALUES (true)";
    play.out("db", &format!("{PSQL} \"{sql}\""));
    let read = format!("{PSQL} 'SELECT * FROM t ORDER BY id'");
    let before = play.out("db", &read);
    assert!(before.ends_with("2||f\n3|x y|t\n"), "{before}");
    play.out("db", &format!("{PG_BACKUP} backup"));
    assert_eq!(play.out("db", &format!("{PSQL} 'DROP TABLE t'")), "DROP TABLE\n");
    let (code, _, err) = play.run("db", &read);
    assert_eq!((code, err.as_str()), (1, "ERROR:  relation \"t\" does not exist\n"));
    play.out("db", &format!("{PG_BACKUP} restore"));
    assert_eq!(play.out("db", &read), before);
    // The next row goes on counting.
    play.out("db", &format!("{PSQL} 'INSERT INTO t (ok) VALUES (true)'"));
    assert!(play.out("db", &read).ends_with("4|x y|t\n"));
}

#[test]
fn a_dump_that_was_cut_short_has_no_last_line_and_is_not_taken() {
    let mut play = postgres();
    play.out("db", &format!("{PSQL} \"{PLANT}\""));
    let whole = play.out("db", "pg_dump -U me app");
    assert!(whole.trim_end().ends_with("-- PostgreSQL database dump complete\n--"), "{whole}");
    play.out(
        "db",
        "pg_dump -U me app | head -n 20 > /tmp/short.sql; ! grep -q 'dump complete' /tmp/short.sql",
    );
    play.out("db", "pg_dump -U me -Fc app > /tmp/a.dump; head -c 400 /tmp/a.dump > /tmp/b.dump");
    assert_eq!(play.run("db", "pg_restore -U me -d app --clean /tmp/b.dump").0, 1);
    assert_eq!(
        play.out("db", &format!("{PSQL} \"DELETE FROM ci_marker WHERE v = 'original'\"")),
        "DELETE 1\n"
    );
    play.out("db", "pg_restore -U me -d app --clean --if-exists /tmp/a.dump");
    assert_eq!(
        play.out("db", &format!("{PSQL} 'TABLE ci_marker' || {PSQL} 'SELECT v FROM ci_marker'")),
        "original\n"
    );
}

#[test]
fn a_whole_postgres_goes_into_one_dump() {
    let mut play = postgres();
    play.out("db", &format!("{PSQL} \"{PLANT}\"; createdb -U me other; psql -U me other -qc 'CREATE TABLE o (n int); INSERT INTO o VALUES (5)'"));
    play.out("db", "pg_dumpall -U me --clean > /tmp/all.sql; dropdb -U me --if-exists other; psql -U me -q -f /tmp/all.sql postgres");
    assert_eq!(play.out("db", "psql -U me other -tAc 'SELECT n FROM o'"), "5\n");
    assert_eq!(play.out("db", &format!("{PSQL} 'SELECT v FROM ci_marker'")), "original\n");
}

#[test]
fn a_wrong_password_is_refused_in_postgres_own_words() {
    let mut play = postgres();
    let (code, _, err) = play.run("app", "PGPASSWORD=no psql -h db -U me app -c 'SELECT 1'");
    assert!(
        code == 2 && err.contains("FATAL:  password authentication failed for user \"me\""),
        "{err}"
    );
    let (code, _, err) = play.run("db", "psql -U nobody app -c 'SELECT 1'");
    assert!(code == 2 && err.contains("role \"nobody\" does not exist"), "{err}");
    let (code, _, err) = play.run("db", "psql -U me none -c 'SELECT 1'");
    assert!(code == 2 && err.contains("database \"none\" does not exist"), "{err}");
    let (code, _, err) = play.run("db", &format!("{PSQL} 'SELECT md5(v) FROM ci_marker'"));
    assert!(code == 1 && err.contains("relation"), "{err}");
    let (code, _, err) = play.run("db", &format!("{PSQL} 'SELECT soundex(1)'"));
    assert!(code == 1 && err.contains("soundex() is not played by a stand-in"), "{err}");
}

#[test]
fn a_failed_transaction_changes_nothing() {
    let mut play = postgres();
    play.out("db", &format!("{PSQL} \"{PLANT}\""));
    let script = "BEGIN; UPDATE ci_marker SET v = 'x'; SELECT nope FROM ci_marker; COMMIT;";
    let (code, out, err) = play.run("db", &format!("echo \"{script}\" | psql -U me app"));
    assert!(
        code == 0 && out.ends_with("ROLLBACK\n") && err.contains("column \"nope\""),
        "{out}{err}"
    );
    let two = "INSERT INTO ci_marker VALUES ('a'); INSERT INTO none VALUES (1)";
    assert_eq!(play.run("db", &format!("psql -U me app -c \"{two}\"")).0, 1);
    assert_eq!(play.out("db", &format!("{PSQL} 'SELECT v FROM ci_marker'")), "original\n");
}

#[test]
fn a_sqlite_file_is_backed_up_while_it_is_used() {
    let mut play = Play::new().service("app", "nginx:1", &[], &["/data"]);
    play.up(3);
    let run =
        |play: &mut Play, words: &str| play.out("app", &format!("sqlite3 /data/a.sqlite {words}"));
    run(
        &mut play,
        "\".timeout 10000\" \"CREATE TABLE t (id INTEGER PRIMARY KEY, v text); INSERT INTO t (v) VALUES ('one'), ('it''s')\"",
    );
    assert_eq!(run(&mut play, "'SELECT * FROM t'"), "1|one\n2|it's\n");
    assert_eq!(run(&mut play, ".tables"), "t\n");
    run(&mut play, "\".backup '/data/b.sqlite'\"");
    run(&mut play, ".dump > /data/dump.sql");
    run(&mut play, "'DROP TABLE t'");
    let (code, _, err) = play.run("app", "sqlite3 /data/a.sqlite 'SELECT * FROM t'");
    assert_eq!((code, err.as_str()), (1, "Error: in prepare, no such table: t\n"));
    run(&mut play, "\".restore /data/b.sqlite\"");
    assert_eq!(run(&mut play, "'SELECT count(*) FROM t'"), "2\n");
    assert!(play.out("app", "tail -n 1 /data/dump.sql").starts_with("COMMIT;"));
    assert_eq!(play.out("app", "sqlite3 /data/c.sqlite '.read /data/dump.sql'; sqlite3 /data/c.sqlite 'SELECT v FROM t WHERE id = 2'"), "it's\n");
    // Cut short, a dump brings nothing back: its transaction never ends.
    assert_eq!(
        play.out(
            "app",
            "head -n 4 /data/dump.sql | sqlite3 /data/d.sqlite; sqlite3 /data/d.sqlite .tables"
        ),
        ""
    );
    play.out("app", "head -c 30 /data/b.sqlite > /data/e.sqlite");
    assert!(play.run("app", "sqlite3 /data/e.sqlite .tables").2.contains("malformed"));
}

#[test]
fn a_redis_keeps_what_it_saved() {
    let mut play = Play::new().service("cache", "redis:7-alpine", &[], &["/data"]).entrypoint(&[
        "redis-server",
        "--requirepass",
        "pw",
    ]);
    play.up(3);
    let cli = |play: &mut Play, words: &str| {
        play.out("cache", &format!("redis-cli -a pw --no-auth-warning {words}"))
    };
    assert_eq!(play.out("cache", "redis-cli PING"), "NOAUTH Authentication required.\n");
    assert_eq!(cli(&mut play, "PING"), "PONG\n");
    cli(&mut play, "SET a 'b c'");
    assert_eq!(
        (cli(&mut play, "GET a"), cli(&mut play, "KEYS '*'")),
        ("b c\n".to_owned(), "a\n".to_owned())
    );
    assert_eq!(cli(&mut play, "BGSAVE"), "Background saving started\n");
    assert!(cli(&mut play, "INFO persistence").contains("rdb_last_bgsave_status:ok"));
    cli(&mut play, "SET late 1");
    play.scale("cache", 0);
    play.scale("cache", 1);
    assert_eq!(cli(&mut play, "EXISTS a late nothing"), "2\n");
    assert_eq!(cli(&mut play, "DEL a late"), "2\n");
    assert_eq!(
        (cli(&mut play, "GET a"), cli(&mut play, "DBSIZE")),
        ("\n".to_owned(), "0\n".to_owned())
    );
    let (code, _, err) = play.run("cache", "redis-cli -a pw LPUSH l 1");
    assert!(code == 1 && err.contains("LPUSH is not played by a stand-in"), "{err}");
}
