//! Running a suite's `install_steps.sh` beside the simulated server.

use std::time::Duration;

use harness_core::cause::CauseClass;
use harness_core::platform::{App, OpError};
use harness_core::recipe::EnvFile;
use harness_core::suite::{ENV_FILE_VARIABLE, INSTALL_STEPS, InstallSteps, StepsRan, overstepped};

use super::platform::Embedded;
use super::server::Reach;

/// Where no engine is: a script must not reach the one of this host by mistake.
const NO_ENGINE: &str = "unix:///nonexistent/the-simulated-server-has-no-docker.sock";

/// What a reader of a failure may need to know.
const NO_TOOLS: &str =
    "(on a simulated server the app's env file is real, and there is no docker and no abra)";

impl<R: Reach> Embedded<R> {
    /// Runs the script with the app's env file in a folder of this host, and takes the file back as it left it.
    pub(super) async fn run_steps(
        &self,
        app: &App,
        script: &str,
        given: &[(String, String)],
        limit: Duration,
    ) -> Result<StepsRan, OpError> {
        let op = format!("run {INSTALL_STEPS} for {}", app.domain);
        let Some((dir, base)) = self.reach.host() else {
            let text = format!("{INSTALL_STEPS} is not playable in virtual time: it needs a host");
            return Err(OpError::new(op, CauseClass::Harness, text));
        };
        let dir = dir.join("install-steps").join(app.domain.as_str());
        let env_file = dir.join(format!("{}.env", app.domain));
        let (abra_dir, work) = (dir.join("abra"), dir.join("work"));
        let files = |error| OpError::from_source(op.as_str(), CauseClass::Host, error);
        let mut known = self.server.apps().known(app, &op)?;
        let commit = known.checkout.commit.to_string();
        std::fs::create_dir_all(&abra_dir).map_err(files)?;
        std::fs::write(&env_file, known.env.to_string()).map_err(files)?;
        let hidden = self.server.apps().secrets.clone();
        let coordinates = [
            ("CCCI_PLATFORM", "embedded"),
            ("CCCI_DOMAIN", app.domain.as_str()),
            ("CCCI_STACK", app.stack.as_str()),
            ("CCCI_RECIPE", app.recipe.as_str()),
            ("CCCI_COMMIT", &commit),
            (ENV_FILE_VARIABLE, env_file.as_str()),
            ("ABRA_DIR", abra_dir.as_str()),
            ("DOCKER_HOST", NO_ENGINE),
        ];
        let vars = coordinates.map(|(name, value)| (name, value.to_owned())).to_vec();
        let steps = InstallSteps { script, dir: &work, base, vars, given, hidden, limit };
        let ran = steps.run().await;
        let mut ran = ran.map_err(|e| OpError::from_source(&op, CauseClass::Host, e))?;
        let after = std::fs::read(&env_file).map_err(files)?;
        let after = EnvFile::parse(&String::from_utf8_lossy(&after));
        if let Some(cause) = &mut ran.trouble {
            cause.evidence = format!("{} {NO_TOOLS}", cause.evidence);
        } else {
            ran.trouble = overstepped(&known.env, &after);
        }
        known.env = after;
        let mut apps = self.server.apps();
        apps.secrets.extend(ran.secrets.iter().cloned());
        apps.known.insert(app.domain.clone(), known);
        Ok(ran)
    }
}
