//! How `psql` shows what it found.

use super::postgres::Manner;
use crate::app::sql::Cell;

/// Writes rows as `psql` does.
pub(super) fn shown(manner: &Manner, columns: &[String], rows: &[Vec<Cell>]) -> String {
    let text = |cell: &Cell| cell.clone().unwrap_or_else(|| manner.null.clone());
    let count = match rows.len() {
        1 => "(1 row)".to_owned(),
        count => format!("({count} rows)"),
    };
    if !manner.aligned {
        let mut lines: Vec<String> = Vec::new();
        if !manner.tuples_only {
            lines.push(columns.join(&manner.separator));
        }
        let joined =
            |row: &Vec<Cell>| row.iter().map(text).collect::<Vec<_>>().join(&manner.separator);
        lines.extend(rows.iter().map(joined));
        if !manner.tuples_only {
            lines.push(count);
        }
        let shown = lines.join(manner.record.as_deref().unwrap_or("\n"));
        return if lines.is_empty() { shown } else { shown + "\n" };
    }
    let widths: Vec<usize> = (0..columns.len())
        .map(|at| {
            let cells = rows.iter().map(|r| r.get(at).map_or(0, |c| text(c).chars().count()));
            let head = if manner.tuples_only { 0 } else { columns[at].chars().count() };
            cells.max().unwrap_or(0).max(head)
        })
        .collect();
    let numeric = |at: usize| {
        let cells = rows.iter().filter_map(|r| r.get(at)?.as_ref());
        !rows.is_empty()
            && cells.clone().count() > 0
            && cells.clone().all(|c| c.parse::<f64>().is_ok())
    };
    let mut lines = Vec::new();
    if !manner.tuples_only {
        let heads = columns.iter().zip(&widths).map(|(c, w)| format!(" {c:^w$} "));
        lines.push(heads.collect::<Vec<_>>().join("|").trim_end().to_owned());
        lines.push(widths.iter().map(|w| "-".repeat(w + 2)).collect::<Vec<_>>().join("+"));
    }
    for row in rows {
        let cells = row.iter().enumerate().map(|(at, cell)| {
            let (cell, w) = (text(cell), widths.get(at).copied().unwrap_or(0));
            if numeric(at) { format!(" {cell:>w$} ") } else { format!(" {cell:<w$} ") }
        });
        lines.push(cells.collect::<Vec<_>>().join("|").trim_end().to_owned());
    }
    if !manner.tuples_only {
        lines.push(count);
    }
    lines.push(String::new());
    lines.into_iter().map(|l| l + "\n").collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manner(tuples_only: bool, aligned: bool) -> Manner {
        Manner::new(tuples_only, aligned)
    }

    #[test]
    fn rows_look_as_psql_prints_them() {
        let columns = ["id".to_owned(), "name".to_owned()];
        let rows =
            [vec![Some("7".to_owned()), Some("a".to_owned())], vec![Some("10".to_owned()), None]];
        assert_eq!(shown(&manner(true, false), &columns, &rows), "7|a\n10|\n");
        assert_eq!(shown(&manner(false, false), &columns, &rows), "id|name\n7|a\n10|\n(2 rows)\n");
        let mut own = manner(true, false);
        (own.record, own.null) = (Some("\u{1e}".to_owned()), "NULL".to_owned());
        assert_eq!(shown(&own, &columns, &rows), "7|a\u{1e}10|NULL\n");
        assert_eq!(shown(&own, &columns, &[]), "");
        let table = " id | name\n----+------\n  7 | a\n 10 |\n(2 rows)\n\n";
        assert_eq!(shown(&manner(false, true), &columns, &rows), table);
        assert_eq!(
            shown(&manner(true, true), &columns[..1], &[vec![Some("x".to_owned())]]),
            " x\n\n"
        );
    }
}
