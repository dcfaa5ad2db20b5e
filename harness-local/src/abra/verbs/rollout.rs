//! Applying a version that was chosen and checked out, and waiting for it. Shared by deploy, upgrade and rollback.

use std::collections::BTreeMap;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use harness_core::recipe::{ComposeError, EnvFile};
use jiff::Timestamp;
use thiserror::Error;

use super::prepare::{Prepared, read_compose};
use super::run::run_function;
use crate::abra::app::App;
use crate::abra::checkout::Checkout;
use crate::abra::converge::{Convergence, judge};
use crate::abra::fatal::Fatal;
use crate::abra::run::Abra;
use crate::abra::secrets::{check_names, check_present, of_app};
use crate::abra::stamp::{Stamp, labels, overlay};
use crate::engine::{Docker, ServiceFacts, StackDeploy};

/// How long a deploy is waited for when the recipe says nothing.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(50);

/// How often the wait looks.
const LOOK: Duration = Duration::from_millis(100);

/// Why an app cannot be deployed or did not come up.
#[derive(Debug, Error)]
pub enum DeployError {
    /// Flags that exclude each other.
    #[error("cannot use --chaos and a version or --latest together")]
    ChaosAndVersion,
    /// It runs already.
    #[error("{0} is already deployed")]
    AlreadyDeployed(String),
    /// It does not run.
    #[error("{0} is not deployed?")]
    NotDeployed(String),
    /// A compose file that `COMPOSE_FILE` names is not in this version.
    #[error("unable to open {path}")]
    NoComposeFile {
        /// The file.
        path: Utf8PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A compose file cannot be read.
    #[error("unable to read the compose files")]
    Compose(#[source] ComposeError),
    /// A service depends on one that is not there.
    #[error("service \"{service}\" depends on undefined service {on}")]
    DependsOn {
        /// The service.
        service: String,
        /// What it depends on.
        on: String,
    },
    /// The domain leads nowhere.
    #[error("unable to resolve ipv4 address for {domain}")]
    Domain {
        /// The domain.
        domain: String,
        /// Why.
        source: std::io::Error,
    },
    /// A file for the client cannot be written.
    #[error("unable to write a temporary file")]
    Temporary(#[source] std::io::Error),
    /// A service will not come up as deployed.
    #[error("deploy failed 🛑 {0}")]
    Failed(String),
    /// Not everything came up in time.
    #[error("deploy timed out 🟠 after {seconds} seconds, still waiting for {waiting}")]
    TimedOut {
        /// The limit.
        seconds: u64,
        /// What was waited for.
        waiting: String,
    },
}

/// How a rollout is done.
#[derive(Clone, Debug)]
pub(super) struct Rollout {
    /// What is stamped and written back.
    pub(super) stamp: Stamp,
    /// Whether the domain is looked up first.
    pub(super) check_domain: bool,
    /// Whether it is waited for.
    pub(super) wait: bool,
    /// The settings' key of commands that run afterwards.
    pub(super) commands: &'static str,
}

impl Abra {
    /// Deploys what is checked out, waits, and writes the version back.
    pub(super) async fn roll_out(
        &mut self,
        engine: &Docker,
        app: &mut App,
        checkout: &Checkout,
        running: &[ServiceFacts],
        rollout: &Rollout,
    ) -> Result<(), Fatal> {
        let prepared = read_compose(app, checkout)?;
        check_depends_on(&prepared)?;
        check_names(&prepared.compose, &app.stack)?;
        let secrets = of_app(&prepared.compose, &app.env, &app.stack);
        if !secrets.is_empty() {
            check_present(&secrets, &engine.secrets(&app.stack).await?)?;
        }
        self.warn_about_missing_settings(app, checkout);
        if rollout.check_domain {
            let host = (app.domain.as_str(), 443);
            let found = tokio::net::lookup_host(host).await;
            found
                .map(drop)
                .map_err(|source| DeployError::Domain { domain: app.domain.to_string(), source })?;
        }
        self.screen.info(format!(
            "deploying {} of {} to {}",
            rollout.stamp.text(),
            app.recipe,
            app.domain
        ));
        self.proceed("deployment")?;
        let began = Timestamp::now();
        self.apply(engine, app, checkout, &prepared, &rollout.stamp).await?;
        if rollout.wait {
            let before = running.iter().map(|s| (s.name.clone(), s.template.clone())).collect();
            wait(engine, app, &before, began).await?;
            self.screen.info("deploy succeeded 🟢");
            self.run_post_commands(engine, app, checkout, rollout.commands).await?;
        } else {
            self.screen.warn("skipping converge logic checks");
        }
        Ok(app.write_back(rollout.stamp.text())?)
    }

    async fn apply(
        &mut self,
        engine: &Docker,
        app: &App,
        checkout: &Checkout,
        prepared: &Prepared,
        stamp: &Stamp,
    ) -> Result<(), Fatal> {
        let temp = tempfile::tempdir().map_err(DeployError::Temporary)?;
        let stamped = temp.path().join("compose.stamp.yml");
        let text =
            overlay(prepared.compose.version.as_deref(), &labels(&app.stack, &app.recipe, stamp));
        std::fs::write(&stamped, text).map_err(DeployError::Temporary)?;
        let mut files: Vec<Utf8PathBuf> = prepared.files.iter().map(Utf8PathBuf::from).collect();
        // Labels stand on the `app` service alone; a recipe without one gets none, as abra does.
        if prepared.compose.service("app").is_some() {
            let stamped = Utf8PathBuf::try_from(stamped)
                .map_err(|e| DeployError::Temporary(e.into_io_error()))?;
            files.push(stamped);
        }
        let deploy = StackDeploy {
            stack: app.stack.clone(),
            cwd: checkout.dir.clone(),
            files,
            vars: prepared.vars.clone(),
            limit: Duration::from_secs(120),
        };
        let said = engine.deploy_stack(&deploy).await?;
        said.lines().for_each(|line| self.screen.debug(line));
        Ok(())
    }

    fn warn_about_missing_settings(&mut self, app: &App, checkout: &Checkout) {
        let sample = EnvFile::parse(&checkout.text(".env.sample").unwrap_or_default());
        for (name, _) in sample.vars() {
            if app.env.get(&name).is_none() && !matches!(name.as_str(), "TYPE" | "RECIPE") {
                self.screen.warn(format!(
                    "env var {name} missing from {}.env, present in recipe .env.sample",
                    app.domain
                ));
            }
        }
    }

    async fn run_post_commands(
        &mut self,
        engine: &Docker,
        app: &App,
        checkout: &Checkout,
        key: &str,
    ) -> Result<(), Fatal> {
        let commands = app.env.get(key).unwrap_or_default();
        for command in commands.split('|').map(str::trim).filter(|command| !command.is_empty()) {
            let words: Vec<String> = command.split_whitespace().map(str::to_owned).collect();
            let [service, function, args @ ..] = words.as_slice() else {
                return Err(Fatal::Usage(format!(
                    "{key}: expected `service command args`, saw `{command}`"
                )));
            };
            self.screen.info(format!("running post-command '{function}' in {service}"));
            run_function(self, engine, app, checkout, &[service.clone(), function.clone()], args)
                .await?;
        }
        Ok(())
    }
}

fn check_depends_on(prepared: &Prepared) -> Result<(), DeployError> {
    for service in &prepared.compose.services {
        if let Some(on) =
            service.depends_on.iter().find(|on| prepared.compose.service(on).is_none())
        {
            return Err(DeployError::DependsOn {
                service: service.name.to_string(),
                on: on.clone(),
            });
        }
    }
    Ok(())
}

/// Waits until the stack is up, at most as long as the recipe's timeout label says.
async fn wait(
    engine: &Docker,
    app: &App,
    before: &BTreeMap<String, String>,
    began: Timestamp,
) -> Result<(), Fatal> {
    let started = tokio::time::Instant::now();
    let mut ticks = tokio::time::interval(LOOK);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let (services, tasks) =
            (engine.services(&app.stack).await?, engine.tasks(&app.stack).await?);
        let waiting = match judge(&services, &tasks, before, began) {
            Convergence::Ready => return Ok(()),
            Convergence::Failed(why) => return Err(DeployError::Failed(why).into()),
            Convergence::NotYet(waiting) => waiting,
        };
        let limit = timeout(app, &services);
        if started.elapsed() >= limit {
            return Err(DeployError::TimedOut { seconds: limit.as_secs(), waiting }.into());
        }
    }
}

/// Returns what the timeout label of the `app` service says.
fn timeout(app: &App, services: &[ServiceFacts]) -> Duration {
    let service = services.iter().find(|service| service.short_name() == "app");
    let label = service
        .and_then(|service| service.labels.get(&format!("coop-cloud.{}.timeout", app.stack)));
    label.and_then(|text| text.parse().ok()).map_or(DEFAULT_TIMEOUT, Duration::from_secs)
}

/// Returns the release note of a version, if the recipe has one.
pub(super) fn release_note(dir: &Utf8Path, version: &str) -> Option<String> {
    std::fs::read_to_string(dir.join("release").join(version)).ok()
}
