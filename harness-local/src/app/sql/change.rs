//! `INSERT`, `REPLACE`, `UPDATE`, `DELETE`, `TRUNCATE`, `COPY`.

#![expect(clippy::wildcard_enum_match_arm, reason = "the parser knows far more than is played")]

use sqlparser::ast::{
    Assignment, AssignmentTarget, Delete, Expr, FromTable, Ident, Insert, ObjectName,
    OnConflictAction, OnInsert, SqliteOnConflict, TableFactor, TableObject, TableWithJoins,
    Truncate, Update,
};

use super::error::{SqlError, not_played};
use super::evaluate::Row;
use super::session::{Done, Outcome, Session};
use super::store::{Cell, Table};

/// What is done with a row whose key is there already.
enum Twin {
    Refused,
    Ignored,
    Replaced,
    Changed(Vec<Assignment>),
}

impl Session<'_> {
    pub(super) fn insert(&mut self, insert: &Insert) -> Outcome {
        if insert.returning.is_some() {
            return Err(not_played("RETURNING"));
        }
        let TableObject::TableName(name) = &insert.table else {
            return Err(not_played("INSERT into a function"));
        };
        let mut columns: Vec<String> = insert.columns.iter().map(plain).collect();
        let given = match &insert.source {
            Some(query) => self.rows(query)?.1,
            None => {
                let mut row = Vec::new();
                for assignment in &insert.assignments {
                    columns.push(target(assignment)?);
                    row.push(self.value(&assignment.value, Row::NONE)?);
                }
                vec![row]
            }
        };
        let twin = match (&insert.on, insert.replace_into, insert.ignore, insert.or) {
            (Some(OnInsert::DuplicateKeyUpdate(set)), ..) => Twin::Changed(set.clone()),
            (Some(OnInsert::OnConflict(conflict)), ..) => match &conflict.action {
                OnConflictAction::DoNothing => Twin::Ignored,
                OnConflictAction::DoUpdate(update) => Twin::Changed(update.assignments.clone()),
            },
            (None, true, ..) | (None, _, _, Some(SqliteOnConflict::Replace)) => Twin::Replaced,
            (None, _, true, _) | (None, _, _, Some(SqliteOnConflict::Ignore)) => Twin::Ignored,
            (None, ..) => Twin::Refused,
            (Some(_), ..) => return Err(not_played("this kind of INSERT")),
        };
        let count = self.add_rows(name, &columns, given, &twin)?;
        Ok(Done::Changed { word: "INSERT 0".to_owned(), count })
    }

    /// Adds the rows that are given, all or none; no columns stand for all of the table.
    fn add_rows(
        &mut self,
        name: &ObjectName,
        columns: &[String],
        given: Vec<Vec<Cell>>,
        twin: &Twin,
    ) -> Result<usize, SqlError> {
        let mut table = self.table(name)?.clone();
        let table_name = plain(name);
        let mut count = 0;
        for cells in given {
            let row = self.whole_row(&mut table, &table_name, columns, cells)?;
            let Some((at, key)) = table.twin(&row, None) else {
                table.rows.push(row);
                count += 1;
                continue;
            };
            match twin {
                Twin::Refused => return Err(duplicate(&table, &table_name, key, &row)),
                Twin::Ignored => {}
                Twin::Replaced => {
                    table.rows.remove(at);
                    table.rows.push(row);
                    count += 1;
                }
                Twin::Changed(set) => {
                    let names = table.names();
                    let old = table.rows[at].clone();
                    table.rows[at] = self.changed(set, &names, &old, Some(&row))?;
                    count += 1;
                }
            }
        }
        *self.table(name)? = table;
        Ok(count)
    }

    fn whole_row(
        &mut self,
        table: &mut Table,
        name: &str,
        columns: &[String],
        cells: Vec<Cell>,
    ) -> Result<Vec<Cell>, SqlError> {
        let columns = if columns.is_empty() { table.names() } else { columns.to_vec() };
        if columns.len() != cells.len() {
            return Err(SqlError::Count);
        }
        let mut row: Vec<Option<Cell>> = vec![None; table.columns.len()];
        for (column, cell) in columns.iter().zip(cells) {
            let at = table.position(column).ok_or_else(|| SqlError::NoColumn(column.clone()))?;
            row[at] = Some(cell);
        }
        let mut whole = Vec::new();
        for (at, cell) in row.into_iter().enumerate() {
            let column = table.columns[at].clone();
            let given = cell.is_some();
            let mut cell = cell.flatten();
            if let Some(number) = cell.as_deref().and_then(|c| c.parse().ok())
                && column.counts
            {
                table.counted = table.counted.max(number);
            }
            if cell.is_none() && column.counts {
                table.counted += 1;
                cell = Some(table.counted.to_string());
            } else if !given && let Some(default) = &column.default {
                cell = self.default_value(default)?;
            }
            if cell.is_none() && column.required {
                let (table, column) = (name.to_owned(), column.name);
                return Err(SqlError::Required { table, column });
            }
            whole.push(cell.map(|c| self.as_kept(&column.kind, c)));
        }
        Ok(whole)
    }

    /// PostgreSQL writes truth values as letters, however they were given.
    fn as_kept(&self, kind: &str, cell: String) -> String {
        let is_truth = kind.to_ascii_lowercase().starts_with("bool");
        match (is_truth, cell.as_str()) {
            (true, "1" | "true" | "t") => self.flag(true),
            (true, "0" | "false" | "f") => self.flag(false),
            _ => cell,
        }
    }

    fn default_value(&mut self, text: &str) -> Result<Cell, SqlError> {
        let dialect = sqlparser::dialect::GenericDialect {};
        let parsed = sqlparser::parser::Parser::new(&dialect).try_with_sql(text);
        let expr = parsed.and_then(|mut p| p.parse_expr());
        let expr = expr.map_err(|_| not_played(format!("the default {text}")))?;
        self.value(&expr, Row::NONE)
    }

    /// Returns a row after assignments; `new` is what was to be inserted in its place.
    fn changed(
        &mut self,
        set: &[Assignment],
        names: &[String],
        old: &[Cell],
        new: Option<&[Cell]>,
    ) -> Result<Vec<Cell>, SqlError> {
        let mut row = old.to_vec();
        for assignment in set {
            let column = target(assignment)?;
            let at = names.iter().position(|n| n.eq_ignore_ascii_case(&column));
            let at = at.ok_or(SqlError::NoColumn(column))?;
            row[at] = match (inserted(&assignment.value), new) {
                (Some(name), Some(new)) => {
                    let from = names.iter().position(|n| n.eq_ignore_ascii_case(&name));
                    new[from.ok_or(SqlError::NoColumn(name))?].clone()
                }
                _ => self.value(&assignment.value, Row { columns: names, cells: old })?,
            };
        }
        Ok(row)
    }

    pub(super) fn update(&mut self, update: &Update) -> Outcome {
        if update.from.is_some() || update.returning.is_some() || update.limit.is_some() {
            return Err(not_played("UPDATE with FROM, RETURNING or LIMIT"));
        }
        let name = only_table(&update.table)?;
        let mut table = self.table(name)?.clone();
        let names = table.names();
        let mut count = 0;
        for at in 0..table.rows.len() {
            let old = table.rows[at].clone();
            let row = Row { columns: &names, cells: &old };
            if let Some(condition) = &update.selection
                && !self.holds(condition, row)?
            {
                continue;
            }
            let new = self.changed(&update.assignments, &names, &old, None)?;
            if let Some((_, key)) = table.twin(&new, Some(at)) {
                return Err(duplicate(&table, &plain(name), key, &new));
            }
            table.rows[at] = new;
            count += 1;
        }
        *self.table(name)? = table;
        Ok(Done::Changed { word: "UPDATE".to_owned(), count })
    }

    pub(super) fn delete(&mut self, delete: &Delete) -> Outcome {
        if delete.using.is_some() || delete.limit.is_some() || delete.returning.is_some() {
            return Err(not_played("DELETE with USING, RETURNING or LIMIT"));
        }
        let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &delete.from;
        let [from] = from.as_slice() else { return Err(not_played("DELETE from several tables")) };
        let name = only_table(from)?;
        let table = self.table(name)?.clone();
        let names = table.names();
        let mut kept = Vec::new();
        for cells in &table.rows {
            let goes = match &delete.selection {
                Some(condition) => self.holds(condition, Row { columns: &names, cells })?,
                None => true,
            };
            if !goes {
                kept.push(cells.clone());
            }
        }
        let count = table.rows.len() - kept.len();
        self.table(name)?.rows = kept;
        Ok(Done::Changed { word: "DELETE".to_owned(), count })
    }

    pub(super) fn truncate(&mut self, truncate: &Truncate) -> Outcome {
        for target in &truncate.table_names {
            self.table(&target.name)?;
        }
        for target in &truncate.table_names {
            self.table(&target.name)?.rows.clear();
        }
        Ok(Done::Other { word: "TRUNCATE TABLE".to_owned() })
    }

    /// Adds the lines of data that follow a `COPY … FROM stdin`.
    pub(super) fn copy(&mut self, text: &str, lines: &[String]) -> Outcome {
        let rest = text.get(5..).unwrap_or_default();
        let until = rest.to_ascii_uppercase().find("FROM").unwrap_or(rest.len());
        let head = &rest[..until];
        let (name, columns) = head.split_once('(').unwrap_or((head, ""));
        let columns: Vec<String> = columns
            .trim_end()
            .trim_end_matches(')')
            .split(',')
            .map(|c| c.trim().trim_matches('"').to_owned())
            .filter(|c| !c.is_empty())
            .collect();
        let parts = name.trim().split('.').map(|p| Ident::new(p.trim_matches('"')));
        let name = ObjectName::from(parts.collect::<Vec<_>>());
        let rows = lines.iter().map(|line| line.split('\t').map(copied).collect()).collect();
        let count = self.add_rows(&name, &columns, rows, &Twin::Refused)?;
        Ok(Done::Changed { word: "COPY".to_owned(), count })
    }
}

