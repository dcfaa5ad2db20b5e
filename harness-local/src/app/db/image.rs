//! The images of database servers. Main type: [`DatabaseImage`].

use std::collections::BTreeMap;
use std::time::Duration;

use super::client::{self, Ask};
use super::data::{self, State};
use crate::app::programs::{Machine, base_name};
use crate::app::sql::{Database, Server, pieces};
use crate::world::{Image, Inside, Io, Purpose, Ran, Request, Response};

/// Which server an image is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::app) enum Product {
    Postgres,
    MySql,
    MariaDb,
}

/// Plays a database server of one version.
#[derive(Clone, Debug)]
pub(in crate::app) struct DatabaseImage {
    pub(super) product: Product,
    pub(super) version: String,
}

/// Where an image's own scripts for a new data directory lie.
const INIT: &str = "/docker-entrypoint-initdb.d";

impl Product {
    pub(super) const fn port(self) -> u16 {
        match self {
            Self::Postgres => 5432,
            Self::MySql | Self::MariaDb => 3306,
        }
    }

    const fn server(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::MySql => "mysqld",
            Self::MariaDb => "mariadbd",
        }
    }

    /// Returns how long the first start takes, and any later one.
    const fn boots(self) -> (Duration, Duration) {
        let (first, later) = match self {
            Self::Postgres => (2_500, 400),
            Self::MySql => (8_000, 1_500),
            Self::MariaDb => (3_500, 700),
        };
        (Duration::from_millis(first), Duration::from_millis(later))
    }
}

impl DatabaseImage {
    pub(in crate::app) fn new(product: Product, tag: &str) -> Self {
        let version = tag.trim_start_matches(|c: char| !c.is_ascii_digit());
        let version = version.split(['-', '+']).next().unwrap_or_default();
        let known = match product {
            Product::Postgres => "17",
            Product::MySql => "8.4.0",
            Product::MariaDb => "11.4.2",
        };
        let version = if version.is_empty() { known } else { version };
        Self { product, version: version.to_owned() }
    }

    /// Returns the image's own variable of this name, directly or from the file that `…_FILE` names.
    fn setting(&self, inside: &Inside<'_>, name: &str) -> Option<String> {
        let prefixes: &[&str] = match self.product {
            Product::Postgres => &["POSTGRES"],
            Product::MySql => &["MYSQL"],
            Product::MariaDb => &["MARIADB", "MYSQL"],
        };
        prefixes.iter().find_map(|prefix| {
            let file = inside.env.get(&format!("{prefix}_{name}_FILE"));
            let text = match file.filter(|f| !f.is_empty()) {
                Some(file) => String::from_utf8_lossy(inside.read(file)?).trim_end().to_owned(),
                None => inside.env.get(&format!("{prefix}_{name}"))?.clone(),
            };
            Some(text).filter(|t| !t.is_empty())
        })
    }

    fn start(&self, inside: &mut Inside<'_>, io: &mut Io<'_>) -> Ran {
        let (first, later) = self.product.boots();
        let problem = match data::look(self.product, inside) {
            State::Whole(_) => return Ran::Serves { boot: later },
            State::Empty => match self.lacking(inside) {
                Some(problem) => problem,
                None => {
                    let folder = data::folder(self.product, inside);
                    let mark = format!("{folder}/{}", data::marks(self.product).0);
                    if inside.write_new(&mark, format!("{}\n", self.version).into_bytes()).is_ok() {
                        return Ran::Serves { boot: first };
                    }
                    format!("{folder} cannot be written")
                }
            },
            State::HalfMade => match self.product {
                Product::Postgres => "FATAL:  could not open file \"global/pg_filenode.map\": No such file or directory".to_owned(),
                Product::MySql | Product::MariaDb => "[ERROR] Fatal error: Can't open and lock privilege tables: Table 'mysql.db' doesn't exist".to_owned(),
            },
            State::Damaged(path) => match self.product {
                Product::Postgres => format!("PANIC:  could not read file \"{path}\": read too few bytes"),
                Product::MySql | Product::MariaDb => format!("[ERROR] InnoDB: Database page corruption on disk in {path}"),
            },
        };
        io.err.extend(format!("{problem}\n").bytes());
        Ran::Ended(1)
    }

    /// Returns what a new data directory cannot be made without.
    fn lacking(&self, inside: &Inside<'_>) -> Option<String> {
        let is_set = |name: &str| self.setting(inside, name).is_some();
        match self.product {
            Product::Postgres => {
                let trusts = self.setting(inside, "HOST_AUTH_METHOD").as_deref() == Some("trust");
                (!is_set("PASSWORD") && !trusts).then(|| {
                    "Error: Database is uninitialized and superuser password is not specified.\n       You must specify POSTGRES_PASSWORD to a non-empty value for the superuser.".to_owned()
                })
            }
            Product::MySql | Product::MariaDb => {
                let names = [
                    "ROOT_PASSWORD",
                    "ALLOW_EMPTY_ROOT_PASSWORD",
                    "ALLOW_EMPTY_PASSWORD",
                    "RANDOM_ROOT_PASSWORD",
                ];
                (!names.iter().any(|n| is_set(n))).then(|| {
                    "[ERROR] [Entrypoint]: Database is uninitialized and password option is not specified".to_owned()
                })
            }
        }
    }

