//! Making, changing and dropping tables.

#![expect(clippy::wildcard_enum_match_arm, reason = "the parser knows far more than is played")]

use sqlparser::ast::{
    AlterTable, AlterTableOperation, ColumnDef, ColumnOption, CreateTable, Expr, IndexColumn,
    ObjectName, ObjectType, TableConstraint,
};

use super::error::{SqlError, not_played};
use super::session::{Done, Outcome, Session};
use super::store::{Column, Table};

impl Session<'_> {
    pub(super) fn create_table(&mut self, made: &CreateTable) -> Outcome {
        let (database, name) = self.place(&made.name)?;
        let done = Done::Other { word: "CREATE TABLE".to_owned() };
        if self.chosen(&database)?.tables.contains_key(&name) {
            return if made.if_not_exists { Ok(done) } else { Err(SqlError::TableExists(name)) };
        }
        if made.query.is_some() || made.like.is_some() {
            return Err(not_played("CREATE TABLE from another"));
        }
        let mut table = Table::default();
        for column in &made.columns {
            self.add_column(&mut table, column)?;
        }
        for constraint in &made.constraints {
            constrain(&mut table, constraint)?;
        }
        self.chosen(&database)?.tables.insert(name, table);
        Ok(done)
    }

    fn add_column(&mut self, table: &mut Table, made: &ColumnDef) -> Result<(), SqlError> {
        let kind = made.data_type.to_string();
        let mut column = Column {
            name: self.name(&made.name),
            counts: kind.to_ascii_uppercase().contains("SERIAL"),
            kind,
            required: false,
            default: None,
        };
        let name = column.name.clone();
        for option in &made.options {
            match &option.option {
                ColumnOption::NotNull => column.required = true,
                ColumnOption::Default(expr) => {
                    let text = expr.to_string();
                    column.counts |= text.to_ascii_lowercase().starts_with("nextval(");
                    column.default = Some(text).filter(|_| !column.counts && !is_null(expr));
                }
                ColumnOption::PrimaryKey(_) => {
                    table.primary = vec![name.clone()];
                    // SQLite's own row number.
                    column.counts |= column.kind.eq_ignore_ascii_case("integer")
                        && self.flavor == super::session::Flavor::Sqlite;
                }
                ColumnOption::Unique(_) => table.unique.push(vec![name.clone()]),
                ColumnOption::Identity(_) | ColumnOption::Generated { .. } => column.counts = true,
                ColumnOption::DialectSpecific(tokens) => {
                    let words: Vec<String> = tokens.iter().map(ToString::to_string).collect();
                    let text = words.join(" ").to_ascii_uppercase().replace('_', "");
                    if text != "AUTOINCREMENT" {
                        return Err(not_played(format!("the column option {option}")));
                    }
                    column.counts = true;
                }
                ColumnOption::Null
                | ColumnOption::Comment(_)
                | ColumnOption::CharacterSet(_)
                | ColumnOption::Collation(_)
                | ColumnOption::ForeignKey(_)
                | ColumnOption::Check(_)
                | ColumnOption::OnUpdate(_) => {}
                _ => return Err(not_played(format!("the column option {option}"))),
            }
        }
        table.columns.push(column);
        Ok(())
    }

    pub(super) fn drop_objects(
        &mut self,
        kind: ObjectType,
        if_exists: bool,
        names: &[ObjectName],
    ) -> Outcome {
        match kind {
            ObjectType::Table => {}
            // Nothing of the kind can have been made here.
            ObjectType::View | ObjectType::Sequence | ObjectType::Type if if_exists => {
                return Ok(Done::Other { word: format!("DROP {kind}") });
            }
            ObjectType::Schema => return self.drop_schema(names),
            _ => return Err(not_played(format!("DROP {kind}"))),
        }
        for name in names {
            let (database, table) = self.place(name)?;
            let removed = self.chosen(&database)?.tables.remove(&table);
            if removed.is_none() && !if_exists {
                return Err(SqlError::NoTable { database, table });
            }
        }
        Ok(Done::Other { word: "DROP TABLE".to_owned() })
    }

    /// `DROP SCHEMA public CASCADE` empties a database.
    fn drop_schema(&mut self, names: &[ObjectName]) -> Outcome {
        let database = self.database.clone().ok_or(SqlError::NoneChosen)?;
        if names.iter().any(|n| super::change::plain(n) != "public") {
            return Err(not_played("DROP SCHEMA of another than public"));
        }
        self.chosen(&database)?.tables.clear();
        Ok(Done::Other { word: "DROP SCHEMA".to_owned() })
    }

    pub(super) fn alter_table(&mut self, alter: &AlterTable) -> Outcome {
        let mut table = self.table(&alter.name)?.clone();
        for operation in &alter.operations {
            match operation {
                AlterTableOperation::AddColumn { column_def, if_not_exists, .. } => {
                    let there = table.position(&column_def.name.value).is_some();
                    if there && *if_not_exists {
                        continue;
                    }
                    self.add_column(&mut table, column_def)?;
                    let default = table.columns.last().and_then(|c| c.default.clone());
                    let cell = default.map(|d| d.trim_matches('\'').to_owned());
                    table.rows.iter_mut().for_each(|row| row.push(cell.clone()));
                }
                AlterTableOperation::DropColumn { column_names, .. } => {
                    for name in column_names {
                        let at = table.position(&name.value);
                        let at = at.ok_or_else(|| SqlError::NoColumn(name.value.clone()))?;
                        table.columns.remove(at);
                        table.rows.iter_mut().for_each(|row| drop(row.remove(at)));
                    }
                }
                AlterTableOperation::AddConstraint { constraint, .. } => {
                    constrain(&mut table, constraint)?;
                }
                AlterTableOperation::RenameTable { .. } => {
                    return Err(not_played("a new name for a table"));
                }
                other => return Err(not_played(format!("ALTER TABLE … {other}"))),
            }
        }
        *self.table(&alter.name)? = table;
        Ok(Done::Other { word: "ALTER TABLE".to_owned() })
    }
}

fn is_null(expr: &Expr) -> bool {
    expr.to_string().eq_ignore_ascii_case("null")
}

fn constrain(table: &mut Table, constraint: &TableConstraint) -> Result<(), SqlError> {
    let names = |columns: &[IndexColumn]| {
        let name = |c: &IndexColumn| c.column.expr.to_string().trim_matches(['`', '"']).to_owned();
        columns.iter().map(name).collect::<Vec<_>>()
    };
    match constraint {
        TableConstraint::PrimaryKey(key) => table.primary = names(&key.columns),
        TableConstraint::Unique(key) => table.unique.push(names(&key.columns)),
        TableConstraint::ForeignKey(_) | TableConstraint::Check(_) | TableConstraint::Index(_) => {}
        other => return Err(not_played(format!("the constraint {other}"))),
    }
    Ok(())
}
