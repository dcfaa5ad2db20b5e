//! Running a tier's seeds and checks, and judging the tier by them.

use std::time::Duration;

use tokio::time::Instant;

use crate::cause::{Cause, CauseClass};
use crate::event::{Happened, WaitedOn};
use crate::name::RecipeName;
use crate::platform::{OpError, Platform};
use crate::run_file::{Health, Phase, RunFile, SCHEMA, TrialLine};
use crate::secret::Secret;
use crate::tier::{Status, Tier};

use super::job::{Job, State};
use super::trials::Trials;

/// A step of an op that did not succeed: the check that it stands for, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Trouble {
    pub(super) check: &'static str,
    pub(super) cause: Cause,
}

impl Trouble {
    pub(super) const fn new(check: &'static str, cause: Cause) -> Self {
        Self { check, cause }
    }

    pub(super) fn from_op(check: &'static str, error: &OpError) -> Self {
        Self {
            check,
            cause: Cause::new(error.cause.class, format!("{error}: {}", error.cause.evidence)),
        }
    }
}

/// How a tier ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TierEnd {
    pub(crate) status: Status,
    pub(crate) reason: Option<String>,
    pub(crate) cause: Option<Cause>,
}

/// One check as the tier is judged by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Judged {
    pub(crate) name: String,
    pub(crate) status: Status,
    pub(crate) message: Option<String>,
    pub(crate) cause: Option<CauseClass>,
}

impl Judged {
    /// Whose fault it is. A failure that names nobody is `otherwise`'s; what was not verified is no verdict on anybody.
    fn class(&self, otherwise: CauseClass) -> CauseClass {
        let nobody = if self.status == Status::Fail { otherwise } else { CauseClass::Harness };
        self.cause.unwrap_or(nobody)
    }
}

/// Judges a tier by its checks: one failure fails it, unless the failure is nobody's verdict (the host's, the
/// registry's, ours), which leaves it unverified; nothing but skips proves nothing.
pub(crate) fn judge(checks: &[Judged], trouble: Option<&Cause>) -> TierEnd {
    let failed = checks.iter().find(|c| c.status == Status::Fail);
    let named = |check: &Judged| {
        let text = format!("{}: {}", check.name, check.message.as_deref().unwrap_or("failed"));
        Cause::new(check.class(CauseClass::App), text)
    };
    let verdicts =
        checks.iter().filter(|c| c.status == Status::Fail && c.class(CauseClass::App).is_verdict());
    if let Some(check) = verdicts.into_iter().next() {
        return TierEnd { status: Status::Fail, reason: None, cause: Some(named(check)) };
    }
    if let Some(cause) = trouble {
        let status = if cause.class.is_verdict() { Status::Fail } else { Status::Unver };
        return TierEnd {
            status,
            reason: Some(cause.evidence.clone()),
            cause: Some(cause.clone()),
        };
    }
    if let Some(check) = failed.or_else(|| checks.iter().find(|c| c.status == Status::Unver)) {
        let cause = named(check);
        return TierEnd {
            status: Status::Unver,
            reason: Some(cause.evidence.clone()),
            cause: Some(cause),
        };
    }
    if checks.iter().any(|c| c.status == Status::Pass) {
        return TierEnd { status: Status::Pass, reason: None, cause: None };
    }
    TierEnd {
        status: Status::Unver,
        reason: Some("every check was skipped: nothing was proven".to_owned()),
        cause: None,
    }
}

/// Returns the checks that were planned and said nothing: the process ended before them.
/// That is the suite's fault, unless what ended it is nobody's verdict.
pub(crate) fn silent(planned: &[String], said: &[Judged], trouble: Option<&Cause>) -> Vec<Judged> {
    let excuse = trouble.map(|t| t.class).filter(|c| !c.is_verdict());
    let missing = planned.iter().filter(|name| said.iter().all(|s| s.name != **name));
    let of = |name: &String| Judged {
        name: name.clone(),
        status: if excuse.is_some() { Status::Unver } else { Status::Fail },
        message: Some("it was planned and gave no result".to_owned()),
        cause: Some(excuse.unwrap_or(CauseClass::Suite)),
    };
    missing.map(of).collect()
}

/// Judges a tier by the step of its op that did not succeed.
pub(crate) fn judge_step(cause: &Cause) -> TierEnd {
    let status = if cause.class.is_verdict() { Status::Fail } else { Status::Unver };
    let reason = (status == Status::Unver).then(|| cause.evidence.clone());
    TierEnd { status, reason, cause: Some(cause.clone()) }
}

