//! Plays Ghost: a blog that keeps all that is written in MySQL or MariaDB, and what is uploaded in its content folder.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::app::StandIn;
use crate::world::{Image, Inside, Io, Purpose, Ran, Request, Response};

#[path = "stand_in/admin.rs"]
mod admin;
#[path = "stand_in/database.rs"]
mod database;
#[path = "stand_in/pages.rs"]
mod pages;
#[path = "stand_in/posts.rs"]
mod posts;
#[path = "stand_in/uploads.rs"]
mod uploads;

use database::Unanswered;

/// Returns the images that this recipe brings.
pub(crate) fn stand_ins() -> Vec<StandIn> {
    let one = |image| StandIn { image, make: |tag| Arc::new(Ghost::new(tag)) };
    ["ghost", "library/ghost", "docker.io/library/ghost"].map(one).to_vec()
}

/// Plays Ghost of one version.
#[derive(Clone, Debug)]
struct Ghost {
    version: String,
}

/// The port that it listens on.
const PORT: u16 = 2368;

/// How long it boots: with all tables to make, and as it is.
const FIRST: Duration = Duration::from_secs(12);
const LATER: Duration = Duration::from_secs(4);

/// How long one change of the tables takes.
const MIGRATION: Duration = Duration::from_millis(60);

/// Where its files lie.
const CONTENT: &str = "/var/lib/ghost/content";

/// The tables that are made at first, and what they hold.
const SCHEMA: &str = "CREATE TABLE settings (`key` varchar(50) NOT NULL, value text, PRIMARY KEY (`key`));
    CREATE TABLE users (id varchar(24) NOT NULL, name varchar(191), email varchar(191), password varchar(64), PRIMARY KEY (id));
    CREATE TABLE sessions (id varchar(64) NOT NULL, user_id varchar(24), origin varchar(191), PRIMARY KEY (id));
    CREATE TABLE integrations (id varchar(24) NOT NULL, name varchar(191), content_key varchar(26), PRIMARY KEY (id));
    CREATE TABLE posts (id varchar(24) NOT NULL, title varchar(2000), slug varchar(191), html longtext, status varchar(50), updated_at varchar(30), PRIMARY KEY (id));
    INSERT INTO settings VALUES ('title', 'Ghost'), ('description', 'Thoughts, stories and ideas');
    INSERT INTO posts VALUES ('1', 'Coming soon', 'coming-soon', '<p>This is a brand new site.</p>', 'published', '2026-01-01T00:00:00.000Z');";

impl Ghost {
    fn new(tag: &str) -> Self {
        let version = tag.split('-').next().unwrap_or_default();
        let version = if version.is_empty() { "6" } else { version };
        Self { version: version.to_owned() }
    }

    /// Returns how many changes the tables of this version have behind them: 284 with 6.44, 349 with 6.65.
    fn migrations(&self) -> u64 {
        let mut numbers = self.version.split('.').map(|n| n.parse::<u64>().unwrap_or(0));
        let (major, minor) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
        (major * 100 + minor * 65 / 21).saturating_sub(452)
    }

    /// Returns a setting, directly or from the file that it names.
    fn setting(inside: &Inside<'_>, name: &str) -> Option<String> {
        if let Some(value) = inside.env.get(name).filter(|v| !v.is_empty()) {
            return Some(value.clone());
        }
        let file = inside.env.get(&format!("{name}_FILE"))?;
        Some(String::from_utf8_lossy(inside.read(file)?).trim_end().to_owned())
    }

    fn start(&self, inside: &mut Inside<'_>, io: &mut Io<'_>) -> Ran {
        match self.prepare(inside) {
            Ok(boot) => Ran::Serves { boot },
            Err(Unanswered(problem)) => {
                io.err.extend(format!("Ghost was unable to start: {problem}\n").bytes());
                Ran::Ended(2)
            }
        }
    }

    /// Locks the tables if they have to be made or changed; returns how long the boot will take.
    fn prepare(&self, inside: &mut Inside<'_>) -> Result<Duration, Unanswered> {
        let client = Self::setting(inside, "database__client");
        if client.is_some_and(|c| c != "mysql") {
            return Err(Unanswered(
                "a database other than MySQL is not played by a stand-in".to_owned(),
            ));
        }
        let lock = "CREATE TABLE IF NOT EXISTS migrations_lock (lock_key varchar(191) NOT NULL, locked tinyint(1) DEFAULT 0, PRIMARY KEY (lock_key));
             INSERT IGNORE INTO migrations_lock VALUES ('km01', 0);
             CREATE TABLE IF NOT EXISTS migrations (id int NOT NULL AUTO_INCREMENT PRIMARY KEY, name varchar(120) NOT NULL, currentVersion varchar(255));
             SELECT locked FROM migrations_lock";
        if self.ask(inside, lock)? == [["1"]] {
            let text = "MigrationsAreLockedError: Migration lock was never released or currently a migration is running.";
            return Err(Unanswered(text.to_owned()));
        }
        let done = self.done(inside)?;
        let missing = self.migrations().saturating_sub(done);
        if missing > 0 {
            self.ask(inside, "UPDATE migrations_lock SET locked = 1")?;
        }
        let missing = u32::try_from(missing).unwrap_or(u32::MAX);
        Ok(if done == 0 { FIRST } else { LATER + MIGRATION.saturating_mul(missing) })
    }

