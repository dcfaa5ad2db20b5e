//! Running a suite's `install_steps.sh` with what it needs to use abra and Docker on the app's behalf.

use std::time::Duration;

use camino::Utf8Path;
use harness_core::cause::CauseClass;
use harness_core::platform::{App, OpError, Revision};
use harness_core::process::BaseEnv;
use harness_core::recipe::EnvFile;
use harness_core::suite::{ENV_FILE_VARIABLE, INSTALL_STEPS, InstallSteps, StepsRan, overstepped};

use super::blame;
use super::connect::Swarm;
use crate::overlay::Overlays;

impl Swarm {
    /// Runs the script. What it changes in the app's env file is what will be deployed.
    pub(super) async fn run_steps(
        &self,
        app: &App,
        script: &str,
        given: &[(String, String)],
        limit: Duration,
    ) -> Result<StepsRan, OpError> {
        let op = format!("run {INSTALL_STEPS} for {}", app.domain);
        let before = self.without_overlays(app, &op).await?;
        let commit = self.known().placed.get(&app.domain).map(|p| p.commit.to_string());
        let env_file = self.dir.env_file(&app.domain);
        let coordinates = [
            ("CCCI_PLATFORM", "swarm"),
            ("CCCI_DOMAIN", app.domain.as_str()),
            ("CCCI_STACK", app.stack.as_str()),
            ("CCCI_RECIPE", app.recipe.as_str()),
            ("CCCI_COMMIT", commit.as_deref().unwrap_or_default()),
            (ENV_FILE_VARIABLE, env_file.as_str()),
            ("ABRA_DIR", self.dir.root().as_str()),
            ("ABRA_CI", "1"),
            ("NO_COLOR", "1"),
            ("TERM", "dumb"),
            ("DOCKER_HOST", self.settings.docker_host.as_str()),
        ];
        let steps = InstallSteps {
            script,
            dir: &self.settings.run_dir.join("work/install-steps").join(app.domain.as_str()),
            base: &with_abra(&self.settings.base_env, &self.settings.abra),
            vars: coordinates.map(|(name, value)| (name, value.to_owned())).to_vec(),
            given,
            hidden: self.known().secrets.clone(),
            limit,
        };
        let ran = steps.run().await;
        let mut ran = ran.map_err(|e| OpError::from_source(&op, CauseClass::Host, e))?;
        self.known().secrets.extend(ran.secrets.iter().cloned());
        let after = self.dir.read_env(&app.domain).map_err(blame::files(&op))?;
        ran.trouble = ran.trouble.or_else(|| overstepped(&before, &after));
        Ok(ran)
    }

    /// Takes our overlays away until the revision is placed again: abra's plain commands refuse a checkout that is not
    /// clean. Returns the app's env file as the script finds it.
    async fn without_overlays(&self, app: &App, op: &str) -> Result<EnvFile, OpError> {
        let placed = self.known().placed.get(&app.domain).map(|p| p.commit.clone());
        if let Some(commit) = placed {
            self.check_out(app, &Revision { commit, version: None }, op).await?;
        }
        let mut env = self.dir.read_env(&app.domain).map_err(blame::files(op))?;
        let before = env.clone();
        Overlays::default().name_in(&mut env);
        if env != before {
            self.dir.write_env(&app.domain, &env).map_err(blame::files(op))?;
        }
        Ok(env)
    }
}

/// Lets `abra` in a script be the one that this run uses.
fn with_abra(base: &BaseEnv, abra: &Utf8Path) -> BaseEnv {
    match abra.parent() {
        Some(folder) if abra.file_name() == Some("abra") && folder.is_absolute() => {
            let path = base.get("PATH").unwrap_or_default();
            base.clone().with("PATH", format!("{folder}:{path}"))
        }
        Some(_) | None => base.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_abra_of_the_run_comes_first() {
        let base = BaseEnv::default().with("PATH", "/usr/bin");
        let path = |abra: &str| {
            with_abra(&base, Utf8Path::new(abra)).get("PATH").unwrap_or_default().to_owned()
        };
        assert_eq!(path("/opt/cc-ci/abra"), "/opt/cc-ci:/usr/bin");
        assert_eq!(path("abra"), "/usr/bin");
        assert_eq!(path("/opt/abra-0.13"), "/usr/bin");
    }
}