impl<P: Platform, T: Trials> Job<'_, P, T> {
    /// Runs the tier's seeds. A seed that fails leaves the tier without what its checks need.
    pub(super) async fn seed(&self, tier: Tier, state: &mut State) -> Result<(), Trouble> {
        let ended = self.trials(tier, Phase::Seed, state).await;
        if let Some(cause) = ended.trouble {
            return Err(Trouble::new("seeded", cause));
        }
        for line in ended.judged {
            if line.status == Status::Fail || line.status == Status::Unver {
                let class = line.class(CauseClass::Suite);
                let text = format!("seed {}: {}", line.name, line.message.unwrap_or_default());
                return Err(Trouble::new("seeded", Cause::new(class, text)));
            }
        }
        Ok(())
    }

    /// Runs the tier's checks and judges the tier by them.
    pub(super) async fn check(&self, tier: Tier, state: &mut State) -> TierEnd {
        let mut ended = self.trials(tier, Phase::Check, state).await;
        let planned = self.plan.tier(tier).map(|t| t.checks.as_slice()).unwrap_or_default();
        let silent = silent(planned, &ended.judged, ended.trouble.as_ref());
        for check in &silent {
            self.say_check(tier, check, Duration::ZERO);
        }
        ended.judged.extend(silent);
        judge(&ended.judged, ended.trouble.as_ref())
    }

    /// Says that a step of an op was done, as a check of its tier.
    pub(super) fn step_done(&self, tier: Tier, name: &str, took: Duration) {
        let check =
            Judged { name: name.to_owned(), status: Status::Pass, message: None, cause: None };
        self.say_check(tier, &check, took);
    }

    /// Says that a step of an op failed, and judges the tier by it.
    pub(super) fn step_failed(&self, tier: Tier, trouble: &Trouble, took: Duration) -> TierEnd {
        let end = judge_step(&trouble.cause);
        let check = Judged {
            name: trouble.check.to_owned(),
            status: end.status,
            message: Some(trouble.cause.evidence.clone()),
            cause: Some(trouble.cause.class),
        };
        self.say_check(tier, &check, took);
        end
    }

    pub(super) fn say_check(&self, tier: Tier, check: &Judged, took: Duration) {
        // Tiers are those of the app under test.
        if self.consumer.is_some() {
            return;
        }
        self.log.say(Happened::CheckFinished {
            tier,
            name: check.name.clone(),
            status: check.status,
            duration_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            message: check.message.clone(),
            cause: check.cause,
        });
    }

    pub(super) async fn trials(&self, tier: Tier, phase: Phase, state: &mut State) -> PhaseEnd {
        let name = match phase {
            Phase::Seed => "seed",
            Phase::Check => "check",
            Phase::Across => "across versions",
            Phase::Provide => "provide",
            Phase::Works => "works",
            Phase::TakeBack => "take back",
        };
        let name = self.named(name);
        let file = self.run_file(tier, phase, state);
        self.log.say(Happened::PhaseStarted {
            phase: name.clone(),
            tier: Some(tier),
            waited_on: WaitedOn::Suite,
        });
        let began = Instant::now();
        let ended = self.trials.run(&file, self.limits.trials).await;
        tracing::debug!(%tier, %name, took = ?began.elapsed(), "a trials process ended");
        let mut judged = Vec::new();
        // What is a secret is known before anything that may hold it is said.
        for line in &ended.lines {
            if let TrialLine::Secret { value } = line {
                self.log.hide(&Secret::new(value.clone()));
            }
        }
        for line in ended.lines {
            match line {
                TrialLine::Fact { key, value } => drop(state.facts.insert(key, value)),
                TrialLine::Ledger { entry } => self.log.say(Happened::Ledgered { entry }),
                TrialLine::Audit { found, stores } => {
                    self.log.say(Happened::Audited { found, stores });
                }
                TrialLine::Secret { .. } => {}
                TrialLine::Done { name, status, duration_ms, message, cause } => {
                    let check = Judged { name, status, message, cause };
                    let check = self.not_skipped(tier, phase, check);
                    let is_shown = match phase {
                        Phase::Check => true,
                        Phase::Seed => check.status != Status::Pass,
                        Phase::Across | Phase::Provide | Phase::Works | Phase::TakeBack => false,
                    };
                    if is_shown {
                        self.say_check(tier, &check, Duration::from_millis(duration_ms));
                    }
                    judged.push(check);
                }
            }
        }
        if let Some(cause) = &ended.trouble {
            self.log.say(Happened::TrialsBroke { tier, cause: cause.clone() });
        }
        self.log.say(Happened::PhaseFinished { phase: name, ok: ended.trouble.is_none() });
        PhaseEnd { judged, trouble: ended.trouble }
    }

    /// Returns the check, as a failure if it was skipped though a dependency was deployed for it: a verdict without it
    /// would be worth less than it says.
    fn not_skipped(&self, tier: Tier, phase: Phase, check: Judged) -> Judged {
        let needed: Vec<&str> =
            self.plan.needed_by(tier, &check.name).map(RecipeName::as_str).collect();
        if phase != Phase::Check || check.status != Status::Skip || needed.is_empty() {
            return check;
        }
        let (needed, why) = (needed.join(", "), check.message.unwrap_or_default());
        let text = format!("it was skipped, and {needed} was deployed for it: {why}");
        Judged {
            message: Some(text),
            status: Status::Fail,
            cause: Some(CauseClass::Suite),
            ..check
        }
    }

    fn run_file(&self, tier: Tier, phase: Phase, state: &State) -> RunFile {
        let name = match phase {
            Phase::Seed => format!("trials-{tier}-seed.jsonl"),
            Phase::Check => format!("trials-{tier}.jsonl"),
            Phase::Across => format!("trials-{tier}-across.jsonl"),
            Phase::Provide => format!("provide-{}.jsonl", self.plan.recipe),
            Phase::Works => format!("works-{}.jsonl", self.plan.recipe),
            Phase::TakeBack => format!("take-back-{}.jsonl", self.plan.recipe),
        };
        RunFile {
            schema: SCHEMA,
            app: self.plan.app.clone(),
            attachment: self.platform.attachment(),
            tier,
            phase,
            health: Health {
                path: self.settings.health.path.clone(),
                ok: self.settings.health.ok.clone(),
            },
            head: self.plan.head.clone(),
            base: self.plan.base.clone(),
            services: state.services.clone(),
            routed: state.reach.routed,
            upgrade: state.upgrade.clone(),
            snapshot: state.snapshot.clone(),
            not_across: state.not_across.clone(),
            claims: self.recipe.claims.provable_by(&state.services),
            stores: state.stores.clone(),
            unrecognized: self.recipe.unrecognized.clone(),
            unprotected: self.settings.backup.unprotected.clone(),
            facts: state.facts.clone(),
            deps: state.deps.clone(),
            consumer: self.consumer.clone(),
            repo_tests: self.recipe.repo_tests.of(tier, phase),
            without_suite: self.recipe.repo_tests.replaces_suite(tier),
            browser: Some(self.dir.join("browser")),
            out: self.dir.join("work").join(name),
        }
    }
}

