//! The table of how it went. Main type: [`Row`].

use harness_core::event::WaitedOn;
use harness_core::report::{Results, RunVerdict};

/// How a recipe went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) recipe: String,
    pub(super) passed: bool,
    /// What was said of anything but a pass.
    pub(super) why: Option<String>,
    verdict: String,
    level: String,
    wall: String,
    harness: String,
    memory: String,
}

impl Row {
    /// Returns the row of a run that could not begin.
    pub(super) fn unbegun(recipe: &str, why: &str) -> Self {
        let none = || "-".to_owned();
        Self {
            recipe: recipe.to_owned(),
            passed: false,
            why: Some(format!("{recipe}: {why}")),
            verdict: "not begun".to_owned(),
            level: none(),
            wall: none(),
            harness: none(),
            memory: none(),
        }
    }

    /// Returns the row of a run, with the peak of each service.
    pub(super) fn of(results: &Results, peaks: &[(String, u64)], story: Option<String>) -> Self {
        let wall = results.phases.iter().map(|p| p.end_ms).max().unwrap_or_default();
        let peaks: Vec<String> = peaks
            .iter()
            .map(|(service, bytes)| format!("{service} {} MiB", bytes.div_ceil(1 << 20)))
            .collect();
        Self {
            recipe: results.recipe.clone(),
            passed: results.verdict == RunVerdict::Pass,
            why: story,
            verdict: results.verdict.word().to_owned(),
            level: results.level.to_string(),
            wall: format!("{}.{} s", wall / 1000, wall % 1000 / 100),
            harness: share(harness_ms(results), wall),
            memory: if peaks.is_empty() { "not seen".to_owned() } else { peaks.join(", ") },
        }
    }

    const fn cells(&self) -> [&String; 6] {
        [&self.recipe, &self.verdict, &self.level, &self.wall, &self.harness, &self.memory]
    }
}

/// Returns the time in which nobody but the harness was waited for.
fn harness_ms(results: &Results) -> u64 {
    let of = |p: &harness_core::report::PhaseSpan| p.waited_on == WaitedOn::Harness;
    results.phases.iter().filter(|p| of(p)).map(|p| p.end_ms.saturating_sub(p.start_ms)).sum()
}

fn share(part: u64, whole: u64) -> String {
    let permille = if whole == 0 { 0 } else { (part * 1000).div_ceil(whole) };
    format!("{}.{} %", permille / 10, permille % 10)
}

/// Returns the rows as a table, a line each.
pub(super) fn table(rows: &[Row]) -> String {
    let head = ["recipe", "verdict", "level", "wall", "harness", "peak memory"];
    let mut widths = head.map(str::len);
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row.cells()) {
            *width = (*width).max(cell.len());
        }
    }
    let line = |cells: [&str; 6]| {
        let padded: Vec<String> =
            cells.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        padded.join("  ").trim_end().to_owned()
    };
    let rows = rows.iter().map(|row| line(row.cells().map(String::as_str)));
    std::iter::once(line(head)).chain(rows).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [Row::unbegun("custom-html", "no engine"), Row::unbegun("x", "no engine")];
        let shown = table(&rows);
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(lines[0], "recipe       verdict    level  wall  harness  peak memory");
        assert_eq!(lines[2], "x            not begun  -      -     -        -");
    }

    #[test]
    fn a_share_is_rounded_up() {
        assert_eq!(share(1, 3000), "0.1 %");
        assert_eq!(share(50, 1000), "5.0 %");
        assert_eq!(share(0, 0), "0.0 %");
    }
}
