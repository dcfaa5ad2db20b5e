//! Mumble's server and the page beside it. What it keeps lies in its SQLite file; its channels it reads when it starts,
//! and what is written to the file by others it does not see before it starts again.

#[path = "protocol.rs"]
mod protocol;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use protocol::{
    AUTHENTICATE, CHANNEL_REMOVE, CHANNEL_STATE, Message, PERMISSION_DENIED, PORT, REJECT,
    SERVER_CONFIG, SERVER_SYNC, VERSION,
};

use crate::app::nginx::Nginx;
use crate::app::{StandIn, run_program};
use crate::world::{Image, Inside, Io, Ran, Reply, Request, Response, Session};

const DATABASE: &str = "/data/mumble-server.sqlite";
const SECRET: &str = "/run/secrets/MUMBLE_SUPERUSER_PASSWORD";

/// The channels as the running server knows them: number, parent, name.
const MEMORY: &str = "/run/mumble-channels";

/// Where the system says who listens.
const LISTENING: [&str; 2] = ["/proc/net/tcp", "/proc/net/tcp6"];

/// How long it boots, most of it over its certificate.
const BOOT: Duration = Duration::from_millis(900);

/// Returns the images that this recipe brings.
pub(crate) fn stand_ins() -> Vec<StandIn> {
    vec![
        StandIn {
            image: "mumblevoip/mumble-server",
            make: |tag| Arc::new(Mumble { version: version(tag) }),
        },
        StandIn { image: "cc-ci/mumble-web", make: |_| Arc::new(Web(Nginx::new("1.22.1"))) },
    ]
}

/// Plays the server of one version.
#[derive(Debug)]
struct Mumble {
    version: [u64; 3],
}

/// Plays the page.
#[derive(Debug)]
struct Web(Nginx);

fn version(tag: &str) -> [u64; 3] {
    let plain = tag.trim_start_matches('v').split('-').next().unwrap_or_default();
    let mut numbers = plain.split('.').map(|n| n.parse().unwrap_or(0));
    [(); 3].map(|()| numbers.next().unwrap_or(0))
}

impl Mumble {
    /// Runs a statement; returns the rows.
    fn sql(&self, inside: &mut Inside<'_>, statement: &str) -> Result<String, String> {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let argv = ["sqlite3", "-bail", DATABASE, statement].map(str::to_owned);
        let mut io = Io { stdin: &[], out: &mut out, err: &mut err };
        match run_program(self, inside, &argv, &mut io) {
            Ran::Ended(0) => Ok(String::from_utf8_lossy(&out).into_owned()),
            Ran::Ended(_) | Ran::Serves { .. } | Ran::Idles | Ran::Waits { .. } => {
                Err(String::from_utf8_lossy(&err).into_owned())
            }
        }
    }

    /// Opens the database, sets the password, and learns the channels.
    fn open(&self, inside: &mut Inside<'_>) -> Result<(), String> {
        self.sql(
            inside,
            "CREATE TABLE IF NOT EXISTS channels (server_id INTEGER NOT NULL, channel_id INTEGER NOT NULL, parent_id INTEGER, name TEXT, inheritacl INTEGER);
             CREATE TABLE IF NOT EXISTS users (server_id INTEGER NOT NULL, user_id INTEGER NOT NULL, name TEXT, pw TEXT)",
        )?;
        if self.sql(inside, "SELECT name FROM channels WHERE channel_id = 0")?.is_empty() {
            let root = "INSERT INTO channels (server_id, channel_id, parent_id, name, inheritacl) VALUES (1, 0, NULL, 'Root', 1)";
            self.sql(inside, root)?;
        }
        if let Some(password) = inside.read(SECRET) {
            let password = String::from_utf8_lossy(password).trim_end().replace('\'', "''");
            let set = format!(
                "DELETE FROM users WHERE user_id = 0; INSERT INTO users VALUES (1, 0, 'SuperUser', '{password}')"
            );
            self.sql(inside, &set)?;
        }
        let rows = self.sql(inside, "SELECT channel_id, parent_id, name FROM channels")?;
        let written = inside.write_new(MEMORY, rows.into_bytes());
        written.map_err(|problem| format!("{MEMORY}: {problem:?}"))
    }

