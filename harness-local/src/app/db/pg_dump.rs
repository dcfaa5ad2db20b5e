//! `pg_dump`, `pg_dumpall` and `pg_restore`.

use super::client::{Reply, Want};
use super::options::{Known, Line, Takes, read};
use super::postgres::{COMMON, Login, refuse, say};
use crate::app::programs::Machine;
use crate::app::sql::{Cell, Database, Flavor, Table, definition, insert, pieces, quoted};
use crate::app::streams::packed;
use crate::world::Io;

/// What a dump in PostgreSQL's own format begins with.
const CUSTOM: &str = "PGDMP\n";

const OWN: [Known; 30] = [
    ('f', "file", Takes::Value),
    ('F', "format", Takes::Value),
    ('c', "clean", Takes::Nothing),
    ('C', "create", Takes::Nothing),
    ('O', "no-owner", Takes::Nothing),
    ('x', "no-privileges", Takes::Nothing),
    (' ', "no-acl", Takes::Nothing),
    ('a', "data-only", Takes::Nothing),
    ('s', "schema-only", Takes::Nothing),
    ('t', "table", Takes::Value),
    ('T', "exclude-table", Takes::Value),
    ('n', "schema", Takes::Value),
    ('v', "verbose", Takes::Nothing),
    ('Z', "compress", Takes::Value),
    ('b', "blobs", Takes::Nothing),
    (' ', "if-exists", Takes::Nothing),
    (' ', "inserts", Takes::Nothing),
    (' ', "column-inserts", Takes::Nothing),
    (' ', "no-comments", Takes::Nothing),
    (' ', "no-tablespaces", Takes::Nothing),
    (' ', "quote-all-identifiers", Takes::Nothing),
    (' ', "encoding", Takes::Value),
    ('E', "encoding-letter", Takes::Value),
    (' ', "globals-only", Takes::Nothing),
    ('r', "roles-only", Takes::Nothing),
    ('l', "database", Takes::Value),
    ('1', "single-transaction", Takes::Nothing),
    ('e', "exit-on-error", Takes::Nothing),
    ('j', "jobs", Takes::Value),
    (' ', "lock-wait-timeout", Takes::Value),
];

fn line_of(program: &str, words: &[&str], io: &mut Io<'_>) -> Result<Line, i64> {
    read(words, &[&COMMON[..], &OWN[..]].concat())
        .map_err(|option| refuse(program, &format!("the option {option}"), io))
}

/// Writes one database as statements.
pub(super) fn dump(machine: &mut Machine<'_, '_>, words: &[&str], io: &mut Io<'_>) -> i64 {
    let line = match line_of("pg_dump", words, io) {
        Ok(line) => line,
        Err(code) => return code,
    };
    let login = Login::of(machine, &line, line.rest.first().map(String::as_str));
    let name = login.database.clone().unwrap_or_else(|| login.user.clone());
    let (databases, version) = match login.ask(machine, Some(&name), Want::Read) {
        Ok(Reply::Read { databases, version, .. }) => (databases, version),
        Ok(Reply::Ran { .. } | Reply::Refused(_)) => return 1,
        Err(problem) => {
            say(io, "pg_dump", &problem);
            return 1;
        }
    };
    let Some(database) = databases.get(&name) else { return 1 };
    let tables = line.options.iter().filter(|(n, _)| *n == "table");
    let missing = tables
        .map(|(_, v)| v.trim_start_matches("public."))
        .find(|t| !database.tables.contains_key(*t));
    if missing.is_some() {
        say(io, "pg_dump", "no matching tables were found");
        return 1;
    }
    let mut text = head(&version, "PostgreSQL database dump");
    if line.has("create") {
        let quoted = quoted(Flavor::Postgres, &name);
        let drop = if line.has("clean") {
            format!("DROP DATABASE IF EXISTS {quoted};\n")
        } else {
            String::new()
        };
        text.push_str(
            &[drop.as_str(), "CREATE DATABASE ", &quoted, ";\n\n\\connect ", &name, "\n\n"]
                .concat(),
        );
    }
    text.push_str(&body(&line, &login.user, database));
    text.push_str("--\n-- PostgreSQL database dump complete\n--\n\n");
    match line.get("format").unwrap_or("p") {
        "p" | "plain" => {}
        "c" | "custom" => text.insert_str(0, CUSTOM),
        other => return refuse("pg_dump", &format!("the format {other}"), io),
    }
    deliver(machine, "pg_dump", &line, text.into_bytes(), io)
}

