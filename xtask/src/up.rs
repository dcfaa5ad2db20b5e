//! `cargo xtask up`: a test server out of a Docker Engine. What is there already is kept.

use std::time::Instant;

use crate::browser;
use crate::docker::Docker;
use crate::engine::{Marking, ensure_engine};
use crate::images::ensure_images;
use crate::machine::Machine;
use crate::progress::say;
use crate::server::{
    SUFFIX, ensure_backupbot, ensure_certificates, ensure_network, ensure_router, write_server_file,
};

/// The images that the server itself is made of.
const OWN_IMAGES: [&str; 2] = ["cc-ci/router", "cc-ci/backupbot"];

/// What to bring up.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Args {
    /// Only these app images (`nginx`, `ghost:6.65.0` …), instead of all.
    #[arg(long, value_name = "NAME", num_args = 0..)]
    pub(crate) only: Option<Vec<String>>,
    /// Marks an engine that was there before as a test server: all that is on it may be deleted.
    #[arg(long)]
    pub(crate) mark: bool,
}

/// Brings it up.
pub(crate) async fn run(machine: &Machine, args: Args) -> anyhow::Result<()> {
    let began = Instant::now();
    let _lock = machine.lock("up", "another `cargo xtask up` or `down`")?;
    let marking = if args.mark { Marking::Mark } else { Marking::Require };
    let engine = ensure_engine(machine, marking).await?;
    let mut names = args.only;
    if let Some(names) = &mut names {
        names.extend(OWN_IMAGES.map(str::to_owned));
    }
    ensure_images(machine, &names.unwrap_or_default()).await?;
    browser::ensure_or_say(machine).await;
    let docker = Docker::new(machine);
    ensure_network(&docker).await?;
    let files = ensure_certificates(machine)?;
    ensure_router(&docker, &files).await?;
    ensure_backupbot(&docker).await?;
    let path = write_server_file(machine, &engine, &files)?;
    let (version, took) = (&engine.version, began.elapsed().as_secs_f32());
    say(&format!("up       Docker Engine {version}, *.{SUFFIX}, {path} ({took:.1} s)"));
    Ok(())
}
