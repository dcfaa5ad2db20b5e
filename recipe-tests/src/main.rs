//! The trials program: see the crate's front page.

use std::process::ExitCode;

fn main() -> ExitCode {
    recipe_tests::main()
}
