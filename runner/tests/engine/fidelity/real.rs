//! A Docker Engine as a side of a scenario. Main type: [`Real`].

use std::time::Duration;

use camino::Utf8PathBuf;
use harness_abra::engine::{Engine, Stopping};
use harness_core::name::{ServiceName, StackName};
use harness_core::observation::Observation;
use harness_core::process::{BaseEnv, Cmd, Deadline};
use harness_local::engine::{Docker, StackDeploy};
use harness_local::fidelity::{Act, PlayError, Scenario, Side, outcome};
use libtest_mimic::Failed;
use tokio::time::{Interval, MissedTickBehavior, interval};

use crate::world::{World, docker};

const DOCKER_HOST: &str = "unix:///var/run/docker.sock";

/// Time between looks.
const LOOK: Duration = Duration::from_millis(80);

/// No command of the client may take longer.
const LIMIT: Duration = Duration::from_secs(60);

/// A Docker Engine with a stack of the scenario's own.
pub(crate) struct Real {
    engine: Engine,
    client: Docker,
    base: BaseEnv,
    stack: StackName,
    dir: Utf8PathBuf,
    ticks: Interval,
}

/// Returns the engine's version.
pub(crate) async fn version() -> Result<String, Failed> {
    Ok(Engine::connect(DOCKER_HOST).await?.facts().await?.version)
}

impl Real {
    pub(crate) async fn connect(
        world: &World,
        scenario: &Scenario,
        stack: &StackName,
    ) -> Result<Self, Failed> {
        let engine = Engine::connect(DOCKER_HOST).await?;
        engine.check_test_server().await?;
        let client = Docker::connect(DOCKER_HOST, &world.base).await?;
        let dir = world.dir.join("stack");
        std::fs::create_dir_all(&dir)?;
        for (name, text) in scenario.files {
            std::fs::write(dir.join(name), text)?;
        }
        let mut ticks = interval(LOOK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (base, stack) = (world.base.clone(), stack.clone());
        Ok(Self { engine, client, base, stack, dir, ticks })
    }

    /// Removes whatever there is of the stack.
    pub(crate) async fn remove(&self) -> Result<(), Failed> {
        self.engine.remove_running(&self.stack, Stopping::AtOnce, LIMIT).await?;
        self.engine.remove_kept(&self.stack, LIMIT).await?;
        Ok(())
    }

    async fn docker(&self, args: &[&str]) -> Result<String, String> {
        let cmd = Cmd::new(docker(), &self.base, Deadline::after(LIMIT)).args(args.iter().copied());
        let output = cmd.output().await.map_err(|e| e.to_string())?;
        if output.status.success() { Ok(output.stdout) } else { Err(output.stderr) }
    }

    async fn do_it(&self, act: &Act, container: Option<&str>) -> Result<String, String> {
        let full = |name: &str| format!("{}_{name}", self.stack);
        match act {
            Act::Deploy(text) => {
                let file = self.dir.join("compose.yml");
                let text = text.replace("STACK", self.stack.as_str());
                std::fs::write(&file, text).map_err(|e| e.to_string())?;
                let deploy = StackDeploy {
                    stack: self.stack.clone(),
                    cwd: self.dir.clone(),
                    files: vec![file],
                    vars: Vec::new(),
                    limit: LIMIT,
                };
                self.client.deploy_stack(&deploy).await.map_err(|e| e.to_string())?;
            }
            Act::Exec(service, argv) => return self.exec(service, argv).await,
            Act::ExecEnded(_) => {
                self.docker(&["exec", container.unwrap_or("none"), "true"]).await?;
            }
            Act::Kill(service) => {
                let label = format!("label=com.docker.swarm.service.name={}", full(service));
                let list = ["ps", "--quiet", "--filter", &label, "--filter", "status=running"];
                let id = self.docker(&list).await?;
                self.docker(&["kill", id.trim()]).await?;
            }
            Act::MakeSecret(name) => {
                let file = self.dir.join("secret");
                std::fs::write(&file, "s3cret").map_err(|e| e.to_string())?;
                self.docker(&["secret", "create", &full(name), file.as_str()]).await?;
            }
            Act::RemoveSecret(name) => drop(self.docker(&["secret", "rm", &full(name)]).await?),
            Act::RemoveConfig(name) => drop(self.docker(&["config", "rm", &full(name)]).await?),
            Act::RemoveNetwork(name) => drop(self.docker(&["network", "rm", &full(name)]).await?),
            Act::FindNetwork(name) => {
                let names = self.docker(&["network", "ls", "--format", "{{.Name}}"]).await?;
                let there = names.lines().any(|n| n == full(name));
                return Ok(if there { "there" } else { "not there" }.to_owned());
            }
            Act::RemoveService(service) => {
                drop(self.docker(&["service", "rm", &full(service)]).await?);
            }
            Act::RemoveStack => drop(self.docker(&["stack", "rm", self.stack.as_str()]).await?),
        }
        Ok("done".to_owned())
    }

    /// Runs a program as the harness does.
    async fn exec(&self, service: &str, argv: &[&str]) -> Result<String, String> {
        use harness_abra::engine::ExecError;
        let name = ServiceName::try_from(service.to_owned()).map_err(|e| e.to_string())?;
        match self.engine.exec(&self.stack, &name, argv, LIMIT).await {
            Ok(_) => Ok("exit 0".to_owned()),
            Err(ExecError::Failed { code, .. }) => Ok(format!("exit {code}")),
            Err(ExecError::NotRunning { .. }) => Err("no container of it runs".to_owned()),
            Err(
                error @ (ExecError::NoProgram { .. }
                | ExecError::TimedOut { .. }
                | ExecError::Engine(_)),
            ) => Err(error.to_string()),
        }
    }
}

impl Side for Real {
    async fn look(&mut self) -> Result<Observation, PlayError> {
        self.engine.observe(&self.stack).await.map_err(|e| PlayError::Look(e.to_string()))
    }

    async fn pass(&mut self) {
        self.ticks.tick().await;
    }

    async fn act(&mut self, act: &Act, container: Option<&str>) -> String {
        self.do_it(act, container).await.unwrap_or_else(|said| outcome(&said))
    }

    async fn is_gone(&mut self) -> Result<bool, PlayError> {
        let left = self.engine.left_of(&self.stack).await;
        Ok(left.map_err(|e| PlayError::Look(e.to_string()))?.is_nothing())
    }
}
