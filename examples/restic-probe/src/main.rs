//! Probes a restic repository for a stack's stores: `restic-probe REPOSITORY PASSWORD_FILE COMPOSE_FILE STACK`.

use std::{error::Error, process::ExitCode, time::Duration};

use camino::Utf8Path;
use harness_backup::{Product, find, probe};
use harness_core::name::StackName;
use harness_core::process::{BaseEnv, Cmd, Deadline};
use harness_core::recipe::Compose;

/// The latest snapshot as an archive. Where restic fails, so does the pipe.
const DUMP: &str = r#"restic -r "$0" -p "$1" --no-cache dump latest / | gzip -1 > "$2""#;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [repository, password, compose, stack] = args.as_slice() else {
        return Err("expected REPOSITORY PASSWORD_FILE COMPOSE_FILE STACK".into());
    };
    let stack = StackName::try_from(stack.clone())?;
    let compose = Compose::parse(compose, &std::fs::read_to_string(compose)?)?;
    let file = tempfile::NamedTempFile::new()?;
    let archive = Utf8Path::from_path(file.path()).ok_or("a path is not UTF-8")?;
    let bash = Cmd::new("bash", &BaseEnv::capture(), Deadline::after(Duration::from_secs(3600)));
    let dump = ["-o", "pipefail", "-ec", DUMP, repository, password, archive.as_str()];
    bash.args(dump).run().await?;
    let contents = probe::open(archive, &[], |_| true)?;
    let mut good = true;
    for store in find(&compose).stores {
        let kept = contents.in_volume(&stack, store.volume.as_deref().unwrap_or_default());
        let holds =
            |e: &probe::Entry| store.product == Product::Files || e.kind().is_of(store.product);
        let kept: Vec<_> = kept.filter(|(_, entry)| holds(entry)).collect();
        let said = kept.iter().map(|(path, entry)| format!("{path} {}", entry.verdict()));
        println!("{}: [{}]", store.id(), said.collect::<Vec<_>>().join(", "));
        good &= !kept.is_empty() && kept.iter().all(|(_, entry)| !entry.verdict().is_bad());
    }
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
