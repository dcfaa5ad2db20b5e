//! `cc-ci warm`.

use std::time::Duration;

use camino::Utf8Path;
use clap::Subcommand;
use harness_core::lifecycle::Keep;
use harness_core::name::RecipeName;
use harness_core::platform::App;
use harness_core::process::BaseEnv;
use harness_core::report::{ExitStatus, RunVerdict};
use harness_core::run_file::Phase;
use jiff::{SignedDuration, Timestamp};
use thiserror::Error;

use crate::artefacts::RunFolder;
use crate::gc;
use crate::lease::{Attempt, Claim, Lease as _, LeaseError, Leases as _};
use crate::machine::{Machine, RealMachine};
use crate::output;
use crate::platform::Choice;
use crate::prepare::{install_of, prepare_warm};
use crate::run::{GivenLimits, Request, run};
use crate::settings::Settings;
use crate::trials::TrialsProcess;
use crate::warm::{self, WarmOne};

use super::Failed;
use super::options::{Places, recipe};

/// Keeps providers warm: one installation that runs attach to instead of deploying one each.
///
/// Each run gets a realm, or whatever the provider makes for it, of its own, and takes it back at its end; `cc-ci gc`
/// takes back what killed runs left. A run deploys its own all the same when the warm one does not work, or is of
/// another commit, and says so.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Installs a recipe and keeps it; one that works already is left as it is, one that does not is made anew.
    Up(Up),
    /// Says what is kept warm, whether it works, and who is attached. Exits with 3 if something does not work.
    Status(Status),
    /// Removes what is kept warm; not while a run is attached.
    Down(Down),
}

#[derive(Debug, clap::Args)]
struct Up {
    /// The recipe, such as keycloak.
    #[arg(value_parser = recipe)]
    recipe: RecipeName,
    #[command(flatten)]
    places: Places,
}

#[derive(Debug, clap::Args)]
struct Status {
    /// The recipe [default: all].
    #[arg(value_parser = recipe)]
    recipe: Option<RecipeName>,
    #[command(flatten)]
    places: Places,
}

#[derive(Debug, clap::Args)]
struct Down {
    /// The recipe.
    #[arg(value_parser = recipe)]
    recipe: RecipeName,
    /// Also while runs are attached: they cannot be verified then.
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    places: Places,
}

/// How long it stands: until somebody removes it.
const EVER: Duration = Duration::from_hours(100 * 365 * 24);

