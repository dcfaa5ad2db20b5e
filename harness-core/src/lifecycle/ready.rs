//! Waiting until an app has converged and answers, noticing doom on the way.

use std::cell::RefCell;
use std::time::Duration;

use tokio::time::Instant;

use crate::cause::{Cause, CauseClass};
use crate::converge::{Before, Decided, decide, is_only_paused};
use crate::event::{Happened, WaitedOn};
use crate::name::ServiceName;
use crate::observation::Observation;
use crate::platform::{OpError, Platform};
use crate::tier::Tier;
use crate::wait::{Pace, Readiness, WaitError, until};

use super::asked::{ANSWER_WITHIN, Asked, judged_answer};
use super::bounded::{LOGS_WITHIN, LOOK_WITHIN, bounded};
use super::job::{Job, State};
use super::probes::Streaks;
use super::taken_port::is_anothers;
use super::tiers::Trouble;
use super::trials::Trials;

/// So many failed looks at the engine in a row mean that it is gone.
const LOOKS_UNTIL_GONE: u32 = 12;

/// An update that has been paused for longer than this stays so.
const PAUSE_PASSES: Duration = Duration::from_secs(10);

/// What is said where a port of the host is another's.
const TAKEN: &str =
    "another run or program has that port of the host: `cc-ci gc` lists the runs that live";

/// Where the wait stands.
struct Progress {
    began: Instant,
    converged: Option<Instant>,
    failed_looks: u32,
    /// Why the last look failed; none once a look succeeded.
    engine: Option<Cause>,
    last: Option<Observation>,
    /// Since when nothing is wrong but that Swarm says `paused` of an update.
    paused: Option<Instant>,
    /// What was last said to be decided.
    decided: Option<Decided>,
}

/// What is waited for, and where the wait stands.
struct Wait<'a> {
    tier: Tier,
    state: &'a State,
    defined: Vec<ServiceName>,
    before: &'a Before,
    progress: RefCell<Progress>,
    streaks: RefCell<Streaks>,
}

impl<P: Platform, T: Trials> Job<'_, P, T> {
    /// Waits until what was deployed has converged, the app itself answers on its health path if it has a route, and
    /// every ready probe has found what it asks for.
    pub(super) async fn ready(
        &self,
        tier: Tier,
        state: &State,
        before: &Before,
    ) -> Result<Observation, Trouble> {
        let progress = RefCell::new(Progress {
            began: Instant::now(),
            converged: None,
            failed_looks: 0,
            engine: None,
            last: None,
            paused: None,
            decided: None,
        });
        let defined = state.service_names();
        let wait = Wait { tier, state, defined, before, progress, streaks: RefCell::default() };
        if self.consumer.is_none() {
            self.log.say(Happened::Awaited {
                tier,
                defined: wait.defined.clone(),
                before: Box::new(before.clone()),
            });
        }
        self.start("converge", tier);
        let answered = until(
            Pace::within(self.limits.deploy + self.limits.http),
            self.platform.hint(),
            async || self.look(&wait).await,
            |status| {
                let phase =
                    if wait.progress.borrow().converged.is_some() { "answer" } else { "converge" };
                self.log.say(Happened::StatusChanged {
                    phase: self.named(phase),
                    status: status.to_owned(),
                });
            },
        )
        .await;
        let Wait { defined, progress, .. } = wait;
        let progress = progress.into_inner();
        let phase = if progress.converged.is_some() { "answer" } else { "converge" };
        self.log.say(Happened::PhaseFinished { phase: self.named(phase), ok: answered.is_ok() });
        match (answered, progress.last) {
            (Ok(()), Some(observation)) => Ok(observation),
            (Ok(()), None) => Err(Trouble::new(
                "converged",
                Cause::new(CauseClass::Harness, "ready without an observation"),
            )),
            (Err(error), _) => {
                self.gather_logs(&defined).await;
                let check =
                    if phase == "answer" && !is_crash(&error) { "answered" } else { "converged" };
                Err(Trouble::new(check, cause(error, progress.engine)))
            }
        }
    }

    fn start(&self, phase: &str, tier: Tier) {
        self.log.say(Happened::PhaseStarted {
            phase: self.named(phase),
            tier: Some(tier),
            waited_on: WaitedOn::App,
        });
    }

    async fn look(&self, wait: &Wait<'_>) -> Readiness<()> {
        let (defined, before) = (&wait.defined, wait.before);
        let observation = match self.observe().await {
            Ok(observation) => observation,
            Err(error) => return failed_look(&error, &mut wait.progress.borrow_mut()),
        };
        let converged = decide(&observation, defined, before);
        {
            let mut progress = wait.progress.borrow_mut();
            progress.failed_looks = 0;
            progress.engine = None;
            self.say_decided(wait.tier, &converged, &observation, &mut progress.decided);
            let paused = matches!(converged, Readiness::Hopeless(_))
                && is_only_paused(&observation, defined, before);
            let paused = paused_for(paused, &mut progress);
            progress.last = Some(observation);
            match converged {
                Readiness::Hopeless(cause) if paused.is_some_and(|time| time < PAUSE_PASSES) => {
                    return Readiness::NotYet(format!("{}, which may pass", cause.evidence));
                }
                Readiness::Hopeless(cause) => return Readiness::Hopeless(cause),
                Readiness::NotYet(status) => {
                    wait.streaks.borrow_mut().break_off();
                    let status = explained(status, &progress, wait.state);
                    return not_converged(status, &progress, self.limits.deploy);
                }
                Readiness::Ready(()) => {
                    if progress.converged.is_none() {
                        progress.converged = Some(Instant::now());
                        self.log.say(Happened::PhaseFinished {
                            phase: self.named("converge"),
                            ok: true,
                        });
                        self.start("answer", wait.tier);
                    }
                }
            }
        }
        // On the heap: the compiler gives up on the size of futures that are nested deeper.
        Box::pin(self.answers(wait)).await
    }

    /// Asks what has converged: the health path if it has a route, then the ready probes.
    async fn answers(&self, wait: &Wait<'_>) -> Readiness<()> {
        let health = &self.settings.health;
        let mut found = Asked::Serves;
        if wait.state.reach.routed {
            let asked = self.platform.get(&self.plan.app, &health.path, ANSWER_WITHIN).await;
            found = judged_answer(asked.as_ref(), &health.ok);
        }
        let on = match found {
            Asked::Serves => {
                found = self.probed(wait.state, &wait.streaks).await;
                String::new()
            }
            Asked::NotYet(_) | Asked::Hopeless(_) => {
                wait.streaks.borrow_mut().break_off();
                format!(" on {}", health.path)
            }
        };
        let waited = wait.progress.borrow().converged.map(|c| c.elapsed()).unwrap_or_default();
        match found {
            Asked::Serves => Readiness::Ready(()),
            Asked::Hopeless(cause) => Readiness::Hopeless(cause),
            Asked::NotYet(cause) if waited >= self.limits.http => {
                let seen = cause.evidence;
                let text = format!("no right answer{on} within {:?}: {seen}", self.limits.http);
                Readiness::Hopeless(Cause::new(cause.class, text))
            }
            Asked::NotYet(cause) => Readiness::NotYet(cause.evidence),
        }
    }

    /// Looks once at the app's services.
    pub(super) async fn observe(&self) -> Result<Observation, OpError> {
        bounded("look at the app's services", LOOK_WITHIN, self.platform.observe(&self.plan.app))
            .await
    }

    /// Says what was decided, and by what, when it is another decision than before: enough to decide again later.
    fn say_decided(
        &self,
        tier: Tier,
        converged: &Readiness<()>,
        observation: &Observation,
        last: &mut Option<Decided>,
    ) {
        let decided = Decided::from(converged);
        if last.as_ref() == Some(&decided) || self.consumer.is_some() {
            return;
        }
        *last = Some(decided.clone());
        let mut observation = observation.clone();
        for service in &mut observation.services {
            service.labels.clear();
        }
        self.log.say(Happened::Observed { tier, observation: Box::new(observation), decided });
    }

    /// Gathers the last log lines of the services, as evidence.
    pub(super) async fn gather_logs(&self, services: &[ServiceName]) {
        for service in services {
            let logs = self.platform.logs(&self.plan.app, service, 30);
            if let Ok(lines) = bounded("read the logs", LOGS_WITHIN, logs).await
                && !lines.is_empty()
            {
                let service = match self.consumer {
                    Some(_) => format!("{}.{service}", self.plan.recipe),
                    None => service.to_string(),
                };
                self.log.say(Happened::LogsGathered { service, lines });
            }
        }
    }
}

