//! Dumps that are text: each tool's own closing line. Pure.

use crate::probe::verdict::Verdict;

/// Judges `pg_dump`. Newer ones say `\restrict <key>` at the beginning and take it back after the closing line.
pub(super) fn pg_dump(head: &[u8], tail: &[u8]) -> Verdict {
    let head = String::from_utf8_lossy(head);
    let key = head.lines().find_map(|line| line.strip_prefix("\\restrict "));
    let text = String::from_utf8_lossy(tail);
    let mut rest = text.trim_end();
    if let Some(key) = key {
        let closing = format!("\n\\unrestrict {}", key.trim());
        match rest.strip_suffix(&closing) {
            Some(before) => rest = before.trim_end(),
            None => {
                return Verdict::cut(
                    format!("pg_dump's `{}` is not its last line", closing.trim()),
                    tail,
                );
            }
        }
    }
    pg_closing(rest, "-- PostgreSQL database dump complete", tail)
}

/// Judges `pg_dumpall`.
pub(super) fn pg_dumpall(tail: &[u8]) -> Verdict {
    let text = String::from_utf8_lossy(tail);
    pg_closing(text.trim_end(), "-- PostgreSQL database cluster dump complete", tail)
}

fn pg_closing(text: &str, line: &str, tail: &[u8]) -> Verdict {
    let before = text.strip_suffix("\n--").and_then(|t| t.strip_suffix(line));
    match before {
        Some(before) if before.is_empty() || before.ends_with('\n') => Verdict::Complete,
        Some(_) | None => Verdict::cut(format!("its last line is not `{line}`"), tail),
    }
}

/// Judges `mysqldump` and `mariadb-dump`: `-- Dump completed on <date>`, or without a date (`--skip-dump-date`).
pub(super) fn mysql(tail: &[u8]) -> Verdict {
    let text = String::from_utf8_lossy(tail);
    let last = text.trim_end().lines().next_back().unwrap_or_default();
    let is_closing = match last.strip_prefix("-- Dump completed") {
        // Without its line break this may be the beginning of the longer line.
        Some("") => text.ends_with('\n'),
        Some(rest) => rest.strip_prefix(" on ").is_some_and(is_moment),
        None => false,
    };
    if is_closing {
        return Verdict::Complete;
    }
    Verdict::cut("its last line is not `-- Dump completed`", tail)
}

/// Returns whether a text is a date and a time of day, whole: `2026-11-21  9:05:00`.
fn is_moment(text: &str) -> bool {
    let shape: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    matches!(shape.as_str(), "0000-00-00 00:00:00" | "0000-00-00  0:00:00" | "0000-00-00 0:00:00")
}

/// Judges a dump without comments.
pub(super) fn mysql_bare(tail: &[u8]) -> Verdict {
    if tail.trim_ascii().is_empty() {
        return Verdict::Empty;
    }
    let reason = "it was made without comments (`--skip-comments` or `--compact`), so it has no closing line";
    Verdict::Unknown { reason: reason.to_owned() }
}

/// Judges `.dump` of `sqlite3`, which ends with a rollback where the database could not be read.
pub(super) fn sqlite(tail: &[u8]) -> Verdict {
    let text = String::from_utf8_lossy(tail);
    let last = text.trim_end().lines().next_back().unwrap_or_default();
    match last {
        "COMMIT;" => Verdict::Complete,
        "ROLLBACK; -- due to errors" => Verdict::Broken {
            reason: format!("its last line is `{last}`: sqlite3 could not read the database"),
        },
        _ => Verdict::cut("its last line is not `COMMIT;`", tail),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mysql_dump_ends_with_its_line_and_no_part_of_it() {
        let whole = "x\n-- Dump completed on 2026-11-21  9:05:00\n";
        assert_eq!(mysql(whole.as_bytes()), Verdict::Complete);
        assert_eq!(mysql(b"x\n-- Dump completed\n"), Verdict::Complete);
        for part in [
            "x\n-- Dump completed",
            "x\n-- Dump completed on 2026-11-21  9:05:0",
            "x\n-- Dump compl",
            "",
        ] {
            assert!(matches!(mysql(part.as_bytes()), Verdict::Cut { .. }), "{part}");
        }
    }

    #[test]
    fn what_pg_dump_restricts_must_be_unrestricted_with_the_same_key() {
        let head = b"--\n-- PostgreSQL database dump\n--\n\n\\restrict abc\n";
        let closing = "--\n-- PostgreSQL database dump complete\n--\n\n";
        assert!(matches!(pg_dump(head, closing.as_bytes()), Verdict::Cut { .. }));
        let with = |key: &str| format!("{closing}\\unrestrict {key}\n\n");
        assert_eq!(pg_dump(head, with("abc").as_bytes()), Verdict::Complete);
        assert!(matches!(pg_dump(head, with("abd").as_bytes()), Verdict::Cut { .. }));
        assert_eq!(pg_dump(b"--\n", closing.as_bytes()), Verdict::Complete);
    }

    #[test]
    fn a_sqlite_dump_that_was_rolled_back_is_broken() {
        assert!(matches!(sqlite(b"x;\nROLLBACK; -- due to errors\n"), Verdict::Broken { .. }));
    }
}
