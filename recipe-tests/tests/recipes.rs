//! The trials program as a test target, so that `cargo test` and cargo-nextest list and run the trials.

use std::process::ExitCode;

fn main() -> ExitCode {
    recipe_tests::main()
}