    /// Returns what a new data directory holds.
    fn fresh(&self, inside: &Inside<'_>) -> Server {
        let mut server = Server::default();
        let of = |name: &str| self.setting(inside, name);
        let mut add = |name: String| drop(server.databases.insert(name, Database::default()));
        match self.product {
            Product::Postgres => {
                let user = of("USER").unwrap_or_else(|| "postgres".to_owned());
                add("postgres".to_owned());
                add(of("DB").unwrap_or_else(|| user.clone()));
                server.users.insert(user, of("PASSWORD").unwrap_or_default());
            }
            Product::MySql | Product::MariaDb => {
                if let Some(name) = of("DATABASE") {
                    add(name);
                }
                add("mysql".to_owned());
                server.users.insert("root".to_owned(), of("ROOT_PASSWORD").unwrap_or_default());
                if let (Some(user), Some(password)) = (of("USER"), of("PASSWORD")) {
                    server.users.insert(user, password);
                }
            }
        }
        server
    }

    /// Runs the scripts that an image finds beside a new data directory.
    fn run_init_scripts(&self, inside: &mut Inside<'_>) {
        let superuser = match self.product {
            Product::Postgres => {
                self.setting(inside, "USER").unwrap_or_else(|| "postgres".to_owned())
            }
            Product::MySql | Product::MariaDb => "root".to_owned(),
        };
        let database = match self.product {
            Product::Postgres => self.setting(inside, "DB").or_else(|| Some(superuser.clone())),
            Product::MySql | Product::MariaDb => self.setting(inside, "DATABASE"),
        };
        for path in inside.below(INIT) {
            let text = String::from_utf8_lossy(inside.read(&path).unwrap_or_default()).into_owned();
            if path.ends_with(".sql") {
                let ask = Ask::trusted(&superuser, database.clone(), pieces(&text, '\\'));
                client::serve(self, inside, &ask);
            } else if path.ends_with(".sh") {
                let (mut out, mut err) = (Vec::new(), Vec::new());
                let mut io = Io { stdin: &[], out: &mut out, err: &mut err };
                let argv = ["bash".to_owned(), path];
                Machine { image: self, inside }.run(&argv, &mut io);
            }
        }
    }
}

impl Image for DatabaseImage {
    fn files(&self) -> BTreeMap<String, Vec<u8>> {
        BTreeMap::new()
    }

    fn argv(&self) -> (Vec<String>, Vec<String>) {
        (vec!["docker-entrypoint.sh".to_owned()], vec![self.product.server().to_owned()])
    }

    fn run(&self, inside: &mut Inside<'_>, argv: &[String], io: &mut Io<'_>) -> Ran {
        let program = argv.first().map(String::as_str).unwrap_or_default();
        match base_name(program) {
            "docker-entrypoint.sh" if argv.get(1).is_some_and(|w| w.starts_with('-')) => {
                self.start(inside, io)
            }
            "docker-entrypoint.sh" => self.run(inside, &argv[1..], io),
            "postgres" | "mysqld" | "mariadbd" if inside.purpose == Purpose::Main => {
                self.start(inside, io)
            }
            "healthcheck.sh" if self.product != Product::Postgres => {
                let up =
                    inside.serves && matches!(data::look(self.product, inside), State::Whole(_));
                Ran::Ended(i64::from(!up))
            }
            _ => Machine { image: self, inside }.run(argv, io),
        }
    }

    fn answer(&self, _inside: &mut Inside<'_>, _port: u16, _request: &Request) -> Option<Response> {
        None
    }

    fn booted(&self, inside: &mut Inside<'_>) {
        if data::look(self.product, inside) == State::HalfMade {
            let server = self.fresh(inside);
            data::store(self.product, inside, &Server::default(), &server);
            self.run_init_scripts(inside);
        }
    }

    fn listens(&self, _inside: &Inside<'_>, port: u16) -> bool {
        port == self.product.port()
    }

    fn hear(&self, inside: &mut Inside<'_>, port: u16, said: &[u8]) -> Option<Vec<u8>> {
        if port != self.product.port() {
            return None;
        }
        let ask: Ask = serde_json::from_slice(said).ok()?;
        let reply = client::serve(self, inside, &ask);
        serde_json::to_vec(&reply).ok()
    }
}
