//! Plays Drone beside a Gitea: accounts are rows of its SQLite file, who somebody is the Gitea says. Statuses and words as
//! observed with 1.9.2 and 1.10.1.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::app::{StandIn, run_program};
use crate::world::{Image, Inside, Io, Purpose, Ran, Request, Response};

#[path = "stand_in/accounts.rs"]
mod accounts;
#[path = "stand_in/api.rs"]
mod api;
#[path = "stand_in/coded.rs"]
mod coded;
#[path = "stand_in/database.rs"]
mod database;
#[path = "stand_in/login.rs"]
mod login;
#[path = "stand_in/sessions.rs"]
mod sessions;
#[path = "stand_in/settings.rs"]
mod settings;
#[cfg(test)]
#[path = "stand_in/tests.rs"]
mod tests;

use database::Broken;
use settings::Settings;

/// Returns the images that this recipe brings.
pub(crate) fn stand_ins() -> Vec<StandIn> {
    let one = |image| StandIn { image, make: |tag| Arc::new(Drone::new(tag)) };
    ["drone/drone", "docker.io/drone/drone"].map(one).to_vec()
}

/// Plays Drone of one version.
#[derive(Clone, Debug)]
struct Drone {
    version: String,
}

/// The port that the image tells it to listen on.
const PORT: u16 = 80;

/// How long it boots. Measured as a second, with all tables to make.
const BOOT: Duration = Duration::from_secs(1);

/// What it serves wherever there is nothing else: a program for browsers.
const PAGE: &str = "<!DOCTYPE html><html lang=en><head><meta charset=utf-8><title>Drone | Continuous Integration</title></head><body><noscript><strong>We're sorry but Drone does not work properly without JavaScript enabled. Please enable it to continue.</strong></noscript><div id=app></div></body></html>";

impl Drone {
    fn new(tag: &str) -> Self {
        let version = tag.split('-').next().unwrap_or_default();
        let version = if version.is_empty() { "1.10.1" } else { version };
        Self { version: version.to_owned() }
    }

    /// Opens the database and brings it up to date; says why it cannot begin.
    fn start(&self, inside: &mut Inside<'_>) -> Result<(), String> {
        let settings = Settings::keep(inside);
        if settings.gitea.is_empty() {
            return Err("main: source code management system not configured".to_owned());
        }
        let opened = self.migrate(inside).and_then(|()| self.bootstrap(inside, &settings));
        opened.map_err(|Broken(problem)| format!("main: cannot initialize server: {problem}"))
    }

    fn answered(&self, inside: &mut Inside<'_>, request: &Request) -> Response {
        let path = request.path.split('?').next().unwrap_or_default();
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let answered = match (request.method.as_str(), parts.as_slice()) {
            (_, ["healthz"]) => Ok(response(200, "text/plain; charset=utf-8", "OK")),
            (_, ["api", parts @ ..]) => self.api(inside, parts, request),
            ("GET", ["version"]) => {
                let version = serde_json::json!({"version": self.version});
                Ok(sent(200, &version))
            }
            (_, ["login"]) => self.log_in(inside, request),
            ("GET" | "POST", ["logout"]) => Ok(sessions::ended(page())),
            _ => Ok(page()),
        };
        answered.unwrap_or_else(|Broken(problem)| refused(500, &problem))
    }
}

fn page() -> Response {
    response(200, "text/html; charset=UTF-8", PAGE)
}

fn response(status: u16, kind: &str, body: impl Into<Vec<u8>>) -> Response {
    let cache = "no-cache, no-store, must-revalidate, private, max-age=0";
    let headers = [("cache-control", cache), ("content-type", kind)];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    Response { status, headers, body: body.into() }
}

/// Returns a value as the API sends it.
fn sent(status: u16, value: &serde_json::Value) -> Response {
    response(status, "application/json", format!("{value}\n"))
}

/// Returns a refusal as the API sends it.
fn refused(status: u16, message: &str) -> Response {
    sent(status, &serde_json::json!({"message": message}))
}

fn header<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
}

impl Image for Drone {
    fn files(&self) -> BTreeMap<String, Vec<u8>> {
        BTreeMap::new()
    }

    fn argv(&self) -> (Vec<String>, Vec<String>) {
        (vec!["/bin/drone-server".to_owned()], Vec::new())
    }

    fn run(&self, inside: &mut Inside<'_>, argv: &[String], io: &mut Io<'_>) -> Ran {
        let program = argv.first().map(String::as_str).unwrap_or_default();
        if program != "/bin/drone-server" || inside.purpose != Purpose::Main {
            return run_program(self, inside, argv, io);
        }
        match self.start(inside) {
            Ok(()) => Ran::Serves { boot: BOOT },
            Err(problem) => {
                let line = serde_json::json!({"level": "fatal", "msg": problem});
                io.err.extend(format!("{line}\n").bytes());
                Ran::Ended(1)
            }
        }
    }

    fn answer(&self, inside: &mut Inside<'_>, port: u16, request: &Request) -> Option<Response> {
        (port == PORT).then(|| self.answered(inside, request))
    }

    fn listens(&self, _inside: &Inside<'_>, port: u16) -> bool {
        port == PORT
    }

    fn lacks(&self, program: &str) -> bool {
        // It has SQLite built in, and no client for it.
        program == "sqlite3"
    }
}
