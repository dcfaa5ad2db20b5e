//! `app volume ls` and `rm`.

use std::time::Duration;

use thiserror::Error;

use crate::abra::app::App;
use crate::abra::cli::{DomainArgs, VolumeRemoveArgs};
use crate::abra::fatal::Fatal;
use crate::abra::run::Abra;
use crate::engine::{Docker, EngineError};

/// How long Swarm may take to free a volume after its tasks are gone.
const FREED_WITHIN: Duration = Duration::from_secs(10);

/// How often a volume in use is tried again.
const RETRY: Duration = Duration::from_millis(250);

/// Why a volume cannot be removed.
#[derive(Debug, Error)]
pub enum VolumeError {
    /// The app still runs.
    #[error("{0} is still deployed. Run \"abra app undeploy {0}\"")]
    StillDeployed(String),
    /// The app has no such volume.
    #[error("no volumes with name {0} found?")]
    Unknown(String),
    /// The engine goes on refusing.
    #[error("removing volumes failed: unable to remove {name}")]
    Refused {
        /// The volume.
        name: String,
        /// The engine's own words.
        source: EngineError,
    },
}

/// Lists the app's volumes on the server.
pub(in crate::abra) async fn volume_ls(abra: &mut Abra, args: &DomainArgs) -> Result<(), Fatal> {
    let app = abra.find_app(&args.domain)?;
    let volumes = abra.engine().await?.volumes(&app.stack).await?;
    if volumes.is_empty() {
        abra.screen.warn(format!("no volumes created for {}", app.domain));
        return Ok(());
    }
    let short =
        |full: &str| full.strip_prefix(&format!("{}_", app.stack)).unwrap_or(full).to_owned();
    let rows: Vec<Vec<String>> =
        volumes.iter().map(|v| vec![short(&v.name), v.name.clone()]).collect();
    Ok(abra.screen.rows(false, &["name", "on server"], &rows)?)
}

/// Removes one of the app's volumes or all.
pub(in crate::abra) async fn volume_rm(
    abra: &mut Abra,
    args: &VolumeRemoveArgs,
) -> Result<(), Fatal> {
    let app = abra.find_app(&args.domain)?;
    let engine = abra.engine().await?;
    if !engine.services(&app.stack).await?.is_empty() {
        return Err(VolumeError::StillDeployed(app.domain.to_string()).into());
    }
    if !args.force {
        abra.proceed("volume removal")?;
    }
    remove_volumes(abra, &engine, &app, args.volume.as_deref()).await
}

/// Removes volumes, trying again while Swarm has not freed them yet.
pub(super) async fn remove_volumes(
    abra: &mut Abra,
    engine: &Docker,
    app: &App,
    only: Option<&str>,
) -> Result<(), Fatal> {
    let mut names: Vec<String> =
        engine.volumes(&app.stack).await?.into_iter().map(|v| v.name).collect();
    if let Some(only) = only {
        names.retain(|name| *name == format!("{}_{only}", app.stack));
        if names.is_empty() {
            return Err(VolumeError::Unknown(only.to_owned()).into());
        }
    }
    if names.is_empty() {
        abra.screen.info("no volumes removed");
        return Ok(());
    }
    let until = tokio::time::Instant::now() + FREED_WITHIN;
    for name in &names {
        remove_when_freed(engine, name, until).await?;
    }
    abra.screen.info(format!("{} volumes removed successfully", names.len()));
    Ok(())
}

async fn remove_when_freed(
    engine: &Docker,
    name: &str,
    until: tokio::time::Instant,
) -> Result<(), VolumeError> {
    let mut ticks = tokio::time::interval(RETRY);
    loop {
        ticks.tick().await;
        match engine.remove_volume(name, true).await {
            Ok(()) => return Ok(()),
            Err(error) if error.is_not_found() => return Ok(()),
            Err(error) if error.is_conflict() && tokio::time::Instant::now() < until => {}
            Err(source) => return Err(VolumeError::Refused { name: name.to_owned(), source }),
        }
    }
}
