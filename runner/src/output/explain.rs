//! What a run proved, for a person: a table when it is green, the whole story of the first red otherwise.

use harness_core::cause::CauseClass;
use harness_core::event::{Event, Happened};
use harness_core::report::{Results, RunVerdict, Stage};
use harness_core::tier::Status;

/// Lines of a service's log that are shown with a failure.
const LOG_LINES: usize = 8;

/// Returns what a run proved as text: its verdict and level, its tiers, and for anything but a pass what was
/// expected, what was seen, where, the last log lines, the likely cause and the next command.
pub fn explain(results: &Results, events: &[Event]) -> String {
    let mut lines = Vec::new();
    if results.verdict != RunVerdict::Pass {
        lines.extend(story(results, events));
        lines.push(String::new());
    }
    lines.push(format!("{:<16} {}", "recipe", what(results)));
    for stage in &results.stages {
        let reason =
            stage.reason.as_deref().map(|r| format!(" ({})", first_line(r))).unwrap_or_default();
        lines.push(format!("{:<16} {}{reason}", stage.tier, stage.status));
    }
    lines.push(format!("{:<16} {}", "platform", platform(results)));
    lines
        .push(format!("{:<16} {} of {}", "deploys", results.deploys.done, results.deploys.planned));
    lines.push(format!("{:<16} {}", "left behind", left_behind(results)));
    let time = results.phases.last().map_or(0, |p| p.end_ms);
    let cause = results.cause.as_ref().map(|c| format!(", cause {}", c.class)).unwrap_or_default();
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

fn story(results: &Results, events: &[Event]) -> Vec<String> {
    let mut lines = Vec::new();
    let bad = |s: &&Stage| matches!(s.status, Status::Fail | Status::Unver);
    if let Some(stage) = results
        .stages
        .iter()
        .find(|s| s.status == Status::Fail)
        .or_else(|| results.stages.iter().find(bad))
    {
        for check in
            stage.checks.iter().filter(|c| matches!(c.status, Status::Fail | Status::Unver))
        {
            lines.push(format!("✘ {}::{}::{}", results.recipe, stage.tier, check.name));
            lines.extend(
                check.message.as_deref().unwrap_or_default().lines().map(|l| format!("    {l}")),
            );
        }
        if lines.is_empty() {
            lines.push(format!(
                "✘ {}::{}: {}",
                results.recipe,
                stage.tier,
                stage.reason.as_deref().unwrap_or("no reason given")
            ));
        }
    }
    for event in events {
        if let Happened::LogsGathered { service, lines: log } = &event.what {
            lines.push(format!(
                "  last log lines of service `{service}` (more in logs/{service}.log):"
            ));
            let last = &log[log.len().saturating_sub(LOG_LINES)..];
            lines.extend(
                last.iter().map(|l| format!("    | {}", l.chars().take(200).collect::<String>())),
            );
        }
    }
    if let Some(cause) = &results.cause {
        lines.push(format!("  likely cause: {}, {}", cause.class, first_line(&cause.evidence)));
        lines.push(format!("  next: {}", next(cause.class, results.platform.name == "embedded")));
    }
    lines
}

/// What to do about a cause.
const fn next(class: CauseClass, simulated: bool) -> &'static str {
    match class {
        CauseClass::Harness if simulated => {
            "what the simulated server cannot play, a real one can: `--platform swarm`"
        }
        CauseClass::Recipe => {
            "mend the recipe; `cc-ci plan` with the same flags shows what is tested; `--keep on-failure` leaves the app standing"
        }
        CauseClass::App => "look at the app's log above; `--keep on-failure` leaves it standing",
        CauseClass::Suite => "run the one check again: `--stages` narrows the run",
        CauseClass::Registry => "check that the image exists and can be pulled here: `docker pull`",
        CauseClass::Host => {
            "check the machine: `cc-ci doctor`; then run again, nothing is held against the recipe"
        }
        CauseClass::Harness => {
            "run again; if it stays, it is a defect of cc-ci: `cc-ci doctor` and the run folder say more"
        }
        CauseClass::Flake => "run again",
    }
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}
