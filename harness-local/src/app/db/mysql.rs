//! `mysql` and `mysqladmin`, also under MariaDB's names.

use super::client::{Ask, Refusal, Reply, Silence, Want, connect, is_here};
use super::options::{Known, Line, Takes, read};
use crate::app::programs::Machine;
use crate::app::sql::{Cell, Done, Flavor, Outcome, Piece, pieces};
use crate::world::Io;

/// Options of all clients.
pub(super) const COMMON: [Known; 22] = [
    ('h', "host", Takes::Value),
    ('P', "port", Takes::Value),
    ('u', "user", Takes::Value),
    ('p', "password", Takes::Maybe),
    ('S', "socket", Takes::Value),
    (' ', "protocol", Takes::Value),
    (' ', "defaults-extra-file", Takes::Value),
    (' ', "defaults-file", Takes::Value),
    (' ', "no-defaults", Takes::Nothing),
    (' ', "connect-timeout", Takes::Value),
    (' ', "default-character-set", Takes::Value),
    ('C', "compress", Takes::Nothing),
    (' ', "ssl", Takes::Maybe),
    (' ', "ssl-mode", Takes::Value),
    (' ', "skip-ssl", Takes::Nothing),
    (' ', "skip-ssl-verify-server-cert", Takes::Nothing),
    ('f', "force", Takes::Nothing),
    ('v', "verbose", Takes::Nothing),
    (' ', "max-allowed-packet", Takes::Value),
    (' ', "max_allowed_packet", Takes::Value),
    (' ', "get-server-public-key", Takes::Nothing),
    (' ', "disable-ssl", Takes::Nothing),
];

/// Options of `mysql` alone.
const CLIENT: [Known; 12] = [
    ('e', "execute", Takes::Value),
    ('D', "database", Takes::Value),
    ('N', "skip-column-names", Takes::Nothing),
    (' ', "silent-columns", Takes::Nothing),
    ('s', "silent", Takes::Nothing),
    ('B', "batch", Takes::Nothing),
    ('r', "raw", Takes::Nothing),
    ('n', "unbuffered", Takes::Nothing),
    ('q', "quick", Takes::Nothing),
    ('A', "no-auto-rehash", Takes::Nothing),
    (' ', "init-command", Takes::Value),
    ('E', "vertical", Takes::Nothing),
];

/// Who a client is and whom it asks.
#[derive(Clone, Debug)]
pub(super) struct Login {
    pub(super) host: Option<String>,
    port: u16,
    user: String,
    password: Option<String>,
    over_network: bool,
}

impl Login {
    /// Reads who a client is: its options, then its options file, then its environment.
    pub(super) fn of(machine: &Machine<'_, '_>, line: &Line) -> Self {
        let file = line.get("defaults-extra-file").or_else(|| line.get("defaults-file"));
        let file = file.and_then(|f| machine.inside.read(f)).unwrap_or_default();
        let file = String::from_utf8_lossy(file).into_owned();
        let in_file = |name: &str| {
            let pair = |l: &str| {
                let (n, v) = l.split_once('=')?;
                (n.trim() == name).then(|| v.trim().trim_matches(['"', '\'']).to_owned())
            };
            file.lines().find_map(pair)
        };
        let of = |name: &str| line.get(name).map(str::to_owned).or_else(|| in_file(name));
        let port = of("port").and_then(|p| p.parse().ok()).unwrap_or(3306);
        let host = of("host");
        let tcp = of("protocol").is_some_and(|p| p.eq_ignore_ascii_case("tcp"));
        Self {
            over_network: tcp || host.as_deref().is_some_and(|h| h != "localhost"),
            host,
            port,
            user: of("user").unwrap_or_else(|| "root".to_owned()),
            password: of("password").or_else(|| machine.inside.env.get("MYSQL_PWD").cloned()),
        }
    }

    /// Asks the server; an error is its number, its state and its text.
    pub(super) fn ask(
        &self,
        machine: &mut Machine<'_, '_>,
        database: Option<&str>,
        want: Want,
    ) -> Result<Reply, (u16, &'static str, String)> {
        let host = self.host.as_deref();
        let ask = Ask::new(
            self.user.clone(),
            self.password.clone().filter(|p| !p.is_empty()),
            is_here(host),
            database.map(str::to_owned),
            want,
        );
        match connect(machine, host, self.port, &ask) {
            Ok(Reply::Refused(Refusal::Denied)) => {
                let from = if is_here(host) { "localhost" } else { "10.0.1.4" };
                let with = if ask.password.is_some() { "YES" } else { "NO" };
                let text = format!(
                    "Access denied for user '{}'@'{from}' (using password: {with})",
                    self.user
                );
                Err((1045, "28000", text))
            }
            Ok(Reply::Refused(Refusal::NoDatabase(name))) => {
                Err((1049, "42000", format!("Unknown database '{name}'")))
            }
            Ok(Reply::Refused(Refusal::Broken(path))) => {
                Err((1030, "HY000", format!("Got error 168 from storage engine InnoDB: {path}")))
            }
            Ok(reply @ (Reply::Ran { .. } | Reply::Read { .. })) => Ok(reply),
            Err(Silence::UnknownHost) => {
                let host = host.unwrap_or_default();
                Err((2005, "HY000", format!("Unknown server host '{host}' (-2)")))
            }
            Err(Silence::Nobody) if self.over_network => {
                let host = host.unwrap_or("127.0.0.1");
                let text = format!("Can't connect to server on '{host}' (111)");
                Err((2003, "HY000", text))
            }
            Err(Silence::Nobody) => {
                let text =
                    "Can't connect to local server through socket '/run/mysqld/mysqld.sock' (2)";
                Err((2002, "HY000", text.to_owned()))
            }
        }
    }
}

