//! A run to be played by the lifecycle's own tests: each call of the platform and of the trials can be given a delay, a
//! failure, a hang, a panic or a stop, and every call is written down. Main types: [`Scene`], [`Played`].

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::Instant;

use crate::cause::{Cause, CauseClass};
use crate::census::Census;
use crate::converge::sample;
use crate::event::{Event, EventLog, Happened};
use crate::http::{Answer, HttpError};
use crate::lint::LintStatus;
use crate::name::{Commit, Domain, RecipeName, RunId, StackName, Version};
use crate::observation::Observation;
use crate::plan::{Plan, Planned, PlannedDependency, PlannedTier};
use crate::platform::{App, ConnectError, Revision};
use crate::report::Results;
use crate::run_file::{Claims, DefinedService, Phase, RunFile, TrialLine};
use crate::secret::Secret;
use crate::suite::{Settings, StepsRan};
use crate::tier::{Status, Tier};
use crate::wait::Hint;

pub(super) use super::fake_platform::Act;
use super::fake_platform::{Ask, Core, Dial, FakePlatform, FakeTrials, Look, WARM, word};
use super::{Job, Keep, Limits, Needed, Reach, RecipeStates, StopSignal};

/// A run to be played: all that a test may change before.
pub(super) struct Scene {
    pub(super) plan: Plan,
    pub(super) settings: Settings,
    pub(super) limits: Limits,
    pub(super) keep: Keep,
    pub(super) stop: StopSignal,
    /// The services of base and of head.
    pub(super) services: [Vec<&'static str>; 2],
    /// The services with hooks around backup and restore.
    pub(super) hooked: Vec<&'static str>,
    /// How it can be seen that base and head serve.
    pub(super) reach: [Reach; 2],
    /// The suite's `install_steps.sh`, and what it does.
    pub(super) install_steps: Option<&'static str>,
    pub(super) steps: StepsRan,
    pub(super) pulls: Vec<String>,
    pub(super) holders: Vec<String>,
    /// The volumes that are there to be removed.
    pub(super) volumes: Vec<String>,
    pub(super) secrets: Vec<Secret>,
    pub(super) logs: Vec<String>,
    /// What each census says, in order; the last one is said again.
    pub(super) censuses: Vec<Census>,
    pub(super) lint: LintStatus,
    /// What is deployed before, each with its plan, and with that of the one that is kept warm.
    deps: Vec<(Plan, Option<Plan>)>,
    acts: BTreeMap<(String, usize), Act>,
    ended: BTreeMap<(Tier, &'static str), Vec<TrialLine>>,
    look: Look,
    ask: Ask,
    dial: Dial,
}

/// A run that was played.
pub(super) struct Played {
    pub(super) events: Vec<Event>,
    /// What was called and when; the same call twice in a row stands once.
    pub(super) calls: Vec<(Duration, String)>,
    pub(super) counts: BTreeMap<String, usize>,
    /// What the trials were told, each with its limit.
    pub(super) files: Vec<(RunFile, Duration)>,
}

pub(super) const BASE: char = '1';
pub(super) const HEAD: char = '9';
const DEPENDENCY: char = '5';

pub(super) fn commit(digit: char) -> Commit {
    Commit::try_from(digit.to_string().repeat(40)).unwrap()
}

fn revision(digit: char) -> Revision {
    let version = Version::try_from(format!("{digit}.0.0+1")).unwrap();
    Revision { commit: commit(digit), version: Some(version) }
}

/// Returns a line that says how a check or a seed ended.
pub(super) fn done(name: &str, status: Status, cause: Option<CauseClass>) -> TrialLine {
    let message = (status != Status::Pass).then(|| format!("{name} saw something"));
    TrialLine::Done { name: name.to_owned(), status, duration_ms: 7, message, cause }
}

pub(super) fn answer(status: u16, body: &str) -> Answer {
    Answer { status, headers: Vec::new(), body: body.as_bytes().to_vec(), certificate: None }
}

impl Scene {
    /// A run of all tiers, each with the check `serves`, from a base to head, in which all goes well.
    pub(super) fn all_well() -> Self {
        let recipe = RecipeName::try_from("custom-html".to_owned()).unwrap();
        let run_id = RunId::try_from("r1".to_owned()).unwrap();
        let domain = Domain::try_from("cust-123456.example.org".to_owned()).unwrap();
        let stack = StackName::from(&domain);
        let app = App { recipe: recipe.clone(), stack, domain, run: run_id.clone() };
        let tier = |tier| PlannedTier {
            tier,
            planned: Planned::Run,
            reason: "asked for".to_owned(),
            checks: vec!["serves".to_owned()],
        };
        let plan = Plan {
            run_id,
            recipe,
            app,
            head: revision(HEAD),
            base: Some(revision(BASE)),
            tiers: Tier::USUAL.into_iter().map(tier).collect(),
            deploys: 1,
            across_versions: None,
            source: "bundled".to_owned(),
            pr: None,
            has_suite: true,
            customization: Vec::new(),
            deps: Vec::new(),
        };
        let settings = Settings::default();
        Self {
            plan,
            limits: Limits::for_suite(&settings),
            settings,
            keep: Keep::Never,
            stop: StopSignal::default(),
            services: [vec!["app"], vec!["app"]],
            hooked: Vec::new(),
            reach: [Reach::default(), Reach::default()],
            install_steps: None,
            steps: StepsRan::default(),
            pulls: Vec::new(),
            holders: Vec::new(),
            volumes: Vec::new(),
            secrets: Vec::new(),
            logs: Vec::new(),
            censuses: vec![Census::default()],
            lint: LintStatus::Pass,
            deps: Vec::new(),
            acts: BTreeMap::new(),
            ended: BTreeMap::new(),
            look: Box::new(|_, _| {}),
            ask: Box::new(|_| Ok(answer(200, "hello"))),
            dial: Box::new(|_, _| Ok(())),
        }
    }

    /// Leaves a tier out of the plan.
    pub(super) fn without(mut self, tier: Tier, planned: Planned) -> Self {
        let found = self.plan.tiers.iter_mut().find(|t| t.tier == tier).unwrap();
        found.planned = planned;
        found.reason = "left out".to_owned();
        if tier == Tier::Upgrade {
            self.plan.base = None;
        }
        self
    }

    /// Makes the nth call (from 1; 0 for every one) of an operation do something else. Operations are the methods of
    /// [`Platform`], and `seed <tier>` and `check <tier>`.
    pub(super) fn on(mut self, op: &str, nth: usize, act: Act) -> Self {
        self.acts.insert((op.to_owned(), nth), act);
        self
    }

    /// Makes a tier's seeds or checks say something else.
    pub(super) fn says(mut self, phase: Phase, tier: Tier, lines: Vec<TrialLine>) -> Self {
        self.ended.insert((tier, word(phase)), lines);
        self
    }

    /// Changes what each look (counted from 1) at the engine shows.
    pub(super) fn shows(
        mut self,
        look: impl Fn(usize, &mut Observation) + Send + Sync + 'static,
    ) -> Self {
        self.look = Box::new(look);
        self
    }

    /// Changes what the app answers to each request (counted from 1).
    pub(super) fn answers(
        mut self,
        ask: impl Fn(usize) -> Result<Answer, HttpError> + Send + Sync + 'static,
    ) -> Self {
        self.ask = Box::new(ask);
        self
    }

    /// Changes what becomes of each connection (counted from 1) to a port.
    pub(super) fn connects(
        mut self,
        dial: impl Fn(usize, u16) -> Result<(), ConnectError> + Send + Sync + 'static,
    ) -> Self {
        self.dial = Box::new(dial);
        self
    }

    /// Lets it need a recipe, which needs others itself; the check `serves` of these tiers needs it.
    pub(super) fn needing(mut self, recipe: &str, needs: &[&str], tiers: &[Tier]) -> Self {
        let name = |text: &str| RecipeName::try_from(text.to_owned()).unwrap();
        let domain = Domain::try_from(format!("{recipe}-123456.example.org")).unwrap();
        let stack = StackName::from(&domain);
        let app = App { recipe: name(recipe), stack, domain, run: self.plan.run_id.clone() };
        self.plan.deps.push(PlannedDependency {
            app: app.clone(),
            warm: None,
            head: revision(DEPENDENCY),
            needs: needs.iter().copied().map(name).collect(),
            checks: tiers.iter().map(|tier| format!("{tier}::serves")).collect(),
        });
        self.plan.deploys += 1;
        let (recipe, head) = (name(recipe), revision(DEPENDENCY));
        let plan = Plan { recipe, app, head, base: None, deps: Vec::new(), ..self.plan.clone() };
        self.deps.push((plan, None));
        self
    }

    /// Lets the one that was added last be kept warm.
    pub(super) fn warm(mut self) -> Self {
        let (plan, warm) = self.deps.last_mut().expect("something is needed");
        let domain = Domain::try_from(format!("{WARM}{}.example.org", plan.recipe)).unwrap();
        let (stack, run) = (StackName::from(&domain), self.plan.run_id.clone());
        let app = App { recipe: plan.recipe.clone(), stack, domain, run };
        *warm = Some(Plan { app: app.clone(), ..plan.clone() });
        self.plan.deps.last_mut().expect("something is needed").warm = Some(app);
        self.plan.deploys -= 1;
        self
    }

    /// Plays it. A run that does not end within a day hangs, which fails the test.
    pub(super) async fn play(self) -> Played {
        let core = Arc::new(Core {
            began: Instant::now(),
            stop: self.stop.clone(),
            acts: self.acts,
            calls: Mutex::default(),
            counts: Mutex::default(),
        });
        let [base, head] = self.services;
        let recipe = RecipeStates {
            base: base.iter().copied().map(defined).collect(),
            head: head.iter().copied().map(defined).collect(),
            claims: Claims { volumes: vec!["data".to_owned()], ..Default::default() },
            hooked: self.hooked.iter().copied().map(sample::name).collect(),
            base_reach: self.reach[0].clone(),
            head_reach: self.reach[1].clone(),
            install_steps: self.install_steps.map(str::to_owned),
            ..RecipeStates::default()
        };
        let platform = FakePlatform {
            core: Arc::clone(&core),
            hint: Hint::default(),
            services: BTreeMap::from([
                (commit(BASE), base),
                (commit(HEAD), head),
                (commit(DEPENDENCY), vec!["app"]),
            ]),
            running: Mutex::default(),
            look: self.look,
            ask: self.ask,
            dial: self.dial,
            steps: self.steps,
            domain: self.plan.app.domain.clone(),
            pulls: self.pulls,
            holders: self.holders,
            volumes: self.volumes,
            secrets: self.secrets,
            logs: self.logs,
            censuses: self.censuses,
            lint: self.lint,
        };
        let trials =
            FakeTrials { core: Arc::clone(&core), ended: self.ended, files: Mutex::default() };
        let log = EventLog::new(Vec::new());
        let of_deps = RecipeStates { head: vec![defined("app")], ..RecipeStates::default() };
        let (settings, limits) = (&self.settings, &self.limits);
        let needed = all_needed(&self.deps, settings, limits, (&of_deps, &platform));
        let job = Job {
            plan: &self.plan,
            settings: &self.settings,
            recipe: &recipe,
            platform: &platform,
            trials: &trials,
            log: &log,
            limits: self.limits.clone(),
            stop: self.stop,
            dir: "run".into(),
            keep: self.keep,
            deps: &needed,
            consumer: None,
        };
        let day = Duration::from_hours(24);
        tokio::time::timeout(day, job.run()).await.expect("a run ends whatever hangs");
        Played {
            events: log.events(),
            calls: core.calls.lock().unwrap().clone(),
            counts: core.counts.lock().unwrap().clone(),
            files: trials.files.lock().unwrap().clone(),
        }
    }
}

/// Returns what is deployed before, and lets what is kept warm run already.
fn all_needed<'a>(
    deps: &'a [(Plan, Option<Plan>)],
    settings: &'a Settings,
    limits: &Limits,
    (recipe, platform): (&'a RecipeStates, &FakePlatform),
) -> Vec<Needed<'a>> {
    for warm in deps.iter().filter_map(|(_, warm)| warm.as_ref()) {
        platform.starts(&warm.app, &warm.head);
    }
    let needed = |(plan, warm): &'a (Plan, Option<Plan>)| Needed {
        plan,
        warm: warm.as_ref(),
        settings,
        recipe,
        limits: limits.clone(),
        provides: true,
    };
    deps.iter().map(needed).collect()
}

