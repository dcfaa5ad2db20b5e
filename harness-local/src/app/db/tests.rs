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
