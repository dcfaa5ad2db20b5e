//! `cargo test -p recipe-tests`: the checks of every recipe with a folder, each recipe taken once through its tiers on a
//! server simulated in this process; or, where the environment names a run, against the deployment that it kept.

mod board;
mod lifecycle;
mod played;
mod prepared;
mod program;
mod request;
mod shown;

use std::process::ExitCode;

use harness_core::chain::Chain;
use harness_core::process::BaseEnv;
use harness_core::run_file::RUN_FILE_VARIABLE;

use request::Request;

fn main() -> ExitCode {
    if is_attached() {
        return recipe_tests::attach();
    }
    let args = std::env::args_os().map(|a| a.to_string_lossy().into_owned()).collect();
    let ended = Request::parse(args).map(|request| program::run(&request, &BaseEnv::capture()));
    match ended {
        Ok(conclusion) => conclusion.exit_code(),
        Err(error) => {
            anstream::eprintln!("error: {}", Chain(&error));
            ExitCode::from(2)
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a test program's one look at the environment")]
fn is_attached() -> bool {
    std::env::var_os(RUN_FILE_VARIABLE).is_some()
}
