//! Reads the table of `abra recipe lint`: its exit code says nothing.

use harness_core::lint::{LintReport, LintStatus, RuleFailed};

/// The line that follows the table when a rule of level error is not satisfied.
const SENTINEL: &str = "critical errors present";

/// A row of the table.
struct Row {
    rule: String,
    text: String,
    is_error: bool,
    satisfied: bool,
    skipped: bool,
}

/// Where the columns are.
struct Columns {
    rule: usize,
    text: usize,
    severity: usize,
    satisfied: usize,
    skipped: Option<usize>,
}

/// Judges from the table with the columns ref, rule, severity, satisfied, skipped, resolve. Anything that cannot be
/// read, and a table that disagrees with the line after it, is "not verified".
pub fn parse_lint(text: &str) -> LintReport {
    let unver = |reason: String| LintReport {
        status: LintStatus::Unver,
        rules_failed: Vec::new(),
        reason: Some(reason),
        text: text.to_owned(),
    };
    let rows = match read_rows(text) {
        Ok(rows) => rows,
        Err(reason) => return unver(reason),
    };
    let failed = rows.iter().filter(|r| !r.satisfied && !r.skipped);
    let mut rules_failed: Vec<RuleFailed> = failed
        .map(|r| RuleFailed { rule: r.rule.clone(), is_error: r.is_error, text: r.text.clone() })
        .collect();
    rules_failed.sort_by_key(|r| !r.is_error);
    let has_error = rules_failed.iter().any(|r| r.is_error);
    if has_error != text.contains(SENTINEL) {
        let (table, line) = if has_error {
            ("an error rule that is not satisfied", "no line that says so")
        } else {
            ("no such rule", "a line that says so")
        };
        return unver(format!(
            "the lint disagrees with itself: its table has {table}, and it printed {line}"
        ));
    }
    let status = if has_error { LintStatus::Fail } else { LintStatus::Pass };
    LintReport { status, rules_failed, reason: None, text: text.to_owned() }
}

fn read_rows(text: &str) -> Result<Vec<Row>, String> {
    let lines: Vec<Vec<&str>> = text.lines().map(cells).collect();
    let head = lines.iter().enumerate().find_map(|(at, line)| Some((at, columns(line)?)));
    let Some((at, columns)) = head else {
        return Err(
            "there is no table with the columns ref, rule, severity and satisfied".to_owned()
        );
    };
    let is_open = text.contains(['┏', '┌', '╭']) && !text.contains(['┗', '└', '╰']);
    if is_open {
        return Err("the table has no end: something broke off".to_owned());
    }
    let rules = lines[at + 1..].iter().filter(|l| is_rule(l.get(columns.rule)));
    let rows = rules.map(|l| read_row(l, &columns)).collect::<Result<Vec<_>, _>>()?;
    if rows.is_empty() { Err("the table has no rule".to_owned()) } else { Ok(rows) }
}

fn cells(line: &str) -> Vec<&str> {
    let inner = line.trim().trim_matches(['┃', '│', '|']);
    inner.split(['┃', '│', '|']).map(str::trim).collect()
}

fn columns(head: &[&str]) -> Option<Columns> {
    let column = |name: &str| head.iter().position(|c| c.eq_ignore_ascii_case(name));
    Some(Columns {
        rule: column("ref")?,
        text: column("rule")?,
        severity: column("severity")?,
        satisfied: column("satisfied")?,
        skipped: column("skipped"),
    })
}

fn is_rule(cell: Option<&&str>) -> bool {
    cell.and_then(|c| c.strip_prefix('R'))
        .is_some_and(|n| n.len() == 3 && n.bytes().all(|b| b.is_ascii_digit()))
}

fn read_row(line: &[&str], columns: &Columns) -> Result<Row, String> {
    let cell = |at: usize| line.get(at).copied().unwrap_or_default();
    let rule = cell(columns.rule).to_owned();
    let skipped = columns.skipped.is_some_and(|at| cell(at).contains('✅'));
    let satisfied = match cell(columns.satisfied) {
        c if c.contains('✅') => true,
        c if c.contains('❌') => false,
        _ if skipped => true,
        other => return Err(format!("rule {rule} is neither satisfied nor not: `{other}`")),
    };
    let is_error = match cell(columns.severity).to_ascii_lowercase().as_str() {
        "error" => true,
        "warn" | "warning" => false,
        other => return Err(format!("rule {rule} has a severity that is not known: `{other}`")),
    };
    Ok(Row { rule, text: cell(columns.text).to_owned(), is_error, satisfied, skipped })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "┃ ref  ┃ rule ┃ severity ┃ satisfied ┃ skipped ┃ resolve ┃\n";

    fn table(rows: &[&str], after: &str) -> LintReport {
        parse_lint(&format!("┏━━━━━┓\n{HEAD}┣━━━━━┫\n{}\n┗━━━━━┛\n{after}", rows.join("\n")))
    }

    #[test]
    fn recorded_tables_are_judged() {
        let good =
            parse_lint(include_str!("../../fixtures/abra/0.13.0-beta-stand-in/lint_pass.txt"));
        assert_eq!((good.status, good.reason), (LintStatus::Pass, None));
        let bad =
            parse_lint(include_str!("../../fixtures/abra/0.13.0-beta-stand-in/lint_fail.txt"));
        assert_eq!(bad.status, LintStatus::Fail);
        assert!(bad.rules_failed[0].is_error, "{:?}", bad.rules_failed);
    }

    #[test]
    fn errors_come_first_and_skipped_rules_do_not_count() {
        let report = table(
            &[
                "┃ R002 ┃ every service has a healthcheck ┃ warn  ┃ ❌ ┃ -  ┃ x ┃",
                "┃ R010 ┃ traefik is on                   ┃ error ┃ ❌ ┃ ✅ ┃ x ┃",
                "┃ R011 ┃ every service has an image      ┃ error ┃ ❌ ┃ -  ┃ x ┃",
                "┃      ┃ and this is the rest of a cell  ┃       ┃    ┃    ┃   ┃",
            ],
            "WARN critical errors present in x config\n",
        );
        assert_eq!(report.status, LintStatus::Fail);
        let rules: Vec<_> = report.rules_failed.iter().map(|r| r.rule.as_str()).collect();
        assert_eq!(rules, ["R011", "R002"]);
    }

    #[test]
    fn warnings_alone_pass() {
        let report = table(&["┃ R002 ┃ x ┃ warn ┃ ❌ ┃ - ┃ x ┃"], "");
        assert_eq!((report.status, report.rules_failed.len()), (LintStatus::Pass, 1));
    }

    #[test]
    fn what_cannot_be_read_is_never_a_pass() {
        let good = "┃ R008 ┃ x ┃ error ┃ ✅ ┃ - ┃ x ┃";
        for report in [
            parse_lint(""),
            parse_lint("FATA unable to validate recipe\n"),
            table(&[], ""),
            table(&["┃ R008 ┃ x ┃ error ┃ ? ┃ - ┃ x ┃"], ""),
            table(&["┃ R008 ┃ x ┃ fatal ┃ ✅ ┃ - ┃ x ┃"], ""),
            table(&[good], "WARN critical errors present in x config\n"),
            table(&["┃ R008 ┃ x ┃ error ┃ ❌ ┃ - ┃ x ┃"], ""),
            parse_lint(&format!("┏━━┓\n{HEAD}┣━━┫\n{good}\n")),
        ] {
            assert_eq!(report.status, LintStatus::Unver, "{}", report.text);
            assert!(report.reason.is_some());
        }
        assert_eq!(table(&[good], "").status, LintStatus::Pass);
    }
}
