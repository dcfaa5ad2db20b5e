//! `cc-ci`: tests Co-op Cloud recipes by deploying them.

use std::process::ExitCode;

use harness_core::process::BaseEnv;
use runner::cli;
use tracing::{Level, Metadata};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

/// How much stack the command line has. A run is one future that holds those of all its parts, which are large where the
/// compiler was not asked to make them small; only what is used of it is memory.
const STACK: usize = 64 << 20;

fn main() -> ExitCode {
    let base_env = BaseEnv::capture();
    log();
    // One provider for the whole process; an error means that it is there already.
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    let worker = std::thread::Builder::new().stack_size(STACK).spawn(|| run(base_env));
    let code = match worker.map(std::thread::JoinHandle::join) {
        Ok(Ok(code)) => code,
        Ok(Err(panic)) => std::panic::resume_unwind(panic),
        Err(error) => {
            anstream::eprintln!("error: a thread could not be started: {error}");
            70
        }
    };
    ExitCode::from(code)
}

fn run(base_env: BaseEnv) -> u8 {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            anstream::eprintln!("error: the asynchronous runtime could not be started: {error}");
            return 70;
        }
    };
    let code = runtime.block_on(cli::main(base_env));
    // What still runs in the background must not hold the process.
    runtime.shutdown_background();
    code
}

/// Writes what `CCCI_LOG` asks for to standard error.
fn log() {
    let asked = tracing_subscriber::EnvFilter::try_from_env("CCCI_LOG").unwrap_or_default();
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let lines = lines.with_filter(filter_fn(is_harmless));
    tracing_subscriber::registry().with(lines).with(asked).init();
}

/// Returns whether a line may be written whatever level was asked for. What libraries say in detail holds whole answers of
/// the engine and of apps, and those hold secrets: the environment of a service is one.
fn is_harmless(line: &Metadata<'_>) -> bool {
    const OURS: [&str; 3] = ["harness_", "runner", "cc_ci"];
    *line.level() <= Level::WARN || OURS.iter().any(|of| line.target().starts_with(of))
}
