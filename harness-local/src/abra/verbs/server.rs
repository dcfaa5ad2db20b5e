//! `server ls` and `server add --local`.

use crate::abra::cli::{ServerAddArgs, ServerListArgs};
use crate::abra::fatal::Fatal;
use crate::abra::run::Abra;

/// Lists the servers.
pub(in crate::abra) fn server_ls(abra: &mut Abra, args: &ServerListArgs) -> Result<(), Fatal> {
    let host =
        |server: &str| if server == "default" { "local".to_owned() } else { server.to_owned() };
    let servers = abra.settings.dir.servers()?;
    let rows: Vec<Vec<String>> =
        servers.iter().map(|server| vec![server.clone(), host(server)]).collect();
    Ok(abra.screen.rows(args.machine, &["name", "host"], &rows)?)
}

/// Makes the engine on this machine the server `default`.
pub(in crate::abra) fn server_add(abra: &mut Abra, args: &ServerAddArgs) -> Result<(), Fatal> {
    if !args.local || args.server.is_some() {
        return Err(Fatal::Usage("this stand-in only knows `server add --local`".to_owned()));
    }
    let path = abra.settings.dir.server("default");
    let made = std::fs::create_dir_all(&path);
    made.map_err(|source| crate::abra::app::AppError::Io { path, source })?;
    abra.screen.info("local server successfully added");
    Ok(())
}
