//! How each product of databases with SQL is asked. Main type: [`Dialect`].

use super::{printed, scripts};

/// Which SQL is spoken, and by which client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// PostgreSQL, by `psql`.
    Postgres,
    /// MySQL and MariaDB, by `mariadb` or `mysql`.
    MySql,
    /// SQLite, by `sqlite3`.
    Sqlite,
}

impl Dialect {
    /// Writes a text as the database reads it, with its quotes.
    pub fn text(self, value: &str) -> String {
        let quoted = value.replace('\'', "''");
        match self {
            Self::MySql => format!("'{}'", quoted.replace('\\', "\\\\")),
            Self::Postgres | Self::Sqlite => format!("'{quoted}'"),
        }
    }

    /// Returns the command that runs a statement in the database's container. The database may be empty: the one that
    /// the image's variables name; of SQLite it is the file.
    pub fn argv<'a>(self, statement: &'a str, database: &'a str) -> Vec<&'a str> {
        let script = match self {
            Self::Postgres => scripts::POSTGRES,
            Self::MySql => scripts::MYSQL,
            Self::Sqlite => scripts::SQLITE,
        };
        let mut argv = vec!["sh", "-c", script, "sql", statement, database];
        if self == Self::Postgres {
            argv.extend(["\u{1f}", "\u{1e}"]);
        }
        argv
    }

    /// Returns the rows in what that command printed; `NULL` is the text `NULL`.
    pub fn rows(self, printed: &str) -> Vec<Vec<String>> {
        printed::rows(self, printed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_quoted_as_its_database_reads_it() {
        assert_eq!(Dialect::MySql.text(r"it's \ "), r"'it''s \\ '");
        assert_eq!(Dialect::Postgres.text(r"it's \ "), r"'it''s \ '");
    }

    #[test]
    fn a_statement_is_an_argument_of_its_own() {
        let statement = "SELECT '$(reboot)'; -- \"`'";
        for dialect in [Dialect::MySql, Dialect::Postgres, Dialect::Sqlite] {
            let argv = dialect.argv(statement, "/f");
            assert_eq!(argv[4], statement);
            assert!(!argv[2].contains("reboot"), "{argv:?}");
        }
    }
}
