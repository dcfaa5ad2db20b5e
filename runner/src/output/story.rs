//! The story of the first red of a run: what was expected and seen, the log lines that matter, the cause, what to do.

use harness_core::cause::CauseClass;
use harness_core::event::{Event, Happened};
use harness_core::plan::Plan;
use harness_core::report::{Results, Stage};
use harness_core::tier::Status;

/// Lines of a service's log that are shown with a failure.
const LOG_LINES: usize = 8;

/// Words by which a line of a log is known to be about what went wrong.
const TELLING: [&str; 11] = [
    "error",
    "fatal",
    "panic",
    "exception",
    "refused",
    "denied",
    "failed",
    "cannot",
    "unable",
    "critical",
    "traceback",
];

/// Returns the story of the first red, line by line.
pub(super) fn story(results: &Results, events: &[Event]) -> Vec<String> {
    let mut lines = red(results);
    for (at, event) in events.iter().enumerate() {
        if let Happened::LogsGathered { service, lines: log } = &event.what
            && !events[at + 1..].iter().any(|later| is_log_of(later, service))
        {
            lines.push(format!("  log of service `{service}` (more in logs/{service}.log):"));
            lines.extend(matters(log).into_iter().map(|line| format!("    | {line}")));
        }
    }
    if let Some(cause) = &results.cause {
        lines.push(format!("  cause: {}, {}", cause.class, first_line(&cause.evidence)));
        lines.extend(
            next(cause.class, &About::of(results, events)).iter().map(|n| format!("  next: {n}")),
        );
    }
    lines
}

/// The last lines of a log that was read more than once say what the earlier ones said.
fn is_log_of(event: &Event, of: &str) -> bool {
    matches!(&event.what, Happened::LogsGathered { service, .. } if service == of)
}

fn red(results: &Results) -> Vec<String> {
    let bad = |s: &&Stage| matches!(s.status, Status::Fail | Status::Unver);
    let failed = results.stages.iter().find(|s| s.status == Status::Fail);
    let Some(stage) = failed.or_else(|| results.stages.iter().find(bad)) else {
        return Vec::new();
    };
    let mut lines = Vec::new();
    for check in stage.checks.iter().filter(|c| matches!(c.status, Status::Fail | Status::Unver)) {
        lines.push(format!("✘ {}::{}::{}", results.recipe, stage.tier, check.name));
        lines.extend(said(check.message.as_deref().unwrap_or_default()));
    }
    if lines.is_empty() {
        let reason = stage.reason.as_deref().unwrap_or("no reason given");
        lines.push(format!("✘ {}::{}: {reason}", results.recipe, stage.tier));
    }
    lines
}

/// Returns a check's message, what was expected and what was seen below each other.
fn said(message: &str) -> Vec<String> {
    let whole = || message.lines().map(|line| format!("    {line}")).collect();
    let Some((expected, seen)) =
        message.strip_prefix("expected ").and_then(|rest| rest.split_once("; seen: "))
    else {
        return whole();
    };
    let (seen, place) = match seen.rsplit_once(" (at ") {
        Some((seen, place)) => (seen, place.strip_suffix(')')),
        None => (seen, None),
    };
    let mut lines = Vec::new();
    for (word, text) in [("expected", Some(expected)), ("seen", Some(seen)), ("at", place)] {
        let mut word = word;
        for line in text.into_iter().flat_map(str::lines) {
            lines.push(format!("    {word:<9} {line}"));
            word = "";
        }
    }
    lines
}

/// Returns the lines of a log that are about what went wrong, or its last ones if no line says so.
fn matters(log: &[String]) -> Vec<String> {
    let telling = log.iter().filter(|line| {
        let line = line.to_lowercase();
        TELLING.iter().any(|word| line.contains(word))
    });
    let mut telling: Vec<&String> = telling.collect();
    if telling.is_empty() {
        telling = log.iter().collect();
    }
    let last = &telling[telling.len().saturating_sub(LOG_LINES)..];
    last.iter().map(|line| line.chars().take(200).collect()).collect()
}

