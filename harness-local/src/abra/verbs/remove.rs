//! `app remove`.

use super::volume::{VolumeError, remove_volumes};
use crate::abra::app::AppError;
use crate::abra::cli::RemoveArgs;
use crate::abra::fatal::Fatal;
use crate::abra::run::Abra;

/// Removes all that is left of an undeployed app: its secrets, its volumes, its settings.
pub(in crate::abra) async fn remove(abra: &mut Abra, args: &RemoveArgs) -> Result<(), Fatal> {
    let app = abra.find_app(&args.domain)?;
    if !args.force {
        abra.proceed("removal")?;
    }
    let engine = abra.engine().await?;
    if !engine.services(&app.stack).await?.is_empty() {
        return Err(VolumeError::StillDeployed(app.domain.to_string()).into());
    }
    for name in engine.secrets(&app.stack).await? {
        engine.remove_secret(&name).await?;
        abra.screen.info(format!("secret: {name} removed"));
    }
    remove_volumes(abra, &engine, &app, None).await?;
    std::fs::remove_file(&app.path)
        .map_err(|source| AppError::Io { path: app.path.clone(), source })?;
    abra.screen.info(format!("file: {} removed", app.path));
    Ok(())
}
