//! `app ps`, `services`, `check` and `logs`: looking at one app.

use harness_core::recipe::EnvFile;
use serde_json::{Map, Value};

use super::prepare::deployed;
use super::rollout::DeployError;
use crate::abra::app::App;
use crate::abra::cli::{DomainArgs, LogsArgs, MachineDomainArgs};
use crate::abra::fatal::Fatal;
use crate::abra::run::Abra;
use crate::engine::{Docker, LogRequest, ServiceFacts};

/// Shows one row per service; with `--machine` an object by service name.
pub(in crate::abra) async fn ps(abra: &mut Abra, args: &MachineDomainArgs) -> Result<(), Fatal> {
    const HEADS: [&str; 8] =
        ["service", "version", "chaos", "image", "created", "status", "state", "ports"];
    let app = abra.find_app(&args.domain)?;
    let engine = abra.engine().await?;
    let services = running_services(&engine, &app).await?;
    let tasks = engine.tasks(&app.stack).await?;
    let running = deployed(&app.stack, &services).unwrap_or_default();
    let version = running.version.unwrap_or_else(|| "unknown".to_owned());
    let chaos =
        running.chaos_version.filter(|_| running.chaos).unwrap_or_else(|| "false".to_owned());
    let row = |service: &ServiceFacts| {
        let newest = tasks
            .iter()
            .filter(|task| task.service_id == service.id)
            .max_by(|a, b| a.since.cmp(&b.since));
        let state = newest.map_or_else(String::new, |task| task.state.clone());
        let status = format!("{}/{}", service.running, service.desired);
        let (name, image) = (service.short_name().to_owned(), service.image.clone());
        vec![
            name,
            version.clone(),
            chaos.clone(),
            image,
            service.created.clone(),
            status,
            state,
            service.ports.clone(),
        ]
    };
    let rows: Vec<Vec<String>> = services.iter().map(row).collect();
    if !args.machine {
        return Ok(abra.screen.rows(false, &HEADS, &rows)?);
    }
    let object = |row: &Vec<String>| {
        let cells = HEADS
            .iter()
            .zip(row)
            .map(|(head, cell)| ((*head).to_owned(), Value::String(cell.clone())));
        (row[0].clone(), Value::Object(cells.collect()))
    };
    abra.screen.line(Value::Object(rows.iter().map(object).collect::<Map<_, _>>()));
    Ok(())
}

/// Shows the services and their images.
pub(in crate::abra) async fn services(abra: &mut Abra, args: &DomainArgs) -> Result<(), Fatal> {
    let app = abra.find_app(&args.domain)?;
    let engine = abra.engine().await?;
    let services = running_services(&engine, &app).await?;
    let rows: Vec<Vec<String>> = services
        .iter()
        .map(|service| vec![service.short_name().to_owned(), service.image.clone()])
        .collect();
    Ok(abra.screen.rows(false, &["service (short)", "image"], &rows)?)
}

/// Compares the keys of the settings with those of the sample.
pub(in crate::abra) async fn check(abra: &mut Abra, args: &DomainArgs) -> Result<(), Fatal> {
    let app = abra.find_app(&args.domain)?;
    let checkout = abra.ensure(&app, args.chaos).await?;
    let sample = EnvFile::parse(&checkout.text(".env.sample").unwrap_or_default());
    let row = |name: String| {
        let there = if app.env.get(&name).is_some() { "✅" } else { "❌" };
        vec![name, there.to_owned()]
    };
    let rows: Vec<Vec<String>> = sample.vars().into_iter().map(|(name, _)| row(name)).collect();
    Ok(abra.screen.rows(false, &["recipe env sample", "app env"], &rows)?)
}

/// Follows the logs of one service or all, for ever.
pub(in crate::abra) async fn logs(abra: &mut Abra, args: &LogsArgs) -> Result<(), Fatal> {
    let app = abra.find_app(&args.domain)?;
    let engine = abra.engine().await?;
    let services = running_services(&engine, &app).await?;
    let wanted = services
        .iter()
        .filter(|seen| args.service.as_deref().is_none_or(|name| seen.short_name() == name));
    let services: Vec<String> = wanted.map(|service| service.name.clone()).collect();
    if services.is_empty() {
        return Err(
            super::run::RunError::NoContainer(args.service.clone().unwrap_or_default()).into()
        );
    }
    let since = args.since.unwrap_or_default();
    let request = LogRequest {
        services,
        tail: String::new(),
        since,
        errors_only: args.std_err,
        follow: true,
    };
    let screen = &mut abra.screen;
    let follow = engine.service_logs(&request, |service, _stream, line| {
        screen.line(format_args!("{service} {}", String::from_utf8_lossy(line).trim_end()));
    });
    Ok(follow.await?)
}

async fn running_services(engine: &Docker, app: &App) -> Result<Vec<ServiceFacts>, Fatal> {
    let services = engine.services(&app.stack).await?;
    if services.is_empty() {
        Err(DeployError::NotDeployed(app.domain.to_string()).into())
    } else {
        Ok(services)
    }
}
