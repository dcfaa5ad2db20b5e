//! What a run proved, for a person: a table when it is green, the whole story of the first red otherwise.

use harness_core::event::Event;
use harness_core::report::{Results, RunVerdict};

use super::ledger::ledger;
use super::level::what_would_raise_it;
use super::stores::{held, unprotected};
use super::story::{first_line, story};

/// Returns what a run proved as text: its verdict and level and what would raise it, its tiers, and for anything but a
/// pass what was expected, what was seen, where, the log lines that matter, the likely cause and the next command; and
/// what became of planted data, in lines of at most `width` characters.
pub fn explain(results: &Results, events: &[Event], width: usize) -> String {
    let mut lines = Vec::new();
    if results.verdict != RunVerdict::Pass {
        lines.extend(story(results, events));
        lines.push(String::new());
    }
    if !results.ledger.is_empty() {
        lines.extend(ledger(&results.ledger, width));
        lines.push(String::new());
    }
    lines.push(format!("{:<16} {}", "recipe", what(results)));
    for dep in &results.dependencies {
        let how = if dep.warm { "kept warm as" } else { "as" };
        let version = dep.version.as_deref().unwrap_or("no version");
        let why = dep
            .cause
            .as_ref()
            .map(|c| format!(", lost or never there: {}", first_line(&c.evidence)));
        let text =
            format!("{} {version}, {how} {}{}", dep.recipe, dep.domain, why.unwrap_or_default());
        lines.push(format!("{:<16} {text}", "dependency"));
    }
    for stage in &results.stages {
        let reason =
            stage.reason.as_deref().map(|r| format!(" ({})", first_line(r))).unwrap_or_default();
        lines.push(format!("{:<16} {}{reason}", stage.tier, stage.status));
    }
    for flake in &results.flakes {
        lines.push(format!("{:<16} {}: {}", "flake", flake.tier, flake.evidence));
    }
    lines.extend(held(&results.stores));
    lines.extend(unprotected(&results.unprotected));
    lines.push(format!("{:<16} {}", "platform", platform(results)));
    lines
        .push(format!("{:<16} {} of {}", "deploys", results.deploys.done, results.deploys.planned));
    lines.push(format!("{:<16} {}", "left behind", left_behind(results)));
    let time = results.phases.last().map_or(0, |p| p.end_ms);
    let cause = results.cause.as_ref().map(|c| format!(", cause {}", c.class)).unwrap_or_default();
    lines.extend(what_would_raise_it(results).map(|text| format!("{:<16} {text}", "next level")));
    lines.push(format!(
        "verdict: {}, level {} of 5{cause}, {}.{} s",
        results.verdict.word(),
        results.level,
        time / 1000,
        time % 1000 / 100
    ));
    lines.join("\n")
}

fn what(results: &Results) -> String {
    let version = results.version.as_deref().unwrap_or("no version");
    let short = results.reference.get(..8).unwrap_or(&results.reference);
    let from =
        results.base_version.as_deref().map(|b| format!(", upgraded from {b}")).unwrap_or_default();
    format!("{} {version} ({short}){from}", results.recipe)
}

fn platform(results: &Results) -> String {
    let platform = &results.platform;
    let mut text = format!("{}, engine {}, abra {}", platform.name, platform.engine, platform.abra);
    if platform.abra_is_stand_in {
        text.push_str(" (a stand-in, not abra)");
    }
    if platform.name == "embedded" {
        text.push_str(" (simulated)");
    }
    text
}

fn left_behind(results: &Results) -> String {
    match (&results.census.error, results.census.after) {
        (_, Some(_)) if results.census.left_behind.is_empty() => "nothing".to_owned(),
        (_, Some(_)) => results
            .census
            .left_behind
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(", "),
        (Some(error), None) => format!("unknown: {}", first_line(error)),
        (None, None) => "not counted".to_owned(),
    }
}