/// What the advice is about.
struct About<'a> {
    run: &'a str,
    recipe: &'a str,
    /// The tier of the first red.
    tier: Option<String>,
    simulated: bool,
    /// Whether the run left its deployment standing.
    kept: bool,
    /// Whether a service's log is shown above the advice.
    has_log: bool,
}

impl<'a> About<'a> {
    fn of(results: &'a Results, events: &[Event]) -> Self {
        let failed = results.stages.iter().find(|s| s.status == Status::Fail);
        let has_ended = results.finished.is_some();
        let torn_down = events.iter().any(|e| matches!(e.what, Happened::TeardownStep { .. }));
        Self {
            run: &results.run_id,
            recipe: &results.recipe,
            tier: failed.map(|s| s.tier.to_string()),
            simulated: results.platform.name == "embedded",
            kept: has_ended && !torn_down && plan(events).is_some(),
            has_log: events.iter().any(|e| shows_log(&e.what)),
        }
    }

    /// How to look at the app as it is.
    fn look(&self) -> String {
        if self.kept {
            return format!(
                "look at it while it stands: `cc-ci shell {}` lists its services",
                self.run
            );
        }
        let recipe = self.recipe;
        let keep =
            format!("`cc-ci run --recipe {recipe} --platform swarm --keep on-failure` leaves");
        if self.simulated {
            return format!(
                "`--seed` with the number beside the engine plays it again exactly; {keep} a real one standing"
            );
        }
        format!("{keep} it standing to look at")
    }

    /// How to do the one red thing again.
    fn again(&self) -> String {
        let name = self.recipe.replace('-', "_");
        let tier = self.tier.as_deref().map(|t| format!("::{t}")).unwrap_or_default();
        let words = format!("cargo test -p recipe-tests -- {name}{tier}");
        if self.kept {
            format!("run its checks again without a deploy: `CCCI_RUN=RUN_FOLDER {words}`")
        } else {
            format!("run it alone on a simulated server: `{words}`")
        }
    }
}

fn shows_log(what: &Happened) -> bool {
    matches!(what, Happened::LogsGathered { lines, .. } if !lines.is_empty())
}

fn plan(events: &[Event]) -> Option<&Plan> {
    events.iter().find_map(|event| {
        if let Happened::RunStarted { plan, .. } = &event.what { Some(&**plan) } else { None }
    })
}

/// Returns what to do about a cause.
fn next(class: CauseClass, about: &About<'_>) -> Vec<String> {
    match class {
        CauseClass::Harness if about.simulated => vec![
            "what the simulated server cannot play, a real one can: `--platform swarm`".to_owned(),
        ],
        CauseClass::Recipe => vec![
            format!(
                "mend the recipe, then `cc-ci run --recipe {} --source FOLDER`: what is committed there is tested",
                about.recipe
            ),
            about.look(),
        ],
        CauseClass::App if about.has_log => {
            vec!["read the app's log above".to_owned(), about.look()]
        }
        CauseClass::App => vec![about.look()],
        CauseClass::Suite => vec![
            format!("mend recipe-tests/recipes/{}/suite.rs", about.recipe),
            about.again(),
        ],
        CauseClass::Registry => {
            vec!["check that the image exists and can be pulled here: `docker pull`".to_owned()]
        }
        CauseClass::Host => vec![
            "check the machine: `cc-ci doctor`; then run again, nothing is held against the recipe"
                .to_owned(),
        ],
        CauseClass::Harness => vec![
            "run again; if it stays, it is a defect of cc-ci: `cc-ci doctor` and the run folder say more"
                .to_owned(),
        ],
        CauseClass::Flake => vec!["run again".to_owned()],
    }
}

pub(super) fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

#[cfg(test)]
#[path = "story_tests.rs"]
mod tests;
