use harness_core::name::ServiceName;

use super::*;

fn command(reason: &str) -> AccessError {
    let service = ServiceName::try_from("db".to_owned()).expect("a name");
    AccessError::Command { service, command: "sh".to_owned(), reason: reason.to_owned() }
}

#[test]
fn what_each_client_prints_becomes_rows() {
    let rows = |sql: Sql, printed: &str| sql.rows(printed);
    let of = |rows: &[&[&str]]| -> Vec<Vec<String>> {
        rows.iter().map(|r| r.iter().map(|c| (*c).to_owned()).collect()).collect()
    };
    let check = |sql: Sql, printed: &str, expected: &[&[&str]]| {
        assert_eq!(rows(sql, printed), of(expected), "{printed:?}");
    };
    check(
        Sql::mysql("db"),
        "1\tit's\n2\ta\\tb\\\\n\\nc\n",
        &[&["1", "it's"], &["2", "a\tb\\n\nc"]],
    );
    check(Sql::mysql("db"), "NULL\t\n", &[&["NULL", ""]]);
    check(Sql::mysql("db"), "\n", &[&[""]]);
    check(Sql::mysql("db"), "", &[]);
    check(Sql::postgres("db"), "1\u{1f}a\nb\u{1e}2\u{1f}NULL\n", &[&["1", "a\nb"], &["2", "NULL"]]);
    check(Sql::postgres("db"), "\n", &[&[""]]);
    check(Sql::postgres("db"), "", &[]);
    check(
        Sql::sqlite("app", "/f"),
        "1\u{1f}a\n\u{1e}2\u{1f}b\u{1e}",
        &[&["1", "a\n"], &["2", "b"]],
    );
    check(Sql::sqlite("app", "/f"), "", &[]);
}

#[test]
fn a_text_is_quoted_as_its_database_reads_it() {
    assert_eq!(Sql::mysql("db").text(r"it's \ "), r"'it''s \\ '");
    assert_eq!(Sql::postgres("db").text(r"it's \ "), r"'it''s \ '");
}

#[test]
fn a_statement_is_an_argument_of_its_own() {
    let statement = "SELECT '$(reboot)'; -- \"`'";
    for sql in [Sql::mysql("db"), Sql::postgres("db"), Sql::sqlite("app", "/f")] {
        let argv = sql.argv(statement);
        assert_eq!(argv[4], statement);
        assert!(!argv[2].contains("reboot"), "{argv:?}");
    }
}

#[test]
fn only_a_server_that_cannot_be_spoken_to_is_asked_again() {
    for passing in [
        "exit code 1: ERROR 2002 (HY000): Can't connect to local server through socket",
        "exit code 2: psql: error: connection to server on socket failed: FATAL:  the database system is starting up",
    ] {
        assert!(takes_no_connections(&command(passing)), "{passing}");
    }
    for lasting in [
        "exit code 1: ERROR 1146 (42S02) at line 1: Table 'ghost.ccci_marker' doesn't exist",
        "exit code 1: ERROR 1045 (28000): Access denied for user 'root'@'localhost'",
        "exit code 1: ERROR:  relation \"x\" does not exist",
    ] {
        assert!(!takes_no_connections(&command(lasting)), "{lasting}");
    }
}

#[test]
fn an_error_shows_the_statement_in_one_short_line() {
    assert_eq!(shortened("SELECT 1\n  FROM a"), "SELECT 1 FROM a");
    assert_eq!(shortened(&"x".repeat(200)).chars().count(), 121);
}
