//! Plays Keycloak over MariaDB or MySQL: realms, clients, people and sessions are rows of its database, logins under way
//! and what it remembers of rows are the process's own. What it says is played by `harness_sso::fake`, with keys that
//! everybody has.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use harness_core::http::Asked;
use harness_sso::fake::{Play, Unavailable};
use jiff::Timestamp;

use crate::app::StandIn;
use crate::world::{EngineCall, Image, Inside, Io, Mishap, Purpose, Ran, Request, Response};

#[path = "stand_in/database.rs"]
mod database;
#[path = "stand_in/memory.rs"]
mod memory;
#[path = "stand_in/rows.rs"]
mod rows;
#[cfg(test)]
#[path = "stand_in/tests.rs"]
mod tests;

use database::Settings;
use rows::Kept;

/// Returns the images that this recipe brings.
pub(crate) fn stand_ins() -> Vec<StandIn> {
    let one = |image| StandIn { image, make: |tag| Arc::new(Keycloak::new(tag)) };
    ["keycloak/keycloak", "docker.io/keycloak/keycloak", "quay.io/keycloak/keycloak"]
        .map(one)
        .to_vec()
}

/// Plays Keycloak of one version.
#[derive(Clone, Debug)]
struct Keycloak {
    version: String,
}

/// For everyone, and for operators.
const PORT: u16 = 8080;
const OPERATORS: u16 = 9000;

/// How long until it listens, and until it serves from then on: with a database to fill, with one to change, and as it
/// is. Measured as 20 s and 54 s, and 23 s and 35 s, with 26.7.3 and PostgreSQL.
const LISTENS: Duration = Duration::from_secs(20);
const FIRST: Duration = Duration::from_secs(34);
const CHANGED: Duration = Duration::from_secs(25);
const LATER: Duration = Duration::from_secs(15);

impl Keycloak {
    fn new(tag: &str) -> Self {
        let version = tag.split('-').next().unwrap_or_default();
        let version = if version.is_empty() { "26.7.3" } else { version };
        Self { version: version.to_owned() }
    }

    /// Returns whether it listens before it serves, and says 503 until then: from 26.7 on.
    fn listens_early(&self) -> bool {
        let mut numbers = self.version.split('.').map(|n| n.parse::<u32>().unwrap_or(0));
        (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) >= (26, 7)
    }

    fn start(&self, inside: &mut Inside<'_>, io: &mut Io<'_>) -> Ran {
        let begun = Settings::read(inside).and_then(|settings| {
            let mut kept = Kept::of(self, inside, settings);
            kept.changes().map_err(|Unavailable(problem)| problem)
        });
        match begun {
            Ok(done) => {
                let wanted = database::changes_of(&self.version);
                let rest = match done {
                    0 => FIRST,
                    done if done < wanted => CHANGED,
                    _ => LATER,
                };
                let boot = if self.listens_early() { LISTENS } else { LISTENS + rest };
                memory::set_ready(inside, inside.now + LISTENS + rest);
                Ran::Serves { boot }
            }
            Err(problem) => {
                io.err.extend(format!("ERROR: Failed to start server: {problem}\n").bytes());
                Ran::Ended(1)
            }
        }
    }

    /// Fills the database, or brings it up to date, and makes the administrator of a new one.
    fn prepare(&self, inside: &mut Inside<'_>) -> Result<(), Unavailable> {
        let settings = Settings::read(inside).map_err(Unavailable)?;
        let (base, admin) = (settings.base.clone(), settings.admin.clone());
        let now = inside.now;
        let mut kept = Kept::of(self, inside, settings);
        kept.migrate(&self.version)?;
        let mut play = self.play(now, &base, &mut kept);
        admin.map_or(Ok(()), |(user, password)| play.bootstrap(&user, &password))
    }

