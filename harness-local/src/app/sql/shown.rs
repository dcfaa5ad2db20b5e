//! `SHOW …` and `DESCRIBE`.

#![expect(clippy::wildcard_enum_match_arm, reason = "the parser knows far more than is played")]

use sqlparser::ast::{
    ObjectName, ShowStatementFilter, ShowStatementFilterPosition, ShowStatementOptions, Statement,
};

use super::dump::definition;
use super::error::{SqlError, not_played};
use super::evaluate::like;
use super::session::{Done, Outcome, Session};
use super::store::Cell;

impl Session<'_> {
    pub(super) fn show(&mut self, statement: &Statement) -> Outcome {
        match statement {
            Statement::ShowDatabases { show_options, .. } => {
                let mut names: Vec<String> = self.server.databases.keys().cloned().collect();
                names.push("information_schema".to_owned());
                names.sort();
                listed("Database", names, show_options)
            }
            Statement::ShowTables { show_options, .. } => {
                let shown = show_options.show_in.as_ref().and_then(|s| s.parent_name.as_ref());
                let database = shown.map(super::change::plain).or_else(|| self.database.clone());
                let database = database.ok_or(SqlError::NoneChosen)?;
                let names = self.chosen(&database)?.tables.keys().cloned().collect();
                listed(&format!("Tables_in_{database}"), names, show_options)
            }
            Statement::ShowColumns { show_options, .. } => {
                let shown = show_options.show_in.as_ref().and_then(|s| s.parent_name.clone());
                self.columns_of(&shown.ok_or(SqlError::NoneChosen)?)
            }
            Statement::ExplainTable { table_name, .. } => self.columns_of(table_name),
            Statement::ShowCreate { obj_name, .. } => {
                let flavor = self.flavor;
                let name = super::change::plain(obj_name);
                let text = definition(flavor, &name, self.table(obj_name)?);
                let columns = vec!["Table".to_owned(), "Create Table".to_owned()];
                Ok(Done::Rows { columns, rows: vec![vec![Some(name), Some(text)]] })
            }
            Statement::ShowVariable { variable } => {
                let name: Vec<&str> = variable.iter().map(|i| i.value.as_str()).collect();
                match name.join(" ").to_ascii_lowercase().as_str() {
                    "server_version" => {
                        let cell = Some(self.version.clone());
                        Ok(Done::Rows { columns: vec![name.join(" ")], rows: vec![vec![cell]] })
                    }
                    other => Err(not_played(format!("SHOW {other}"))),
                }
            }
            other => Err(not_played(format!("{other}"))),
        }
    }

    fn columns_of(&mut self, name: &ObjectName) -> Outcome {
        let table = self.table(name)?;
        let columns = ["Field", "Type", "Null", "Key", "Default", "Extra"].map(str::to_owned);
        let text = |t: &str| Some(t.to_owned());
        let row = |c: &super::store::Column| {
            let key = if table.primary.contains(&c.name) { "PRI" } else { "" };
            let null = if c.required { "NO" } else { "YES" };
            let extra = if c.counts { "auto_increment" } else { "" };
            let kind = Some(c.kind.to_ascii_lowercase());
            vec![text(&c.name), kind, text(null), text(key), c.default.clone(), text(extra)]
        };
        let rows = table.columns.iter().map(row).collect();
        Ok(Done::Rows { columns: columns.to_vec(), rows })
    }
}

fn listed(column: &str, names: Vec<String>, options: &ShowStatementOptions) -> Outcome {
    let filter = match &options.filter_position {
        Some(
            ShowStatementFilterPosition::Infix(filter)
            | ShowStatementFilterPosition::Suffix(filter),
        ) => Some(filter),
        None => None,
    };
    let pattern = match filter {
        Some(ShowStatementFilter::Like(pattern) | ShowStatementFilter::ILike(pattern)) => {
            Some(pattern)
        }
        Some(other) => return Err(not_played(format!("SHOW … {other}"))),
        None => None,
    };
    let names = names.into_iter().filter(|n| pattern.is_none_or(|p| like(p, n)));
    let rows: Vec<Vec<Cell>> = names.map(|n| vec![Some(n)]).collect();
    Ok(Done::Rows { columns: vec![column.to_owned()], rows })
}
