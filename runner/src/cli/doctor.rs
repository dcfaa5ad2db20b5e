//! `cc-ci doctor`.

use std::fmt::Display;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use harness_abra::abra::Abra;
use harness_abra::engine::Engine;
use harness_core::browser::{Programs, how_to_install};
use harness_core::chain::Chain;
use harness_core::process::BaseEnv;
use harness_core::report::{ExitStatus, RunVerdict};

use crate::output;
use crate::settings::{Setting, check_abra};

use super::Failed;
use super::options::Places;

/// Says whether this machine can run, and where each setting comes from.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    places: Places,
}

impl Args {
    pub(super) async fn run(self, base: &BaseEnv) -> Result<ExitStatus, Failed> {
        let settings = self.places.settings(base, None, None)?;
        line("state", settings.state_dir.as_str(), "");
        show("abra", &settings.abra);
        show("engine", &settings.docker_host);
        show("router", &settings.https);
        setting(
            "ca",
            settings.ca.value.as_ref().map_or("the system's", |p| p.as_str()),
            &settings.ca,
        );
        setting("suffix", settings.suffix.value.as_deref().unwrap_or("none"), &settings.suffix);
        setting("deadline", &format!("{:?}", settings.deadline.value), &settings.deadline);
        let trials = self.places.trials();
        let mut fine = check(
            "trials",
            if trials.is_file() {
                Ok(trials.to_string())
            } else {
                Err(format!("{trials} is not there: `cargo build -p recipe-tests`"))
            },
        );
        fine &= check("abra", abra(&settings.abra, base).await);
        fine &= check("engine", engine(&settings.docker_host.value).await);
        fine &= check("router", router(settings.https.value).await);
        browser(base);
        let verdict = if fine { RunVerdict::Pass } else { RunVerdict::NotVerified };
        Ok(ExitStatus::Verdict(verdict))
    }
}

/// Few suites look at pages: a machine without a browser can run all others.
fn browser(base: &BaseEnv) {
    let text = match Programs::find(base) {
        Ok(programs) => programs.chromium.into_string(),
        Err(missing) => format!(
            "none (no `{missing}`): checks that look at pages are not verified; {}",
            how_to_install()
        ),
    };
    line("browser", &text, "");
}

async fn abra(setting: &Setting<Utf8PathBuf>, base: &BaseEnv) -> Result<String, String> {
    check_abra(setting).map_err(|e| e.to_string())?;
    let version = Abra::new(&setting.value, base, Utf8Path::new("/"))
        .check_version()
        .await
        .map_err(|e| Chain(&e).to_string())?;
    let stand_in = if version.is_stand_in { " (a stand-in, not abra)" } else { "" };
    Ok(format!("{}{stand_in}", version.text))
}

async fn engine(host: &str) -> Result<String, String> {
    let engine = Engine::connect(host).await.map_err(|e| Chain(&e).to_string())?;
    engine.check_test_server().await.map_err(|e| Chain(&e).to_string())?;
    let facts = engine.facts().await.map_err(|e| Chain(&e).to_string())?;
    Ok(format!("Docker Engine {}, a test server", facts.version))
}

async fn router(https: std::net::SocketAddr) -> Result<String, String> {
    match tokio::time::timeout(Duration::from_secs(3), tokio::net::TcpStream::connect(https)).await
    {
        Ok(Ok(_)) => Ok(format!("{https} accepts connections")),
        Ok(Err(error)) => Err(format!("{https}: {error}: `cargo xtask up` starts it")),
        Err(_elapsed) => Err(format!("{https} does not answer within 3 s")),
    }
}

fn show<T: Display>(name: &str, value: &Setting<T>) {
    setting(name, &value.value.to_string(), value);
}

fn setting<T>(name: &str, text: &str, value: &Setting<T>) {
    line(name, text, &format!("  ({})", value.from));
}

fn line(name: &str, text: &str, more: &str) {
    output::data(&format!("{name:<10} {text}{more}"));
}

fn check(name: &str, seen: Result<String, String>) -> bool {
    match seen {
        Ok(text) => output::data(&format!("ok   {name}: {text}")),
        Err(text) => {
            output::data(&format!("FAIL {name}: {text}"));
            return false;
        }
    }
    true
}
