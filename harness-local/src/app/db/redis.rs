//! Redis and Valkey: a store in memory, written to its volume when it is told to or ends in order.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::client::is_here;
use super::options::{Known, Takes, read};
use crate::app::programs::{Machine, base_name};
use crate::world::{Image, Inside, Io, Purpose, Ran, Request, Response};

/// Plays Redis.
#[derive(Clone, Copy, Debug)]
pub(in crate::app) struct Redis;

const PORT: u16 = 6379;
const BOOT: Duration = Duration::from_millis(150);
/// What is in memory goes with the container.
const MEMORY: &str = "/run/redis/memory.json";
const SETTINGS: &str = "/run/redis/settings.json";

/// What the server was started with.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    password: Option<String>,
    folder: String,
    file: String,
    /// Every change is written at once.
    appends: bool,
    /// It writes what it holds when it ends.
    saves: bool,
}

/// What a client says.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    password: Option<String>,
    words: Vec<String>,
}

/// What the server holds: values by key, and when it was written last.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Held {
    values: BTreeMap<String, String>,
    saved: i64,
}

impl Redis {
    fn start(inside: &mut Inside<'_>, words: &[String], io: &mut Io<'_>) -> Ran {
        let mut settings = Settings {
            password: None,
            folder: "/data".to_owned(),
            file: "dump.rdb".to_owned(),
            appends: false,
            saves: true,
        };
        let mut given: Vec<Vec<String>> = Vec::new();
        for word in words {
            match word.strip_prefix("--") {
                Some(name) => given.push(vec![name.to_owned()]),
                None if given.is_empty() => {
                    let text = String::from_utf8_lossy(inside.read(word).unwrap_or_default());
                    let lines =
                        text.lines().filter(|l| !l.trim().is_empty() && !l.starts_with('#'));
                    given.extend(lines.map(|l| l.split_whitespace().map(str::to_owned).collect()));
                }
                None => given.last_mut().into_iter().for_each(|one| one.push(word.clone())),
            }
        }
        for one in given {
            let value = one.get(1).map(|v| v.trim_matches('"').to_owned()).unwrap_or_default();
            match one[0].as_str() {
                "requirepass" => settings.password = Some(value).filter(|p| !p.is_empty()),
                "dir" => settings.folder = value,
                "dbfilename" => settings.file = value,
                "appendonly" => settings.appends = value == "yes",
                "save" => settings.saves = !value.is_empty(),
                _ => {}
            }
        }
        let path = format!("{}/{}", settings.folder, settings.file);
        let held = match inside.read(&path) {
            None => Some(Held::default()),
            Some(bytes) => {
                serde_json::from_slice(bytes.strip_prefix(b"REDIS0011\n").unwrap_or(b"")).ok()
            }
        };
        let Some(held) = held else {
            io.err.extend(b"# Wrong signature trying to load DB from file\n");
            return Ran::Ended(1);
        };
        put(inside, MEMORY, &[], &held);
        put(inside, SETTINGS, &[], &settings);
        Ran::Serves { boot: BOOT }
    }

    fn settings(inside: &Inside<'_>) -> Settings {
        inside.read(SETTINGS).and_then(|b| serde_json::from_slice(b).ok()).unwrap_or_default()
    }

    fn save(inside: &mut Inside<'_>, held: &Held) -> bool {
        let settings = Self::settings(inside);
        let path = format!("{}/{}", settings.folder, settings.file);
        put(inside, &path, b"REDIS0011\n", held)
    }

    fn obey(inside: &mut Inside<'_>, said: &Said) -> String {
        let settings = Self::settings(inside);
        match (&settings.password, &said.password) {
            (Some(_), None) => return "(error) NOAUTH Authentication required.".to_owned(),
            (Some(wanted), Some(given)) if wanted != given => {
                return "(error) WRONGPASS invalid username-password pair or user is disabled."
                    .to_owned();
            }
            (Some(_) | None, _) => {}
        }
        let mut held: Held =
            inside.read(MEMORY).and_then(|b| serde_json::from_slice(b).ok()).unwrap_or_default();
        let before = held.clone();
        let words: Vec<&str> = said.words.iter().map(String::as_str).collect();
        let command = words.first().unwrap_or(&"").to_ascii_uppercase();
        let now = inside.now.as_second();
        let answer = answer(&mut held, &command, words.get(1..).unwrap_or_default());
        if ["SAVE", "BGSAVE"].contains(&command.as_str()) {
            held.saved = now;
            if !Self::save(inside, &held) {
                return "(error) ERR Failed opening the temp RDB file".to_owned();
            }
        }
        if held != before {
            put(inside, MEMORY, &[], &held);
            if settings.appends {
                Self::save(inside, &held);
            }
        }
        answer
    }
}

