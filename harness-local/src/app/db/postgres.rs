//! `psql`, `pg_isready`, `createdb` and `dropdb`. Main type: [`Login`].

use super::client::{Ask, Refusal, Reply, Silence, Want, connect, is_here};
use super::options::{Known, Line, Takes, read};
use super::psql_shown::shown;
use crate::app::programs::Machine;
use crate::app::sql::{Done, Flavor, Piece, pieces};
use crate::world::Io;

/// Options of all clients.
pub(super) const COMMON: [Known; 6] = [
    ('h', "host", Takes::Value),
    ('p', "port", Takes::Value),
    ('U', "username", Takes::Value),
    ('d', "dbname", Takes::Value),
    ('w', "no-password", Takes::Nothing),
    ('W', "password", Takes::Nothing),
];

/// Options of `psql` alone.
const PSQL: [Known; 18] = [
    ('c', "command", Takes::Value),
    ('f', "file", Takes::Value),
    ('v', "set", Takes::Value),
    (' ', "variable", Takes::Value),
    ('t', "tuples-only", Takes::Nothing),
    ('A', "no-align", Takes::Nothing),
    ('q', "quiet", Takes::Nothing),
    ('X', "no-psqlrc", Takes::Nothing),
    ('1', "single-transaction", Takes::Nothing),
    ('F', "field-separator", Takes::Value),
    ('R', "record-separator", Takes::Value),
    ('P', "pset", Takes::Value),
    ('l', "list", Takes::Nothing),
    ('b', "echo-errors", Takes::Nothing),
    ('e', "echo-queries", Takes::Nothing),
    ('a', "echo-all", Takes::Nothing),
    ('o', "output", Takes::Value),
    ('n', "no-readline", Takes::Nothing),
];

/// Who a client is and whom it asks.
#[derive(Clone, Debug)]
pub(super) struct Login {
    pub(super) host: Option<String>,
    port: u16,
    pub(super) user: String,
    password: Option<String>,
    pub(super) database: Option<String>,
}

/// How a client's question failed before any statement was done.
pub(super) type Failed = String;

impl Login {
    /// Reads who a client is: a URI, its options, then its environment.
    pub(super) fn of(machine: &Machine<'_, '_>, line: &Line, database: Option<&str>) -> Self {
        let env = |name: &str| machine.inside.env.get(name).filter(|v| !v.is_empty()).cloned();
        let named =
            line.get("dbname").or(database).map(str::to_owned).or_else(|| env("PGDATABASE"));
        let uri = named.as_deref().and_then(|n| {
            n.strip_prefix("postgresql://").or_else(|| n.strip_prefix("postgres://"))
        });
        let option = |name: &str| line.get(name).map(str::to_owned);
        let mut login = Self {
            host: option("host").or_else(|| env("PGHOST")),
            port: 5432,
            user: String::new(),
            password: env("PGPASSWORD"),
            database: named.clone(),
        };
        let mut user = option("username").or_else(|| env("PGUSER"));
        let mut port = option("port").or_else(|| env("PGPORT"));
        if let Some(uri) = uri {
            let (address, name) = uri.split_once('/').unwrap_or((uri, ""));
            let (who, place) = address.rsplit_once('@').unwrap_or(("", address));
            let (name, _) = name.split_once('?').unwrap_or((name, ""));
            login.database = Some(name.to_owned()).filter(|n| !n.is_empty());
            let (host, own_port) = place.split_once(':').unwrap_or((place, ""));
            login.host = Some(host.to_owned()).filter(|h| !h.is_empty());
            port = Some(own_port.to_owned()).filter(|p| !p.is_empty()).or(port);
            let (name, password) = who.split_once(':').unwrap_or((who, ""));
            user = Some(name.to_owned()).filter(|n| !n.is_empty()).or(user);
            if !password.is_empty() {
                login.password = Some(password.to_owned());
            }
        }
        login.port = port.and_then(|p| p.parse().ok()).unwrap_or(5432);
        // Without a name, the system's user asks, who is root in a container.
        login.user = user.unwrap_or_else(|| "root".to_owned());
        login
    }

