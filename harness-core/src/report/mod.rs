//! Reports: pure functions of events. Main items: [`Results`], [`Results::from_events`], [`ExitStatus`].

mod exit;
mod fold;
mod junit;
mod ladder;
mod results;
mod trace;

pub use exit::ExitStatus;
pub use fold::NoRun;
pub use junit::junit;
pub use ladder::{level, rungs};
pub use results::{
    Attempt, CauseReport, CensusReport, Check, DependencyReport, Deploys, Flags, Flake,
    LintSummary, PhaseSpan, PlatformReport, Results, RunVerdict, SCHEMA, Skips, Stage,
};
pub use trace::trace;