/// Writes all databases and roles as statements.
pub(super) fn dump_all(machine: &mut Machine<'_, '_>, words: &[&str], io: &mut Io<'_>) -> i64 {
    let line = match line_of("pg_dumpall", words, io) {
        Ok(line) => line,
        Err(code) => return code,
    };
    let login = Login::of(machine, &line, None);
    let entry = line.get("database").unwrap_or("postgres").to_owned();
    let (databases, users, version) = match login.ask(machine, Some(&entry), Want::Read) {
        Ok(Reply::Read { databases, users, version }) => (databases, users, version),
        Ok(Reply::Ran { .. } | Reply::Refused(_)) => return 1,
        Err(problem) => {
            say(io, "pg_dumpall", &problem);
            return 1;
        }
    };
    let mut text = vec!["--\n-- PostgreSQL database cluster dump\n--\n\nSET default_transaction_read_only = off;\n\n--\n-- Roles\n--\n\n".to_owned()];
    for user in users {
        let user = quoted(Flavor::Postgres, &user);
        // The superuser is there already, here as with the real tool, whose complaint is known and harmless.
        text.push(format!("CREATE ROLE IF NOT EXISTS {user};\nALTER ROLE {user} WITH LOGIN;\n"));
    }
    let all = !line.has("globals-only") && !line.has("roles-only");
    for (name, database) in databases.iter().filter(|_| all) {
        let quoted = quoted(Flavor::Postgres, name);
        if name != "postgres" {
            if line.has("clean") {
                text.push(format!("\nDROP DATABASE IF EXISTS {quoted};\n"));
            }
            text.push(format!("\nCREATE DATABASE {quoted};\n"));
        }
        text.push(format!("\n\\connect {name}\n\n{}", head(&version, "PostgreSQL database dump")));
        text.push(body(&line, &login.user, database));
        text.push("--\n-- PostgreSQL database dump complete\n--\n".to_owned());
    }
    text.push("\n--\n-- PostgreSQL database cluster dump complete\n--\n\n".to_owned());
    deliver(machine, "pg_dumpall", &line, text.concat().into_bytes(), io)
}

fn head(version: &str, what: &str) -> String {
    format!(
        "--\n-- {what}\n--\n\n-- Dumped from database version {version}\n-- Dumped by pg_dump version {version}\n\nSET statement_timeout = 0;\nSET client_encoding = 'UTF8';\nSET standard_conforming_strings = on;\nSELECT pg_catalog.set_config('search_path', '', false);\n\n"
    )
}

fn body(line: &Line, owner: &str, database: &Database) -> String {
    let is_named = |option: &str, name: &str| {
        let named = line.options.iter().filter(|(n, _)| *n == option);
        named.map(|(_, v)| v.trim_start_matches("public.")).any(|v| v == name)
    };
    let wanted = |name: &str| {
        (!line.has("table") || is_named("table", name)) && !is_named("exclude-table", name)
    };
    let mut text = Vec::new();
    for (name, table) in database.tables.iter().filter(|(n, _)| wanted(n)) {
        let quoted = quoted(Flavor::Postgres, name);
        if !line.has("data-only") {
            if line.has("clean") {
                let exists = if line.has("if-exists") { "IF EXISTS " } else { "" };
                text.push(format!("DROP TABLE {exists}public.{quoted};\n"));
            }
            text.push(format!(
                "--\n-- Name: {name}; Type: TABLE; Schema: public; Owner: {owner}\n--\n\n"
            ));
            text.push(format!("{};\n\n", definition(Flavor::Postgres, name, table)));
            if !line.has("no-owner") {
                text.push(format!("ALTER TABLE public.{quoted} OWNER TO {owner};\n\n"));
            }
        }
        if !line.has("schema-only") {
            text.push(format!("--\n-- Data for Name: {name}; Type: TABLE DATA; Schema: public; Owner: {owner}\n--\n\n"));
            let inserts = line.has("inserts") || line.has("column-inserts");
            text.push(if inserts { inserted(name, table) } else { copied(&quoted, table) });
        }
    }
    text.concat()
}

