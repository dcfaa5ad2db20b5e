//! `cc-ci run`.

use camino::Utf8PathBuf;
use clap::ValueEnum;
use harness_core::lifecycle::Keep;
use harness_core::process::BaseEnv;
use harness_core::report::{ExitStatus, RunVerdict};
use harness_core::suite::Span;
use harness_local::embedded::SUFFIX;
use harness_local::fault::Fault;
use thiserror::Error;

use crate::fault::{FaultError, parse};
use crate::output;
use crate::platform::{Choice, choose};
use crate::run::{GivenLimits, Request, run};
use crate::settings::Settings;

use super::Failed;
use super::options::{Places, What};

/// Takes a recipe through its tiers and says what was proven.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    what: What,
    /// Where apps run: a real Docker Engine in Swarm mode, or a simulated server.
    #[arg(long, env = "CCCI_PLATFORM", default_value = "auto")]
    platform: PlatformChoice,
    /// Whether to leave the deployment standing, to look at it and to run its checks again.
    #[arg(long, env = "CCCI_KEEP", default_value = "never")]
    keep: KeepChoice,
    /// How long it is left standing; nobody removes it before, unless told to.
    #[arg(long, env = "CCCI_KEEP_FOR", value_name = "TIME", default_value = "30m")]
    keep_for: Span,
    /// Where runs are written [default: runs].
    #[arg(long, env = "CCCI_RUNS_DIR", value_name = "DIR")]
    out: Option<Utf8PathBuf>,
    /// The run's name [default: made from the time].
    #[arg(long, env = "CCCI_RUN_NAME", value_name = "NAME")]
    run_id: Option<String>,
    /// Until when the run must have ended, such as 60m.
    #[arg(long, env = "CCCI_DEADLINE", value_name = "TIME")]
    deadline: Option<Span>,
    /// How long a deploy may take to converge, instead of the suite's setting.
    #[arg(long, env = "CCCI_DEPLOY_TIMEOUT", value_name = "TIME")]
    deploy_timeout: Option<Span>,
    /// How long the app may take to answer, instead of the suite's setting.
    #[arg(long, env = "CCCI_HTTP_TIMEOUT", value_name = "TIME")]
    http_timeout: Option<Span>,
    /// How long one command of abra may take [default: 2m].
    #[arg(long, env = "CCCI_COMMAND_TIMEOUT", value_name = "TIME")]
    command_timeout: Option<Span>,
    /// Deploy what the recipe needs for this run alone, also where one is kept warm (`cc-ci warm`).
    #[arg(long, env = "CCCI_COLD")]
    cold: bool,
    /// What everything random on the simulated server is made of; its results name it [default: of the run's name].
    #[arg(long, env = "CCCI_SEED", value_name = "N")]
    seed: Option<u64>,
    /// What goes wrong on purpose on the simulated server, such as crash-loop:3@upgrade or host-slow:10; may be given
    /// more than once; `help` lists all of them.
    #[arg(long = "fault", value_name = "FAULT", value_parser = fault)]
    faults: Vec<FaultGiven>,
    #[command(flatten)]
    places: Places,
}

/// What `--fault` was given.
#[derive(Clone, Debug)]
enum FaultGiven {
    /// The list of all faults.
    Help,
    /// A fault.
    Fault(Fault),
}

fn fault(text: &str) -> Result<FaultGiven, FaultError> {
    if text == "help" {
        return Ok(FaultGiven::Help);
    }
    parse(text).map(FaultGiven::Fault)
}

/// Something was given that only a simulated server has.
#[derive(Debug, Error)]
#[error("{0} means something only on a simulated server: add `--platform embedded`")]
struct OnlySimulated(&'static str);

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum PlatformChoice {
    /// The engine, if there is a test server.
    Auto,
    /// A Docker Engine in Swarm mode.
    Swarm,
    /// A server simulated in process.
    Embedded,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum KeepChoice {
    /// Never.
    Never,
    /// When a tier failed, or could not be verified.
    OnFailure,
    /// Always.
    Always,
}

impl Args {
    pub(super) async fn run(self, base: &BaseEnv) -> Result<ExitStatus, Failed> {
        let mut faults = Vec::new();
        for given in self.faults {
            match given {
                FaultGiven::Fault(fault) => faults.push(fault),
                FaultGiven::Help => {
                    output::data(&harness_local::fault::help());
                    return Ok(ExitStatus::Verdict(RunVerdict::Pass));
                }
            }
        }
        let target = self.what.target().map_err(Failed::usage)?;
        let mut settings = self.places.settings(base, self.out, self.deadline)?;
        let platform = decide(self.platform, &mut settings).await;
        if self.seed.is_some() && platform != Choice::Embedded {
            return Err(Failed::usage(OnlySimulated("--seed")));
        }
        if !faults.is_empty() && platform != Choice::Embedded {
            return Err(Failed::usage(OnlySimulated("--fault")));
        }
        let limits = GivenLimits {
            deploy: self.deploy_timeout.map(|s| s.0),
            http: self.http_timeout.map(|s| s.0),
            command: self.command_timeout.map(|s| s.0),
        };
        let keep = match self.keep {
            KeepChoice::Never => Keep::Never,
            KeepChoice::OnFailure => Keep::OnFailure,
            KeepChoice::Always => Keep::Always,
        };
        let (run_id, seed, trials) = (self.run_id, self.seed, self.places.trials());
        let (keep_for, cold, keep_warm) = (self.keep_for.0, self.cold, false);
        let request = Request {
            target,
            platform,
            run_id,
            seed,
            faults,
            keep,
            keep_for,
            limits,
            cold,
            keep_warm,
            trials,
        };
        run(&request, &settings, base)
            .await
            .map_err(|error| Failed { exit: error.exit(), error: Box::new(error) })
    }
}

/// Decides where apps will run, and says so and why as the first line.
async fn decide(choice: PlatformChoice, settings: &mut Settings) -> Choice {
    let (chosen, why) = match choice {
        PlatformChoice::Embedded => (Choice::Embedded, "asked for".to_owned()),
        PlatformChoice::Swarm => (Choice::Swarm, "asked for".to_owned()),
        PlatformChoice::Auto => choose(settings).await,
    };
    match chosen {
        Choice::Swarm => {
            let engine = &settings.docker_host;
            output::say(&format!(
                "platform: swarm at {} ({why}; engine from {})",
                engine.value, engine.from
            ));
        }
        Choice::Embedded => {
            output::say(&format!("platform: embedded, all of it simulated ({why})"));
            if settings.suffix.value.is_none() {
                settings.suffix.value = Some(SUFFIX.to_owned());
            }
        }
    }
    chosen
}
