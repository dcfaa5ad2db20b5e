//! `abra`: a stand-in for abra 0.13.0-beta over a real Docker Engine. Always labeled: see `abra --version`.

use std::io::IsTerminal;
use std::process::ExitCode;

use camino::Utf8PathBuf;
use harness_core::process::BaseEnv;
use harness_local::abra::{AbraDir, Screen, Settings, run};

const DEFAULT_HOST: &str = "unix:///var/run/docker.sock";

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let argv: Vec<String> =
        std::env::args_os().map(|arg| arg.to_string_lossy().into_owned()).collect();
    let mut screen = Screen::new(std::io::stdout(), std::io::stderr());
    match settings() {
        Ok(settings) => ExitCode::from(run(settings, &argv, screen).await),
        Err(problem) => {
            screen.fatal(problem);
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the environment is read once, here")]
fn settings() -> Result<Settings, &'static str> {
    let var = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let mut base = BaseEnv::capture();
    if let Some(run) = var("CCCI_RUN_ID") {
        base = base.with("CCCI_RUN_ID", run);
    }
    let dir = match (var("ABRA_DIR"), base.get("HOME")) {
        (Some(dir), _) => Utf8PathBuf::from(dir),
        (None, Some(home)) => Utf8PathBuf::from(home).join(".abra"),
        (None, None) => return Err("neither ABRA_DIR nor HOME is set"),
    };
    let cwd = std::env::current_dir().ok().and_then(|dir| Utf8PathBuf::try_from(dir).ok());
    Ok(Settings {
        dir: AbraDir::new(camino::absolute_utf8(&dir).unwrap_or(dir)),
        docker_host: var("DOCKER_HOST").unwrap_or_else(|| DEFAULT_HOST.to_owned()),
        cwd: cwd.ok_or("the working folder is gone or its name is not UTF-8")?,
        has_terminal: std::io::stdin().is_terminal(),
        is_ci: var("ABRA_CI").as_deref() == Some("1"),
        base,
    })
}
