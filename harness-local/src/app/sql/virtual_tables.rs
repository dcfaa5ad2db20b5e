//! Tables in which databases describe themselves.

use sqlparser::ast::ObjectName;

use super::query::Found;
use super::session::{Flavor, Session};
use super::store::Cell;

impl Session<'_> {
    /// Returns what such a table holds; none when the name is of a table of the app.
    pub(super) fn virtual_table(&self, name: &ObjectName) -> Option<Found> {
        let full = name.to_string().to_ascii_lowercase().replace(['`', '"'], "");
        let full = full.trim_start_matches("pg_catalog.");
        let text = |t: &str| Some(t.to_owned());
        let chosen = self.database.clone().unwrap_or_default();
        let every = |database: &str| {
            let found = self.server.databases.get(database);
            found.into_iter().flat_map(|d| &d.tables).collect::<Vec<_>>()
        };
        let (columns, rows): (&[&str], Vec<Vec<Cell>>) = match (full, self.flavor) {
            ("information_schema.tables", flavor) => {
                let mut rows = Vec::new();
                for database in self.server.databases.keys() {
                    let schema = if flavor == Flavor::Postgres { "public" } else { database };
                    if flavor == Flavor::Postgres && *database != chosen {
                        continue;
                    }
                    let tables = every(database).into_iter();
                    rows.extend(tables.map(|(name, table)| {
                        let count = Some(table.rows.len().to_string());
                        vec![text(database), text(schema), text(name), text("BASE TABLE"), count]
                    }));
                }
                (&["table_catalog", "table_schema", "table_name", "table_type", "table_rows"], rows)
            }
            ("information_schema.columns", flavor) => {
                let mut rows = Vec::new();
                for database in self.server.databases.keys() {
                    let schema = if flavor == Flavor::Postgres { "public" } else { database };
                    for (name, table) in every(database) {
                        rows.extend(
                            table.columns.iter().map(|c| {
                                vec![text(schema), text(name), text(&c.name), text(&c.kind)]
                            }),
                        );
                    }
                }
                (&["table_schema", "table_name", "column_name", "data_type"], rows)
            }
            ("information_schema.schemata", Flavor::MySql) => {
                let names = self.server.databases.keys();
                (&["schema_name"], names.map(|n| vec![text(n)]).collect())
            }
            ("pg_tables", Flavor::Postgres) => {
                let rows = every(&chosen).into_iter();
                let owner = text(&self.user);
                let rows = rows.map(|(n, _)| vec![text("public"), text(n), owner.clone()]);
                (&["schemaname", "tablename", "tableowner"], rows.collect())
            }
            ("pg_database", Flavor::Postgres) => {
                let names = self.server.databases.keys();
                (&["datname"], names.map(|n| vec![text(n)]).collect())
            }
            ("pg_roles" | "pg_user", Flavor::Postgres) => {
                let column: &[&str] = if full == "pg_roles" { &["rolname"] } else { &["usename"] };
                (column, self.server.users.keys().map(|n| vec![text(n)]).collect())
            }
            // Nobody else is ever in the middle of something here.
            ("pg_stat_activity", Flavor::Postgres) => {
                (&["pid", "datname", "usename", "state"], Vec::new())
            }
            ("mysql.user", Flavor::MySql) => {
                let rows = self.server.users.keys().map(|n| vec![text("%"), text(n)]);
                (&["Host", "User"], rows.collect())
            }
            ("sqlite_master" | "sqlite_schema", Flavor::Sqlite) => {
                let rows = every(&chosen).into_iter().map(|(n, table)| {
                    let sql = super::dump::definition(self.flavor, n, table);
                    vec![text("table"), text(n), text(n), Some(sql)]
                });
                (&["type", "name", "tbl_name", "sql"], rows.collect())
            }
            _ => return None,
        };
        Some((columns.iter().map(|c| (*c).to_owned()).collect(), rows))
    }
}
