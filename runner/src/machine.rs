//! What a process of cc-ci finds on its machine, beside the platform: real, or in memory. Main type: [`Machine`].

use camino::{Utf8Path, Utf8PathBuf};
use harness_core::process::BaseEnv;

use crate::disk::RealDisk;
use crate::lease::FileLeases;
use crate::output;
use crate::provider::ProviderSuite;
use crate::settings::Settings;
use crate::sweep::EngineSweep;

/// What a process of cc-ci finds on its machine.
#[derive(Clone, Debug)]
pub struct Machine<L, D, S> {
    /// The claims on app domains.
    pub leases: L,
    /// The files of runs.
    pub disk: D,
    /// What removes all that a dead run made.
    pub sweep: S,
    /// Tells a person something.
    pub say: fn(&str),
}

/// The machine itself.
pub type RealMachine = Machine<FileLeases, RealDisk, EngineSweep>;

impl RealMachine {
    /// Returns this machine, with the program that knows the suites.
    pub fn new(settings: &Settings, trials: Utf8PathBuf, base: &BaseEnv) -> Self {
        let state: &Utf8Path = &settings.state_dir;
        let suites = ProviderSuite { trials, base: base.clone() };
        let sweep = EngineSweep { abra_home: state.join("abra"), suites };
        Self { leases: FileLeases::new(state), disk: RealDisk, sweep, say: output::say }
    }
}
