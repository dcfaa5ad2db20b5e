//! `app secret generate`, `insert`, `rm` and `ls`.

use harness_core::secret::Secret;

use super::prepare::read_compose;
use crate::abra::app::App;
use crate::abra::checkout::Checkout;
use crate::abra::cli::{MachineDomainArgs, SecretGenerateArgs, SecretInsertArgs, SecretRemoveArgs};
use crate::abra::fatal::Fatal;
use crate::abra::run::Abra;
use crate::abra::secrets::{AppSecret, SecretsError, check_name, generate, of_app};
use crate::engine::Docker;

/// Generates one secret or all; the values are shown this once.
pub(in crate::abra) async fn secret_generate(
    abra: &mut Abra,
    args: &SecretGenerateArgs,
) -> Result<(), Fatal> {
    let app = abra.find_app(&args.domain)?;
    let checkout = abra.ensure(&app, args.chaos).await?;
    let engine = abra.engine().await?;
    match (&args.secret, args.all) {
        (None, true) => generate_all(abra, &engine, &app, &checkout, args.machine).await,
        (Some(name), false) => {
            let mut secret = find(&secrets(&app, &checkout)?, name, &app)?;
            if let Some(version) = &args.version {
                secret.full_name = format!("{}_{name}_{version}", app.stack);
                secret.version.clone_from(version);
            }
            generate_these(abra, &engine, &[secret], args.machine).await
        }
        (Some(_), true) => {
            Err(Fatal::Usage("cannot use '<secret> <version>' and '--all' together".to_owned()))
        }
        (None, false) => {
            Err(Fatal::Usage("missing arguments: <secret> <version> or --all".to_owned()))
        }
    }
}

/// Generates every secret that may be generated and is not there.
pub(super) async fn generate_all(
    abra: &mut Abra,
    engine: &Docker,
    app: &App,
    checkout: &Checkout,
    machine: bool,
) -> Result<(), Fatal> {
    let existing = engine.secrets(&app.stack).await?;
    let mut wanted = Vec::new();
    for secret in secrets(app, checkout)? {
        if existing.contains(&secret.full_name) {
            abra.screen.warn(format!("{} already exists", secret.full_name));
        } else if secret.generate {
            wanted.push(secret);
        } else {
            abra.screen.warn(format!("{} must be inserted by hand (#generate=false)", secret.key));
        }
    }
    if wanted.is_empty() && !machine {
        abra.screen.warn("no secrets to generate");
        return Ok(());
    }
    generate_these(abra, engine, &wanted, machine).await
}

async fn generate_these(
    abra: &mut Abra,
    engine: &Docker,
    wanted: &[AppSecret],
    machine: bool,
) -> Result<(), Fatal> {
    let mut values = Vec::new();
    for secret in wanted {
        check_name(&secret.full_name)?;
        values.push((secret, generate(secret)?));
    }
    // Each creation is a process of the client; they have nothing to do with each other.
    let creations =
        values.iter().map(|(secret, value)| engine.create_secret(&secret.full_name, value));
    futures_util::future::try_join_all(creations).await?;
    let rows: Vec<Vec<String>> = values
        .iter()
        .map(|(secret, value)| vec![secret.key.clone(), value.expose().to_owned()])
        .collect();
    abra.screen.rows(machine, &["name", "value"], &rows)?;
    if !machine {
        abra.screen.warn("generated secrets are not shown again, please take note of them now");
    }
    Ok(())
}

/// Inserts a value.
pub(in crate::abra) async fn secret_insert(
    abra: &mut Abra,
    args: &SecretInsertArgs,
) -> Result<(), Fatal> {
    let app = abra.find_app(&args.domain)?;
    let value = if args.file {
        let read = std::fs::read_to_string(abra.settings.cwd.join(&args.data));
        read.map_err(|source| SecretsError::Input { path: args.data.clone(), source })?
    } else {
        args.data.clone()
    };
    let value = if args.trim { value.trim().to_owned() } else { value };
    let name = format!("{}_{}_{}", app.stack, args.secret, args.version);
    check_name(&name)?;
    abra.engine().await?.create_secret(&name, &Secret::new(value)).await?;
    abra.screen.info(format!("{name} successfully stored on server"));
    Ok(())
}

/// Removes one secret or all.
pub(in crate::abra) async fn secret_rm(
    abra: &mut Abra,
    args: &SecretRemoveArgs,
) -> Result<(), Fatal> {
    let app = abra.find_app(&args.domain)?;
    let engine = abra.engine().await?;
    let existing = engine.secrets(&app.stack).await?;
    let gone: Vec<String> = match (&args.secret, args.all) {
        (None, true) => existing,
        (Some(name), false) => {
            let prefix = format!("{}_{name}_", app.stack);
            let found: Vec<String> =
                existing.into_iter().filter(|full| full.starts_with(&prefix)).collect();
            if found.is_empty() {
                return Err(SecretsError::Unknown {
                    name: name.clone(),
                    app: app.domain.to_string(),
                }
                .into());
            }
            found
        }
        (Some(_), true) => {
            return Err(Fatal::Usage("cannot use '<secret>' and '--all' together".to_owned()));
        }
        (None, false) => return Err(Fatal::Usage("no secret(s) specified?".to_owned())),
    };
    if gone.is_empty() {
        abra.screen.warn("no secrets to remove");
        return Ok(());
    }
    for name in gone {
        engine.remove_secret(&name).await?;
        abra.screen.info(format!("deleted {name} successfully from server"));
    }
    Ok(())
}

/// Lists the secrets that the recipe asks for, and whether they are there.
pub(in crate::abra) async fn secret_ls(
    abra: &mut Abra,
    args: &MachineDomainArgs,
) -> Result<(), Fatal> {
    let app = abra.find_app(&args.domain)?;
    let checkout = abra.ensure(&app, args.chaos).await?;
    let existing = abra.engine().await?.secrets(&app.stack).await?;
    let row = |secret: AppSecret| {
        let created = existing.contains(&secret.full_name).to_string();
        vec![secret.key, secret.version, secret.full_name, created]
    };
    let rows: Vec<Vec<String>> = secrets(&app, &checkout)?.into_iter().map(row).collect();
    let heads = ["name", "version", "generated name", "created on server"];
    Ok(abra.screen.rows(args.machine, &heads, &rows)?)
}

fn secrets(app: &App, checkout: &Checkout) -> Result<Vec<AppSecret>, Fatal> {
    Ok(of_app(&read_compose(app, checkout)?.compose, &app.env, &app.stack))
}

fn find(secrets: &[AppSecret], name: &str, app: &App) -> Result<AppSecret, SecretsError> {
    let found = secrets.iter().find(|secret| secret.key == name).cloned();
    found
        .ok_or_else(|| SecretsError::Unknown { name: name.to_owned(), app: app.domain.to_string() })
}
