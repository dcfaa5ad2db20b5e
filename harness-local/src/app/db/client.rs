//! What clients and servers say to each other. Main types: [`Ask`], [`Reply`]; main function: [`connect`].

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::data::{self, State};
use super::image::{DatabaseImage, Product};
use crate::app::programs::Machine;
use crate::app::sql::{Database, Flavor, Outcome, Piece, Session};
use crate::world::Inside;

/// What a client asks of a server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::app) struct Ask {
    pub(in crate::app) user: String,
    pub(in crate::app) password: Option<String>,
    /// It comes from the same container.
    pub(in crate::app) is_local: bool,
    /// It is the server itself.
    #[serde(skip)]
    is_trusted: bool,
    pub(in crate::app) database: Option<String>,
    pub(in crate::app) want: Want,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::app) enum Want {
    /// Statements; up to the first that fails, or all; in one transaction, or each by itself.
    Run { pieces: Vec<Piece>, stops: bool, atomic: bool },
    /// Everything, for a dump.
    Read,
}

/// What a server answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::app) enum Reply {
    /// The client may not come in.
    Refused(Refusal),
    /// What became of the statements, and which database is chosen now.
    Ran { outcomes: Vec<Outcome>, database: Option<String> },
    /// Everything.
    Read { databases: BTreeMap<String, Database>, users: Vec<String>, version: String },
}

/// Why a client may not come in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::app) enum Refusal {
    /// There is no such user, or the password is another.
    Denied,
    /// There is no such database.
    NoDatabase(String),
    /// The data directory is gone or damaged under the running server.
    Broken(String),
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::app) enum Silence {
    /// There is no service of the name.
    UnknownHost,
    /// Nothing listens there.
    Nobody,
}

impl Ask {
    /// Returns what the server itself asks, as a user.
    pub(super) fn trusted(user: &str, database: Option<String>, pieces: Vec<Piece>) -> Self {
        Self {
            user: user.to_owned(),
            password: None,
            is_local: true,
            is_trusted: true,
            database,
            want: Want::Run { pieces, stops: true, atomic: false },
        }
    }

    /// Returns what a client asks; from the same container or from another.
    pub(in crate::app) const fn new(
        user: String,
        password: Option<String>,
        is_local: bool,
        database: Option<String>,
        want: Want,
    ) -> Self {
        Self { user, password, is_local, is_trusted: false, database, want }
    }
}

/// Returns whether a host's name leads to the container itself.
pub(super) fn is_here(host: Option<&str>) -> bool {
    host.is_none_or(|h| {
        h.is_empty()
            || h.starts_with('/')
            || ["localhost", "127.0.0.1", "::1", "0.0.0.0"].contains(&h)
    })
}

/// Asks a server, of this container or of another service.
pub(in crate::app) fn connect(
    machine: &mut Machine<'_, '_>,
    host: Option<&str>,
    port: u16,
    ask: &Ask,
) -> Result<Reply, Silence> {
    let said = serde_json::to_vec(ask).expect("words can be written as JSON");
    let heard = match host.filter(|h| !is_here(Some(h))) {
        None if machine.inside.serves => machine.image.hear(machine.inside, port, &said),
        None => None,
        Some(host) if !machine.inside.resolves(host) => return Err(Silence::UnknownHost),
        Some(host) => machine.inside.say_to(host, port, &said),
    };
    let reply = heard.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    reply.ok_or(Silence::Nobody)
}

/// Does what a client asks.
pub(super) fn serve(image: &DatabaseImage, inside: &mut Inside<'_>, ask: &Ask) -> Reply {
    let mut server = match data::look(image.product, inside) {
        State::Whole(server) => *server,
        State::Empty | State::HalfMade => {
            let folder = data::folder(image.product, inside);
            return Reply::Refused(Refusal::Broken(folder));
        }
        State::Damaged(path) => return Reply::Refused(Refusal::Broken(path)),
    };
    let trusted = ask.is_trusted || (ask.is_local && image.product == Product::Postgres);
    let fits = match server.users.get(&ask.user) {
        Some(password) => trusted || *password == ask.password.clone().unwrap_or_default(),
        None => ask.is_trusted,
    };
    if !fits {
        return Reply::Refused(Refusal::Denied);
    }
    if let Some(name) = ask.database.as_ref().filter(|n| !server.databases.contains_key(*n)) {
        return Reply::Refused(Refusal::NoDatabase(name.clone()));
    }
    let before = server.clone();
    match &ask.want {
        Want::Read => {
            let (databases, users) = (server.databases, server.users.into_keys().collect());
            Reply::Read { databases, users, version: image.version.clone() }
        }
        Want::Run { pieces, stops, atomic } => {
            let mut session = Session {
                flavor: image.flavor(),
                server: &mut server,
                database: ask.database.clone(),
                user: ask.user.clone(),
                version: image.spoken_version(),
                now: inside.now.strftime("%Y-%m-%d %H:%M:%S").to_string(),
                began: None,
            };
            if *atomic {
                session.began = Some((session.server.clone(), true));
            }
            let mut outcomes = Vec::new();
            for piece in pieces {
                let outcome = session.run(piece);
                let failed = outcome.is_err();
                outcomes.push(outcome);
                if failed && *stops {
                    break;
                }
            }
            if *atomic && outcomes.iter().all(Result::is_ok) {
                session.began = None;
            }
            session.end();
            let database = session.database.clone();
            data::store(image.product, inside, &before, &server);
            Reply::Ran { outcomes, database }
        }
    }
}

impl DatabaseImage {
    pub(super) const fn flavor(&self) -> Flavor {
        match self.product {
            Product::Postgres => Flavor::Postgres,
            Product::MySql | Product::MariaDb => Flavor::MySql,
        }
    }

    /// Returns the version as the server's own function says it.
    fn spoken_version(&self) -> String {
        match self.product {
            Product::Postgres => format!("PostgreSQL {} on a stand-in", self.version),
            Product::MySql => self.version.clone(),
            Product::MariaDb => format!("{}-MariaDB", self.version),
        }
    }
}
