//! Running a script of the recipe's own repository, for a recipe that was approved. Main function: [`run`].

use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use harness_core::cause::CauseClass;
use harness_core::chain::Chain;
use harness_core::platform::Attachment;
use harness_core::process::{BaseEnv, Cmd, Deadline, ProcessError};
use harness_core::repo_tests::RepoTest;

use crate::check::{Check, Failure};
use crate::ctx::Ctx;

/// How long a script may take; less than its step, which it therefore ends before.
const LIMIT: Duration = Duration::from_secs(150);

/// Where programs are looked for: the same on every machine, whatever its environment says.
const PATH: &str =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/run/current-system/sw/bin";

/// So many of its last lines are told of a script that failed.
const LAST_LINES: usize = 5;

/// Runs a script in an empty folder with a clean environment, and judges it by its exit status.
pub(super) async fn run(ctx: &Ctx, test: &RepoTest) -> Check {
    let coordinates = match &ctx.run().attachment {
        Attachment::Swarm { docker_host, https, ca } => {
            let ca = ca.as_ref().map(|path| ("CCCI_CA", path.to_string()));
            let docker = ("DOCKER_HOST", docker_host.clone());
            ca.into_iter().chain([("CCCI_HTTPS", https.to_string()), docker]).collect()
        }
        Attachment::Embedded { https, ca, .. } => {
            vec![("CCCI_CA", ca.to_string()), ("CCCI_HTTPS", https.to_string())]
        }
        Attachment::InProcess | Attachment::Instant => {
            let text =
                format!("{}: there is no host to run a script on in virtual time", test.path);
            return Err(Failure::error(CauseClass::Host, text));
        }
    };
    let folder = tempfile::tempdir().map_err(|e| failed("make a folder", &e))?;
    let dir = Utf8Path::from_path(folder.path());
    let dir =
        dir.ok_or_else(|| Failure::error(CauseClass::Host, "the temporary folder is not UTF-8"))?;
    let script = written(dir, test).map_err(|e| failed("write a script", &e))?;
    let mut cmd = command(dir, &script, &test.text)
        .env("CCCI_RECIPE", ctx.app().recipe.as_str())
        .env("CCCI_DOMAIN", ctx.domain().as_str())
        .env("CCCI_BASE_URL", format!("https://{}", ctx.domain()))
        .env("CCCI_STACK", ctx.app().stack.as_str())
        .env("CCCI_RUN_ID", ctx.app().run.as_str());
    for (name, value) in coordinates {
        cmd = cmd.env(name, value);
    }
    judged(&test.path, cmd.output().await)
}

/// Writes the script into a folder of its own beside its working folder.
fn written(dir: &Utf8Path, test: &RepoTest) -> std::io::Result<Utf8PathBuf> {
    std::fs::create_dir(dir.join("work"))?;
    let script = dir.join("script");
    std::fs::write(&script, &test.text)?;
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o500))?;
    Ok(script)
}

/// Describes the script as a command: by what its first line names, else by the shell.
fn command(dir: &Utf8Path, script: &Utf8Path, text: &str) -> Cmd {
    let work = dir.join("work");
    let base = BaseEnv::default()
        .with("PATH", PATH)
        .with("HOME", work.as_str())
        .with("TMPDIR", work.as_str())
        .with("LC_ALL", "C");
    let deadline = Deadline::after(LIMIT);
    let line = text.lines().next().and_then(|l| l.strip_prefix("#!")).unwrap_or_default();
    let mut words = line.split_whitespace();
    let program = words.next().unwrap_or("/bin/sh");
    Cmd::new(program, &base, deadline).args(words).arg(script.as_str()).cwd(work)
}

fn judged(path: &str, ended: Result<harness_core::process::Output, ProcessError>) -> Check {
    match ended {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => {
            let said: Vec<_> =
                output.last_lines(LAST_LINES).lines().map(harness_core::hurl::shown).collect();
            let text = format!("{path} ended with {}: {}", output.status, said.join("\n"));
            Err(Failure::error(CauseClass::App, text))
        }
        Err(error @ ProcessError::TimedOut { .. }) => {
            let text = format!("{path}: {}", harness_core::hurl::shown(&error.to_string()));
            Err(Failure::error(CauseClass::Suite, text))
        }
        Err(error @ ProcessError::Spawn { .. }) => {
            let text =
                format!("{path}: what its first line names cannot be started: {}", Chain(&error));
            Err(Failure::error(CauseClass::Suite, text))
        }
        Err(error @ (ProcessError::Wait { .. } | ProcessError::Failed { .. })) => {
            Err(Failure::error(CauseClass::Host, format!("{path}: {}", Chain(&error))))
        }
    }
}

fn failed(what: &str, error: &std::io::Error) -> Failure {
    Failure::error(CauseClass::Host, format!("failed to {what}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn ended(text: &str) -> Result<(), String> {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let dir = Utf8Path::from_path(folder.path()).expect("UTF-8");
        let test = RepoTest {
            name: "script_t".to_owned(),
            path: "tests/t.sh".to_owned(),
            kind: harness_core::repo_tests::RepoTestKind::Script,
            tier: harness_core::tier::Tier::Custom,
            phase: harness_core::run_file::Phase::Check,
            text: text.to_owned(),
        };
        let script = written(dir, &test).expect("it can be written");
        let output = command(dir, &script, text).env("CCCI_DOMAIN", "a.test").output().await;
        judged("tests/t.sh", output).map_err(|failure| failure.to_string())
    }

    #[tokio::test]
    async fn a_script_is_judged_by_its_exit_status() {
        assert_eq!(ended("true\n").await, Ok(()));
        let error = ended("echo \"bad \u{1b}[31m\"; exit 3\n").await.unwrap_err();
        assert!(
            error.starts_with("tests/t.sh ended with exit status: 3: bad \\u{1b}[31m"),
            "{error}"
        );
        let error = ended("#!/no/such/shell\n").await.unwrap_err();
        assert!(error.contains("cannot be started"), "{error}");
    }

    #[tokio::test]
    async fn it_sees_the_app_and_nothing_of_our_environment() {
        let script = "test \"$CCCI_DOMAIN\" = a.test\nset -e\ntest -z \"$CARGO_MANIFEST_DIR$USER\"\ntest \"$(pwd)\" = \"$HOME\"\ntest -z \"$(ls)\"\n";
        assert_eq!(ended(script).await, Ok(()));
        assert_eq!(ended("#!/usr/bin/env sh\ntest \"$LC_ALL\" = C\n").await, Ok(()));
    }
}
