//! `app run`, `app cmd` and `app restart`: commands in containers.

use std::time::Duration;

use harness_core::name::ServiceName;
use thiserror::Error;

use super::rollout::DeployError;
use crate::abra::app::App;
use crate::abra::checkout::Checkout;
use crate::abra::cli::{CmdArgs, RestartArgs, RunArgs};
use crate::abra::fatal::Fatal;
use crate::abra::run::Abra;
use crate::engine::{Docker, ExecRequest, ServiceFacts};

/// How long a restarted service may take to stop or start.
const RESTARTED_WITHIN: Duration = Duration::from_secs(60);

/// Why a command in a container failed.
#[derive(Debug, Error)]
pub enum RunError {
    /// Nothing runs there.
    #[error("no containers matching the {0} service found?")]
    NoContainer(String),
    /// The command ended with something else than 0.
    #[error("command failed with exit code {0}")]
    Exit(i64),
    /// The recipe's `abra.sh` has no such function.
    #[error("{recipe} doesn't have a {function} function in its abra.sh")]
    NoFunction {
        /// The recipe.
        recipe: String,
        /// The function.
        function: String,
    },
    /// This stand-in does not do it.
    #[error("{0} is not supported by this stand-in")]
    Unsupported(&'static str),
    /// A service did not stop or start.
    #[error("{service} did not get to {wanted} tasks: it has {running}")]
    Restart {
        /// The service.
        service: String,
        /// How many tasks were wished for.
        wanted: u64,
        /// How many there are.
        running: u64,
    },
}

/// Runs a command in a service's container. Whatever its exit code, abra's is 0 or 1.
pub(in crate::abra) async fn run(abra: &mut Abra, args: &RunArgs) -> Result<(), Fatal> {
    let app = abra.find_app(&args.domain)?;
    let engine = abra.engine().await?;
    let container = container_of(&engine, &app, &args.service).await?;
    let request = ExecRequest { argv: args.argv.clone(), env: Vec::new(), user: args.user.clone() };
    exec(abra, &engine, &container, &request).await
}

/// Runs a function of the recipe's `abra.sh` in a container, or lists the functions.
pub(in crate::abra) async fn cmd(abra: &mut Abra, args: &CmdArgs) -> Result<(), Fatal> {
    if args.local {
        return Err(RunError::Unsupported("app cmd --local").into());
    }
    match args.words.as_slice() {
        [list, domain] if list == "list" => {
            let app = abra.find_app(domain)?;
            let checkout = abra.ensure(&app, args.chaos).await?;
            for function in functions(&checkout.text("abra.sh").unwrap_or_default()) {
                abra.screen.line(function);
            }
            Ok(())
        }
        [domain, service, function, rest @ ..] => {
            let app = abra.find_app(domain)?;
            let checkout = abra.ensure(&app, args.chaos).await?;
            let engine = abra.engine().await?;
            let inner: Vec<String> = rest.iter().chain(&args.args).cloned().collect();
            run_function(
                abra,
                &engine,
                &app,
                &checkout,
                &[service.clone(), function.clone()],
                &inner,
            )
            .await
        }
        [] | [_] | [_, _] => {
            Err(Fatal::Usage("expected <domain> <service> <function> [-- args]".to_owned()))
        }
    }
}

/// Runs a function (service and name) of the recipe's `abra.sh`, by bash where the container has it, else by sh.
pub(super) async fn run_function(
    abra: &mut Abra,
    engine: &Docker,
    app: &App,
    checkout: &Checkout,
    [service, function]: &[String; 2],
    args: &[String],
) -> Result<(), Fatal> {
    let script = checkout.text("abra.sh").unwrap_or_default();
    if !functions(&script).contains(function) {
        return Err(RunError::NoFunction {
            recipe: app.recipe.to_string(),
            function: function.clone(),
        }
        .into());
    }
    let container = container_of(engine, app, service).await?;
    let pick = r#"if command -v bash >/dev/null 2>&1; then exec bash -c "$CC_ABRA_SH" "$@"; fi; exec sh -c "$CC_ABRA_SH" "$@""#;
    let mut argv: Vec<String> = ["sh", "-c", pick, "sh", "abra.sh"].map(str::to_owned).to_vec();
    argv.extend_from_slice(args);
    let env = vec![
        format!("CC_ABRA_SH={script}\n{function} \"$@\""),
        format!("TARGET={service}"),
        format!("STACK_NAME={}", app.stack),
        format!("APP_NAME={}", app.domain),
    ];
    exec(abra, engine, &container, &ExecRequest { argv, env, user: None }).await
}

/// Scales services to nothing and back, waiting for both.
pub(in crate::abra) async fn restart(abra: &mut Abra, args: &RestartArgs) -> Result<(), Fatal> {
    let app = abra.find_app(&args.domain)?;
    let engine = abra.engine().await?;
    let services = engine.services(&app.stack).await?;
    if services.is_empty() {
        return Err(DeployError::NotDeployed(app.domain.to_string()).into());
    }
    let wanted: Vec<&ServiceFacts> = match (&args.service, args.all_services) {
        (Some(name), false) => {
            services.iter().filter(|service| service.short_name() == name).collect()
        }
        (None, true) => services.iter().filter(|service| service.replicated).collect(),
        (Some(_), true) | (None, false) => {
            return Err(Fatal::Usage("expected one service or --all-services".to_owned()));
        }
    };
    if wanted.is_empty() {
        return Err(RunError::NoContainer(args.service.clone().unwrap_or_default()).into());
    }
    for service in wanted {
        for replicas in [0, service.desired.max(1)] {
            engine.scale(&service.name, replicas).await?;
            reaches(&engine, &app, &service.name, replicas).await?;
        }
        abra.screen.info(format!("{} has been restarted", service.name));
    }
    Ok(())
}

async fn reaches(engine: &Docker, app: &App, service: &str, wanted: u64) -> Result<(), Fatal> {
    let started = tokio::time::Instant::now();
    let mut ticks = tokio::time::interval(Duration::from_millis(100));
    loop {
        ticks.tick().await;
        let services = engine.services(&app.stack).await?;
        let running =
            services.iter().find(|seen| seen.name == service).map_or(0, |seen| seen.running);
        if running == wanted {
            return Ok(());
        }
        if started.elapsed() > RESTARTED_WITHIN {
            return Err(RunError::Restart { service: service.to_owned(), wanted, running }.into());
        }
    }
}

async fn container_of(engine: &Docker, app: &App, service: &str) -> Result<String, Fatal> {
    let none = || RunError::NoContainer(service.to_owned());
    let name = ServiceName::try_from(service.to_owned()).map_err(|_invalid| none())?;
    let containers = engine.running_containers(&format!("{}_{name}", app.stack)).await?;
    Ok(containers.into_iter().next().ok_or_else(none)?.id)
}

async fn exec(
    abra: &mut Abra,
    engine: &Docker,
    container: &str,
    request: &ExecRequest,
) -> Result<(), Fatal> {
    let screen = &mut abra.screen;
    let code = engine.exec(container, request, |stream, bytes| screen.pass(stream, bytes)).await?;
    if code == 0 { Ok(()) } else { Err(RunError::Exit(code).into()) }
}

/// Returns the names of the functions of a shell script: `name() {` or `function name {`.
fn functions(script: &str) -> Vec<String> {
    let is_name = |name: &str| {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
        !name.is_empty() && name.bytes().all(plain)
    };
    let name_of = |line: &str| {
        let line = line.trim_end();
        let (keyword, rest) =
            line.strip_prefix("function ").map_or((false, line), |rest| (true, rest));
        let name = rest.split(['(', '{']).next().unwrap_or_default().trim();
        let shaped = rest[name.len()..].trim_start().starts_with("()") || keyword;
        (shaped && is_name(name) && !line.starts_with([' ', '\t'])).then(|| name.to_owned())
    };
    script.lines().filter_map(name_of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_found_in_both_forms() {
        let script = "export A=v1\nset_up() {\n  inner() { :; }\n}\nfunction tear-down {\n :\n}\necho (x)\n# no() {\n";
        assert_eq!(functions(script), ["set_up", "tear-down"]);
    }
}
