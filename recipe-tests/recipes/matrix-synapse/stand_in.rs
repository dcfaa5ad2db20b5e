//! Synapse: a Matrix homeserver that keeps accounts, rooms and messages in PostgreSQL, and media as files. It answers
//! with the statuses and errors of the real one.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use crate::app::StandIn;
use crate::world::{Image, Inside, Io, Purpose, Ran, Request, Response};

#[path = "stand_in/accounts.rs"]
mod accounts;
#[path = "stand_in/api.rs"]
mod api;
#[path = "stand_in/config.rs"]
mod config;
#[path = "stand_in/home.rs"]
mod home;
#[path = "stand_in/media.rs"]
mod media;
#[path = "stand_in/rooms.rs"]
mod rooms;
#[cfg(test)]
#[path = "stand_in/tests.rs"]
mod tests;

use config::Config;
use home::{Home, Unanswered};

/// Returns the images that this recipe brings.
pub(crate) fn stand_ins() -> Vec<StandIn> {
    let make = |tag: &str| -> Arc<dyn Image> { Arc::new(Synapse::new(tag)) };
    ["matrixdotorg/synapse", "docker.io/matrixdotorg/synapse"]
        .map(|image| StandIn { image, make })
        .to_vec()
}

/// Plays Synapse of one version.
#[derive(Clone, Debug)]
struct Synapse {
    version: String,
}

/// The port that it listens on.
const PORT: u16 = 8008;

/// How long it boots: with all tables to make, and as it is.
const FIRST: Duration = Duration::from_secs(7);
const LATER: Duration = Duration::from_secs(5);

/// Where its data lie.
const DATA: &str = "/data";

/// The tables that it makes, as far as they are played.
const TABLES: &str = "CREATE TABLE schema_version (version int NOT NULL);
    CREATE TABLE users (name text PRIMARY KEY, password_hash text, admin smallint NOT NULL);
    CREATE TABLE profiles (user_id text PRIMARY KEY, displayname text);
    CREATE TABLE access_tokens (token text PRIMARY KEY, user_id text NOT NULL, device_id text);
    CREATE TABLE rooms (room_id text PRIMARY KEY, creator text);
    CREATE TABLE room_memberships (room_id text NOT NULL, user_id text NOT NULL, membership text NOT NULL, PRIMARY KEY (room_id, user_id));
    CREATE TABLE events (event_id text PRIMARY KEY, room_id text NOT NULL, sender text, type text, content text, txn_id text, stream_ordering bigint NOT NULL, outlier boolean NOT NULL);
    CREATE TABLE local_media_repository (media_id text PRIMARY KEY, media_type text, upload_name text, user_id text);";

impl Synapse {
    fn new(tag: &str) -> Self {
        let version = tag.trim_start_matches('v').split('-').next().unwrap_or_default();
        let version = if version.is_empty() { "1.163.2" } else { version };
        Self { version: version.to_owned() }
    }

    fn minor(&self) -> u32 {
        self.version.split('.').nth(1).and_then(|n| n.parse().ok()).unwrap_or(0)
    }

    /// Returns the version of the tables: 93 with 1.149, 94 with 1.163.
    fn schema(&self) -> u32 {
        if self.minor() < 163 { 93 } else { 94 }
    }

    fn start(&self, inside: &mut Inside<'_>, io: &mut Io<'_>) -> Ran {
        let prepared = Config::read(inside).and_then(|config| {
            let mut home = Home::new(self, inside, config);
            home.schema().map_err(|Unanswered(problem)| {
                format!("psycopg2.OperationalError: {problem}\nError during initialisation")
            })
        });
        match prepared {
            Ok(found) => Ran::Serves { boot: if found.is_none() { FIRST } else { LATER } },
            Err(problem) => {
                io.err.extend(format!("{problem}\n").bytes());
                Ran::Ended(1)
            }
        }
    }

    /// Makes the tables, or brings them up to date. Older versions read the tables of newer ones.
    fn migrate(&self, inside: &mut Inside<'_>) -> Result<(), Unanswered> {
        let config = Config::read(inside).map_err(Unanswered)?;
        let key = config.signing_key_path.clone();
        if inside.read(&key).is_none() {
            let mut home = Home::new(self, inside, config.clone());
            let line = format!("ed25519 a_{} {}\n", home.letters(4), home.letters(43));
            inside.write_new(&key, line.into_bytes()).map_err(|_| Unanswered(key))?;
        }
        let mut home = Home::new(self, inside, config);
        let own = self.schema();
        match home.schema()? {
            None => {
                home.ask(TABLES)?;
                home.ask(&format!("INSERT INTO schema_version VALUES ({own})"))?;
            }
            Some(found) if found < own => {
                home.ask(&format!("UPDATE schema_version SET version = {own}"))?;
            }
            Some(_) => {}
        }
        Ok(())
    }

    /// Answers what needs no database: that stays as it is whatever becomes of it.
    fn fixed(&self, path: &str) -> Option<Response> {
        Some(match path {
            "/health" => response(200, "text/plain", b"OK".to_vec()),
            "/_matrix/client/versions" => {
                response_of(200, &json!({"versions": ["r0.6.1", "v1.1", "v1.11", "v1.12"]}))
            }
            "/_matrix/federation/v1/version" => {
                let server = json!({"name": "Synapse", "version": self.version});
                response_of(200, &json!({ "server": server }))
            }
            "/_synapse/admin/v1/server_version" => {
                response_of(200, &json!({"server_version": self.version}))
            }
            "/" => {
                let page = "<!DOCTYPE html>\n<html><head><title>Synapse is running</title></head><body><h1>It works! Synapse is running</h1></body></html>\n";
                response(200, "text/html; charset=utf-8", page.into())
            }
            _ => return None,
        })
    }
}

fn response_of(status: u16, body: &serde_json::Value) -> Response {
    response(status, "application/json", body.to_string().into_bytes())
}

fn response(status: u16, kind: &str, body: Vec<u8>) -> Response {
    let headers = vec![
        ("server".to_owned(), "Synapse".to_owned()),
        ("content-type".to_owned(), kind.to_owned()),
    ];
    Response { status, headers, body }
}

impl Image for Synapse {
    fn files(&self) -> BTreeMap<String, Vec<u8>> {
        BTreeMap::new()
    }

    fn argv(&self) -> (Vec<String>, Vec<String>) {
        (vec!["/start.py".to_owned()], Vec::new())
    }

    fn run(&self, inside: &mut Inside<'_>, argv: &[String], io: &mut Io<'_>) -> Ran {
        match argv.first().map(String::as_str) {
            Some("/start.py") if inside.purpose == Purpose::Main => self.start(inside, io),
            _ => crate::app::run_program(self, inside, argv, io),
        }
    }

    fn answer(&self, inside: &mut Inside<'_>, port: u16, request: &Request) -> Option<Response> {
        if port != PORT {
            return None;
        }
        let path = request.path.split('?').next().unwrap_or_default();
        if let Some(fixed) = self.fixed(path) {
            return Some(fixed);
        }
        let config = Config::read(inside).ok()?;
        Some(Home::new(self, inside, config).answer(request))
    }

    fn booted(&self, inside: &mut Inside<'_>) {
        // A database that goes away now is found missing by the first request.
        drop(self.migrate(inside));
    }

    fn listens(&self, _inside: &Inside<'_>, port: u16) -> bool {
        port == PORT
    }
}