    /// Asks the server; without a database, that of the user's name.
    pub(super) fn ask(
        &self,
        machine: &mut Machine<'_, '_>,
        database: Option<&str>,
        want: Want,
    ) -> Result<Reply, Failed> {
        let host = self.host.as_deref();
        let database = database.unwrap_or(&self.user).to_owned();
        let (user, password) = (self.user.clone(), self.password.clone());
        let ask = Ask::new(user, password, is_here(host), Some(database.clone()), want);
        let place = match host.filter(|h| !h.starts_with('/')) {
            Some(host) => {
                format!("connection to server at \"{host}\", port {} failed: ", self.port)
            }
            None => format!(
                "connection to server on socket \"/var/run/postgresql/.s.PGSQL.{}\" failed: ",
                self.port
            ),
        };
        let user = &self.user;
        Err(match connect(machine, host, self.port, &ask) {
            Ok(reply @ (Reply::Ran { .. } | Reply::Read { .. })) => return Ok(reply),
            Ok(Reply::Refused(Refusal::Denied)) if is_here(host) => {
                format!("{place}FATAL:  role \"{user}\" does not exist")
            }
            Ok(Reply::Refused(Refusal::Denied)) => {
                format!("{place}FATAL:  password authentication failed for user \"{user}\"")
            }
            Ok(Reply::Refused(Refusal::NoDatabase(name))) => {
                format!("{place}FATAL:  database \"{name}\" does not exist")
            }
            Ok(Reply::Refused(Refusal::Broken(path))) => {
                format!("{place}FATAL:  could not open \"{path}\": No such file or directory")
            }
            Err(Silence::UnknownHost) => {
                let host = host.unwrap_or_default();
                format!(
                    "could not translate host name \"{host}\" to address: Name or service not known"
                )
            }
            Err(Silence::Nobody) if host.is_some() => {
                format!(
                    "{place}Connection refused\n\tIs the server running on that host and accepting TCP/IP connections?"
                )
            }
            Err(Silence::Nobody) => {
                format!(
                    "{place}No such file or directory\n\tIs the server running locally and accepting connections on that socket?"
                )
            }
        })
    }
}

pub(super) fn say(io: &mut Io<'_>, program: &str, text: &str) {
    io.err.extend(format!("{program}: error: {text}\n").bytes());
}

/// Refuses something that is not played.
pub(super) fn refuse(program: &str, what: &str, io: &mut Io<'_>) -> i64 {
    say(io, program, &format!("{what} is not played by a stand-in"));
    1
}

/// How a `psql` shows what it finds, and what it does after an error.
#[derive(Clone, Debug)]
pub(super) struct Manner {
    pub(super) tuples_only: bool,
    pub(super) aligned: bool,
    pub(super) separator: String,
    /// Between rows; none stands for a line's end.
    pub(super) record: Option<String>,
    /// What stands for `NULL`.
    pub(super) null: String,
    pub(super) quiet: bool,
    stops: bool,
    atomic: bool,
}

impl Manner {
    #[cfg(test)]
    pub(super) fn new(tuples_only: bool, aligned: bool) -> Self {
        let separator = "|".to_owned();
        let (record, null) = (None, String::new());
        let (quiet, stops, atomic) = (false, false, false);
        Self { tuples_only, aligned, separator, record, null, quiet, stops, atomic }
    }
}

/// Runs statements from the command line, files or standard input.
pub(super) fn psql(machine: &mut Machine<'_, '_>, words: &[&str], io: &mut Io<'_>) -> i64 {
    let line = match read(words, &[&COMMON[..], &PSQL[..]].concat()) {
        Ok(line) => line,
        Err(option) => return refuse("psql", &format!("the option {option}"), io),
    };
    let sets = |text: &str| {
        let is_on = |v: &str| ["1", "on", "true", "yes"].contains(&v.to_ascii_lowercase().as_str());
        text.split_once('=').is_some_and(|(n, v)| n == "ON_ERROR_STOP" && is_on(v))
    };
    let null = line.get("pset").and_then(|p| p.strip_prefix("null="));
    if line.has("pset") && null.is_none() {
        return refuse("psql", "the option --pset with other than null", io);
    }
    let manner = Manner {
        tuples_only: line.has("tuples-only"),
        aligned: !line.has("no-align"),
        separator: line.get("field-separator").unwrap_or("|").to_owned(),
        record: line.get("record-separator").map(str::to_owned),
        null: null.unwrap_or_default().to_owned(),
        quiet: line.has("quiet"),
        stops: line.options.iter().any(|(n, v)| ["set", "variable"].contains(n) && sets(v)),
        atomic: line.has("single-transaction"),
    };
    if let Some(option) = ["list", "output"].iter().find(|o| line.has(o)) {
        return refuse("psql", &format!("the option --{option}"), io);
    }
    let mut rest = line.rest.iter().map(String::as_str);
    let database = if line.has("dbname") { None } else { rest.next() };
    let mut login = Login::of(machine, &line, database);
    if let Some(user) = rest.next().filter(|_| !line.has("username")) {
        login.user = user.to_owned();
    }
    let mut scripts: Vec<(bool, String)> = Vec::new();
    for (name, value) in &line.options {
        match *name {
            "command" => scripts.push((true, value.clone())),
            "file" if value == "-" => {
                scripts.push((false, String::from_utf8_lossy(io.stdin).into_owned()));
            }
            "file" => match machine.inside.read(value) {
                Some(bytes) => scripts.push((false, String::from_utf8_lossy(bytes).into_owned())),
                None => {
                    say(io, "psql", &format!("{value}: No such file or directory"));
                    return 1;
                }
            },
            _ => {}
        }
    }
    if scripts.is_empty() {
        scripts.push((false, String::from_utf8_lossy(io.stdin).into_owned()));
    }
    let mut code = 0;
    for (is_command, text) in scripts {
        let ended =
            Run { machine, login: &login, manner: manner.clone(), is_command }.script(&text, io);
        if ended != 0 {
            code = ended;
        }
        if ended == 2 || (ended != 0 && manner.stops) {
            break;
        }
    }
    code
}

