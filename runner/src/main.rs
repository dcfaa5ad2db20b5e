//! `cc-ci`: tests Co-op Cloud recipes by deploying them.

use std::process::ExitCode;

use harness_core::process::BaseEnv;
use runner::cli;

fn main() -> ExitCode {
    let base_env = BaseEnv::capture();
    let filter = tracing_subscriber::EnvFilter::try_from_env("CCCI_LOG").unwrap_or_default();
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    // One provider for the whole process; an error means that it is there already.
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            anstream::eprintln!("error: the asynchronous runtime could not be started: {error}");
            return ExitCode::from(70);
        }
    };
    let code = runtime.block_on(cli::main(base_env));
    // What still runs in the background must not hold the process.
    runtime.shutdown_background();
    ExitCode::from(code)
}
