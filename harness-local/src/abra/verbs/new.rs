//! `app new`.

use camino::Utf8PathBuf;
use harness_core::name::{Domain, RecipeName};
use thiserror::Error;

use super::secret::generate_all;
use crate::abra::app::from_sample;
use crate::abra::checkout::{Checkout, newest};
use crate::abra::cli::NewArgs;
use crate::abra::fatal::Fatal;
use crate::abra::run::Abra;
use crate::abra::version::{Wish, chaos_version, choose};

/// Why a new app cannot be made.
#[derive(Debug, Error)]
pub enum NewError {
    /// The text is no recipe's name.
    #[error(transparent)]
    Recipe(#[from] harness_core::name::InvalidRecipeName),
    /// The text is no domain.
    #[error(transparent)]
    Domain(#[from] harness_core::name::InvalidDomain),
    /// No domain was given.
    #[error("no domain provided")]
    NoDomain,
    /// No server was given and there is not exactly one.
    #[error("no server provided")]
    NoServer,
    /// There is no such server.
    #[error("server {0} doesn't exist?")]
    UnknownServer(String),
    /// The app is there already.
    #[error("{0} already exists")]
    Exists(Utf8PathBuf),
    /// The recipe has no sample.
    #[error("unable to read {path}: a recipe needs an .env.sample")]
    NoSample {
        /// The file.
        path: Utf8PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The settings cannot be written.
    #[error("unable to write {path}")]
    Write {
        /// The file.
        path: Utf8PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// Makes an app: moves the recipe to the version (chaos leaves it), copies the sample, writes the version to it.
pub(in crate::abra) async fn new(abra: &mut Abra, args: &NewArgs) -> Result<(), Fatal> {
    let recipe = RecipeName::try_from(args.recipe.clone()).map_err(NewError::from)?;
    let domain = args.domain.clone().ok_or(NewError::NoDomain)?;
    let domain = Domain::try_from(domain).map_err(NewError::from)?;
    let server = chosen_server(abra, args.server.as_deref())?;
    let path = abra.settings.dir.server(&server).join(format!("{domain}.env"));
    if path.exists() {
        return Err(NewError::Exists(path).into());
    }
    let Abra { settings, global, .. } = &*abra;
    let checkout =
        Checkout::present(&settings.dir, &recipe, &settings.base, global.offline).await?;
    let version = put_in_place(&checkout, args, global.offline).await?;
    let sample_path = checkout.dir.join(".env.sample");
    let sample = std::fs::read_to_string(&sample_path)
        .map_err(|source| NewError::NoSample { path: sample_path, source })?;
    std::fs::write(&path, from_sample(&sample, &recipe, &domain))
        .map_err(|source| NewError::Write { path: path.clone(), source })?;
    let mut app = abra.find_app(domain.as_str())?;
    app.write_back(&version)?;
    abra.screen.info(format!(
        "new app '{recipe}' created 🌞 ({domain}, version {version}, server {server})"
    ));
    if args.secrets {
        let engine = abra.engine().await?;
        generate_all(abra, &engine, &app, &checkout, false).await?;
    }
    Ok(())
}

async fn put_in_place(checkout: &Checkout, args: &NewArgs, offline: bool) -> Result<String, Fatal> {
    if args.chaos {
        return Ok(chaos_version(&checkout.head().await?, checkout.is_dirty().await?));
    }
    checkout.clean_and_current(offline).await?;
    let wish = Wish { asked: args.version.as_deref(), ..Wish::default() };
    let choice = choose(&wish, newest(&checkout.tags().await?), &checkout.head().await?)?;
    checkout.move_to(&choice).await?;
    Ok(choice.text())
}

fn chosen_server(abra: &Abra, asked: Option<&str>) -> Result<String, Fatal> {
    let servers = abra.settings.dir.servers()?;
    match (asked, servers.as_slice()) {
        (Some(asked), known) if known.iter().any(|server| server == asked) => Ok(asked.to_owned()),
        (Some(asked), _) => Err(NewError::UnknownServer(asked.to_owned()).into()),
        (None, [only]) => Ok(only.clone()),
        (None, _) => Err(NewError::NoServer.into()),
    }
}
