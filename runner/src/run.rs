//! One run, from what was asked for to the exit code.

use std::time::Duration;

use camino::Utf8PathBuf;
use harness_abra::{ConnectError, Swarm, SwarmSettings};
use harness_core::event::{EventLog, Happened, Stop};
use harness_core::lifecycle::{Job, Keep, Limits, StopSignal};
use harness_core::name::{InvalidRunId, RunId};
use harness_core::platform::{App, Platform};
use harness_core::process::BaseEnv;
use harness_core::recipe::GitError;
use harness_core::report::{ExitStatus, RunVerdict};
use harness_core::wait::{Hint, Pace, Readiness, WaitError, until};
use harness_local::embedded::{Embedded, EmbeddedSettings, RecipeFiles, SPEED, SUFFIX, StartError};
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::artefacts::{Recorder, RunFolder, WriteError};
use crate::gc;
use crate::lease::{self, Attempt, Claim, Lease, LeaseError};
use crate::output::{self, Progress};
use crate::platform::Choice;
use crate::prepare::{PrepareError, Prepared, prepare};
use crate::settings::Settings;
use crate::signals;
use crate::target::{InvalidTarget, Target};
use crate::trials::TrialsProcess;

/// How long a kept deployment stands.
const KEPT_FOR: Duration = Duration::from_mins(30);

/// What one run was asked to do.
#[derive(Clone, Debug)]
pub struct Request {
    /// What to test.
    pub target: Target,
    /// Where.
    pub platform: Choice,
    /// The run's name; none: made from the time.
    pub run_id: Option<String>,
    /// When the deployment is left standing.
    pub keep: Keep,
    /// Limits given on the command line.
    pub limits: GivenLimits,
    /// The trials program.
    pub trials: Utf8PathBuf,
}

/// Limits that were given on the command line, instead of the suite's.
#[derive(Clone, Copy, Debug, Default)]
pub struct GivenLimits {
    /// For a deploy and its convergence.
    pub deploy: Option<Duration>,
    /// Until the app answers.
    pub http: Option<Duration>,
    /// For one command of abra.
    pub command: Option<Duration>,
}

