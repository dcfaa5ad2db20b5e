//! `sqlite3`: databases that are files.

use std::collections::BTreeMap;

use super::options::Takes;
use crate::app::programs::Machine;
use crate::app::sql::{
    Cell, Database, Done, Flavor, Piece, Server, Session, definition, insert, pieces,
};
use crate::world::Io;

/// What such a file begins with, as the real ones do.
const MAGIC: &[u8] = b"SQLite format 3\0";

/// Options without a value; `sqlite3` writes them with one dash or two.
const FLAGS: [(&str, Takes); 14] = [
    ("batch", Takes::Nothing),
    ("bail", Takes::Nothing),
    ("header", Takes::Nothing),
    ("noheader", Takes::Nothing),
    ("csv", Takes::Nothing),
    ("list", Takes::Nothing),
    ("tabs", Takes::Nothing),
    ("readonly", Takes::Nothing),
    ("noinit", Takes::Nothing),
    ("separator", Takes::Value),
    ("cmd", Takes::Value),
    ("ascii", Takes::Nothing),
    ("nullvalue", Takes::Value),
    ("init", Takes::Value),
];

/// A run of `sqlite3`.
struct Run<'a, 'b, 'c> {
    machine: &'a mut Machine<'b, 'c>,
    path: String,
    separator: String,
    /// What a row ends with.
    record: String,
    /// What stands for `NULL`.
    null: String,
    header: bool,
    bails: bool,
    began: Option<(Server, bool)>,
}

/// Runs statements and dot commands from the command line or standard input.
pub(super) fn sqlite3(machine: &mut Machine<'_, '_>, words: &[&str], io: &mut Io<'_>) -> i64 {
    let (mut rest, mut separator, mut header, mut bails) =
        (Vec::new(), "|".to_owned(), false, false);
    let (mut record, mut null) = ("\n".to_owned(), String::new());
    let mut scripts = Vec::new();
    let mut words = words.iter().copied();
    while let Some(word) = words.next() {
        let Some(name) = word.strip_prefix('-').filter(|_| rest.is_empty() && word.len() > 1)
        else {
            rest.push(word);
            continue;
        };
        let name = name.trim_start_matches('-');
        let Some((_, takes)) = FLAGS.iter().find(|(n, _)| *n == name) else {
            return refuse(io, &format!("the option -{name}"));
        };
        let value = if *takes == Takes::Value { words.next().unwrap_or_default() } else { "" };
        match name {
            "separator" => separator = value.to_owned(),
            "csv" => separator = ",".to_owned(),
            "tabs" => separator = "\t".to_owned(),
            "ascii" => (separator, record) = ("\u{1f}".to_owned(), "\u{1e}".to_owned()),
            "nullvalue" => null = value.to_owned(),
            "header" => header = true,
            "bail" => bails = true,
            "cmd" => scripts.push(value.to_owned()),
            _ => {}
        }
    }
    let Some((path, texts)) = rest.split_first() else {
        return refuse(io, "sqlite3 without a file");
    };
    scripts.extend(texts.iter().map(|t| (*t).to_owned()));
    let from_words = !texts.is_empty();
    if !from_words {
        scripts.push(String::from_utf8_lossy(io.stdin).into_owned());
    }
    // What stands on the command line ends at its first error.
    bails |= from_words;
    let path = (*path).to_owned();
    let mut run = Run { machine, path, separator, record, null, header, bails, began: None };
    let mut code = 0;
    for script in scripts {
        code = code.max(run.script(&script, io));
        if code != 0 && run.bails {
            break;
        }
    }
    // What was not committed is lost.
    if let Some((mut before, _)) = run.began.take() {
        let database = before.databases.remove("main").unwrap_or_default();
        if let Err(problem) = run.store(&run.path.clone(), &database) {
            return fail(io, &problem);
        }
    }
    code
}

fn refuse(io: &mut Io<'_>, what: &str) -> i64 {
    io.err.extend(format!("Error: {what} is not played by a stand-in\n").bytes());
    1
}