    /// Answers one message.
    fn heard(
        &self,
        inside: &mut Inside<'_>,
        session: &mut Session,
        message: &Message,
    ) -> Result<Reply, String> {
        let is_superuser = session.known.get("name").is_some_and(|name| name == "SuperUser");
        match message.kind {
            VERSION => {
                let [major, minor, patch] = self.version;
                let version = Message::new(VERSION).number(1, major << 16 | minor << 8 | patch);
                Ok(Reply::say(version.text(2, &format!("{major}.{minor}.{patch}")).framed()))
            }
            AUTHENTICATE => self.authenticated(inside, session, message),
            CHANNEL_STATE | CHANNEL_REMOVE if !is_superuser => {
                Ok(Reply::say(Message::new(PERMISSION_DENIED).text(4, "").framed()))
            }
            CHANNEL_STATE => {
                let name = message.text_in(3).unwrap_or_default();
                let parent = message.number_in(2).unwrap_or_default();
                let id = channels(inside).keys().max().map_or(0, |id| id + 1);
                let quoted = name.replace('\'', "''");
                let insert = format!(
                    "INSERT INTO channels (server_id, channel_id, parent_id, name, inheritacl) VALUES (1, {id}, {parent}, '{quoted}', 1)"
                );
                self.sql(inside, &insert)?;
                let mut known = channels(inside);
                known.insert(id, (parent, name));
                remember(inside, &known);
                Ok(Reply::say(states(&known, Some(id))))
            }
            CHANNEL_REMOVE => {
                let id = message.number_in(1).unwrap_or_default();
                self.sql(inside, &format!("DELETE FROM channels WHERE channel_id = {id}"))?;
                let mut known = channels(inside);
                known.remove(&id);
                remember(inside, &known);
                Ok(Reply::say(Message::new(CHANNEL_REMOVE).number(1, id).framed()))
            }
            // Pings, voice and what else a client may say need no answer here.
            _ => Ok(Reply::default()),
        }
    }

    fn authenticated(
        &self,
        inside: &mut Inside<'_>,
        session: &mut Session,
        message: &Message,
    ) -> Result<Reply, String> {
        let reject = |kind, reason: &str| {
            let bytes = Message::new(REJECT).number(1, kind).text(2, reason).framed();
            Ok(Reply { bytes, ends: true })
        };
        let name = message.text_in(1).unwrap_or_default();
        if name.is_empty() {
            return reject(2, "Invalid username");
        }
        if name == "SuperUser" {
            let known = self.sql(inside, "SELECT pw FROM users WHERE user_id = 0")?;
            if message.text_in(2).is_none_or(|given| given.is_empty() || given != known.trim_end())
            {
                return reject(3, "Wrong certificate or password for existing user");
            }
        }
        session.known.insert("name".to_owned(), name);
        let setting = |name: &str| inside.env.get(name).cloned().unwrap_or_default();
        let text = setting("MUMBLE_CONFIG_WELCOMETEXT");
        let users = setting("MUMBLE_CONFIG_USERS").parse().unwrap_or(100);
        let mut bytes = states(&channels(inside), None);
        bytes.extend(
            Message::new(SERVER_SYNC).number(1, 1).number(2, 72000).text(3, &text).framed(),
        );
        bytes.extend(Message::new(SERVER_CONFIG).number(4, 5000).number(6, users).framed());
        Ok(Reply::say(bytes))
    }
}

/// Returns the channels that the running server knows: number to parent and name.
fn channels(inside: &Inside<'_>) -> BTreeMap<u64, (u64, String)> {
    let text = String::from_utf8_lossy(inside.read(MEMORY).unwrap_or_default()).into_owned();
    let channel = |line: &str| {
        let mut parts = line.splitn(3, '|');
        let (id, parent, name) = (parts.next()?, parts.next()?, parts.next()?);
        Some((id.parse().ok()?, (parent.parse().unwrap_or(0), name.to_owned())))
    };
    text.lines().filter_map(channel).collect()
}

