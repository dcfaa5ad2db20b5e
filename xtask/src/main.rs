//! Developer automation. `cargo xtask --help` lists the tasks; each is a file of its own.

mod binaries;
mod docker;
mod down;
mod engine;
mod images;
mod machine;
mod progress;
mod server;
mod up;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::machine::Machine;

/// Developer automation of cc-ci.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Makes a test server out of a Docker Engine: Swarm, images, router, backup bot.
    Up(up::Args),
    /// Removes what `up` made, and nothing else.
    Down(down::Args),
    /// Builds the images of the local server from package registries; what is there already is kept.
    Images(images::Args),
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match Machine::detect() {
        Ok(machine) => match cli.task {
            Task::Up(args) => up::run(&machine, args).await,
            Task::Down(args) => down::run(&machine, args).await,
            Task::Images(args) => images::run(&machine, &args).await,
        },
        Err(error) => Err(error),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            progress::say(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}
