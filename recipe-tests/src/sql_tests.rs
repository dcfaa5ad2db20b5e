use harness_core::name::ServiceName;

use super::*;

fn command(reason: &str) -> ReachError {
    let service = ServiceName::try_from("db".to_owned()).expect("a name");
    ReachError::Command { service, command: "sh".to_owned(), reason: reason.to_owned() }
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

/// The scripts, word for word, on the simulated products.
mod played {
    use std::collections::BTreeMap;
    use std::sync::Arc;
    use std::time::Duration;

    use harness_core::name::StackName;
    use harness_local::app::StandIns;
    use harness_local::world::{
        ImageSource, Io, MountSource, MountSpec, Replicas, RolloutSpec, ServiceSpec, StackSpec,
        TaskSpec, World,
    };

    use super::*;

    /// Returns an engine with one service `db` of an image, with its data in a volume.
    fn world(image: &str, env: &[(&str, &str)], data: &str) -> (World, StackName) {
        let now = "2026-11-21T12:00:00Z".parse().expect("a time");
        let mut world = World::new(1, now, Arc::new(StandIns));
        world.set_image(image, ImageSource::Present);
        let mut task = TaskSpec::of_image(image);
        task.env = env.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        let source = MountSource::Volume("s_db".to_owned());
        task.mounts = vec![MountSpec { source, target: data.to_owned(), read_only: false }];
        let service = ServiceSpec {
            name: ServiceName::try_from("db".to_owned()).expect("a name"),
            labels: BTreeMap::new(),
            replicas: Replicas::Count(1),
            task: Arc::new(task),
            update: RolloutSpec::default(),
            rollback: RolloutSpec::default(),
        };
        let stack = StackName::try_from("s".to_owned()).expect("a name");
        let spec = StackSpec {
            stack: stack.clone(),
            services: vec![service],
            networks: Vec::new(),
            configs: Vec::new(),
        };
        world.deploy_stack(spec).expect("the stack can be deployed");
        world.advance_to(world.now() + Duration::from_secs(30));
        (world, stack)
    }

    fn ran(world: &mut World, stack: &StackName, sql: &Sql, statement: &str) -> (i64, String) {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let mut io = Io { stdin: &[], out: &mut out, err: &mut err };
        let argv: Vec<String> = sql.argv(statement).into_iter().map(str::to_owned).collect();
        let service = ServiceName::try_from("db".to_owned()).expect("a name");
        let code = world.exec(stack, &service, &argv, &mut io).expect("the service runs");
        (code, String::from_utf8_lossy(&[out, err].concat()).into_owned())
    }

    /// Plants odd values, and finds them as they were.
    fn keeps_odd_values(sql: &Sql, world: &mut World, stack: &StackName) {
        let odd = sql.text("it's 50 % \\ \"odd\" $(echo x) `y`");
        let plant = format!(
            "CREATE TABLE odd (a varchar(99), b varchar(9)); INSERT INTO odd VALUES ({odd}, NULL)"
        );
        assert_eq!(ran(world, stack, sql, &plant), (0, String::new()));
        let (code, printed) = ran(world, stack, sql, "SELECT a, b FROM odd");
        let expected = ["it's 50 % \\ \"odd\" $(echo x) `y`", "NULL"].map(str::to_owned).to_vec();
        assert_eq!((code, sql.rows(&printed)), (0, vec![expected]), "{printed}");
        assert_eq!(sql.rows(&ran(world, stack, sql, "SELECT a FROM odd WHERE a = 'x'").1).len(), 0);
        let (code, said) = ran(world, stack, sql, "SELECT a FROM missing");
        assert!(code != 0 && said.contains("missing"), "{code} {said}");
    }

    #[test]
    fn mysql_by_the_password_of_root_or_of_the_user() {
        let common =
            [("MYSQL_DATABASE", "app"), ("MYSQL_USER", "me"), ("MYSQL_PASSWORD", "s3cret")];
        let root = [&common[..], &[("MYSQL_ROOT_PASSWORD", "r00t")]].concat();
        let random = [&common[..], &[("MYSQL_RANDOM_ROOT_PASSWORD", "yes")]].concat();
        for env in [root, random] {
            let (mut world, stack) = world("mariadb:10.11.18", &env, "/var/lib/mysql");
            keeps_odd_values(&Sql::mysql("db"), &mut world, &stack);
        }
    }

    #[test]
    fn postgres_as_its_superuser() {
        let env =
            [("POSTGRES_USER", "me"), ("POSTGRES_DB", "app"), ("POSTGRES_PASSWORD", "s3cret")];
        let (mut world, stack) = world("postgres:15.18", &env, "/var/lib/postgresql/data");
        keeps_odd_values(&Sql::postgres("db"), &mut world, &stack);
        let (code, said) =
            ran(&mut world, &stack, &Sql::postgres("db").database("none"), "SELECT 1");
        assert!(code != 0 && said.contains("\"none\" does not exist"), "{code} {said}");
    }

    #[test]
    fn sqlite_in_a_file_that_must_be_there() {
        let (mut world, stack) = world("nginx:1.26.3", &[], "/data");
        let sql = Sql::sqlite("db", "/data/app.sqlite");
        let (code, said) = ran(&mut world, &stack, &sql, "SELECT 1");
        assert_eq!((code, said.as_str()), (1, "there is no database /data/app.sqlite\n"));
        let made = ["sqlite3", "/data/app.sqlite", "CREATE TABLE t (x text)"].map(str::to_owned);
        let service = ServiceName::try_from("db".to_owned()).expect("a name");
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let mut io = Io { stdin: &[], out: &mut out, err: &mut err };
        assert_eq!(world.exec(&stack, &service, &made, &mut io).expect("it runs"), 0);
        keeps_odd_values(&sql, &mut world, &stack);
    }
}