/// A script in the course of being run.
struct Run<'a, 'b, 'c> {
    machine: &'a mut Machine<'b, 'c>,
    login: &'a Login,
    manner: Manner,
    is_command: bool,
}

impl Run<'_, '_, '_> {
    fn script(&mut self, text: &str, io: &mut Io<'_>) -> i64 {
        let mut database = self.login.database.clone();
        let mut batch: Vec<Piece> = Vec::new();
        let mut code = 0;
        let all = pieces(text, '\\');
        if all.is_empty() {
            return self.batch(&mut batch, &mut database, io);
        }
        for piece in all {
            if !piece.is_command {
                batch.push(piece);
                continue;
            }
            code = code.max(self.batch(&mut batch, &mut database, io));
            if code == 2 || (code != 0 && self.manner.stops) {
                return code;
            }
            let words: Vec<&str> = piece.text.split_whitespace().collect();
            match words.as_slice() {
                ["\\q", ..] => return code,
                ["\\connect" | "\\c", name, ..] => {
                    let name = name.trim_matches(['"', '\'']);
                    let name = name.strip_prefix("dbname=").unwrap_or(name).trim_matches('\'');
                    database = Some(name.to_owned());
                    code = code.max(self.batch(&mut vec![], &mut database, io));
                }
                ["\\set", "ON_ERROR_STOP", value, ..] => {
                    self.manner.stops = ["1", "on", "true"].contains(value);
                }
                ["\\echo", rest @ ..] => io.out.extend(format!("{}\n", rest.join(" ")).bytes()),
                // A recent dump is between these.
                ["\\restrict" | "\\unrestrict" | "\\set" | "\\encoding" | "\\timing", ..] => {}
                ["\\t", ..] => self.manner.tuples_only = !self.manner.tuples_only,
                ["\\dt", ..] => {
                    let text =
                        "SELECT schemaname AS \"Schema\", tablename AS \"Name\" FROM pg_tables";
                    batch = pieces(text, '\\');
                }
                ["\\l", ..] => {
                    batch = pieces("SELECT datname AS \"Name\" FROM pg_database", '\\');
                }
                _ => return refuse("psql", &piece.text, io),
            }
        }
        code.max(self.batch(&mut batch, &mut database, io))
    }

    /// Runs what has come together, in a session of its own.
    fn batch(
        &mut self,
        batch: &mut Vec<Piece>,
        database: &mut Option<String>,
        io: &mut Io<'_>,
    ) -> i64 {
        let pieces = std::mem::take(batch);
        // Statements of one `-c` are one transaction.
        let ends = |p: &Piece| {
            let first = p.text.split_whitespace().next().unwrap_or_default().to_ascii_uppercase();
            let upper = p.text.to_ascii_uppercase();
            ["BEGIN", "START", "COMMIT", "END", "ROLLBACK"].contains(&first.as_str())
                || upper.contains(" DATABASE ")
        };
        let one = self.is_command && pieces.len() > 1 && !pieces.iter().any(ends);
        let want = Want::Run {
            pieces: pieces.clone(),
            stops: self.is_command || self.manner.stops,
            atomic: one || self.manner.atomic,
        };
        let outcomes = match self.login.ask(self.machine, database.as_deref(), want) {
            Ok(Reply::Ran { outcomes, .. }) => outcomes,
            Ok(Reply::Read { .. } | Reply::Refused(_)) => return 2,
            Err(problem) => {
                say(io, "psql", &problem);
                return 2;
            }
        };
        let mut code = 0;
        for (piece, outcome) in pieces.iter().zip(outcomes) {
            match outcome {
                Ok(Done::Rows { columns, rows }) => {
                    io.out.extend(shown(&self.manner, &columns, &rows).bytes());
                }
                Ok(Done::Changed { word, count }) if !self.manner.quiet => {
                    io.out.extend(format!("{word} {count}\n").bytes());
                }
                Ok(Done::Other { word }) if !self.manner.quiet => {
                    io.out.extend(format!("{word}\n").bytes());
                }
                Ok(Done::Changed { .. } | Done::Other { .. }) => {}
                Err(error) => {
                    let at = if self.is_command {
                        String::new()
                    } else {
                        format!("psql:<stdin>:{}: ", piece.line)
                    };
                    let text = format!("{at}ERROR:  {}\n", error.said(Flavor::Postgres));
                    io.err.extend(text.bytes());
                    code = if self.is_command {
                        1
                    } else if self.manner.stops {
                        3
                    } else {
                        code
                    };
                }
            }
        }
        code
    }
}