fn defined(name: &str) -> DefinedService {
    let volumes = vec![("data".to_owned(), "/data".to_owned())];
    DefinedService { name: sample::name(name), volumes, stays: true, ports: Vec::new() }
}

impl Played {
    pub(super) fn calls(&self) -> Vec<&str> {
        self.calls.iter().map(|(_, call)| call.as_str()).collect()
    }

    /// Returns when something was first called.
    pub(super) fn time_of(&self, call: &str) -> Duration {
        self.calls.iter().find(|(_, c)| c == call).expect("it was called").0
    }

    pub(super) fn results(&self) -> Results {
        Results::from_events(&self.events).unwrap()
    }

    /// Returns how a tier ended, as its last event says: status, cause, reason.
    pub(super) fn tier(&self, wanted: Tier) -> (Status, Option<Cause>, Option<String>) {
        let mut ended = None;
        for event in &self.events {
            if let Happened::TierFinished { tier, status, cause, reason, .. } = &event.what
                && *tier == wanted
            {
                ended = Some((*status, cause.clone(), reason.clone()));
            }
        }
        ended.expect("the tier ended")
    }

    /// Returns the checks of a tier: name, status, class.
    pub(super) fn checks(&self, wanted: Tier) -> Vec<(String, Status, Option<CauseClass>)> {
        let mut checks = Vec::new();
        for event in &self.events {
            if let Happened::CheckFinished { tier, name, status, cause, .. } = &event.what
                && *tier == wanted
            {
                checks.push((name.clone(), *status, *cause));
            }
        }
        checks
    }

    pub(super) fn notes(&self) -> Vec<&str> {
        let mut notes = Vec::new();
        for event in &self.events {
            if let Happened::Noted { text } = &event.what {
                notes.push(text.as_str());
            }
        }
        notes
    }

    /// Returns the steps of the teardown with what went wrong.
    pub(super) fn teardown(&self) -> Vec<(&str, Option<&str>)> {
        let mut steps = Vec::new();
        for event in &self.events {
            if let Happened::TeardownStep { name, error } = &event.what {
                steps.push((name.as_str(), error.as_deref()));
            }
        }
        steps
    }

    /// Returns whether an event like this was said.
    pub(super) fn said(&self, is: impl Fn(&Happened) -> bool) -> bool {
        self.events.iter().any(|e| is(&e.what))
    }
}