    fn done(&self, inside: &mut Inside<'_>) -> Result<u64, Unanswered> {
        let count = self.first(inside, "SELECT COUNT(*) FROM migrations")?;
        Ok(count.and_then(|n| n.parse().ok()).unwrap_or(0))
    }

    /// Makes and changes the tables.
    fn migrate(&self, inside: &mut Inside<'_>) -> Result<(), Unanswered> {
        let done = self.done(inside)?;
        let mut sql = String::new();
        if done == 0 {
            sql.push_str(SCHEMA);
        }
        let rows: Vec<String> =
            (done..self.migrations()).map(|n| format!("('{n}.js', '{}')", self.version)).collect();
        if !rows.is_empty() {
            sql.push_str("INSERT INTO migrations (name, currentVersion) VALUES ");
            sql.push_str(&rows.join(","));
            sql.push_str("; UPDATE migrations_lock SET locked = 0");
            self.ask(inside, &sql)?;
        }
        Ok(())
    }

    /// Returns the version as Ghost says it to anyone.
    fn short(&self) -> String {
        self.version.split('.').take(2).collect::<Vec<_>>().join(".")
    }
}

fn response(status: u16, kind: &str, body: impl Into<Vec<u8>>) -> Response {
    let headers = vec![
        ("x-powered-by".to_owned(), "Express".to_owned()),
        ("content-type".to_owned(), kind.to_owned()),
    ];
    Response { status, headers, body: body.into() }
}

impl Image for Ghost {
    fn files(&self) -> BTreeMap<String, Vec<u8>> {
        BTreeMap::from([(
            format!("{CONTENT}/themes/source/package.json"),
            b"{\"name\": \"source\"}\n".to_vec(),
        )])
    }

    fn argv(&self) -> (Vec<String>, Vec<String>) {
        let words = |words: &[&str]| words.iter().map(|w| (*w).to_owned()).collect();
        (words(&["docker-entrypoint.sh"]), words(&["node", "current/index.js"]))
    }

    fn run(&self, inside: &mut Inside<'_>, argv: &[String], io: &mut Io<'_>) -> Ran {
        let program = argv.first().map(String::as_str).unwrap_or_default();
        match program.rsplit('/').next().unwrap_or_default() {
            "docker-entrypoint.sh" => self.run(inside, &argv[1..], io),
            "node" if inside.purpose == Purpose::Main => self.start(inside, io),
            _ => crate::app::run_program(self, inside, argv, io),
        }
    }

    fn answer(&self, inside: &mut Inside<'_>, port: u16, request: &Request) -> Option<Response> {
        if port != PORT {
            return None;
        }
        let path = request.path.split('?').next().unwrap_or_default();
        let url = Self::setting(inside, "url").unwrap_or_default();
        let secure = request.headers.iter().any(|(n, v)| n == "x-forwarded-proto" && v == "https");
        if url.starts_with("https://") && !secure {
            let mut moved = response(301, "text/html", "");
            moved.headers.push(("location".to_owned(), format!("{url}{path}")));
            return Some(moved);
        }
        Some(if let Some(name) = path.strip_prefix("/ghost/api/admin/") {
            self.admin(inside, name, request)
        } else if let Some(name) = path.strip_prefix("/ghost/api/content/") {
            self.content(inside, name, &request.path)
        } else if path.starts_with("/content/") {
            self.uploaded(inside, path)
        } else {
            self.page(inside, path)
        })
    }

    fn booted(&self, inside: &mut Inside<'_>) {
        // A database that goes away now leaves the lock behind, as it does with the real one.
        if self.migrate(inside).is_ok() {
            let routes = format!("{CONTENT}/settings/routes.yaml");
            if inside.read(&routes).is_none() {
                let text = b"routes:\n\ncollections:\n  /:\n    permalink: /{slug}/\n".to_vec();
                let written = inside.write_new(&routes, text);
                debug_assert!(written.is_ok(), "the content volume can be written");
            }
        }
    }

    fn listens(&self, _inside: &Inside<'_>, port: u16) -> bool {
        port == PORT
    }
}
