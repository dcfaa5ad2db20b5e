//! One run, from what was asked for to the exit code.

use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use harness_abra::{ConnectError, Swarm, SwarmSettings};
use harness_core::event::Stop;
use harness_core::lifecycle::{Keep, Limits, StopSignal, Trials};
use harness_core::name::{InvalidRunId, RunId};
use harness_core::platform::Platform;
use harness_core::process::BaseEnv;
use harness_core::recipe::GitError;
use harness_core::report::{ExitStatus, RunVerdict};
use harness_core::suite::Settings as SuiteSettings;
use harness_core::tier::Tier;
use harness_local::embedded::{Embedded, EmbeddedSettings, SPEED, SUFFIX, StartError};
use harness_local::fault::{Fault, Faulty, Kind, Told};
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::artefacts::{RunFolder, WriteError};
use crate::fault::ProcessFaults;
use crate::gc;
use crate::last_good::{self, Candidate};
use crate::machine::{Machine, RealMachine};
use crate::output::{self, Progress};
use crate::platform::Choice;
use crate::prepare::{PrepareError, Prepared, prepare, prepare_warm};
use crate::session::{Ended, Leasing, Session, SessionError};
use crate::settings::{NoAbra, Settings, check_abra};
use crate::signals;
use crate::target::{InvalidTarget, Target};
use crate::trials::TrialsProcess;
use crate::warm;

