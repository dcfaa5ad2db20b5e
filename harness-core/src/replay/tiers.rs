//! Tiers, judged again.

use crate::cause::{Cause, CauseClass};
use crate::event::{Event, Happened};
use crate::lifecycle::{
    ACROSS_VERSIONS, Judged, Made, TierEnd, after, is_made_again, judge, judge_step, silent,
    what_was_wrong,
};
use crate::plan::{Plan, Planned};
use crate::tier::{Status, Tier};

use super::Decision;

/// What is known of the tier that is under way.
#[derive(Default)]
struct Known {
    /// How far its checks are; none if they were not begun.
    checks: Option<Checks>,
    /// What its checks said.
    said: Vec<Judged>,
    /// What was said for checks that said nothing.
    silent: Vec<Judged>,
    /// What was wrong with the process of its checks.
    trouble: Option<Cause>,
    /// The step that did not succeed.
    step: Option<CauseClass>,
    /// What was wrong with each attempt before.
    wrong: Vec<String>,
}

/// How far the checks of a tier are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Checks {
    Begun,
    Ended,
    /// They ended with trouble, and a log of an earlier cc-ci does not say which.
    EndedUnsaid,
}

/// Judges again each tier that was judged by a step or by its checks; those that nothing was done for are decided by
/// the plan, or by what came before them.
pub(super) fn replay(events: &[Event]) -> Vec<Decision> {
    let mut decisions = Vec::new();
    let mut plan: Option<&Plan> = None;
    let mut known = Known::default();
    for event in events {
        known.hear(&event.what);
        if let Happened::RunStarted { plan: started, .. } = &event.what {
            plan = Some(started);
        }
        // A tier that was stopped, or in which our own code broke, was not judged by what it did.
        if matches!(event.what, Happened::Stopped { .. } | Happened::HarnessBroke { .. }) {
            plan = None;
        }
        if let Happened::AttemptFinished { tier, attempt, status, reason, cause, again, .. } =
            &event.what
        {
            let end = TierEnd { status: *status, reason: reason.clone(), cause: cause.clone() };
            let recorded = (*attempt, &end, *again);
            decisions.extend(plan.and_then(|p| attempted(p, *tier, &known, recorded)));
            if *again {
                let mut wrong = std::mem::take(&mut known).wrong;
                wrong.push(what_was_wrong(&end));
                known.wrong = wrong;
            }
        }
        if let Happened::TierFinished { tier, status, reason, cause, .. } = &event.what {
            let end = TierEnd { status: *status, reason: reason.clone(), cause: cause.clone() };
            let known = std::mem::take(&mut known);
            decisions.extend(plan.into_iter().flat_map(|p| again(p, *tier, &known, &end)));
        }
    }
    decisions
}

impl Known {
    /// Judges the checks by what they said, and returns those that said nothing too.
    fn judged(&self, planned: &[String]) -> (TierEnd, Vec<Judged>) {
        let silent = silent(planned, &self.said, self.trouble.as_ref());
        let all: Vec<Judged> = self.said.iter().chain(&silent).cloned().collect();
        (judge(&all, self.trouble.as_ref()), silent)
    }

    fn hear(&mut self, what: &Happened) {
        if let Happened::PhaseStarted { phase, tier: Some(_), .. } = what
            && phase == "check"
        {
            self.checks = Some(Checks::Begun);
        }
        if let Happened::PhaseFinished { phase, ok } = what
            && phase == "check"
        {
            let is_known = *ok || self.trouble.is_some();
            self.checks = Some(if is_known { Checks::Ended } else { Checks::EndedUnsaid });
        }
        if let Happened::TrialsBroke { cause, .. } = what {
            self.trouble = Some(cause.clone());
        }
        if let Happened::CheckFinished { name, status, message, cause, .. } = what {
            let (name, message) = (name.clone(), message.clone());
            let check = Judged { name, status: *status, message, cause: *cause };
            if check.name == ACROSS_VERSIONS && check.status != Status::Pass {
                // After the checks, and judged as a step.
                (self.checks, self.step) = (None, *cause);
                return;
            }
            match self.checks {
                Some(Checks::Begun) => self.said.push(check),
                Some(Checks::Ended | Checks::EndedUnsaid) => self.silent.push(check),
                None if *status != Status::Pass => self.step = *cause,
                None => {}
            }
        }
    }
}

/// Decides again whether an attempt was right, and whether the whole is made again.
fn attempted(
    plan: &Plan,
    tier: Tier,
    known: &Known,
    (attempt, end, again): (u32, &TierEnd, bool),
) -> Option<Decision> {
    if !matches!(known.checks, Some(Checks::Begun | Checks::Ended)) {
        return None;
    }
    let (today, _) = known.judged(&plan.tier(tier)?.checks);
    let is_again = is_made_again(attempt, Made::Whole, &today);
    let with_next = |end, again| {
        format!("{}, {}", shown(end), if again { "made again" } else { "not made again" })
    };
    Some(Decision {
        what: format!("{tier}: attempt {attempt}"),
        recorded: with_next(end, again),
        today: with_next(&today, is_again),
    })
}

fn again(plan: &Plan, tier: Tier, known: &Known, recorded: &TierEnd) -> Vec<Decision> {
    let Some(planned) = plan.tier(tier) else { return Vec::new() };
    let decided = |what: &str, recorded: String, today: String| Decision {
        what: format!("{tier}: {what}"),
        recorded,
        today,
    };
    match (planned.planned, known.checks, &recorded.cause) {
        (Planned::NotApplicable | Planned::Unproven, _, _) => {
            let reason = Some(planned.reason.clone());
            let today = TierEnd { status: Status::Skip, reason, cause: None };
            vec![decided("skipped", shown(recorded), shown(&today))]
        }
        (Planned::Run, Some(Checks::Begun | Checks::Ended), _) => {
            let (judged, silent) = known.judged(&planned.checks);
            let today = after(&known.wrong, judged);
            let mut both = vec![decided("judged", shown(recorded), shown(&today))];
            if !(silent.is_empty() && known.silent.is_empty()) {
                both.push(decided("silent checks", names(&known.silent), names(&silent)));
            }
            both
        }
        (Planned::Run, None, Some(cause)) if known.step == Some(cause.class) => {
            vec![decided("judged by a step", shown(recorded), shown(&judge_step(cause)))]
        }
        (Planned::Run, Some(Checks::EndedUnsaid) | None, _) => Vec::new(),
    }
}

fn shown(end: &TierEnd) -> String {
    let reason = end.reason.as_deref().map(|r| format!(" ({r})")).unwrap_or_default();
    let cause = end.cause.as_ref().map(|c| format!(", {c}")).unwrap_or_default();
    format!("{}{reason}{cause}", end.status)
}

fn names(checks: &[Judged]) -> String {
    let each: Vec<String> = checks.iter().map(|c| format!("{} {}", c.name, c.status)).collect();
    if each.is_empty() { "none".to_owned() } else { each.join(", ") }
}