fn remember(inside: &mut Inside<'_>, channels: &BTreeMap<u64, (u64, String)>) {
    let lines = channels.iter().map(|(id, (parent, name))| format!("{id}|{parent}|{name}\n"));
    let written = inside.write_new(MEMORY, lines.collect::<String>().into_bytes());
    debug_assert!(written.is_ok(), "the container's own files can be written");
}

/// Returns what tells a client of channels: of all, or of one.
fn states(channels: &BTreeMap<u64, (u64, String)>, only: Option<u64>) -> Vec<u8> {
    let told = channels.iter().filter(|(id, _)| only.is_none_or(|only| only == **id));
    let state = |(id, (parent, name)): (&u64, &(u64, String))| {
        let state = Message::new(CHANNEL_STATE).number(1, *id);
        let state = if *id == 0 { state } else { state.number(2, *parent) };
        state.text(3, name).framed()
    };
    told.flat_map(state).collect()
}

impl Image for Mumble {
    fn files(&self) -> BTreeMap<String, Vec<u8>> {
        LISTENING.map(|path| (path.to_owned(), b"  sl  local_address\n".to_vec())).into()
    }

    fn argv(&self) -> (Vec<String>, Vec<String>) {
        (vec!["docker-entrypoint.sh".to_owned()], Vec::new())
    }

    fn run(&self, inside: &mut Inside<'_>, argv: &[String], io: &mut Io<'_>) -> Ran {
        if argv.first().is_none_or(|program| program != "docker-entrypoint.sh") {
            return run_program(self, inside, argv, io);
        }
        match self.open(inside) {
            Ok(()) => Ran::Serves { boot: BOOT },
            Err(problem) => {
                io.err.extend(format!("ServerDB: {problem}").bytes());
                Ran::Ended(1)
            }
        }
    }

    fn answer(&self, _: &mut Inside<'_>, _: u16, _: &Request) -> Option<Response> {
        None
    }

    fn booted(&self, inside: &mut Inside<'_>) {
        let line = "   0: 00000000:FCE2 00000000:0000 0A\n";
        let written = inside.write_new(LISTENING[0], format!("  sl\n{line}").into_bytes());
        debug_assert!(written.is_ok(), "the container's own files can be written");
    }

    fn listens(&self, _inside: &Inside<'_>, port: u16) -> bool {
        port == PORT
    }

    fn converse(
        &self,
        inside: &mut Inside<'_>,
        _port: u16,
        session: &mut Session,
        said: &[u8],
    ) -> Reply {
        session.unread.extend(said);
        let mut reply = Reply::default();
        while !reply.ends {
            let Ok(message) = Message::take(&mut session.unread) else {
                reply.ends = true;
                break;
            };
            let Some(message) = message else { break };
            // A server that cannot use its database gives up.
            let answer = self.heard(inside, session, &message).unwrap_or_else(|_| Reply::end());
            reply.bytes.extend(answer.bytes);
            reply.ends = answer.ends;
        }
        reply
    }

    fn speaks_tls(&self, port: u16) -> bool {
        port == PORT
    }
}

impl Image for Web {
    fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let page = include_bytes!("../../../harness-local/images/mumble-web/index.html");
        let script = include_bytes!("../../../harness-local/images/mumble-web/config.js");
        let mut files = self.0.files();
        let root = "/usr/share/nginx/html";
        files.insert(format!("{root}/index.html"), page.to_vec());
        files.insert(format!("{root}/config.js"), script.to_vec());
        files
    }

    fn argv(&self) -> (Vec<String>, Vec<String>) {
        self.0.argv()
    }

    fn run(&self, inside: &mut Inside<'_>, argv: &[String], io: &mut Io<'_>) -> Ran {
        self.0.run(inside, argv, io)
    }

    fn answer(&self, inside: &mut Inside<'_>, port: u16, request: &Request) -> Option<Response> {
        self.0.answer(inside, port, request)
    }

    fn listens(&self, inside: &Inside<'_>, port: u16) -> bool {
        self.0.listens(inside, port)
    }
}
