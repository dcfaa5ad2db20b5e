//! Reading what the clients print.

use super::sql::Dialect;

/// Between the columns and between the rows of what `psql` and `sqlite3` print: signs that no value has.
const UNIT: char = '\u{1f}';
const RECORD: char = '\u{1e}';

/// Returns the rows that a client printed.
pub(super) fn rows(dialect: Dialect, printed: &str) -> Vec<Vec<String>> {
    match dialect {
        Dialect::MySql => tabbed(printed),
        // The last row ends with a line's end only, and there is none without rows.
        Dialect::Postgres if printed.is_empty() => Vec::new(),
        Dialect::Postgres => separated(printed.strip_suffix('\n').unwrap_or(printed)),
        Dialect::Sqlite if printed.is_empty() => Vec::new(),
        Dialect::Sqlite => separated(printed.strip_suffix(RECORD).unwrap_or(printed)),
    }
}

/// Reads what `mysql` prints with `--batch`: tabs between columns, and what would break a line escaped.
fn tabbed(printed: &str) -> Vec<Vec<String>> {
    printed.lines().map(|line| line.split('\t').map(unescaped).collect()).collect()
}

fn unescaped(cell: &str) -> String {
    let mut text = String::new();
    let mut chars = cell.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n') => text.push('\n'),
                Some('t') => text.push('\t'),
                Some('0') => text.push('\0'),
                Some(other) => text.push(other),
                None => text.push('\\'),
            },
            other => text.push(other),
        }
    }
    text
}

fn separated(printed: &str) -> Vec<Vec<String>> {
    let cells = |row: &str| row.split(UNIT).map(str::to_owned).collect();
    printed.split(RECORD).map(cells).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_each_client_prints_becomes_rows() {
        let check = |dialect: Dialect, printed: &str, expected: &[&[&str]]| {
            let expected: Vec<Vec<String>> =
                expected.iter().map(|r| r.iter().map(|c| (*c).to_owned()).collect()).collect();
            assert_eq!(rows(dialect, printed), expected, "{printed:?}");
        };
        check(
            Dialect::MySql,
            "1\tit's\n2\ta\\tb\\\\n\\nc\n",
            &[&["1", "it's"], &["2", "a\tb\\n\nc"]],
        );
        check(Dialect::MySql, "NULL\t\n", &[&["NULL", ""]]);
        check(Dialect::MySql, "\n", &[&[""]]);
        check(Dialect::MySql, "", &[]);
        let printed = "1\u{1f}a\nb\u{1e}2\u{1f}NULL\n";
        check(Dialect::Postgres, printed, &[&["1", "a\nb"], &["2", "NULL"]]);
        check(Dialect::Postgres, "\n", &[&[""]]);
        check(Dialect::Postgres, "", &[]);
        check(Dialect::Sqlite, "1\u{1f}a\n\u{1e}2\u{1f}b\u{1e}", &[&["1", "a\n"], &["2", "b"]]);
        check(Dialect::Sqlite, "", &[]);
    }
}