/// Says whether the server takes connections.
pub(super) fn isready(machine: &mut Machine<'_, '_>, words: &[&str], io: &mut Io<'_>) -> i64 {
    const OWN: [Known; 2] = [('q', "quiet", Takes::Nothing), ('t', "timeout", Takes::Value)];
    let line = match read(words, &[&COMMON[..], &OWN[..]].concat()) {
        Ok(line) => line,
        Err(option) => return refuse("pg_isready", &format!("the option {option}"), io).max(3),
    };
    let login = Login::of(machine, &line, None);
    let want = Want::Run { pieces: Vec::new(), stops: true, atomic: false };
    let ask = Ask::new(String::new(), None, true, None, want);
    let place = login.host.clone().unwrap_or_else(|| "/var/run/postgresql".to_owned());
    // Any answer of the server counts.
    let up = connect(machine, login.host.as_deref(), login.port, &ask).is_ok();
    if !line.has("quiet") {
        let state = if up { "accepting connections" } else { "no response" };
        io.out.extend(format!("{place}:{} - {state}\n", login.port).bytes());
    }
    if up { 0 } else { 2 }
}

/// `createdb`, `dropdb`.
pub(super) fn database(
    machine: &mut Machine<'_, '_>,
    program: &str,
    words: &[&str],
    io: &mut Io<'_>,
) -> i64 {
    const OWN: [Known; 8] = [
        ('f', "force", Takes::Nothing),
        (' ', "if-exists", Takes::Nothing),
        ('e', "echo", Takes::Nothing),
        ('O', "owner", Takes::Value),
        ('T', "template", Takes::Value),
        ('E', "encoding", Takes::Value),
        (' ', "lc-collate", Takes::Value),
        (' ', "maintenance-db", Takes::Value),
    ];
    let line = match read(words, &[&COMMON[..], &OWN[..]].concat()) {
        Ok(line) => line,
        Err(option) => return refuse(program, &format!("the option {option}"), io),
    };
    let login = Login::of(machine, &line, None);
    let name = line.rest.first().unwrap_or(&login.user).clone();
    let tolerant = if line.has("if-exists") { "IF EXISTS " } else { "" };
    let verb = if program == "createdb" { "CREATE" } else { "DROP" };
    let text = format!("{verb} DATABASE {tolerant}\"{name}\"");
    let want = Want::Run { pieces: pieces(&text, '\\'), stops: true, atomic: false };
    match login.ask(machine, Some("postgres"), want) {
        Ok(Reply::Ran { outcomes, .. }) => match outcomes.into_iter().find_map(Result::err) {
            None => 0,
            Some(error) => {
                let kind = if verb == "CREATE" { "creation" } else { "removal" };
                let said = error.said(Flavor::Postgres);
                say(io, program, &format!("database {kind} failed: ERROR:  {said}"));
                1
            }
        },
        Ok(Reply::Read { .. } | Reply::Refused(_)) => 1,
        Err(problem) => {
            say(io, program, &problem);
            1
        }
    }
}
