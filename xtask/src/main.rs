//! Developer automation. `cargo xtask --help` lists the tasks; each is a file of its own.

mod bench;
mod binaries;
mod browser;
mod ci;
mod docker;
mod docs;
mod down;
mod engine;
mod engine_task;
mod examples;
mod images;
mod kept;
mod machine;
mod mutants;
mod progress;
mod real;
mod sabotage;
mod server;
mod sim;
mod stream;
mod test;
mod tidy;
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
    /// Builds cc-ci and takes a recipe through its tiers; flags as for `cc-ci run`.
    Ci(ci::Args),
    /// Checks all that must hold of a commit; with CI=true also what needs an engine, which is then installed.
    Test(test::Args),
    /// Plays whole runs in virtual time, with faults; flags as for `cc-ci-sim`.
    Sim(sim::Args),
    /// Breaks a recipe's app on purpose and says what its suite catches.
    Sabotage(sabotage::Args),
    /// Prints what the harness itself costs, beside other test runners where they are installed.
    Bench(bench::Args),
    /// Changes the code that decides, bit by bit, and counts the changes that no test notices.
    Mutants(mutants::Args),
    /// Writes the generated references in docs/reference, or checks them.
    Docs(docs::Args),
    /// Starts or stops the engine that xtask started.
    #[command(subcommand)]
    Engine(engine_task::Action),
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
            Task::Ci(args) => ci::run(&machine, args).await,
            Task::Test(args) => test::run(&machine, &args).await,
            Task::Sim(args) => sim::run(&machine, &args),
            Task::Sabotage(args) => sabotage::run(&machine, &args),
            Task::Bench(args) => bench::run(&machine, &args).await,
            Task::Mutants(args) => mutants::run(&machine, &args).await,
            Task::Docs(args) => docs::run(&machine, &args).await,
            Task::Engine(action) => engine_task::run(&machine, action).await,
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