/// What one run was asked to do.
#[derive(Clone, Debug)]
pub struct Request {
    /// What to test.
    pub target: Target,
    /// Where.
    pub platform: Choice,
    /// The run's name; none: made from the time.
    pub run_id: Option<String>,
    /// What everything random on a simulated server is made of; none: made from the run's name.
    pub seed: Option<u64>,
    /// What goes wrong on purpose on a simulated server.
    pub faults: Vec<Fault>,
    /// When the deployment is left standing.
    pub keep: Keep,
    /// How long it stands then.
    pub keep_for: Duration,
    /// Limits given on the command line.
    pub limits: GivenLimits,
    /// Whether dependencies are deployed for the run also where one is kept warm.
    pub cold: bool,
    /// Whether the recipe is installed for other runs to attach to, and kept.
    pub keep_warm: bool,
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
    /// There is no abra to drive.
    #[error(transparent)]
    Abra(#[from] NoAbra),
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
    /// It could not begin on its machine.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// Signals cannot be heard.
    #[error("signal handlers could not be installed")]
    Signals(#[source] std::io::Error),
}

impl RunError {
    /// Returns how `cc-ci` ends because of it.
    pub const fn exit(&self) -> ExitStatus {
        match self {
            Self::Target(_)
            | Self::RunId(_)
            | Self::Prepare(_)
            | Self::Abra(_)
            | Self::Connect(_) => ExitStatus::Usage,
            Self::Session(SessionError::Stopped(by)) => ExitStatus::Stopped(*by),
            Self::Session(
                SessionError::Busy(_)
                | SessionError::Kept { .. }
                | SessionError::Dirty { .. }
                | SessionError::Lease(_),
            )
            | Self::Write(_)
            | Self::Files(_)
            | Self::Start(_) => ExitStatus::Verdict(RunVerdict::NotVerified),
            Self::Signals(_) => ExitStatus::Verdict(RunVerdict::Error),
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
        _ if request.keep_warm => warm::run_id(&request.target.recipe),
        Some(text) => RunId::try_from(text.clone())?,
        None => fresh_run_id(request),
    };
    let stop = StopSignal::default();
    let _listening = signals::listen(&stop, settings.deadline.value).map_err(RunError::Signals)?;
    let base = base.clone().with("CCCI_RUN_ID", run_id.as_str());
    let machine = Machine::new(settings, request.trials.clone(), &base);
    let folder = RunFolder::create(machine.disk, &settings.out.value, &run_id)?;
    let here = Here { request, settings, base, machine, folder, stop };
    let ended = here.run(&run_id).await;
    match &ended {
        // What attaching to it takes was sorted out by the session.
        Ok(Ended { kept_until: Some(_), .. }) => {}
        Ok(Ended { kept_until: None, .. }) => here.folder.remove_work(),
        Err(_) => {
            here.folder.remove_work();
            here.folder.remove_unbegun();
        }
    }
    ended.map(|ended| ended.status)
}

/// A run on this machine, as the command line asks for it.
struct Here<'a> {
    request: &'a Request,
    settings: &'a Settings,
    base: BaseEnv,
    machine: RealMachine,
    folder: RunFolder,
    stop: StopSignal,
}

impl Here<'_> {
    async fn run(&self, run_id: &RunId) -> Result<Ended, RunError> {
        if self.request.platform == Choice::Swarm {
            tokio::select! {
                biased;
                () = self.stop.stopped() => return Err(self.stopped()),
                () = gc::collect_dead(&self.machine, Timestamp::now()) => {}
            }
        }
        let trials = TrialsProcess {
            program: self.request.trials.clone(),
            base: self.base.clone(),
            run_file: self.folder.dir().join("run.json"),
        };
        let clone = self.folder.work().join("source");
        let prepared = tokio::select! {
            biased;
            () = self.stop.stopped() => return Err(self.stopped()),
            prepared = self.prepare(run_id, &clone, &trials) => prepared?,
        };
        self.folder.write_plan(&prepared.plan)?;
        match self.request.platform {
            Choice::Swarm => {
                let swarm = self.connect(&prepared).await?;
                let leasing = Leasing {
                    docker_host: self.settings.docker_host.value.clone(),
                    patience: self.settings.deadline.value,
                };
                self.session(&prepared, &swarm, &trials, Some(leasing)).await
            }
            // Nobody else can reach a simulated server, and it ends with this process: there is nothing to lease.
            Choice::Embedded => {
                let seed = self.request.seed.unwrap_or_else(|| seed_of(run_id));
                let embedded = self.simulate(&prepared, seed).await?;
                let faulty = Faulty::new(embedded, &self.request.faults, seed)
                    .sparing_base(prepared.plan.across_versions.is_some())
                    .beside(prepared.beside());
                let told = Told { trials: &trials, platform: &faulty };
                let ended = self.session(&prepared, &faulty, &told, None).await;
                self.say_faults(&faulty.took_effect());
                ended
            }
        }
    }

    async fn prepare(
        &self,
        run_id: &RunId,
        clone: &Utf8Path,
        trials: &TrialsProcess,
    ) -> Result<Prepared, PrepareError> {
        let (target, settings) = (&self.request.target, self.settings);
        if self.request.keep_warm {
            return prepare_warm(&target.recipe, settings, clone, trials, &self.base).await;
        }
        let prepared = prepare(target, settings, run_id, clone, trials, &self.base).await?;
        Ok(match self.request.platform {
            Choice::Swarm if !self.request.cold => {
                let warm = warm::on_engine(&self.machine.leases, &settings.docker_host.value);
                prepared.attaching(&warm, output::say)
            }
            Choice::Swarm | Choice::Embedded => prepared,
        })
    }

    fn stopped(&self) -> RunError {
        SessionError::Stopped(self.stop.reason().unwrap_or(Stop::Terminate)).into()
    }

    async fn connect(&self, prepared: &Prepared) -> Result<Swarm, RunError> {
        check_abra(&self.settings.abra)?;
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
            laid: prepared.laid.clone(),
            others: prepared
                .deps
                .iter()
                .map(|dep| {
                    let known = (dep.source.repository.clone(), dep.laid.clone());
                    (dep.plan.recipe.clone(), known)
                })
                .collect(),
            domains: std::iter::once(&prepared.plan.app)
                .chain(prepared.deps.iter().flat_map(Prepared::apps))
                .map(|app| app.domain.clone())
                .collect(),
            limits: harness_abra::Limits::default(),
        };
        Ok(Swarm::connect(settings).await?)
    }

    async fn simulate(&self, prepared: &Prepared, seed: u64) -> Result<Embedded, RunError> {
        let settings = EmbeddedSettings {
            seed,
            speed: SPEED,
            suffix: self.settings.suffix.value.clone().unwrap_or_else(|| SUFFIX.to_owned()),
            dir: self.folder.work().join("server"),
            base_env: self.base.clone(),
            files: prepared.files().await?,
            laid: prepared.laid.clone(),
            others: prepared.files_beside().await?,
        };
        Ok(Embedded::start(settings).await?)
    }