/// What is kept warm could not be changed.
#[derive(Debug, Error)]
enum WarmError {
    #[error("no `{recipe}` is kept warm on {engine}; `cc-ci warm up {recipe}` makes one")]
    None { recipe: RecipeName, engine: String },
    #[error("{domain} is being made or removed by another process: try again when it has ended")]
    Busy { domain: String },
    #[error(
        "{} attached to {domain}: {}; wait for {}, or see `--force` of `cc-ci warm down`",
        if runs.len() == 1 { "a run is" } else { "runs are" },
        runs.join(", "),
        if runs.len() == 1 { "its end" } else { "their ends" }
    )]
    Attached { domain: String, runs: Vec<String> },
    #[error("{domain} could not be removed: {why}; `cc-ci gc` tries again")]
    Stuck { domain: String, why: String },
    #[error(transparent)]
    Lease(#[from] LeaseError),
    #[error("failed to make a temporary folder")]
    Folder(#[source] std::io::Error),
    #[error("the temporary folder's path is not UTF-8")]
    Path,
}

impl From<WarmError> for Failed {
    fn from(error: WarmError) -> Self {
        let exit = match error {
            WarmError::None { .. } | WarmError::Folder(_) | WarmError::Path => ExitStatus::Usage,
            WarmError::Busy { .. }
            | WarmError::Attached { .. }
            | WarmError::Stuck { .. }
            | WarmError::Lease(_) => ExitStatus::Verdict(RunVerdict::NotVerified),
        };
        Self { error: Box::new(error), exit }
    }
}

impl Args {
    pub(super) async fn run(self, base: &BaseEnv) -> Result<ExitStatus, Failed> {
        match self.action {
            Action::Up(up) => up.run(base).await,
            Action::Status(status) => status.run(base).await,
            Action::Down(down) => down.run(base).await,
        }
    }
}

impl Up {
    async fn run(self, base: &BaseEnv) -> Result<ExitStatus, Failed> {
        let mut settings = self.places.settings(base, None, None)?;
        let here = Here::new(&settings, &self.places, base);
        if let Some(one) = here.find(&self.recipe) {
            match here.works(&one).await {
                Ok(()) if here.is_newest(&one, base).await? => {
                    output::data(&format!("kept warm already: https://{}", one.app.domain));
                    return Ok(ExitStatus::Verdict(RunVerdict::Pass));
                }
                Ok(()) => output::say(&format!("{}: the recipe has moved on", one.app.domain)),
                Err(why) => output::say(&format!("{} does not work: {why}", one.app.domain)),
            }
            here.remove(&one, false).await?;
        }
        // A folder without a lease is what an attempt left that came to nothing.
        settings.out.value = settings.state_dir.join("warm");
        let dir = settings.out.value.join(warm::run_id(&self.recipe).as_str());
        RunFolder::of_dead_run(here.machine.disk, &dir).remove();
        let request = Request {
            target: install_of(&self.recipe),
            platform: Choice::Swarm,
            run_id: None,
            seed: None,
            faults: Vec::new(),
            keep: Keep::OnSuccess,
            keep_for: EVER,
            limits: GivenLimits::default(),
            cold: false,
            keep_warm: true,
            trials: self.places.trials(),
        };
        let ended = run(&request, &settings, base).await;
        ended.map_err(|error| Failed { exit: error.exit(), error: Box::new(error) })
    }
}

impl Status {
    async fn run(self, base: &BaseEnv) -> Result<ExitStatus, Failed> {
        let settings = self.places.settings(base, None, None)?;
        let here = Here::new(&settings, &self.places, base);
        let mut shown: Vec<WarmOne> = here.all();
        if let Some(recipe) = &self.recipe {
            shown.retain(|one| one.app.recipe == *recipe);
            if shown.is_empty() {
                return Err(here.none(recipe).into());
            }
        }
        if shown.is_empty() {
            output::data(&format!("nothing is kept warm on {}", here.engine()));
        }
        let mut all_work = true;
        for one in &shown {
            let works = here.works(one).await;
            all_work &= works.is_ok();
            output::data(&line(one, &works, Timestamp::now()));
            let attached = warm::attached(&here.machine.leases, &one.app.domain);
            for app in attached.map_err(WarmError::from)? {
                output::data(&format!("  attached      {} of run {}", app.domain, app.run));
            }
        }
        let verdict = if all_work { RunVerdict::Pass } else { RunVerdict::NotVerified };
        Ok(ExitStatus::Verdict(verdict))
    }
}

/// Returns what is said of one.
fn line(one: &WarmOne, works: &Result<(), String>, now: Timestamp) -> String {
    let age = now.duration_since(one.claim.since).max(SignedDuration::ZERO);
    let (hours, minutes) = (age.as_hours(), age.as_mins() % 60);
    let works = match works {
        Ok(()) => "works".to_owned(),
        Err(why) => format!("does not work: {why}"),
    };
    let (recipe, domain, commit) = (&one.app.recipe, &one.app.domain, one.commit.short());
    format!("{recipe} {commit}, for {hours} h {minutes:02} min at https://{domain}: {works}")
}

impl Down {
    async fn run(self, base: &BaseEnv) -> Result<ExitStatus, Failed> {
        let settings = self.places.settings(base, None, None)?;
        let here = Here::new(&settings, &self.places, base);
        let Some(one) = here.find(&self.recipe) else {
            return Err(here.none(&self.recipe).into());
        };
        here.remove(&one, self.force).await?;
        output::data(&format!("removed: {}", one.app.domain));
        Ok(ExitStatus::Verdict(RunVerdict::Pass))
    }
}

/// What is kept warm on this machine's engine.
struct Here {
    settings: Settings,
    machine: RealMachine,
}

impl Here {
    fn new(settings: &Settings, places: &Places, base: &BaseEnv) -> Self {
        let settings = settings.clone();
        Self { machine: Machine::new(&settings, places.trials(), base), settings }
    }
    fn engine(&self) -> &str {
        &self.settings.docker_host.value
    }

    fn all(&self) -> Vec<WarmOne> {
        warm::on_engine(&self.machine.leases, self.engine())
    }

    fn find(&self, recipe: &RecipeName) -> Option<WarmOne> {
        self.all().into_iter().find(|one| one.app.recipe == *recipe)
    }

    fn none(&self, recipe: &RecipeName) -> WarmError {
        WarmError::None { recipe: recipe.clone(), engine: self.engine().to_owned() }
    }

    /// Looks whether it does its work for others, by its own suite.
    ///
    /// # Errors
    /// It does not: why.
    async fn works(&self, one: &WarmOne) -> Result<(), String> {
        self.machine.sweep.suites.ask(&one.claim, Phase::Works, None).await
    }

    /// Returns whether it is of the commit that a run would deploy today.
    async fn is_newest(&self, one: &WarmOne, base: &BaseEnv) -> Result<bool, Failed> {
        let folder = tempfile::tempdir().map_err(|e| Failed::usage(WarmError::Folder(e)))?;
        let dir =
            Utf8Path::from_path(folder.path()).ok_or_else(|| Failed::usage(WarmError::Path))?;
        let suites = TrialsProcess {
            program: self.machine.sweep.suites.trials.clone(),
            base: base.clone(),
            run_file: dir.join("run.json"),
        };
        let (recipe, clone) = (&one.app.recipe, dir.join("source"));
        let prepared = prepare_warm(recipe, &self.settings, &clone, &suites, base).await;
        Ok(prepared.map_err(Failed::usage)?.plan.head.commit == one.commit)
    }

    /// Removes one. Its lease says so before anybody looks who is attached: a run that attaches now sees it, or is seen.
    ///
    /// # Errors
    /// A run is attached, unless it is forced; or not all could be removed.
    async fn remove(&self, one: &WarmOne, force: bool) -> Result<(), WarmError> {
        let (leases, domain) = (&self.machine.leases, &one.app.domain);
        let busy = || WarmError::Busy { domain: domain.to_string() };
        let mut lease = match leases.try_take(domain, false) {
            Ok(Attempt::Taken(lease)) => lease,
            Ok(Attempt::Held) => return Err(busy()),
            Err(error) => return Err(error.into()),
        };
        // Another process may have been here meanwhile.
        let Some(claim) = lease.claim().filter(|claim| claim.warm.is_some()) else {
            return Err(busy());
        };
        let leaving =
            Claim { warm: None, collector: Some(leases.pid()), kept_until: None, ..claim.clone() };
        lease.write(&leaving)?;
        let attached = match warm::attached(leases, domain) {
            Ok(attached) => attached,
            Err(error) => {
                lease.write(&claim)?;
                return Err(error.into());
            }
        };
        if !attached.is_empty() && !force {
            lease.write(&claim)?;
            let run = |app: &App| format!("{} ({})", app.run, app.domain);
            let runs = attached.iter().map(run).collect();
            return Err(WarmError::Attached { domain: domain.to_string(), runs });
        }
        let removed = gc::remove(&self.machine, &mut lease, &claim).await;
        removed.map_err(|why| WarmError::Stuck { domain: domain.to_string(), why })?;
        lease.release();
        RunFolder::of_dead_run(self.machine.disk, &claim.run_dir).remove();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use harness_core::name::{Commit, StackName};

    use super::*;

    #[test]
    fn a_line_says_what_it_is_how_long_and_whether_it_works() {
        let recipe = RecipeName::try_from("keycloak".to_owned()).unwrap();
        let domain = warm::domain(&recipe, "example.org").unwrap();
        let (stack, run) = (StackName::from(&domain), warm::run_id(&recipe));
        let commit = Commit::try_from("1234567890".repeat(4)).unwrap();
        let claim = Claim {
            app: App { recipe, stack, domain, run },
            docker_host: "unix:///x".to_owned(),
            run_dir: "/state/warm/warm-keycloak".into(),
            pid: 1,
            since: Timestamp::UNIX_EPOCH,
            kept_until: None,
            warm: Some(commit),
            attached: Vec::new(),
            collector: None,
        };
        let one = WarmOne::of(claim).unwrap();
        let now = Timestamp::from_second(2 * 3600 + 180).unwrap();
        assert_eq!(
            line(&one, &Err("status 502".to_owned()), now),
            "keycloak 12345678, for 2 h 03 min at https://warm-keycloak.example.org: does not work: status 502"
        );
        assert!(
            line(&one, &Ok(()), Timestamp::UNIX_EPOCH)
                .ends_with("0 h 00 min at https://warm-keycloak.example.org: works")
        );
    }
}
