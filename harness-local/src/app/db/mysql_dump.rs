//! `mysqldump`, also under MariaDB's name.

use std::collections::BTreeMap;

use super::client::{Reply, Want};
use super::mysql::{COMMON, Login, unknown};
use super::options::{Known, Line, Takes, read};
use crate::app::programs::Machine;
use crate::app::sql::{Database, Flavor, definition, insert};
use crate::world::Io;

/// Options of `mysqldump` alone.
const OWN: [Known; 35] = [
    ('A', "all-databases", Takes::Nothing),
    ('B', "databases", Takes::Nothing),
    ('d', "no-data", Takes::Nothing),
    ('t', "no-create-info", Takes::Nothing),
    ('n', "no-create-db", Takes::Nothing),
    ('r', "result-file", Takes::Value),
    (' ', "add-drop-database", Takes::Nothing),
    (' ', "add-drop-table", Takes::Nothing),
    (' ', "skip-add-drop-table", Takes::Nothing),
    (' ', "ignore-table", Takes::Value),
    (' ', "skip-comments", Takes::Nothing),
    (' ', "single-transaction", Takes::Maybe),
    (' ', "no-tablespaces", Takes::Nothing),
    ('y', "tablespaces-no", Takes::Nothing),
    ('q', "quick", Takes::Nothing),
    ('R', "routines", Takes::Nothing),
    (' ', "triggers", Takes::Nothing),
    ('E', "events", Takes::Nothing),
    (' ', "opt", Takes::Nothing),
    ('l', "lock-tables", Takes::Maybe),
    (' ', "skip-lock-tables", Takes::Nothing),
    ('x', "lock-all-tables", Takes::Nothing),
    (' ', "add-locks", Takes::Maybe),
    (' ', "skip-add-locks", Takes::Nothing),
    (' ', "column-statistics", Takes::Value),
    (' ', "set-gtid-purged", Takes::Value),
    (' ', "hex-blob", Takes::Nothing),
    (' ', "flush-logs", Takes::Nothing),
    (' ', "flush-privileges", Takes::Nothing),
    ('e', "extended-insert", Takes::Maybe),
    ('c', "complete-insert", Takes::Nothing),
    (' ', "skip-extended-insert", Takes::Nothing),
    ('K', "disable-keys", Takes::Nothing),
    (' ', "skip-dump-date", Takes::Nothing),
    (' ', "create-options", Takes::Nothing),
];

/// Writes databases as statements.
pub(super) fn dump(
    machine: &mut Machine<'_, '_>,
    program: &str,
    words: &[&str],
    io: &mut Io<'_>,
) -> i64 {
    let known = [&COMMON[..], &OWN[..]].concat();
    let line = match read(words, &known) {
        Ok(line) => line,
        Err(option) => return unknown(program, &option, io),
    };
    let login = Login::of(machine, &line);
    let (databases, version) = match login.ask(machine, None, Want::Read) {
        Ok(Reply::Read { databases, version, .. }) => (databases, version),
        Ok(Reply::Ran { .. } | Reply::Refused(_)) => return 2,
        Err((number, _, text)) => {
            let text =
                format!("{program}: Got error: {number}: \"{text}\" when trying to connect\n");
            io.err.extend(text.bytes());
            return 2;
        }
    };
    let host = login.host.as_deref().unwrap_or("localhost");
    let now = machine.inside.now.strftime("%Y-%m-%d %H:%M:%S");
    let chosen = match chosen(&line, databases) {
        Ok(chosen) => chosen,
        Err(name) => {
            let text = format!(
                "{program}: Got error: 1049: \"Unknown database '{name}'\" when selecting the database\n"
            );
            io.err.extend(text.bytes());
            return 2;
        }
    };
    let tables: Vec<&String> = if line.has("databases") || line.has("all-databases") {
        Vec::new()
    } else {
        line.rest.iter().skip(1).collect()
    };
    let mut text = vec![format!(
        "-- MySQL dump 10.19  Distrib {version}, for a stand-in\n--\n-- Host: {host}\n-- {0}\n-- Server version\t{version}\n\n/*!40101 SET NAMES utf8mb4 */;\n/*!40014 SET FOREIGN_KEY_CHECKS=0 */;\n",
        "-".repeat(54)
    )];
    for (name, database) in &chosen {
        if line.has("databases") || line.has("all-databases") {
            if line.has("add-drop-database") {
                text.push(format!("\nDROP DATABASE IF EXISTS `{name}`;\n"));
            }
            text.push(format!("\nCREATE DATABASE IF NOT EXISTS `{name}`;\n\nUSE `{name}`;\n"));
        }
        if let Some(missing) = tables.iter().find(|t| !database.tables.contains_key(**t)) {
            let text = format!("{program}: Couldn't find table: \"{missing}\"\n");
            io.err.extend(text.bytes());
            return 6;
        }
        text.push(body(&line, name, database, &tables));
    }
    text.push(format!("\n-- Dump completed on {now}\n"));
    let text = text.concat();
    match line.get("result-file") {
        Some(path) => {
            if machine.inside.write(path, text.into_bytes()).is_err() {
                io.err.extend(format!("{program}: Can't create/write to file '{path}'\n").bytes());
                return 1;
            }
        }
        None => io.out.extend(text.into_bytes()),
    }
    0
}

/// Returns the databases that are to be dumped, or the name of one that there is not.
fn chosen(
    line: &Line,
    mut databases: BTreeMap<String, Database>,
) -> Result<Vec<(String, Database)>, String> {
    if line.has("all-databases") {
        return Ok(databases.into_iter().filter(|(name, _)| name != "mysql").collect());
    }
    let count = if line.has("databases") { line.rest.len() } else { 1 };
    let names = line.rest.iter().take(count);
    names
        .map(|name| databases.remove(name).map(|d| (name.clone(), d)).ok_or_else(|| name.clone()))
        .collect()
}

fn body(line: &Line, database: &str, content: &Database, tables: &[&String]) -> String {
    let ignored = |name: &str| {
        let full = format!("{database}.{name}");
        line.options.iter().any(|(option, value)| *option == "ignore-table" && *value == full)
    };
    let mut text = Vec::new();
    for (name, table) in &content.tables {
        if ignored(name) || !tables.is_empty() && !tables.contains(&name) {
            continue;
        }
        if !line.has("no-create-info") {
            text.push(format!("\n--\n-- Table structure for table `{name}`\n--\n\n"));
            if !line.has("skip-add-drop-table") {
                text.push(format!("DROP TABLE IF EXISTS `{name}`;\n"));
            }
            text.push(format!("{};\n", definition(Flavor::MySql, name, table)));
        }
        if !line.has("no-data") {
            text.push(format!(
                "\n--\n-- Dumping data for table `{name}`\n--\n\nLOCK TABLES `{name}` WRITE;\n"
            ));
            if !table.rows.is_empty() {
                text.push(format!("{};\n", insert(Flavor::MySql, name, table, &table.rows)));
            }
            text.push("UNLOCK TABLES;\n".to_owned());
        }
    }
    text.concat()
}