    async fn session<P: Platform, T: Trials>(
        &self,
        prepared: &Prepared,
        platform: &P,
        trials: &T,
        leasing: Option<Leasing>,
    ) -> Result<Ended, RunError> {
        let deps = prepared.all_needed(|settings| self.limits(settings));
        let session = Session {
            machine: &self.machine,
            platform,
            trials,
            plan: &prepared.plan,
            settings: &prepared.suite_settings,
            recipe: &prepared.states,
            folder: &self.folder,
            leasing,
            limits: self.limits(&prepared.suite_settings),
            keep: self.keep(),
            keep_for: self.request.keep_for,
            keep_warm: self.request.keep_warm,
            stop: self.stop.clone(),
            candidate: (!self.request.keep_warm).then(|| Candidate {
                folder: last_good::folder(&self.settings.state_dir),
                is_release: prepared.source.is_release() && self.request.target.pr.is_none(),
                is_whole: Tier::USUAL.iter().all(|t| self.request.target.stages.contains(t)),
                simulated_too: false,
            }),
            deps: &deps,
        };
        let faults = ProcessFaults::new(&self.request.faults);
        let ended = session.run(vec![Box::new(Progress::new()), Box::new(faults)]).await?;
        if let Some(results) = &ended.results {
            output::data(&output::explain(results, &ended.events, output::width()));
            if let Some(good) = &ended.promoted {
                output::data(&format!("last good: {} {}", results.recipe, good.version));
            }
            if let Some(until) = ended.kept_until {
                close(&self.folder.work());
                output::data(&match self.request.keep_warm {
                    true => output::warm(&prepared.plan),
                    false => output::kept(&prepared.plan, self.folder.dir(), until),
                });
            }
            output::data(&format!("results: {}", self.folder.dir().join("results.json")));
        }
        Ok(ended)
    }

    /// Says which of the faults that were asked for came to something, and which did not.
    fn say_faults(&self, did: &[Fault]) {
        for fault in self.request.faults.iter().filter(|f| f.kind() != Kind::Process) {
            let word = if did.contains(fault) { "took effect" } else { "came to nothing" };
            output::say(&format!("fault {fault}: {word}"));
        }
    }

    fn limits(&self, settings: &SuiteSettings) -> Limits {
        let given = self.request.limits;
        let limits = Limits::for_suite(settings);
        let mut limits = match self.request.platform {
            Choice::Swarm => limits,
            Choice::Embedded => limits.at_speed(SPEED),
        };
        limits.deploy = given.deploy.unwrap_or(limits.deploy);
        limits.http = given.http.unwrap_or(limits.http);
        limits.command = given.command.unwrap_or(limits.command);
        limits.teardown_step =
            given.command.unwrap_or(limits.teardown_step).max(Duration::from_secs(30));
        limits
    }

    /// A simulated server ends with its run: nothing of it can be kept.
    fn keep(&self) -> Keep {
        match (self.request.platform, self.request.keep) {
            (Choice::Swarm, keep) => keep,
            (Choice::Embedded, Keep::Never) => Keep::Never,
            (Choice::Embedded, Keep::OnFailure | Keep::Always | Keep::OnSuccess) => {
                output::say(
                    "nothing will be kept: a simulated server ends with its run; `--platform swarm` can",
                );
                Keep::Never
            }
        }
    }
}

/// Keeps other users of the machine from a folder that stays longer than its run: the backup in it may hold secrets.
fn close(folder: &Utf8Path) {
    let only_ours = std::fs::Permissions::from_mode(0o700);
    if let Err(error) = std::fs::set_permissions(folder, only_ours) {
        output::error(&error);
    }
}

/// A seed from a run's name.
fn seed_of(run: &RunId) -> u64 {
    let digest = Sha256::digest(run.as_str());
    digest.iter().take(8).fold(0, |seed, byte| seed << 8 | u64::from(*byte))
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