/// A run could not begin: nothing was made.
#[derive(Debug, Error)]
pub enum RunError {
    /// What was asked for does not fit together.
    #[error(transparent)]
    Target(#[from] InvalidTarget),
    /// The run's name is none.
    #[error(transparent)]
    RunId(#[from] InvalidRunId),
    /// Something is wrong with the recipe, the suite or the settings.
    #[error(transparent)]
    Prepare(#[from] PrepareError),
    /// The platform is not there.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The simulated server could not be started.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The recipe's files could not be read for the simulated server.
    #[error("the recipe's files could not be read for the simulated server")]
    Files(#[from] GitError),
    /// The run's folder could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The claim on the domain could not be made.
    #[error(transparent)]
    Lease(#[from] LeaseError),
    /// Another run holds the domain for longer than this one may wait.
    #[error("another run of the same recipe and commit is under way")]
    Busy(#[source] WaitError),
    /// What a killed run left in our place cannot be removed.
    #[error("what run {run} left on {domain} could not be removed: {text}; `cc-ci gc` tries again")]
    Dirty {
        /// The dead run.
        run: String,
        /// The app's domain.
        domain: String,
        /// What was in the way.
        text: String,
    },
    /// Signals cannot be heard.
    #[error("signal handlers could not be installed")]
    Signals(#[source] std::io::Error),
    /// The run was told to end before it made anything.
    #[error("stopped before anything was made")]
    Stopped(Stop),
}

impl RunError {
    /// Returns how `cc-ci` ends because of it.
    pub const fn exit(&self) -> ExitStatus {
        match self {
            Self::Target(_)
            | Self::RunId(_)
            | Self::Prepare(_)
            | Self::Connect(_)
            | Self::Start(StartError::Overlay(_) | StartError::PinsImage { .. }) => {
                ExitStatus::Usage
            }
            Self::Busy(_)
            | Self::Dirty { .. }
            | Self::Write(_)
            | Self::Lease(_)
            | Self::Files(_)
            | Self::Start(_) => ExitStatus::Verdict(RunVerdict::NotVerified),
            Self::Signals(_) => ExitStatus::Verdict(RunVerdict::Error),
            Self::Stopped(by) => ExitStatus::Stopped(*by),
        }
    }
}

/// Does one run and says how it ended.
///
/// # Errors
/// It could not begin; nothing was made.
pub async fn run(
    request: &Request,
    settings: &Settings,
    base: &BaseEnv,
) -> Result<ExitStatus, RunError> {
    request.target.validate()?;
    let run_id = match &request.run_id {
        Some(text) => RunId::try_from(text.clone())?,
        None => fresh_run_id(request),
    };
    let stop = StopSignal::default();
    let _listening = signals::listen(&stop, settings.deadline.value).map_err(RunError::Signals)?;
    let base = base.clone().with("CCCI_RUN_ID", run_id.as_str());
    let folder = RunFolder::create(&settings.out.value, &run_id)?;
    let session = Session { request, settings, base, folder, stop };
    let ended = session.run(&run_id).await;
    session.folder.remove_work();
    if ended.is_err() {
        session.remove_empty_folder();
    }
    ended
}

struct Session<'a> {
    request: &'a Request,
    settings: &'a Settings,
    base: BaseEnv,
    folder: RunFolder,
    stop: StopSignal,
}

impl Session<'_> {
    async fn run(&self, run_id: &RunId) -> Result<ExitStatus, RunError> {
        if self.request.platform == Choice::Swarm {
            tokio::select! {
                biased;
                () = self.stop.stopped() => return Err(self.stopped()),
                () = gc::collect_dead(self.settings) => {}
            }
        }
        let trials = TrialsProcess {
            program: self.request.trials.clone(),
            base: self.base.clone(),
            run_file: self.folder.dir().join("run.json"),
        };
        let clone = self.folder.work().join("source");
        let prepared =
            prepare(&self.request.target, self.settings, run_id, &clone, &trials, &self.base);
        let prepared = tokio::select! {
            biased;
            () = self.stop.stopped() => return Err(self.stopped()),
            prepared = prepared => prepared?,
        };
        self.folder.write_plan(&prepared.plan)?;
        match self.request.platform {
            Choice::Swarm => {
                let swarm = self.connect(&prepared).await?;
                let lease = self.lease(&prepared.plan.app).await?;
                Ok(self.job(&prepared, &swarm, &trials, Some(lease)).await)
            }
            // Nobody else can reach a simulated server, and it ends with this process: there is nothing to lease.
            Choice::Embedded => {
                let embedded = self.simulate(&prepared, run_id).await?;
                Ok(self.job(&prepared, &embedded, &trials, None).await)
            }
        }
    }

    fn stopped(&self) -> RunError {
        RunError::Stopped(self.stop.reason().unwrap_or(Stop::Terminate))
    }

    async fn connect(&self, prepared: &Prepared) -> Result<Swarm, RunError> {
        let settings = SwarmSettings {
            docker_host: self.settings.docker_host.value.clone(),
            abra: self.settings.abra.value.clone(),
            abra_home: self.settings.state_dir.join("abra"),
            run_dir: self.folder.dir().to_owned(),
            https: self.settings.https.value,
            ca: self.settings.ca.value.clone(),
            server: "default".to_owned(),
            base_env: self.base.clone(),
            repository: prepared.source.repository.clone(),
            suite_overlay: prepared.suite.overlay.clone(),
            limits: harness_abra::Limits::default(),
        };
        Ok(Swarm::connect(settings).await?)
    }

    async fn simulate(&self, prepared: &Prepared, run_id: &RunId) -> Result<Embedded, RunError> {
        let digest = Sha256::digest(run_id.as_str());
        let revisions = prepared.plan.base.iter().chain([&prepared.plan.head]);
        let commits: Vec<_> = revisions.map(|r| r.commit.clone()).collect();
        let settings = EmbeddedSettings {
            seed: digest.iter().take(8).fold(0, |seed, byte| seed << 8 | u64::from(*byte)),
            speed: SPEED,
            suffix: self.settings.suffix.value.clone().unwrap_or_else(|| SUFFIX.to_owned()),
            dir: self.folder.work().join("server"),
            files: RecipeFiles::read(&prepared.source.repository, &commits).await?,
            suite_overlay: prepared.suite.overlay.clone(),
        };
        Ok(Embedded::start(settings).await?)
    }

    /// Takes the lease of the app's domain, removes what a killed run left there, and writes our own claim.
    async fn lease(&self, app: &App) -> Result<Lease, RunError> {
        let path = lease::path(&self.settings.state_dir, &app.domain);
        let failure = std::cell::RefCell::new(None);
        let look = async || match Lease::try_take(&path, true) {
            Ok(Attempt::Taken(lease)) => Readiness::Ready(Some(lease)),
            Ok(Attempt::Held) => Readiness::NotYet(format!("another run holds {}", app.domain)),
            Err(error) => {
                *failure.borrow_mut() = Some(error);
                Readiness::Ready(None)
            }
        };
        let pace = Pace::within(self.settings.deadline.value);
        let hint = Hint::default();
        let waiting = until(pace, &hint, look, |status| output::say(&format!("waiting: {status}")));
        let taken = tokio::select! {
            biased;
            () = self.stop.stopped() => return Err(self.stopped()),
            taken = waiting => taken.map_err(RunError::Busy)?,
        };
        if let Some(error) = failure.into_inner() {
            return Err(error.into());
        }
        let mut lease = taken.expect("a lease was taken or the failure returned");
        if let Some(claim) = lease.claim() {
            gc::mark(&mut lease, &claim);
            if let Err(text) = gc::remove(&claim, self.settings).await {
                // Its claim stays: nobody else knows what is left.
                let (run, domain) = (claim.app.run.to_string(), app.domain.to_string());
                return Err(RunError::Dirty { run, domain, text });
            }
        }
        lease.write(&self.claim(app, None))?;
        Ok(lease)
    }

    fn claim(&self, app: &App, kept_until: Option<Timestamp>) -> Claim {
        Claim {
            app: app.clone(),
            docker_host: self.settings.docker_host.value.clone(),
            run_dir: self.folder.dir().to_owned(),
            pid: std::process::id(),
            since: Timestamp::now(),
            kept_until,
            collector: None,
        }
    }

    async fn job<P: Platform>(
        &self,
        prepared: &Prepared,
        platform: &P,
        trials: &TrialsProcess,
        lease: Option<Lease>,
    ) -> ExitStatus {
        let mut sinks: Vec<Box<dyn harness_core::event::Sink>> = vec![Box::new(Progress::new())];
        match Recorder::begin(&self.folder) {
            Ok(recorder) => sinks.insert(0, Box::new(recorder)),
            Err(error) => output::error(&error),
        }
        let log = EventLog::new(sinks);
        let given = self.request.limits;
        let mut limits = Limits::for_suite(&prepared.suite_settings);
        limits.deploy = given.deploy.unwrap_or(limits.deploy);
        limits.http = given.http.unwrap_or(limits.http);
        limits.command = given.command.unwrap_or(limits.command);
        limits.teardown_step =
            given.command.unwrap_or(limits.teardown_step).max(Duration::from_secs(30));
        let job = Job {
            plan: &prepared.plan,
            settings: &prepared.suite_settings,
            recipe: &prepared.states,
            platform,
            trials,
            log: &log,
            limits,
            stop: self.stop.clone(),
            dir: self.folder.dir().to_owned(),
            keep: self.keep(),
        };
        job.run().await;
        self.finish(&prepared.plan.app, &log, lease)
    }

    /// A simulated server ends with its run: nothing of it can be kept.
    const fn keep(&self) -> Keep {
        match self.request.platform {
            Choice::Swarm => self.request.keep,
            Choice::Embedded => Keep::Never,
        }
    }

    /// Writes the last reports, ends the lease, and says what was proven.
    fn finish(&self, app: &App, log: &EventLog, mut lease: Option<Lease>) -> ExitStatus {
        self.folder.remove_work();
        for artefact in self.folder.scrub(&log.redactor()) {
            log.say(Happened::SecretLeaked { artefact });
        }
        let events = log.events();
        let results = match self.folder.report(&events) {
            Ok(results) => results,
            Err(error) => {
                output::error(&error);
                None
            }
        };
        let kept = !events.iter().any(|e| matches!(e.what, Happened::TeardownStep { .. }));
        let clean = results.as_ref().is_some_and(|r| r.flags.clean_teardown);
        if kept {
            let until = Timestamp::now() + KEPT_FOR;
            let claim = self.claim(app, Some(until));
            if let Some(Err(error)) = lease.as_mut().map(|lease| lease.write(&claim)) {
                output::error(&error);
            }
        } else if clean && let Some(lease) = lease {
            lease.release();
        }
        // A lease that is neither stays on disk: the next run or `cc-ci gc` tries again.
        let Some(results) = results else { return ExitStatus::Verdict(RunVerdict::Error) };
        output::data(&output::explain(&results, &events));
        output::data(&format!("results: {}", self.folder.dir().join("results.json")));
        match self.stop.reason() {
            Some(by) if events.iter().any(|e| matches!(e.what, Happened::Stopped { .. })) => {
                ExitStatus::Stopped(by)
            }
            Some(_) | None => ExitStatus::Verdict(results.verdict),
        }
    }

    /// A run that could not begin leaves no folder.
    fn remove_empty_folder(&self) {
        drop(std::fs::remove_dir(self.folder.dir().join("logs")));
        drop(std::fs::remove_file(self.folder.dir().join("plan.json")));
        drop(std::fs::remove_dir(self.folder.dir()));
    }
}

/// A name from the time and the process: unique on a machine, and sortable.
fn fresh_run_id(request: &Request) -> RunId {
    let now = jiff::Zoned::now();
    let unique = format!(
        "{}|{}|{}",
        std::process::id(),
        now.timestamp().as_nanosecond(),
        request.target.recipe
    );
    let digest = Sha256::digest(unique);
    let text = format!(
        "{}-{:02x}{:02x}",
        now.with_time_zone(jiff::tz::TimeZone::UTC).strftime("%Y%m%d-%H%M%S"),
        digest[0],
        digest[1]
    );
    RunId::try_from(text).expect("digits and hyphens are a run id")
}
