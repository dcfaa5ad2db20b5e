//! `cargo xtask sabotage`: builds the simulation with optimization and lets it sabotage a recipe's app.

use crate::machine::Machine;
use crate::sim;

/// Breaks a recipe's app on purpose, in one way at a time, and says which of them its suite catches; flags as for
/// `cc-ci-sim sabotage`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Flags of `cc-ci-sim sabotage`, such as --recipe ghost; `--help` lists them.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "FLAGS")]
    flags: Vec<String>,
}

/// Runs it.
pub(crate) fn run(machine: &Machine, args: Args) -> anyhow::Result<()> {
    let mut flags = vec!["sabotage".to_owned()];
    flags.extend(args.flags);
    sim::become_it(machine, &flags)
}
