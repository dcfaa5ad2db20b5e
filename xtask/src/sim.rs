//! `cargo xtask sim`: builds the simulation with optimization and runs it.

use anyhow::Context as _;

use crate::machine::Machine;
use crate::stream;

/// Plays whole runs in virtual time, with faults, and says which invariants were not kept; flags as for `cc-ci-sim`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Flags of `cc-ci-sim`, such as --seeds 100000, or --seed 42; `--help` lists them.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "FLAGS")]
    flags: Vec<String>,
}

/// The profile that the simulation is built with.
const PROFILE: &str = "sim";

/// Runs it.
pub(crate) fn run(machine: &Machine, args: &Args) -> anyhow::Result<()> {
    become_it(machine, &args.flags)
}

/// Builds the simulation and becomes it, with these flags.
pub(crate) fn become_it(machine: &Machine, flags: &[String]) -> anyhow::Result<()> {
    let build = ["build", "--quiet", "--package", "simulation", "--profile", PROFILE, "--locked"];
    stream::cargo(machine, &build, &[])?;
    let own = std::env::current_exe().context("failed to find xtask's own folder")?;
    let own = camino::Utf8PathBuf::try_from(own).context("xtask's own path is not UTF-8")?;
    // It lies in `<target>/debug`.
    let target = own.ancestors().nth(2).context("xtask lies in no target folder")?;
    let program = target.join(PROFILE).join("cc-ci-sim");
    Err(stream::become_program(&program, flags))
}