/// Refuses an option that is not played.
pub(super) fn unknown(program: &str, option: &str, io: &mut Io<'_>) -> i64 {
    io.err.extend(format!("{program}: the option {option} is not played by a stand-in\n").bytes());
    2
}

/// Runs statements from the command line or standard input.
pub(super) fn mysql(machine: &mut Machine<'_, '_>, words: &[&str], io: &mut Io<'_>) -> i64 {
    let known = [&COMMON[..], &CLIENT[..]].concat();
    let line = match read(words, &known) {
        Ok(line) => line,
        Err(option) => return unknown("mysql", &option, io),
    };
    let login = Login::of(machine, &line);
    let database = line.get("database").or_else(|| line.rest.first().map(String::as_str));
    let script = match line.get("execute") {
        Some(text) => text.to_owned(),
        None => String::from_utf8_lossy(io.stdin).into_owned(),
    };
    let all = pieces(&script, '\\');
    let stops = !line.has("force");
    let want = Want::Run { pieces: all.clone(), stops, atomic: false };
    match login.ask(machine, database, want) {
        Err((number, state, text)) => {
            io.err.extend(format!("ERROR {number} ({state}): {text}\n").bytes());
            1
        }
        Ok(Reply::Ran { outcomes, .. }) => {
            let names = !line.has("skip-column-names");
            let mut code = 0;
            for (piece, outcome) in all.iter().zip(&outcomes) {
                code = code.max(print(piece, outcome, names, io));
            }
            code
        }
        Ok(Reply::Read { .. } | Reply::Refused(_)) => 1,
    }
}

fn print(piece: &Piece, outcome: &Outcome, names: bool, io: &mut Io<'_>) -> i64 {
    match outcome {
        Ok(Done::Rows { columns, rows }) => {
            if names && !rows.is_empty() {
                io.out.extend(format!("{}\n", columns.join("\t")).bytes());
            }
            for row in rows {
                let cells: Vec<String> = row.iter().map(shown).collect();
                io.out.extend(format!("{}\n", cells.join("\t")).bytes());
            }
            0
        }
        Ok(Done::Changed { .. } | Done::Other { .. }) => 0,
        Err(error) => {
            let said = error.said(Flavor::MySql);
            let (number, text) = said.split_once('|').unwrap_or(("1105 (HY000)", &said));
            io.err.extend(format!("ERROR {number} at line {}: {text}\n", piece.line).bytes());
            1
        }
    }
}

fn shown(cell: &Cell) -> String {
    match cell {
        None => "NULL".to_owned(),
        Some(text) => text.replace('\\', "\\\\").replace('\t', "\\t").replace('\n', "\\n"),
    }
}

/// Says whether the server is up, and a little more.
pub(super) fn admin(machine: &mut Machine<'_, '_>, words: &[&str], io: &mut Io<'_>) -> i64 {
    const OWN: [Known; 3] = [
        ('s', "silent", Takes::Nothing),
        ('w', "wait", Takes::Maybe),
        ('t', "connect_timeout", Takes::Value),
    ];
    let known = [&COMMON[..], &OWN[..]].concat();
    let line = match read(words, &known) {
        Ok(line) => line,
        Err(option) => return unknown("mysqladmin", &option, io),
    };
    let login = Login::of(machine, &line);
    let want = Want::Run { pieces: Vec::new(), stops: true, atomic: false };
    let asked = login.ask(machine, None, want);
    let command: Vec<&str> = line.rest.iter().map(String::as_str).collect();
    let mut say = |text: &str| {
        if !line.has("silent") {
            io.out.extend(text.bytes());
        }
    };
    match (command.as_slice(), asked) {
        // Any answer counts, a refused password too.
        (["ping"], Ok(_) | Err((1045, ..))) => {
            say("mysqld is alive\n");
            0
        }
        (["status" | "version"], Ok(_)) => {
            say("Uptime: 1  Threads: 1  Questions: 1  Slow queries: 0\n");
            0
        }
        (["create" | "drop", ..], Ok(_)) => {
            let verb = command[0].to_uppercase();
            let names = command[1..].iter();
            let text: String = names.map(|name| format!("{verb} DATABASE `{name}`;")).collect();
            let want = Want::Run { pieces: pieces(&text, '\\'), stops: true, atomic: false };
            i64::from(login.ask(machine, None, want).is_err())
        }
        (_, Err((_, _, text))) => {
            let text = format!("mysqladmin: connect to server failed\nerror: '{text}'\n");
            io.err.extend(text.bytes());
            1
        }
        (other, Ok(_)) => unknown("mysqladmin", &other.join(" "), io),
    }
}
