//! `cc-ci-sim`: plays seeds, says which invariants were not kept, and how to play a seed again.

use std::process::ExitCode;

/// A simulated run is some hundred thousand small allocations and little else.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    simulation::cli::main()
}