fn inserted(name: &str, table: &Table) -> String {
    let one = |row: &Vec<Cell>| {
        let statement = insert(Flavor::Postgres, name, table, std::slice::from_ref(row));
        format!("{};\n", statement.replacen("INSERT INTO ", "INSERT INTO public.", 1))
    };
    table.rows.iter().map(one).collect()
}

fn copied(quoted_name: &str, table: &Table) -> String {
    let columns: Vec<String> =
        table.columns.iter().map(|c| quoted(Flavor::Postgres, &c.name)).collect();
    let mut text =
        vec![format!("COPY public.{quoted_name} ({}) FROM stdin;\n", columns.join(", "))];
    let field = |cell: &Cell| match cell {
        None => "\\N".to_owned(),
        Some(value) => value
            .replace('\\', "\\\\")
            .replace('\n', "\\n")
            .replace('\t', "\\t")
            .replace('\r', "\\r"),
    };
    for row in &table.rows {
        text.push(format!("{}\n", row.iter().map(field).collect::<Vec<_>>().join("\t")));
    }
    text.push("\\.\n\n\n".to_owned());
    text.concat()
}

fn deliver(
    machine: &mut Machine<'_, '_>,
    program: &str,
    line: &Line,
    bytes: Vec<u8>,
    io: &mut Io<'_>,
) -> i64 {
    let is_custom = bytes.starts_with(CUSTOM.as_bytes());
    let zips = line.get("compress").is_some_and(|z| z != "0" && z != "none") && !is_custom;
    let bytes = if zips { packed(&bytes).unwrap_or_default() } else { bytes };
    match line.get("file") {
        None => io.out.extend(bytes),
        Some(path) => {
            if machine.inside.write(path, bytes).is_err() {
                say(
                    io,
                    program,
                    &format!("could not open output file \"{path}\": No such file or directory"),
                );
                return 1;
            }
        }
    }
    0
}

/// Reads a dump in PostgreSQL's own format back.
pub(super) fn restore(machine: &mut Machine<'_, '_>, words: &[&str], io: &mut Io<'_>) -> i64 {
    let line = match line_of("pg_restore", words, io) {
        Ok(line) => line,
        Err(code) => return code,
    };
    let given = match line.rest.first() {
        None => io.stdin.to_vec(),
        Some(path) => match machine.inside.read(path) {
            Some(bytes) => bytes.to_vec(),
            None => {
                say(
                    io,
                    "pg_restore",
                    &format!("could not open input file \"{path}\": No such file or directory"),
                );
                return 1;
            }
        },
    };
    let text = String::from_utf8_lossy(&given).into_owned();
    let Some(text) = text.strip_prefix(CUSTOM) else {
        say(io, "pg_restore", "input file does not appear to be a valid archive");
        return 1;
    };
    if !text.contains("-- PostgreSQL database dump complete") {
        say(io, "pg_restore", "could not read from input file: end of file");
        return 1;
    }
    let login = Login::of(machine, &line, None);
    let mut all = pieces(text, '\\');
    all.retain(|piece| !piece.is_command);
    if line.has("clean") {
        let tables = all.iter().filter_map(|p| p.text.strip_prefix("CREATE TABLE "));
        let drops: Vec<String> = tables
            .filter_map(|t| t.split_whitespace().next())
            .map(|name| format!("DROP TABLE IF EXISTS {name};"))
            .collect();
        all.splice(0..0, pieces(&drops.concat(), '\\'));
    }
    let stops = line.has("exit-on-error") || line.has("single-transaction");
    let want = Want::Run { pieces: all, stops, atomic: line.has("single-transaction") };
    match login.ask(machine, login.database.as_deref(), want) {
        Ok(Reply::Ran { outcomes, .. }) => {
            let errors: Vec<String> = outcomes
                .into_iter()
                .filter_map(Result::err)
                .map(|e| e.said(Flavor::Postgres))
                .collect();
            for error in &errors {
                say(io, "pg_restore", &format!("could not execute query: ERROR:  {error}"));
            }
            i64::from(!errors.is_empty())
        }
        Ok(Reply::Read { .. } | Reply::Refused(_)) => 1,
        Err(problem) => {
            say(io, "pg_restore", &problem);
            1
        }
    }
}
