//! `cc-ci shell`.

use std::io::IsTerminal as _;
use std::time::Duration;

use harness_abra::engine::{Engine, EngineError};
use harness_core::event::Happened;
use harness_core::name::{RunId, ServiceName};
use harness_core::observation::{Observation, ServiceState, TaskState, Wanted};
use harness_core::plan::Plan;
use harness_core::process::{BaseEnv, Cmd, Deadline, ProcessError};
use harness_core::report::{ExitStatus, RunVerdict};
use thiserror::Error;

use crate::lease::{Claim, FileLeases, Leases};
use crate::output;

use super::Failed;
use super::options::Places;
use super::recorded::{Recorded, RecordedError, Which};

/// Opens a shell, or runs a command, in the container of a service's newest running task. The app must stand: its run
/// is under way, or kept it (`cc-ci run --keep`). Without a service, lists those that there are.
///
/// Its exit code is the command's own; 2 if there is nothing to run it in.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    which: Which,
    /// The service, as the compose file names it.
    service: Option<String>,
    /// The command and its arguments, after `--` [default: sh].
    #[arg(last = true)]
    command: Vec<String>,
    #[command(flatten)]
    places: Places,
}

/// There is nothing to run a command in.
#[derive(Debug, Error)]
enum ShellError {
    #[error(transparent)]
    Recorded(#[from] RecordedError),
    #[error(
        "run {0} was simulated, and its server ended with it: run it again with `--platform swarm --keep always`"
    )]
    Simulated(RunId),
    #[error(
        "run {0} has ended and its app was removed: run it again with `--keep always` or `--keep on-failure`"
    )]
    Gone(RunId),
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error("the app of run {run} has no service `{service}`; it has {}", shown(known))]
    NoService { run: RunId, service: String, known: Vec<ServiceName> },
    #[error("no task of service `{service}` runs: {state}")]
    NotRunning { service: ServiceName, state: String },
    #[error("the docker client is what opens a shell: install it, or put it on the PATH")]
    NoClient(#[source] ProcessError),
}

impl Args {
    pub(super) async fn run(self, base: &BaseEnv) -> Result<ExitStatus, Failed> {
        let settings = self.places.settings(base, None, None)?;
        let leases = FileLeases::new(&settings.state_dir);
        self.open(&leases, base).await.map_err(Failed::usage)
    }

    async fn open(&self, leases: &FileLeases, base: &BaseEnv) -> Result<ExitStatus, ShellError> {
        let recorded = self.which.read()?;
        let plan = plan(&recorded)?;
        let claim = standing(plan, leases.peek(&plan.app.domain))?;
        let engine = Engine::connect(&claim.docker_host).await?;
        let seen = engine.observe(&plan.app.stack).await?;
        let Some(service) = &self.service else {
            output::data(&listing(&seen));
            return Ok(ExitStatus::Verdict(RunVerdict::Pass));
        };
        let container = container(&seen, &plan.run_id, service)?;
        let client = self.client(&claim.docker_host, container, base);
        Err(ShellError::NoClient(client.become_it()))
    }

    /// Returns the docker client's command line. Nothing limits how long a person looks around.
    fn client(&self, host: &str, container: &str, base: &BaseEnv) -> Cmd {
        let cmd = Cmd::new("docker", base, Deadline::after(Duration::MAX));
        let cmd = cmd.args(["-H", host, "exec", "--interactive"]);
        let is_terminal = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
        let cmd = if is_terminal { cmd.arg("--tty") } else { cmd };
        let shell = ["sh".to_owned()];
        let command = if self.command.is_empty() { &shell[..] } else { &self.command[..] };
        cmd.arg(container).args(command.iter().cloned())
    }
}

/// Returns the plan of a run that was on an engine.
fn plan(recorded: &Recorded) -> Result<&Plan, ShellError> {
    let started = recorded.events.iter().find_map(|event| {
        if let Happened::RunStarted { plan, platform, .. } = &event.what {
            Some((plan, platform))
        } else {
            None
        }
    });
    match started {
        None => Err(RecordedError::Empty(recorded.path().to_owned()).into()),
        Some((plan, platform)) if platform.name == "embedded" => {
            Err(ShellError::Simulated(plan.run_id.clone()))
        }
        Some((plan, _)) => Ok(plan),
    }
}

/// Returns the claim of the run, if it is still there: what it names stands, as far as anybody knows.
fn standing(plan: &Plan, claim: Option<Claim>) -> Result<Claim, ShellError> {
    claim
        .filter(|claim| claim.app.run == plan.run_id)
        .ok_or_else(|| ShellError::Gone(plan.run_id.clone()))
}

