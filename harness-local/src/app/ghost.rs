//! Ghost: a blog that keeps all that is written in MySQL or MariaDB.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;

use super::db::{Ask, Reply, Silence, Want, connect};
use super::programs::{Machine, base_name};
use super::sql::{Done, pieces};
use crate::world::{Image, Inside, Io, Purpose, Ran, Request, Response};

/// Plays Ghost of one version.
#[derive(Clone, Debug)]
pub(super) struct Ghost {
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

/// Why the database does not answer.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Unanswered(String);

impl Ghost {
    pub(super) fn new(tag: &str) -> Self {
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

    /// Asks the database; returns the rows of the last statement.
    fn ask(&self, inside: &mut Inside<'_>, sql: &str) -> Result<Vec<Vec<String>>, Unanswered> {
        let of = |name: &str| Self::setting(inside, &format!("database__connection__{name}"));
        let host = of("host").unwrap_or_else(|| "127.0.0.1".to_owned());
        let port = of("port").and_then(|p| p.parse().ok()).unwrap_or(3306);
        let (user, password) = (of("user").unwrap_or_else(|| "root".to_owned()), of("password"));
        let want = Want::Run { pieces: pieces(sql, '\\'), stops: true, atomic: false };
        let ask = Ask::new(user.clone(), password, false, of("database"), want);
        let mut machine = Machine { image: self, inside };
        match connect(&mut machine, Some(&host), port, &ask) {
            Err(Silence::UnknownHost) => Err(Unanswered(format!("getaddrinfo ENOTFOUND {host}"))),
            Err(Silence::Nobody) => Err(Unanswered(format!("connect ECONNREFUSED {host}:{port}"))),
            Ok(Reply::Ran { outcomes, .. }) => {
                if let Some(error) = outcomes.iter().find_map(|o| o.as_ref().err()) {
                    return Err(Unanswered(error.said(super::sql::Flavor::MySql)));
                }
                Ok(match outcomes.into_iter().next_back() {
                    Some(Ok(Done::Rows { rows, .. })) => {
                        let text = |row: Vec<Option<String>>| {
                            row.into_iter().map(Option::unwrap_or_default)
                        };
                        rows.into_iter().map(|row| text(row).collect()).collect()
                    }
                    Some(_) | None => Vec::new(),
                })
            }
            Ok(Reply::Refused(_) | Reply::Read { .. }) => {
                Err(Unanswered(format!("ER_ACCESS_DENIED_ERROR: Access denied for user '{user}'")))
            }
        }
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
        let rows = self.ask(inside, "SELECT COUNT(*) FROM migrations")?;
        Ok(rows.first().and_then(|r| r.first()?.parse().ok()).unwrap_or(0))
    }

    /// Makes and changes the tables.
    fn migrate(&self, inside: &mut Inside<'_>) -> Result<(), Unanswered> {
        let done = self.done(inside)?;
        let mut sql = String::new();
        if done == 0 {
            sql.push_str(
                "CREATE TABLE settings (`key` varchar(50) NOT NULL, value text, PRIMARY KEY (`key`));
                 CREATE TABLE users (id varchar(24) NOT NULL, name varchar(191), email varchar(191), PRIMARY KEY (id));
                 CREATE TABLE posts (id varchar(24) NOT NULL, title varchar(2000), slug varchar(191), html longtext, status varchar(50), PRIMARY KEY (id));
                 INSERT INTO settings VALUES ('title', 'Ghost'), ('description', 'Thoughts, stories and ideas');
                 INSERT INTO posts VALUES ('1', 'Coming soon', 'coming-soon', '<p>This is a brand new site.</p>', 'published');",
            );
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

    fn page(&self, inside: &mut Inside<'_>, path: &str) -> Response {
        let html = |status: u16, title: &str, body: &str| {
            let text = format!(
                "<!DOCTYPE html>\n<html lang=\"en\"><head><title>{title}</title><meta name=\"generator\" content=\"Ghost {}\"></head><body>{body}</body></html>\n",
                self.short()
            );
            response(status, "text/html; charset=utf-8", text)
        };
        let site = "SELECT value FROM settings WHERE `key` = 'title'";
        let title = self.ask(inside, site);
        let url = Self::setting(inside, "url").unwrap_or_default();
        let first = |rows: &[Vec<String>]| rows.first().and_then(|r| r.first().cloned());
        match path {
            // It answers whatever became of the database.
            "/ghost/api/admin/site/" => {
                let title =
                    title.ok().and_then(|t| first(&t)).unwrap_or_else(|| "Ghost".to_owned());
                let site = json!({"site": {
                    "title": title, "description": "Thoughts, stories and ideas", "logo": null,
                    "url": format!("{url}/"), "version": self.short(),
                }});
                return response(200, "application/json; charset=utf-8", site.to_string());
            }
            "/ghost/api/admin/authentication/setup/" => {
                return match self.ask(inside, "SELECT COUNT(*) FROM users") {
                    Ok(rows) => {
                        let status = first(&rows).is_some_and(|n| n != "0");
                        let body = json!({"setup": [{"status": status}]}).to_string();
                        response(200, "application/json; charset=utf-8", body)
                    }
                    Err(_) => response(500, "application/json; charset=utf-8", "{}".to_owned()),
                };
            }
            "/ghost/" => return html(200, "Ghost Admin", "<div id=\"ember-app\"></div>"),
            _ => {}
        }
        let posts = "SELECT title, slug, html FROM posts WHERE status = 'published'";
        let (Ok(title), Ok(posts)) = (title, self.ask(inside, posts)) else {
            return html(
                500,
                "500",
                "<h1>500</h1><p>An unexpected error occurred, please try again.</p>",
            );
        };
        let title = first(&title).unwrap_or_default();
        if path == "/" {
            let list: String = posts
                .iter()
                .map(|p| format!("<h2><a href=\"/{}/\">{}</a></h2>", p[1], p[0]))
                .collect();
            return html(200, &title, &format!("<h1>{title}</h1>{list}"));
        }
        match posts.iter().find(|p| path.trim_matches('/') == p[1]) {
            Some(post) => html(200, &post[0], &format!("<h1>{}</h1>{}", post[0], post[2])),
            None => html(404, "404 — Page not found", "<h1>404</h1><p>Page not found</p>"),
        }
    }

    /// Returns the version as Ghost says it to anyone.
    fn short(&self) -> String {
        self.version.split('.').take(2).collect::<Vec<_>>().join(".")
    }
}

fn response(status: u16, kind: &str, body: String) -> Response {
    let headers = vec![
        ("x-powered-by".to_owned(), "Express".to_owned()),
        ("content-type".to_owned(), kind.to_owned()),
    ];
    Response { status, headers, body: body.into_bytes() }
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
        match base_name(program) {
            "docker-entrypoint.sh" => self.run(inside, &argv[1..], io),
            "node" if inside.purpose == Purpose::Main => self.start(inside, io),
            _ => Machine { image: self, inside }.run(argv, io),
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
            let mut moved = response(301, "text/html", String::new());
            moved.headers.push(("location".to_owned(), format!("{url}{path}")));
            return Some(moved);
        }
        Some(self.page(inside, path))
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
