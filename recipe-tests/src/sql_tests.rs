use super::*;

/// The scripts, word for word, on the simulated products.
mod played {
    use std::collections::BTreeMap;
    use std::sync::Arc;
    use std::time::Duration;

    use harness_core::name::{ServiceName, StackName};
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
        assert_eq!((code, sql.dialect.rows(&printed)), (0, vec![expected]), "{printed}");
        assert_eq!(
            sql.dialect.rows(&ran(world, stack, sql, "SELECT a FROM odd WHERE a = 'x'").1).len(),
            0
        );
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
