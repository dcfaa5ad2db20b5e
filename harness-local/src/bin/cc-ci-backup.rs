//! `/usr/bin/backup` of the backup bot's image: a stand-in for backup-bot-two, over real restic.

use std::process::ExitCode;

use harness_core::process::BaseEnv;
use harness_core::secret::Secret;
use harness_local::backupbot::{BotSettings, Log, Repository, run};

const DEFAULT_REPOSITORY: &str = "/backups/restic";
const DEFAULT_PASSWORD_FILE: &str = "/run/secrets/restic_password";

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let is_on = |name: &str| var(name).is_some_and(|value| value == "true" || value == "1");
    let mut log = Log::new(std::io::stdout(), is_on("MACHINE_LOGS"), is_on("DEBUG"));
    let Some(password) = password() else {
        log.error("no password for the repository: set RESTIC_PASSWORD or RESTIC_PASSWORD_FILE");
        return ExitCode::FAILURE;
    };
    let base = BaseEnv::capture();
    let path = var("RESTIC_REPOSITORY").unwrap_or_else(|| DEFAULT_REPOSITORY.to_owned());
    let settings = BotSettings {
        service: var("SERVICE").unwrap_or_default(),
        snapshot: var("SNAPSHOT").unwrap_or_else(|| "latest".to_owned()),
        target: var("TARGET").unwrap_or_else(|| "/".to_owned()).into(),
        include_path: var("INCLUDE_PATH"),
        volumes: var("VOLUMES")
            .map(|list| list.split(',').map(|name| name.trim().to_owned()).collect())
            .unwrap_or_default(),
        no_commands: is_on("NO_COMMANDS"),
        retries: var("RETRIES").and_then(|text| text.parse().ok()).unwrap_or(1),
        docker_host: var("DOCKER_HOST").unwrap_or_else(|| "unix:///var/run/docker.sock".to_owned()),
        repository: Repository::new(path.into(), password, base.clone()),
        base,
    };
    ExitCode::from(run(&settings, &args, &mut log).await)
}

fn password() -> Option<Secret> {
    if let Some(password) = var("RESTIC_PASSWORD") {
        return Some(Secret::new(password));
    }
    let file = var("RESTIC_PASSWORD_FILE").unwrap_or_else(|| DEFAULT_PASSWORD_FILE.to_owned());
    std::fs::read_to_string(file).ok().map(|text| Secret::new(text.trim_end()))
}

#[expect(clippy::disallowed_methods, reason = "the environment is read once, at the start")]
fn var(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
