//! Stacks, through the `docker` client: it merges and interpolates compose files, and the engine has no such call.

use std::time::Duration;

use camino::Utf8PathBuf;
use harness_core::name::StackName;
use harness_core::process::{BaseEnv, Cmd, Deadline};

use super::{Docker, EngineError};

/// Variables of the app that must not reach the client: they would change what it runs or whom it talks to.
const CLIENT_ONLY: &[&str] =
    &["PATH", "HOME", "DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG", "LD_PRELOAD"];

/// A stack to be deployed.
#[derive(Clone, Debug)]
pub struct StackDeploy {
    /// The stack.
    pub stack: StackName,
    /// Where relative paths in the compose files begin.
    pub cwd: Utf8PathBuf,
    /// The compose files, the first one in `cwd`; later ones are laid over earlier ones.
    pub files: Vec<Utf8PathBuf>,
    /// What the compose files may interpolate. A variable that is not here is empty.
    pub vars: Vec<(String, String)>,
    /// How long the client may take.
    pub limit: Duration,
}

impl Docker {
    /// Deploys a stack and returns what the client said. It does not wait for tasks.
    ///
    /// # Errors
    /// The client's own words.
    pub async fn deploy_stack(&self, deploy: &StackDeploy) -> Result<String, EngineError> {
        let mut cmd =
            Cmd::new("docker", &self.client_env(), Deadline::after(deploy.limit)).cwd(&deploy.cwd);
        for (name, value) in
            deploy.vars.iter().filter(|(name, _)| !CLIENT_ONLY.contains(&name.as_str()))
        {
            cmd = cmd.env(name, value);
        }
        cmd = cmd.args(["stack", "deploy", "--resolve-image", "never", "--prune=false"]);
        for file in &deploy.files {
            cmd = cmd.arg("--compose-file").arg(file);
        }
        let output =
            cmd.arg(deploy.stack.as_str()).run().await.map_err(|e| EngineError::from_client(&e))?;
        Ok(output.stdout)
    }

    /// Removes a stack: its services, networks and configs. Volumes and external secrets stay.
    ///
    /// # Errors
    /// The client's own words.
    pub async fn remove_stack(&self, stack: &StackName) -> Result<(), EngineError> {
        let cmd = Cmd::new("docker", &self.client_env(), Deadline::after(Duration::from_secs(60)));
        let removed = cmd.args(["stack", "rm", stack.as_str()]).run().await;
        removed.map(drop).map_err(|e| EngineError::from_client(&e))
    }

    /// Sets how many tasks a service (full name) should have, without waiting.
    ///
    /// # Errors
    /// The client's own words.
    pub async fn scale(&self, service: &str, replicas: u64) -> Result<(), EngineError> {
        let cmd = Cmd::new("docker", &self.client_env(), Deadline::after(Duration::from_secs(60)));
        let scaled = cmd
            .args(["service", "scale", "--detach", &format!("{service}={replicas}")])
            .run()
            .await;
        scaled.map(drop).map_err(|e| EngineError::from_client(&e))
    }

    /// Returns the client's environment: what it needs to start and nothing that a compose file could pick up.
    pub(super) fn client_env(&self) -> BaseEnv {
        let mut env = BaseEnv::default().with("DOCKER_HOST", self.host.as_str());
        for name in ["PATH", "HOME", "CCCI_RUN_ID"] {
            if let Some(value) = self.base.get(name) {
                env = env.with(name, value);
            }
        }
        env
    }
}
