//! Progress: one line per phase with what is being waited for; plain lines when nobody watches.

use std::io::IsTerminal;
use std::time::Duration;

use harness_core::cause::CauseClass;
use harness_core::event::{CensusTime, Event, Happened, Sink};
use harness_core::lifecycle::ATTEMPTS;
use harness_core::lint::{LintReport, LintStatus};
use harness_core::tier::Status;
use indicatif::{ProgressBar, ProgressStyle};

use super::say;

/// Shows events as they happen, on standard error.
#[derive(Debug)]
pub struct Progress {
    bar: Option<ProgressBar>,
    started: Vec<(String, u64)>,
}

impl Progress {
    /// Returns a display: a live line in a terminal, plain lines otherwise.
    pub fn new() -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new_spinner();
            let style = ProgressStyle::with_template("{spinner} {elapsed:>4} {msg}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        Self { bar, started: Vec::new() }
    }

    fn line(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.println(text),
            None => say(text),
        }
    }

    fn live(&self, text: String) {
        if let Some(bar) = &self.bar {
            bar.set_message(text);
        }
    }

    fn phase_finished(&mut self, phase: &str, ok: bool, ms: u64) {
        let Some(at) = self.started.iter().rposition(|(name, _)| name == phase) else { return };
        let (_, since) = self.started.remove(at);
        let mark = if ok { "✔" } else { "✘" };
        self.line(&format!("  {mark} {phase:<12} {}", seconds(ms - since)));
    }

    fn linted(&self, report: &LintReport) {
        let failed: Vec<&str> =
            report.rules_failed.iter().filter(|r| r.is_error).map(|r| r.rule.as_str()).collect();
        match report.status {
            LintStatus::Pass => self.line("lint     pass"),
            LintStatus::Fail => {
                self.line(&format!("lint     fail ({})", failed.join(", ")));
            }
            LintStatus::Unver => {
                self.line(&format!(
                    "lint     unver ({})",
                    report.reason.as_deref().unwrap_or_default()
                ));
            }
        }
    }
}

impl Default for Progress {
    fn default() -> Self {
        Self::new()
    }
}

fn seconds(ms: u64) -> String {
    format!("{}.{:02} s", ms / 1000, ms % 1000 / 10)
}

impl Sink for Progress {
    fn hear(&mut self, event: &Event) {
        match &event.what {
            Happened::PhaseStarted { phase, tier, .. } => {
                self.started.push((phase.clone(), event.ms));
                let tier = tier.map(|t| format!("{t}: ")).unwrap_or_default();
                self.live(format!("{tier}{phase}"));
            }
            Happened::StatusChanged { phase, status } => {
                self.live(format!("{phase}: {status}"));
                if self.bar.is_none() {
                    self.line(&format!("    {phase}: {status}"));
                }
            }
            Happened::PhaseFinished { phase, ok } => self.phase_finished(phase, *ok, event.ms),
            Happened::CheckFinished { tier, name, status, message, .. }
                if *status != Status::Pass =>
            {
                let message = message.as_deref().unwrap_or_default();
                self.line(&format!("    {status} {tier}::{name}: {message}"));
            }
            Happened::CheckFinished { tier, name, message: Some(unseen), .. } => {
                self.line(&format!("  note: {tier}::{name}: {unseen}"));
            }
            Happened::AttemptFinished { tier, attempt, cause, reason, again: true, .. } => {
                let cause = cause.as_ref().map(|c| c.evidence.as_str());
                let why = cause.or(reason.as_deref()).unwrap_or_default();
                self.line(&format!(
                    "  {tier}: attempt {attempt} of {ATTEMPTS} is wrong and is made again: {why}"
                ));
            }
            Happened::TierFinished { tier, status, reason, cause, duration_ms } => {
                let reason = reason.as_deref().map(|r| format!(" ({r})"));
                let flake = cause.as_ref().filter(|c| c.class == CauseClass::Flake);
                let flake = flake.map(|c| format!(" (flake: {})", c.evidence));
                let reason = reason.or(flake).unwrap_or_default();
                self.line(&format!("{tier:<8} {status}{reason} {}", seconds(*duration_ms)));
            }
            Happened::DependencySeen { recipe, warm, trouble: None } => {
                let how = if *warm { "attached to, it is kept warm" } else { "there" };
                self.line(&format!("dependency {recipe} is {how}"));
            }
            Happened::DependencySeen { trouble: Some(cause), .. } => self.line(&cause.evidence),
            Happened::Linted { report } => self.linted(report),
            Happened::Noted { text } => self.line(&format!("  note: {text}")),
            Happened::Stopped { by } => self.line(&format!("stopped ({by:?}); tearing down")),
            Happened::TeardownStep { name, error: Some(error) } => {
                self.line(&format!("  teardown: {name}: {error}"));
            }
            Happened::CensusTaken { when: CensusTime::After, left_behind, error, .. } => {
                for item in left_behind {
                    self.line(&format!("  left behind: {item}"));
                }
                if let Some(error) = error {
                    self.line(&format!("  the census could not be taken: {error}"));
                }
            }
            Happened::HarnessBroke { text } => self.line(&format!("  a defect of cc-ci: {text}")),
            Happened::RunFinished { .. } => {
                if let Some(bar) = &self.bar {
                    bar.finish_and_clear();
                }
            }
            Happened::RunStarted { .. }
            | Happened::CheckFinished { .. }
            | Happened::DeployDone
            | Happened::Awaited { .. }
            | Happened::Observed { .. }
            | Happened::TrialsBroke { .. }
            | Happened::LogsGathered { .. }
            | Happened::AttemptFinished { .. }
            | Happened::Ledgered { .. }
            | Happened::Audited { .. }
            | Happened::TeardownStep { .. }
            | Happened::CensusTaken { .. }
            | Happened::SecretLeaked { .. } => {}
        }
    }
}