/// Reads a field of `COPY`'s text format.
fn copied(field: &str) -> Cell {
    if field == "\\N" {
        return None;
    }
    let mut text = String::new();
    let mut chars = field.chars();
    while let Some(c) = chars.next() {
        match (c, c == '\\') {
            (_, true) => match chars.next() {
                Some('n') => text.push('\n'),
                Some('t') => text.push('\t'),
                Some('r') => text.push('\r'),
                Some(other) => text.push(other),
                None => {}
            },
            (c, false) => text.push(c),
        }
    }
    Some(text)
}

/// Returns the column whose new value an assignment takes: `VALUES(x)`, `excluded.x`.
fn inserted(expr: &Expr) -> Option<String> {
    match expr {
        Expr::CompoundIdentifier(parts) => match parts.as_slice() {
            [table, column] if table.value.eq_ignore_ascii_case("excluded") => {
                Some(column.value.clone())
            }
            _ => None,
        },
        Expr::Function(function) if function.name.to_string().eq_ignore_ascii_case("values") => {
            let text = function.args.to_string();
            Some(text.trim_matches(['(', ')', '`', '"']).to_owned())
        }
        _ => None,
    }
}

fn duplicate(table: &Table, name: &str, key: &[String], row: &[Cell]) -> SqlError {
    let value = |column: &String| table.position(column).and_then(|at| row[at].clone());
    let values: Vec<String> = key.iter().map(|c| value(c).unwrap_or_default()).collect();
    let key = if table.primary == key { "PRIMARY".to_owned() } else { key.join("_") };
    SqlError::Duplicate { table: name.to_owned(), key, value: values.join("-") }
}

fn only_table(table: &TableWithJoins) -> Result<&ObjectName, SqlError> {
    match (&table.relation, table.joins.is_empty()) {
        (TableFactor::Table { name, .. }, true) => Ok(name),
        _ => Err(not_played(format!("a change of `{table}`"))),
    }
}

fn target(assignment: &Assignment) -> Result<String, SqlError> {
    match &assignment.target {
        AssignmentTarget::ColumnName(name) => Ok(plain(name)),
        AssignmentTarget::Tuple(_) => Err(not_played("an assignment of several columns")),
    }
}

/// Returns the last part of a name without its quotes.
pub(super) fn plain(name: &ObjectName) -> String {
    let text = name.0.last().map(ToString::to_string).unwrap_or_default();
    text.trim_matches(['`', '"', '[', ']']).to_owned()
}