fn put(inside: &mut Inside<'_>, path: &str, head: &[u8], value: &impl Serialize) -> bool {
    let mut bytes = head.to_vec();
    bytes.extend(serde_json::to_vec(value).expect("text can be written as JSON"));
    inside.write_new(path, bytes).is_ok()
}

fn answer(held: &mut Held, command: &str, words: &[&str]) -> String {
    let count = |n: usize| format!("(integer) {n}");
    match (command, words) {
        ("PING", []) => "PONG".to_owned(),
        ("PING" | "ECHO", [text]) => (*text).to_owned(),
        ("SET", [key, value]) => {
            held.values.insert((*key).to_owned(), (*value).to_owned());
            "OK".to_owned()
        }
        ("GET", [key]) => {
            held.values.get(*key).map_or_else(|| "(nil)".to_owned(), |v| format!("\"{v}\""))
        }
        ("DEL" | "UNLINK", keys) => {
            count(keys.iter().filter(|k| held.values.remove(**k).is_some()).count())
        }
        ("EXISTS", keys) => count(keys.iter().filter(|k| held.values.contains_key(**k)).count()),
        ("INCR", [key]) => {
            let next = held.values.get(*key).map_or(Some(0), |v| v.parse::<i64>().ok());
            match next.map(|n| n + 1) {
                Some(next) => {
                    held.values.insert((*key).to_owned(), next.to_string());
                    format!("(integer) {next}")
                }
                None => "(error) ERR value is not an integer or out of range".to_owned(),
            }
        }
        ("KEYS", [pattern]) => {
            let keys = held.values.keys().filter(|k| crate::app::shell::fits(pattern, k));
            let lines: Vec<String> =
                keys.enumerate().map(|(at, k)| format!("{}) \"{k}\"", at + 1)).collect();
            if lines.is_empty() { "(empty array)".to_owned() } else { lines.join("\n") }
        }
        ("DBSIZE", []) => count(held.values.len()),
        ("FLUSHALL" | "FLUSHDB", _) => {
            held.values.clear();
            "OK".to_owned()
        }
        ("SAVE" | "SELECT", _) => "OK".to_owned(),
        ("BGSAVE", _) => "Background saving started".to_owned(),
        ("LASTSAVE", []) => format!("(integer) {}", held.saved),
        ("INFO", ["persistence"]) => format!(
            "# Persistence\r\nloading:0\r\nrdb_bgsave_in_progress:0\r\nrdb_last_save_time:{}\r\nrdb_last_bgsave_status:ok\r\naof_enabled:0\r\n",
            held.saved
        ),
        (other, _) => format!("(error) ERR {other} is not played by a stand-in"),
    }
}

impl Image for Redis {
    fn files(&self) -> BTreeMap<String, Vec<u8>> {
        BTreeMap::new()
    }

    fn argv(&self) -> (Vec<String>, Vec<String>) {
        (vec!["docker-entrypoint.sh".to_owned()], vec!["redis-server".to_owned()])
    }

    fn run(&self, inside: &mut Inside<'_>, argv: &[String], io: &mut Io<'_>) -> Ran {
        let program = argv.first().map(String::as_str).unwrap_or_default();
        match base_name(program) {
            "docker-entrypoint.sh" if argv.get(1).is_some_and(|w| w.starts_with('-')) => {
                Self::start(inside, &argv[1..], io)
            }
            "docker-entrypoint.sh" => self.run(inside, &argv[1..], io),
            "redis-server" | "valkey-server" if inside.purpose == Purpose::Main => {
                Self::start(inside, &argv[1..], io)
            }
            _ => Machine { image: self, inside }.run(argv, io),
        }
    }

