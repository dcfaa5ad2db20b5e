//! `cc-ci-sim`: plays seeds, says which invariants were not kept, and how to play a seed again.

use std::process::ExitCode;

fn main() -> ExitCode {
    simulation::cli::main()
}
