//! `install_steps.sh`: what a suite does between the app's making and its first deploy, where settings cannot say it.
//! Main type: [`InstallSteps`].

use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt as _};
use std::time::Duration;

use camino::Utf8Path;
use thiserror::Error;

use crate::cause::{Cause, CauseClass};
use crate::process::{BaseEnv, Cmd, Deadline, Output, ProcessError};
use crate::recipe::EnvFile;
use crate::secret::Secret;

/// The script's name.
pub const INSTALL_STEPS: &str = "install_steps.sh";

/// The variable that names the file into which the script writes values that no artefact may show, one a line.
pub const SECRETS_VARIABLE: &str = "CCCI_SECRETS";

/// The variable that names the app's env file.
pub const ENV_FILE_VARIABLE: &str = "CCCI_APP_ENV";

/// The variable that names the file with what the dependencies provide: lines that a shell reads with `.`, such as
/// `KEYCLOAK_CLIENT_ID='…'`.
pub const DEPS_VARIABLE: &str = "CCCI_DEPS";

/// So many lines of its output are kept.
const KEPT_LINES: usize = 2000;

/// The script as it is going to be run.
#[derive(Clone, Debug)]
pub struct InstallSteps<'a> {
    /// Its text.
    pub script: &'a str,
    /// A folder of its own: it is made, and the script runs in it.
    pub dir: &'a Utf8Path,
    /// What it starts from.
    pub base: &'a BaseEnv,
    /// What it is told.
    pub vars: Vec<(&'static str, String)>,
    /// What the dependencies provide: variables by name, secrets among them.
    pub given: &'a [(String, String)],
    /// What it may not say aloud.
    pub hidden: Vec<Secret>,
    /// How long it may take.
    pub limit: Duration,
}

/// What a script did.
#[derive(Clone, Debug, Default)]
pub struct StepsRan {
    /// What it said.
    pub lines: Vec<String>,
    /// Values that no artefact may show.
    pub secrets: Vec<Secret>,
    /// Why it did not do its work.
    pub trouble: Option<Cause>,
}

