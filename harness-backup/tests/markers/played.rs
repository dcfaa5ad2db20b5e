//! A simulated server with one service, as something whose containers and files are reached. Main type: [`Played`].

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use harness_backup::{
    Coverage, Executed, ListBy, ListedFile, Listing, Product, Reach, ReachError, Store,
};
use harness_core::name::{ServiceName, StackName};
use harness_local::app::StandIns;
use harness_local::world::{
    FileError, ImageSource, Io, MountSource, MountSpec, Replicas, RolloutSpec, ServiceSpec,
    StackSpec, TaskSpec, World,
};
use jiff::Timestamp;
use tokio::time::Instant;

/// What is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Postgres,
    MariaDb,
    Sqlite,
    Redis,
    Files,
}

impl Way {
    fn image(self) -> &'static str {
        match self {
            Self::Postgres => "postgres:15.18",
            Self::MariaDb => "mariadb:10.11.18",
            Self::Sqlite | Self::Files => "nginx:1.26.3",
            Self::Redis => "redis:7.2",
        }
    }

    fn env(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Postgres => {
                &[("POSTGRES_USER", "me"), ("POSTGRES_DB", "app"), ("POSTGRES_PASSWORD", "s3cret")]
            }
            Self::MariaDb => &[("MYSQL_DATABASE", "app"), ("MYSQL_ROOT_PASSWORD", "r00t")],
            Self::Redis => &[("REDIS_PASSWORD", "s3cret")],
            Self::Sqlite | Self::Files => &[],
        }
    }

    fn data(self) -> &'static str {
        match self {
            Self::Postgres => "/var/lib/postgresql/data",
            Self::MariaDb => "/var/lib/mysql",
            Self::Sqlite | Self::Redis | Self::Files => "/data",
        }
    }

    /// Returns the store that is played.
    pub(crate) fn store(self) -> Store {
        let (product, at) = match self {
            Self::Postgres => (Product::Postgres, self.data()),
            Self::MariaDb => (Product::MariaDb, self.data()),
            Self::Sqlite => (Product::Sqlite, "/data/app.sqlite"),
            Self::Redis => (Product::Redis, self.data()),
            Self::Files => (Product::Files, self.data()),
        };
        let (service, volume) = (service(), Some("data".to_owned()));
        Store { product, service, at: at.to_owned(), volume, coverage: Coverage::Whole }
    }
}

fn service() -> ServiceName {
    ServiceName::try_from("db".to_owned()).expect("a name")
}

/// A simulated server whose clock is this runtime's.
pub(crate) struct Played {
    world: RefCell<World>,
    stack: StackName,
    began: Instant,
    start: Timestamp,
}

impl Played {
    /// Returns a server on which one service runs.
    pub(crate) fn of(way: Way) -> Self {
        let start: Timestamp = "2026-11-21T12:00:00Z".parse().expect("a time");
        let mut world = World::new(1, start, Arc::new(StandIns));
        world.set_image(way.image(), ImageSource::Present);
        let mut task = TaskSpec::of_image(way.image());
        task.env = way.env().iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        if way == Way::Redis {
            let argv = ["redis-server", "--requirepass", "s3cret", "--save", ""];
            task.command = Some(argv.map(str::to_owned).to_vec());
        }
        let source = MountSource::Volume("s_data".to_owned());
        task.mounts = vec![MountSpec { source, target: way.data().to_owned(), read_only: false }];
        let service = ServiceSpec {
            name: service(),
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
        world.advance_to(start + Duration::from_secs(30));
        let start = world.now();
        let played = Self { world: RefCell::new(world), stack, began: Instant::now(), start };
        if way == Way::Sqlite {
            played.ran("sqlite3 /data/app.sqlite 'CREATE TABLE t (x text)'");
        }
        played
    }

    /// Runs a script that must succeed.
    pub(crate) fn ran(&self, script: &str) {
        let (code, _, err) = self.exec_now(&["sh", "-c", script]).expect("the service runs");
        assert_eq!(code, 0, "{script}: {err}");
    }

    /// Kills the container; a new one takes its place.
    pub(crate) fn restart(&self) {
        self.world.borrow_mut().kill(&self.stack, &service()).expect("the service runs");
    }

    /// Returns a file's content.
    pub(crate) fn file(&self, path: &str) -> Option<String> {
        let read = self.world.borrow_mut().read_file(&self.stack, &service(), path);
        read.ok().map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    fn exec_now(&self, argv: &[&str]) -> Result<(i64, String, String), String> {
        let mut world = self.now();
        let argv: Vec<String> = argv.iter().map(|word| (*word).to_owned()).collect();
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let mut io = Io { stdin: &[], out: &mut out, err: &mut err };
        let code = world.exec(&self.stack, &service(), &argv, &mut io);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        code.map(|code| (code, text(&out), text(&err))).map_err(|e| e.to_string())
    }

    fn now(&self) -> std::cell::RefMut<'_, World> {
        let mut world = self.world.borrow_mut();
        world.advance_to(self.start + self.began.elapsed());
        world
    }
}

fn file_error(service: &ServiceName, path: &str, error: &FileError) -> ReachError {
    let (service, path, reason) = (service.clone(), path.to_owned(), error.to_string());
    match error {
        FileError::NotRunning(_) => ReachError::NotRunning { service, reason },
        FileError::Missing(_) => ReachError::NoFile { service, path },
        FileError::Refused { .. } => ReachError::Refused { service, path, reason },
    }
}

impl Reach for Played {
    async fn exec(&self, service: &ServiceName, argv: &[&str]) -> Result<Executed, ReachError> {
        match self.exec_now(argv) {
            Ok((0, stdout, stderr)) => Ok(Executed { stdout, stderr }),
            Ok((code, stdout, stderr)) => Err(ReachError::Command {
                service: service.clone(),
                command: argv.join(" "),
                reason: format!("exit code {code}: {}{}", stdout.trim(), stderr.trim()),
            }),
            Err(reason) => Err(ReachError::NotRunning { service: service.clone(), reason }),
        }
    }

    async fn read_file(&self, service: &ServiceName, path: &str) -> Result<Vec<u8>, ReachError> {
        let read = self.now().read_file(&self.stack, service, path);
        read.map_err(|e| file_error(service, path, &e))
    }

    async fn write_file(
        &self,
        service: &ServiceName,
        path: &str,
        content: &[u8],
    ) -> Result<(), ReachError> {
        let written = self.now().write_file(&self.stack, service, path, content.to_vec());
        written.map_err(|e| file_error(service, path, &e))
    }

    async fn list_files(
        &self,
        service: &ServiceName,
        folder: &str,
        by: ListBy,
    ) -> Result<Listing, ReachError> {
        let listed = self.now().list_files(&self.stack, service, folder);
        let files = listed.map_err(|e| file_error(service, folder, &e))?.into_iter();
        let file = |f: harness_local::world::ListedFile| ListedFile {
            path: f.path,
            bytes: f.bytes,
            stamp: f.content,
        };
        Ok(Listing { by, files: files.map(file).collect() })
    }

    async fn remove_file(&self, service: &ServiceName, path: &str) -> Result<(), ReachError> {
        let removed = self.now().remove_file(&self.stack, service, path);
        removed.map_err(|e| file_error(service, path, &e))
    }
}