    fn play<'a>(&'a self, now: Timestamp, base: &'a str, kept: &'a mut Kept<'_, '_>) -> Play<'a> {
        Play { version: &self.version, now, base, wrong: None, rows: kept }
    }

    /// Answers operators.
    fn report(&self, inside: &mut Inside<'_>, path: &str) -> Response {
        let is_ready = self.is_ready(inside);
        match path {
            "/health" | "/health/ready" if is_ready => health(200, "UP"),
            "/health" | "/health/ready" => health(503, "DOWN"),
            "/health/live" | "/health/started" => health(200, "UP"),
            "/metrics" => response(200, "text/plain", "# TYPE jvm_info_total counter\n"),
            _ => response(404, "text/html", ""),
        }
    }

    fn is_ready(&self, inside: &mut Inside<'_>) -> bool {
        let is_time = memory::ready(inside).is_some_and(|ready| ready <= inside.now);
        is_time
            && Settings::read(inside)
                .is_ok_and(|settings| Kept::of(self, inside, settings).changes().is_ok())
    }
}

fn health(status: u16, word: &str) -> Response {
    let body = format!("{{\"status\": \"{word}\", \"checks\": []}}");
    response(status, "application/json; charset=UTF-8", &body)
}

fn response(status: u16, kind: &str, body: &str) -> Response {
    let headers = vec![("content-type".to_owned(), kind.to_owned())];
    Response { status, headers, body: body.as_bytes().to_vec() }
}

impl Image for Keycloak {
    fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let readme = b"Put your provider files (typically jars) in this directory.\n".to_vec();
        BTreeMap::from([("/opt/keycloak/providers/README.md".to_owned(), readme)])
    }

    fn argv(&self) -> (Vec<String>, Vec<String>) {
        (vec!["/opt/keycloak/bin/kc.sh".to_owned()], Vec::new())
    }

    fn run(&self, inside: &mut Inside<'_>, argv: &[String], io: &mut Io<'_>) -> Ran {
        let mut words = argv.iter().map(String::as_str);
        let program = words.next().unwrap_or_default();
        match (program.rsplit('/').next().unwrap_or_default(), words.next()) {
            ("kc.sh", Some("start" | "start-dev")) if inside.purpose == Purpose::Main => {
                Settings::remember(inside);
                self.start(inside, io)
            }
            ("kc.sh", _) => {
                io.err.extend(b"kc.sh: what is not `start` is not played by a stand-in\n");
                inside.note_refusal(b"kc.sh: what is not `start` is not played by a stand-in\n");
                Ran::Ended(2)
            }
            _ => crate::app::run_program(self, inside, argv, io),
        }
    }

    fn answer(&self, inside: &mut Inside<'_>, port: u16, request: &Request) -> Option<Response> {
        let path = request.path.split('?').next().unwrap_or_default();
        match port {
            OPERATORS => return Some(self.report(inside, path)),
            PORT => {}
            _ => return None,
        }
        if memory::ready(inside).is_none_or(|ready| ready > inside.now) {
            return Some(response(503, "text/plain", ""));
        }
        let Ok(settings) = Settings::read(inside) else {
            return Some(response(500, "application/json", "{\"error\":\"unknown_error\"}"));
        };
        let base = settings.base_for(request);
        let asked = Asked {
            method: request.method.clone(),
            path: request.path.clone(),
            headers: request.headers.clone(),
            body: request.body.clone(),
        };
        let now = inside.now;
        let mut kept = Kept::of(self, inside, settings);
        let answer = self.play(now, &base, &mut kept).answer(&asked);
        Some(Response { status: answer.status, headers: answer.headers, body: answer.body })
    }

    fn suffer(&self, inside: &mut Inside<'_>, mishap: &Mishap) -> bool {
        if !self.is_ready(inside) {
            return false;
        }
        let Ok(settings) = Settings::read(inside) else { return false };
        let (base, now) = (settings.base.clone(), inside.now);
        let mut kept = Kept::of(self, inside, settings);
        let mut play = self.play(now, &base, &mut kept);
        match mishap {
            Mishap::LeftOver(app) => play.leave_realm(app).is_ok(),
            Mishap::AdministratorLoggedOut => play.log_administrators_out() == Ok(true),
        }
    }

    fn booted(&self, inside: &mut Inside<'_>) {
        // It gives up when its database does not answer, and is started again.
        if self.prepare(inside).is_err() {
            inside.call_engine(EngineCall::Terminate);
        }
    }

    fn listens(&self, _inside: &Inside<'_>, port: u16) -> bool {
        port == PORT || port == OPERATORS
    }
}