    fn answer(&self, _inside: &mut Inside<'_>, _port: u16, _request: &Request) -> Option<Response> {
        None
    }

    fn stopping(&self, inside: &mut Inside<'_>) {
        let held = inside.read(MEMORY).and_then(|b| serde_json::from_slice::<Held>(b).ok());
        if let Some(held) = held.filter(|_| Self::settings(inside).saves) {
            Self::save(inside, &held);
        }
    }

    fn listens(&self, _inside: &Inside<'_>, port: u16) -> bool {
        port == PORT
    }

    fn hear(&self, inside: &mut Inside<'_>, port: u16, said: &[u8]) -> Option<Vec<u8>> {
        let said = serde_json::from_slice(said).ok().filter(|_| port == PORT)?;
        Some(Self::obey(inside, &said).into_bytes())
    }
}

/// `redis-cli`.
pub(super) fn cli(machine: &mut Machine<'_, '_>, words: &[&str], io: &mut Io<'_>) -> i64 {
    const KNOWN: [Known; 9] = [
        ('h', "host", Takes::Value),
        ('p', "port", Takes::Value),
        ('a', "pass", Takes::Value),
        (' ', "user", Takes::Value),
        ('n', "db", Takes::Value),
        (' ', "no-auth-warning", Takes::Nothing),
        (' ', "raw", Takes::Nothing),
        ('e', "exit-code", Takes::Nothing),
        ('x', "stdin", Takes::Nothing),
    ];
    let first = words.iter().enumerate().position(|(at, w)| {
        let takes = at > 0 && ["-h", "-p", "-a", "--pass", "--user", "-n"].contains(&words[at - 1]);
        !w.starts_with('-') && !takes
    });
    let (options, command) = words.split_at(first.unwrap_or(words.len()));
    let line = match read(options, &KNOWN) {
        Ok(line) => line,
        Err(option) => {
            let text = format!("redis-cli: the option {option} is not played by a stand-in\n");
            io.err.extend(text.bytes());
            return 1;
        }
    };
    let password = line.get("pass").map(str::to_owned);
    let password = password.or_else(|| machine.inside.env.get("REDISCLI_AUTH").cloned());
    let mut words: Vec<String> = command.iter().map(|w| (*w).to_owned()).collect();
    if line.has("stdin") {
        words.push(String::from_utf8_lossy(io.stdin).into_owned());
    }
    let said = Said { password, words };
    let said = serde_json::to_vec(&said).expect("words can be written as JSON");
    let port = line.get("port").and_then(|p| p.parse().ok()).unwrap_or(PORT);
    let host = line.get("host");
    let answer = match host.filter(|h| !is_here(Some(h))) {
        Some(host) => machine.inside.say_to(host, port, &said),
        None if machine.inside.serves => machine.image.hear(machine.inside, port, &said),
        None => None,
    };
    let Some(answer) = answer else {
        let host = host.unwrap_or("127.0.0.1");
        let text = format!("Could not connect to Redis at {host}:{port}: Connection refused\n");
        io.err.extend(text.bytes());
        return 1;
    };
    // To a pipe it prints the bare values.
    let text = String::from_utf8_lossy(&answer).into_owned();
    let bare = |line: &str| {
        let line = line
            .split_once(") ")
            .filter(|(n, _)| n.parse::<u32>().is_ok())
            .map_or(line, |(_, l)| l);
        let line = line
            .strip_prefix("(integer) ")
            .or_else(|| line.strip_prefix("(error) "))
            .unwrap_or(line);
        let line = if ["(nil)", "(empty array)"].contains(&line) { "" } else { line };
        line.strip_prefix('"').and_then(|l| l.strip_suffix('"')).unwrap_or(line).to_owned()
    };
    // A value is one answer, however many lines it has.
    let value = text.strip_prefix('"').and_then(|t| t.strip_suffix('"'));
    let shown = value
        .map_or_else(|| text.split('\n').map(bare).collect::<Vec<_>>().join("\n"), str::to_owned);
    io.out.extend(format!("{shown}\n").bytes());
    let is_error = text.starts_with("(error)");
    if text.contains("not played") {
        io.err.extend(format!("{text}\n").bytes());
    }
    i64::from(is_error && (line.has("exit-code") || text.contains("not played")))
}
