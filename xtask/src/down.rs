//! `cargo xtask down`: removes what `up` made, and nothing else.

use crate::docker::Docker;
use crate::engine::{Stopped, is_answering, remove_mark, stop_engine};
use crate::images::remove_images;
use crate::machine::Machine;
use crate::progress::say;
use crate::server::{
    remove_backupbot, remove_certificates, remove_network, remove_router, remove_server_file,
};

/// What else to remove.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Also removes the images that were built here.
    #[arg(long)]
    images: bool,
    /// Also stops the engine, if `up` started it.
    #[arg(long)]
    engine: bool,
}

/// Takes it down. What cannot be removed does not keep the rest from going.
pub(crate) async fn run(machine: &Machine, args: Args) -> anyhow::Result<()> {
    let _lock = machine.lock("up", "another `cargo xtask up` or `down`")?;
    let docker = Docker::new(machine);
    let mut failures = vec![remove_server_file(machine)];
    if is_answering(&docker).await {
        failures.push(remove_router(&docker).await);
        failures.push(remove_backupbot(&docker).await);
        failures.push(remove_network(&docker).await);
        if args.images {
            failures.push(remove_images(machine).await);
        }
        failures.push(remove_mark(&docker).await);
    } else {
        say("engine   none answers, nothing to remove from it");
    }
    failures.push(remove_certificates(machine));
    if args.engine {
        failures.push(stop(machine).await);
    }
    let failures: Vec<String> =
        failures.into_iter().filter_map(Result::err).map(|e| format!("{e:#}")).collect();
    anyhow::ensure!(failures.is_empty(), "not all could be removed:\n{}", failures.join("\n"));
    Ok(())
}

async fn stop(machine: &Machine) -> anyhow::Result<()> {
    match stop_engine(machine).await? {
        Stopped::Ended => say("engine   stopped"),
        Stopped::NotOurs => say("engine   not started by `cargo xtask up`, left alone"),
    }
    Ok(())
}