/// Returns for how long nothing has been wrong but a pause; none when that is not so.
fn paused_for(paused: bool, progress: &mut Progress) -> Option<Duration> {
    if !paused {
        progress.paused = None;
        return None;
    }
    Some(progress.paused.get_or_insert_with(Instant::now).elapsed())
}

fn failed_look(error: &OpError, progress: &mut Progress) -> Readiness<()> {
    progress.failed_looks += 1;
    progress.engine = Some(error.cause.clone());
    if progress.failed_looks >= LOOKS_UNTIL_GONE {
        return Readiness::Hopeless(error.cause.clone());
    }
    Readiness::NotYet(format!("the engine does not answer: {}", error.cause.evidence))
}

/// Adds to a status what cannot be seen in it: that another run or program has a port of the host.
fn explained(status: String, progress: &Progress, state: &State) -> String {
    match &progress.last {
        Some(seen) if is_anothers(seen, &state.services) => format!("{status}; {TAKEN}"),
        Some(_) | None => status,
    }
}

fn not_converged(status: String, progress: &Progress, limit: std::time::Duration) -> Readiness<()> {
    if progress.converged.is_some() || progress.began.elapsed() < limit {
        return Readiness::NotYet(status);
    }
    let is_hosts = ["insufficient resources", TAKEN].iter().any(|text| status.contains(text));
    let class = if is_hosts { CauseClass::Host } else { CauseClass::App };
    Readiness::Hopeless(Cause::new(class, format!("did not converge within {limit:?}: {status}")))
}

fn is_crash(error: &WaitError) -> bool {
    matches!(error, WaitError::Hopeless(cause) if cause.evidence.contains("keeps crashing"))
}

/// A wait that ended while the engine did not answer is the engine's.
fn cause(error: WaitError, engine: Option<Cause>) -> Cause {
    match (error, engine) {
        (WaitError::Hopeless(cause), _) | (WaitError::TimedOut { .. }, Some(cause)) => cause,
        (error @ WaitError::TimedOut { .. }, None) => {
            Cause::new(CauseClass::App, error.to_string())
        }
    }
}