/// Returns the container of the service's newest running task.
fn container<'a>(seen: &'a Observation, run: &RunId, service: &str) -> Result<&'a str, ShellError> {
    let Some(found) = seen.services.iter().find(|s| s.name.as_str() == service) else {
        let known = seen.services.iter().map(|s| s.name.clone()).collect();
        return Err(ShellError::NoService { run: run.clone(), service: service.to_owned(), known });
    };
    let running = found
        .tasks
        .iter()
        .filter(|t| matches!(t.state, TaskState::Running | TaskState::Starting))
        .max_by_key(|t| (t.state == TaskState::Running, t.created));
    running.and_then(|t| t.container.as_deref()).ok_or_else(|| ShellError::NotRunning {
        service: found.name.clone(),
        state: last_word(found),
    })
}

/// Returns what is known of the newest task of a service of which none runs.
fn last_word(service: &ServiceState) -> String {
    let Some(task) = service.tasks.first() else { return "it has no task".to_owned() };
    let error = task.error.as_deref().map(|e| format!(", {e}")).unwrap_or_default();
    format!("its newest task is {}{error}", format!("{:?}", task.state).to_lowercase())
}

/// Returns a line for each service: its name, how many of its tasks run, its image.
fn listing(seen: &Observation) -> String {
    let line = |service: &ServiceState| {
        let running = service.tasks.iter().filter(|t| t.state == TaskState::Running).count();
        let wanted = match service.wanted {
            Wanted::Replicas(wanted) => wanted.to_string(),
            Wanted::Global => "global".to_owned(),
        };
        format!("{:<16} {running}/{wanted:<6} {}", service.name.as_str(), service.image)
    };
    if seen.services.is_empty() {
        return "no service stands".to_owned();
    }
    seen.services.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn shown(names: &[ServiceName]) -> String {
    if names.is_empty() {
        return "none".to_owned();
    }
    names.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use harness_core::observation::Task;
    use jiff::Timestamp;

    use super::*;

    fn task(state: TaskState, age: i64, container: &str) -> Task {
        Task {
            id: container.to_owned(),
            state,
            should_run: true,
            is_current: true,
            created: Timestamp::from_second(1000 - age).unwrap(),
            since: Timestamp::UNIX_EPOCH,
            error: (state == TaskState::Rejected).then(|| "No such image: x:1".to_owned()),
            exit_code: None,
            container: (!container.is_empty()).then(|| container.to_owned()),
        }
    }

    fn seen(tasks: Vec<Task>) -> Observation {
        let service = ServiceState {
            name: ServiceName::try_from("db".to_owned()).unwrap(),
            image: "mariadb:10".to_owned(),
            labels: std::collections::BTreeMap::new(),
            wanted: Wanted::Replicas(1),
            spec: String::new(),
            ends_by_itself: false,
            update: None,
            tasks,
        };
        Observation { at: Timestamp::UNIX_EPOCH, services: vec![service] }
    }

    fn found(tasks: Vec<Task>, service: &str) -> Result<String, String> {
        let run = RunId::try_from("r1".to_owned()).unwrap();
        container(&seen(tasks), &run, service).map(str::to_owned).map_err(|e| e.to_string())
    }

    #[test]
    fn the_newest_running_task_is_the_one_and_a_starting_one_will_do() {
        let (old, new) = (task(TaskState::Running, 9, "old"), task(TaskState::Running, 1, "new"));
        let ended = task(TaskState::Failed, 0, "ended");
        assert_eq!(found(vec![ended.clone(), new, old.clone()], "db").as_deref(), Ok("new"));
        let starting = task(TaskState::Starting, 0, "starting");
        assert_eq!(found(vec![starting.clone(), old], "db").as_deref(), Ok("old"));
        assert_eq!(found(vec![starting, ended], "db").as_deref(), Ok("starting"));
    }

    #[test]
    fn what_does_not_run_is_said_with_its_reason() {
        assert_eq!(
            found(vec![task(TaskState::Rejected, 0, "")], "db").unwrap_err(),
            "no task of service `db` runs: its newest task is rejected, No such image: x:1"
        );
        assert_eq!(
            found(Vec::new(), "db").unwrap_err(),
            "no task of service `db` runs: it has no task"
        );
        assert_eq!(
            found(Vec::new(), "app").unwrap_err(),
            "the app of run r1 has no service `app`; it has db"
        );
    }

    #[test]
    fn the_listing_says_what_runs() {
        let text = listing(&seen(vec![task(TaskState::Running, 0, "c")]));
        assert_eq!(text, "db               1/1      mariadb:10");
        let nothing = Observation { at: Timestamp::UNIX_EPOCH, services: Vec::new() };
        assert_eq!(listing(&nothing), "no service stands");
    }
}