/// What a process of seeds or checks said.
pub(super) struct PhaseEnd {
    pub(super) judged: Vec<Judged>,
    pub(super) trouble: Option<Cause>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(status: Status, cause: Option<CauseClass>) -> Judged {
        Judged { name: "c".to_owned(), status, message: Some("m".to_owned()), cause }
    }

    #[test]
    fn one_failure_fails_the_tier() {
        let end = judge(
            &[check(Status::Pass, None), check(Status::Fail, Some(CauseClass::Recipe))],
            None,
        );
        assert_eq!((end.status, end.cause.unwrap().class), (Status::Fail, CauseClass::Recipe));
    }

    #[test]
    fn a_failure_that_is_the_hosts_leaves_the_tier_unverified() {
        let end =
            judge(&[check(Status::Pass, None), check(Status::Fail, Some(CauseClass::Host))], None);
        assert_eq!((end.status, end.cause.unwrap().class), (Status::Unver, CauseClass::Host));
    }

    #[test]
    fn what_names_nobody_is_the_apps_if_it_failed_and_ours_if_it_was_not_verified() {
        let class = |status| judge(&[check(status, None)], None).cause.unwrap().class;
        assert_eq!(class(Status::Fail), CauseClass::App);
        assert_eq!(class(Status::Unver), CauseClass::Harness);
    }

    #[test]
    fn a_real_failure_outweighs_an_unverified_one() {
        let checks = [
            check(Status::Fail, Some(CauseClass::Host)),
            check(Status::Fail, Some(CauseClass::App)),
        ];
        assert_eq!(judge(&checks, None).status, Status::Fail);
    }

    #[test]
    fn nothing_but_skips_proves_nothing() {
        assert_eq!(judge(&[check(Status::Skip, None)], None).status, Status::Unver);
        assert_eq!(judge(&[], None).status, Status::Unver);
        assert_eq!(
            judge(&[check(Status::Skip, None), check(Status::Pass, None)], None).status,
            Status::Pass
        );
    }

    #[test]
    fn a_planned_check_without_a_result_fails() {
        let planned = ["a".to_owned(), "c".to_owned()];
        let silent = silent(&planned, &[check(Status::Pass, None)], None);
        assert_eq!(silent.len(), 1);
        assert_eq!((silent[0].name.as_str(), silent[0].status), ("a", Status::Fail));
    }

    #[test]
    fn a_process_that_the_host_kept_from_starting_is_not_the_suites_fault() {
        let host = Cause::new(CauseClass::Host, "no space left on device");
        let silent = silent(&["a".to_owned()], &[], Some(&host));
        let end = judge(&silent, Some(&host));
        assert_eq!((end.status, end.cause.unwrap().class), (Status::Unver, CauseClass::Host));
    }

    #[test]
    fn a_crashed_process_fails_the_tier_as_the_suites_fault() {
        let crash = Cause::new(CauseClass::Suite, "killed by signal 11");
        let end = judge(&[check(Status::Pass, None)], Some(&crash));
        assert_eq!((end.status, end.cause.unwrap().class), (Status::Fail, CauseClass::Suite));
    }
}