impl Run<'_, '_, '_> {
    fn script(&mut self, text: &str, io: &mut Io<'_>) -> i64 {
        let mut code = 0;
        for piece in pieces(text, '.') {
            let ended = if piece.is_command {
                self.command(&piece.text, io)
            } else {
                self.statement(&piece, io)
            };
            code = code.max(ended);
            if ended != 0 && self.bails {
                break;
            }
        }
        code
    }

    fn load(&self, path: &str) -> Result<Database, String> {
        match self.machine.inside.read(path) {
            None | Some([]) => Ok(Database::default()),
            Some(bytes) => {
                let body = bytes.strip_prefix(MAGIC);
                let body = body.ok_or("file is not a database")?;
                serde_json::from_slice(body)
                    .map_err(|_| "database disk image is malformed".to_owned())
            }
        }
    }

    fn store(&mut self, path: &str, database: &Database) -> Result<(), String> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(
            serde_json::to_vec_pretty(database).expect("rows of text can be written as JSON"),
        );
        let written = self.machine.inside.write(path, bytes);
        written.map_err(|_| {
            format!("unable to open database \"{path}\": unable to open database file")
        })
    }

    fn statement(&mut self, piece: &Piece, io: &mut Io<'_>) -> i64 {
        let database = match self.load(&self.path) {
            Ok(database) => database,
            Err(problem) => return fail(io, &problem),
        };
        let before = database.clone();
        let mut server = Server {
            databases: BTreeMap::from([("main".to_owned(), database)]),
            users: BTreeMap::new(),
        };
        let mut session = Session {
            flavor: Flavor::Sqlite,
            server: &mut server,
            database: Some("main".to_owned()),
            user: "main".to_owned(),
            version: "3.45.1".to_owned(),
            now: self.machine.inside.now.strftime("%Y-%m-%d %H:%M:%S").to_string(),
            began: self.began.take(),
        };
        let outcome = session.run(piece);
        self.began = session.began.take();
        let after = server.databases.remove("main").unwrap_or_default();
        if after != before
            && let Err(problem) = self.store(&self.path.clone(), &after)
        {
            return fail(io, &problem);
        }
        match outcome {
            Ok(Done::Rows { columns, rows }) => {
                if self.header && !rows.is_empty() {
                    let names = columns.join(&self.separator);
                    io.out.extend(format!("{names}{}", self.record).bytes());
                }
                let text = |cell: &Cell| cell.clone().unwrap_or_else(|| self.null.clone());
                for row in rows {
                    let line = row.iter().map(text).collect::<Vec<_>>().join(&self.separator);
                    io.out.extend(format!("{line}{}", self.record).bytes());
                }
                0
            }
            Ok(Done::Changed { .. } | Done::Other { .. }) => 0,
            Err(error) => fail(io, &format!("in prepare, {}", error.said(Flavor::Sqlite))),
        }
    }

    fn command(&mut self, text: &str, io: &mut Io<'_>) -> i64 {
        let words: Vec<&str> =
            text.split_whitespace().map(|w| w.trim_matches(['\'', '"'])).collect();
        match words.as_slice() {
            [".timeout" | ".bail" | ".changes" | ".echo" | ".mode", ..] => {
                match words.as_slice() {
                    [".mode", mode, ..] if *mode != "list" => {
                        return refuse(io, &format!(".mode {mode}"));
                    }
                    [".bail", on] => self.bails = *on == "on",
                    _ => {}
                }
                0
            }
            [".headers" | ".header", on] => {
                self.header = *on == "on";
                0
            }
            [".separator", sign] => {
                self.separator = (*sign).to_owned();
                0
            }
            [".quit" | ".exit"] => 0,
            [".tables"] => self.listed(io, |database| {
                database.tables.keys().map(|name| format!("{name}\n")).collect()
            }),
            [".schema"] => self.listed(io, |database| {
                let tables = database.tables.iter();
                tables.map(|(n, t)| format!("{};\n", definition(Flavor::Sqlite, n, t))).collect()
            }),
            [".dump"] => self.listed(io, dumped),
            [".backup" | ".save", "main", to] | [".backup" | ".save", to] => {
                let copied = self.load(&self.path).and_then(|d| self.store(to, &d));
                copied.map_or_else(|e| fail(io, &e), |()| 0)
            }
            [".restore", "main", from] | [".restore", from] => {
                if self.machine.inside.read(from).is_none() {
                    return fail(io, &format!("cannot open \"{from}\""));
                }
                let path = self.path.clone();
                let copied = self.load(from).and_then(|d| self.store(&path, &d));
                copied.map_or_else(|e| fail(io, &e), |()| 0)
            }
            [".read", from] => match self.machine.inside.read(from) {
                Some(bytes) => {
                    let text = String::from_utf8_lossy(bytes).into_owned();
                    self.script(&text, io)
                }
                None => fail(io, &format!("cannot open \"{from}\"")),
            },
            _ => refuse(io, text),
        }
    }

    fn listed(&self, io: &mut Io<'_>, list: impl FnOnce(&Database) -> String) -> i64 {
        match self.load(&self.path) {
            Ok(database) => {
                io.out.extend(list(&database).bytes());
                0
            }
            Err(problem) => fail(io, &problem),
        }
    }
}

fn dumped(database: &Database) -> String {
    let mut text = vec!["PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\n".to_owned()];
    for (name, table) in &database.tables {
        text.push(format!("{};\n", definition(Flavor::Sqlite, name, table)));
        for row in &table.rows {
            text.push(format!(
                "{};\n",
                insert(Flavor::Sqlite, name, table, std::slice::from_ref(row))
            ));
        }
    }
    text.push("COMMIT;\n".to_owned());
    text.concat()
}

fn fail(io: &mut Io<'_>, problem: &str) -> i64 {
    io.err.extend(format!("Error: {problem}\n").bytes());
    1
}