/// A script could not be run at all.
#[derive(Debug, Error)]
pub enum StepsError {
    /// A file of it cannot be handled.
    #[error("failed to {what} for {INSTALL_STEPS}")]
    Io {
        /// What was attempted.
        what: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// It could not be started.
    #[error("{INSTALL_STEPS} could not be run")]
    Process(#[source] ProcessError),
}

impl InstallSteps<'_> {
    /// Runs the script.
    ///
    /// # Errors
    /// It could not be run. A script that failed is no error here: what it did says so.
    pub async fn run(&self) -> Result<StepsRan, StepsError> {
        let io = |what| move |source| StepsError::Io { what, source };
        let mut folder = std::fs::DirBuilder::new();
        folder.recursive(true).mode(0o700).create(self.dir).map_err(io("make a folder"))?;
        let (script, secrets) = (self.dir.join(INSTALL_STEPS), self.dir.join("secrets"));
        std::fs::write(&script, self.script).map_err(io("write the script"))?;
        std::fs::write(&secrets, "").map_err(io("make a file"))?;
        let deps = self.dir.join("deps.env");
        let mut file = std::fs::OpenOptions::new();
        let file = file.write(true).create(true).truncate(true).mode(0o600).open(&deps);
        let written = file.and_then(|mut file| file.write_all(for_shell(self.given).as_bytes()));
        written.map_err(io("write what dependencies provide"))?;
        let (program, args) = interpreter(self.script);
        let mut cmd = Cmd::new(program, self.base, Deadline::after(self.limit))
            .args(args)
            .arg(script.as_str())
            .cwd(self.dir)
            .env(SECRETS_VARIABLE, secrets.as_str())
            .env(DEPS_VARIABLE, deps.as_str())
            .hiding(self.hidden.iter().cloned());
        for (name, value) in &self.vars {
            cmd = cmd.env(*name, value);
        }
        let ended = cmd.output().await;
        let told = std::fs::read(&secrets).map_err(io("read what it keeps secret"))?;
        let told = String::from_utf8_lossy(&told).into_owned();
        let secrets = told.lines().filter(|l| !l.trim().is_empty());
        let secrets = secrets.map(|line| Secret::new(line.to_owned())).collect();
        let (lines, trouble) = judged(ended)?;
        Ok(StepsRan { lines, secrets, trouble })
    }
}

/// Returns variables as a shell reads them.
fn for_shell(given: &[(String, String)]) -> String {
    given
        .iter()
        .map(|(name, value)| format!("{name}='{}'\n", value.replace('\'', r"'\''")))
        .collect()
}

/// Returns the program that the script's first line names, and its arguments.
fn interpreter(script: &str) -> (String, Vec<String>) {
    let line = script.lines().next().and_then(|l| l.strip_prefix("#!")).unwrap_or_default();
    let mut words = line.split_whitespace().map(str::to_owned);
    match words.next() {
        Some(program) => (program, words.collect()),
        None => ("sh".to_owned(), Vec::new()),
    }
}

fn judged(ended: Result<Output, ProcessError>) -> Result<(Vec<String>, Option<Cause>), StepsError> {
    let lines = |stdout: &str, stderr: &str| -> Vec<String> {
        let all: Vec<&str> = stdout.lines().chain(stderr.lines()).collect();
        all[all.len().saturating_sub(KEPT_LINES)..].iter().map(|l| (*l).to_owned()).collect()
    };
    let trouble = |text: String| Some(Cause::new(CauseClass::Suite, text));
    match ended {
        Ok(output) => {
            let failed = !output.status.success();
            let said = || match output.last_lines(5) {
                last if last.is_empty() => "it said nothing".to_owned(),
                last => last,
            };
            let text = || format!("{INSTALL_STEPS} ended with {}: {}", output.status, said());
            Ok((lines(&output.stdout, &output.stderr), failed.then(text).and_then(trouble)))
        }
        Err(ProcessError::TimedOut { limit, stdout, stderr, .. }) => {
            let lines = lines(&stdout, &stderr);
            let last = lines.last().map_or("nothing", String::as_str);
            let text =
                format!("{INSTALL_STEPS} ran past its limit of {limit:?}; last said: {last}");
            Ok((lines, trouble(text)))
        }
        Err(
            error @ (ProcessError::Spawn { .. }
            | ProcessError::Wait { .. }
            | ProcessError::Failed { .. }),
        ) => Err(StepsError::Process(error)),
    }
}

/// What cc-ci itself says in an app's env file, and what the plan was made by.
const OURS: [&str; 3] = ["TYPE", "DOMAIN", "COMPOSE_FILE"];

/// Says what a script changed in the app's env file that is not its to change.
pub fn overstepped(before: &EnvFile, after: &EnvFile) -> Option<Cause> {
    let name = OURS.into_iter().find(|name| before.get(name) != after.get(name))?;
    let shown = |env: &EnvFile| env.get(name).unwrap_or_else(|| "nothing".to_owned());
    let text = format!(
        "{INSTALL_STEPS} changed {name} from `{}` to `{}`, by which the plan was made: leave it alone there, and set \
         COMPOSE_FILE under `[env]` in recipe.toml",
        shown(before),
        shown(after)
    );
    Some(Cause::new(CauseClass::Suite, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn run(script: &str, seconds: u64) -> StepsRan {
        let temp = tempfile::tempdir().expect("a folder");
        let dir = Utf8Path::from_path(temp.path()).expect("UTF-8").join("steps");
        let base = BaseEnv::default().with("PATH", "/usr/bin:/bin");
        let steps = InstallSteps {
            script,
            dir: &dir,
            base: &base,
            vars: vec![("CCCI_DOMAIN", "a.test".to_owned())],
            given: &[],
            hidden: vec![Secret::new("hunter22".to_owned())],
            limit: Duration::from_secs(seconds),
        };
        steps.run().await.expect("it can be run")
    }

    #[tokio::test]
    async fn a_script_is_told_the_apps_coordinates_and_nothing_else_and_its_output_is_kept() {
        let ran = run(
            "#!/usr/bin/env bash\necho $CCCI_DOMAIN hunter22; pwd >&2; env | cut -d= -f1 | sort",
            10,
        );
        let ran = ran.await;
        assert!(ran.trouble.is_none());
        assert_eq!(ran.lines[0], "a.test <redacted>");
        let names = ran.lines.join(" ");
        assert!(names.contains("CCCI_DOMAIN CCCI_SECRETS"), "{names}");
        assert!(!names.contains("CARGO") && names.contains("/steps"), "{names}");
    }

    #[tokio::test]
    async fn a_script_that_fails_says_so_with_its_last_lines() {
        let cause = run("echo one; echo two >&2; exit 3", 10).await.trouble.unwrap();
        assert_eq!(cause.class, CauseClass::Suite);
        let text = "install_steps.sh ended with exit status: 3: one\ntwo";
        assert_eq!(cause.evidence, text);
        let silent = run("exit 1", 10).await.trouble.unwrap().evidence;
        assert!(silent.ends_with("it said nothing"), "{silent}");
    }

    #[tokio::test]
    async fn a_script_that_hangs_is_ended() {
        let ran = run("echo waiting; sleep 60", 1).await;
        let text = ran.trouble.unwrap().evidence;
        assert!(text.contains("limit of 1s; last said: waiting"), "{text}");
    }

    #[tokio::test]
    async fn what_a_script_keeps_secret_is_known() {
        let ran = run("echo s3cret-value >> $CCCI_SECRETS", 10).await;
        assert_eq!(ran.secrets.iter().map(Secret::expose).collect::<Vec<_>>(), ["s3cret-value"]);
    }

    #[test]
    fn the_first_line_names_the_program() {
        assert_eq!(interpreter("#!/bin/sh -e\n"), ("/bin/sh".to_owned(), vec!["-e".to_owned()]));
        assert_eq!(interpreter("echo\n#!/x"), ("sh".to_owned(), Vec::new()));
    }

    #[test]
    fn what_the_plan_was_made_by_is_not_the_scripts_to_change() {
        let env = |text: &str| EnvFile::parse(text);
        let before = env("TYPE=a\nDOMAIN=b.c\nX=1\n");
        assert_eq!(overstepped(&before, &env("TYPE=a\nDOMAIN=b.c\nX=2\nY=3\n")), None);
        let cause = overstepped(&before, &env("TYPE=a\nDOMAIN=b.c\nCOMPOSE_FILE=x.yml\n")).unwrap();
        assert!(cause.evidence.contains("COMPOSE_FILE from `nothing` to `x.yml`"), "{cause}");
        assert!(overstepped(&before, &env("TYPE=b\nDOMAIN=b.c\n")).is_some());
    }
}
