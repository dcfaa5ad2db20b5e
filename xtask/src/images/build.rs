//! Building one image. Main function: [`build`].

use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use anyhow::Context as _;
use camino::Utf8Path;

use super::base::build_base;
use super::crates::ensure_crate;
use super::drone::ensure_drone;
use super::ensure::{BUILT_LOCALLY, RECIPE_HASH};
use super::ghost::add_ghost;
use super::gitea::add_gitea;
use super::maven::ensure_keycloak;
use super::npm::{ensure_tools, path_of, work_folder};
use super::pypi::add_synapse;
use super::recipe_hash::files;
use super::table::{Image, Source};
use crate::binaries::Binary;
use crate::docker::Docker;
use crate::machine::Machine;

const LIMIT: Duration = Duration::from_secs(20 * 60);

/// The labels of an image that was built here.
pub(super) fn labels(hash: &str) -> [(&'static str, &str); 2] {
    [(BUILT_LOCALLY, "true"), (RECIPE_HASH, hash)]
}

/// Builds an image whose parent exists.
pub(super) async fn build(
    machine: &Machine,
    image: &Image,
    folder: Option<&Utf8Path>,
    hash: &str,
    program: Option<&Binary>,
) -> anyhow::Result<()> {
    let work = work_folder(&machine.folder("cache")?)?;
    let work = path_of(&work)?;
    let context = work.join("context");
    std::fs::create_dir(&context).with_context(|| format!("failed to make {context}"))?;
    if let Some(folder) = folder {
        copy_folder(folder, &context)?;
    }
    let version_arg;
    let mut args: &[(&str, &str)] = &[];
    match image.source {
        Source::Debian { suite } => return build_base(machine, suite, image.tag, hash, work).await,
        Source::Packages { args: given } => args = given,
        Source::Node => place(&ensure_tools(machine).await?.node, &context.join("node"))?,
        Source::Ghost { version } => add_ghost(machine, version, work, &context).await?,
        Source::Synapse { version } => {
            version_arg = [("VERSION", version)];
            args = &version_arg;
            add_synapse(machine, version, &context).await?;
        }
        Source::Gitea { version } => add_gitea(machine, version, &context).await?,
        Source::Drone { version } => {
            place(&ensure_drone(machine, version).await?, &context.join("drone-server"))?;
        }
        Source::Keycloak { version } => {
            place(&ensure_keycloak(machine, version).await?, &context.join("keycloak.tar.gz"))?;
        }
        Source::Crate { name, version } => {
            place(&ensure_crate(machine, name, version).await?, &context.join(name))?;
        }
        Source::Program { name } => {
            let program = program.with_context(|| format!("`{name}` was not built"))?;
            place(&program.path, &context.join(name))?;
        }
    }
    let mut cmd = Docker::new(machine).cmd(LIMIT).args([
        "build",
        "--quiet",
        "--network",
        "host",
        "--tag",
        image.tag,
    ]);
    for (name, value) in labels(hash) {
        cmd = cmd.args(["--label".to_owned(), format!("{name}={value}")]);
    }
    for (name, value) in args {
        cmd = cmd.args(["--build-arg".to_owned(), format!("{name}={value}")]);
    }
    cmd.arg(&context).run().await?;
    Ok(())
}

/// Copies a flat folder with modes that do not depend on how it was checked out.
fn copy_folder(from: &Utf8Path, to: &Utf8Path) -> anyhow::Result<()> {
    for file in files(from)? {
        let (source, copy) = (from.join(&file), to.join(&file));
        std::fs::copy(&source, &copy).with_context(|| format!("failed to copy {source}"))?;
        let mode = std::fs::metadata(&copy)
            .with_context(|| format!("failed to read {copy}"))?
            .permissions()
            .mode();
        let mode = if mode & 0o100 == 0 { 0o644 } else { 0o755 };
        std::fs::set_permissions(&copy, std::fs::Permissions::from_mode(mode))
            .with_context(|| format!("failed to set the mode of {copy}"))?;
    }
    Ok(())
}

/// Large files are linked if they can be.
fn place(from: &Utf8Path, to: &Utf8Path) -> anyhow::Result<()> {
    std::fs::hard_link(from, to)
        .or_else(|_link| std::fs::copy(from, to).map(drop))
        .with_context(|| format!("failed to copy {from}"))
}
