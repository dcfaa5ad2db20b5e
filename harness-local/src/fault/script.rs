//! When a fault begins: which call of a run is the one that it is about. Pure. Main types: [`Call`], [`Course`].

use harness_core::tier::Tier;

use super::at::{At, Phase, Places};
use super::parse::Fault;
use super::what::What;

/// What a run asks of a platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Call {
    Census,
    CensusAfter,
    Lint,
    Create,
    InstallSteps,
    Place,
    Pull,
    Deploy,
    Observe,
    Logs,
    Prune,
    Get,
    Connect,
    BackUp,
    Restore,
    Restart,
    Undeploy,
    RemoveVolumes,
    RemoveData,
    Forget,
}

impl Call {
    /// Returns the phase that it belongs to; backup and restore are tiers.
    const fn phase(self) -> Option<Phase> {
        match self {
            Self::Census => Some(Phase::Census),
            Self::CensusAfter => Some(Phase::CensusAfter),
            Self::Lint => Some(Phase::Lint),
            Self::Create => Some(Phase::Create),
            Self::Place => Some(Phase::Place),
            Self::Pull => Some(Phase::Prepull),
            Self::Deploy => Some(Phase::Deploy),
            Self::Observe => Some(Phase::Converge),
            Self::Logs => Some(Phase::Logs),
            Self::Prune => Some(Phase::Prune),
            Self::Get | Self::Connect => Some(Phase::Answer),
            Self::Undeploy => Some(Phase::Undeploy),
            Self::RemoveVolumes => Some(Phase::RemoveVolumes),
            Self::RemoveData => Some(Phase::RemoveData),
            Self::Forget => Some(Phase::Forget),
            Self::InstallSteps | Self::BackUp | Self::Restore | Self::Restart => None,
        }
    }

    /// Returns what it is, as it fits after "failed to".
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Census | Self::CensusAfter => "count what exists",
            Self::Lint => "lint the recipe",
            Self::Create => "create the app",
            Self::InstallSteps => "run the suite's steps",
            Self::Place => "place the recipe",
            Self::Pull => "pull the images",
            Self::Deploy => "deploy the app",
            Self::Observe => "observe the stack",
            Self::Logs => "read a service's logs",
            Self::Prune => "remove a service",
            Self::Get => "ask the app",
            Self::Connect => "connect to the app",
            Self::BackUp => "back up the app",
            Self::Restore => "restore the app",
            Self::Restart => "restart the app",
            Self::Undeploy => "undeploy the app",
            Self::RemoveVolumes => "remove the app's volumes",
            Self::RemoveData => "remove the app's data",
            Self::Forget => "forget the app",
        }
    }

    /// Returns whether the engine must answer for it.
    pub(super) const fn needs_engine(self) -> bool {
        match self {
            Self::Lint
            | Self::InstallSteps
            | Self::Place
            | Self::Get
            | Self::Connect
            | Self::Forget => false,
            Self::Census
            | Self::CensusAfter
            | Self::Create
            | Self::Pull
            | Self::Deploy
            | Self::Observe
            | Self::Logs
            | Self::Prune
            | Self::BackUp
            | Self::Restore
            | Self::Restart
            | Self::Undeploy
            | Self::RemoveVolumes
            | Self::RemoveData => true,
        }
    }

    /// Returns whether it is a command of abra's, and no question to the engine.
    pub(super) const fn is_command(self) -> bool {
        match self {
            Self::Lint
            | Self::Create
            | Self::InstallSteps
            | Self::Place
            | Self::Deploy
            | Self::BackUp
            | Self::Restore
            | Self::Restart
            | Self::Undeploy
            | Self::RemoveVolumes
            | Self::RemoveData => true,
            Self::Census
            | Self::CensusAfter
            | Self::Pull
            | Self::Observe
            | Self::Logs
            | Self::Prune
            | Self::Get
            | Self::Connect
            | Self::Forget => false,
        }
    }
}

/// How far a run has come, by what it asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Course {
    pub(super) tier: Option<Tier>,
    counted: bool,
    placed: bool,
    /// Whether the next backup is that of base, which nobody judges.
    base_comes: bool,
}

impl Course {
    /// Says whether a backup of base comes before that of the backup tier.
    pub(super) const fn spare_base(&mut self, comes: bool) {
        self.base_comes = comes;
    }

    /// Takes the run further by a call, and says which census a census is.
    pub(super) fn go(&mut self, call: Call) -> Call {
        match call {
            Call::Census | Call::CensusAfter => {
                let again = std::mem::replace(&mut self.counted, true);
                return if again { Call::CensusAfter } else { Call::Census };
            }
            Call::Create => self.tier = Some(Tier::Install),
            Call::Place => {
                self.tier = match self.tier {
                    None => Some(Tier::Install),
                    Some(_) if self.placed => Some(Tier::Upgrade),
                    Some(tier) => Some(tier),
                };
                self.placed = true;
            }
            Call::BackUp if self.base_comes => self.base_comes = false,
            Call::BackUp => self.tier = Some(Tier::Backup),
            Call::Restore if self.tier == Some(Tier::Disaster) => {}
            Call::Restore => self.tier = Some(Tier::Restore),
            // Whatever is deployed after it is deployed anew.
            Call::RemoveVolumes => self.tier = Some(Tier::Disaster),
            Call::Undeploy => self.tier = None,
            Call::Lint
            | Call::InstallSteps
            | Call::Pull
            | Call::Deploy
            | Call::Observe
            | Call::Logs
            | Call::Prune
            | Call::Get
            | Call::Connect
            | Call::Restart
            | Call::RemoveData
            | Call::Forget => {}
        }
        call
    }

    /// Returns whether a fault begins at a call.
    pub(super) fn begins(self, fault: Fault, call: Call) -> bool {
        match fault.what.class().places {
            Places::Throughout | Places::Beside | Places::Provided | Places::Events => false,
            Places::During(phase) => call.phase() == Some(phase) && self.is_in(fault.at.tier()),
            // What base has and head has not is there from the install on.
            Places::Only(_) if fault.what == What::ServiceLeft => {
                call == Call::Deploy && self.tier == Some(Tier::Install)
            }
            // It was there before the upgrade, and after all that the install waits for.
            Places::Only(_) if fault.what == What::StaleUpdate => {
                call == Call::Get && self.tier == Some(Tier::Install)
            }
            Places::Only(tier) => {
                let is_create = fault.what == What::LongSecret;
                let wanted = if is_create { Call::Create } else { op_of(tier) };
                call == wanted && self.tier == Some(tier)
            }
            Places::Pulls => call == Call::Pull && self.is_in(fault.at.tier()),
            Places::Deploys => {
                let tier = fault.at.tier().unwrap_or(Tier::Install);
                call == Call::Deploy && self.tier == Some(tier)
            }
            Places::Backups => {
                let tier = fault.at.tier().unwrap_or(Tier::Backup);
                call == op_of(tier) && self.tier == Some(tier)
            }
            Places::Calls => self.begins_at(fault, call),
        }
    }

    fn begins_at(self, fault: Fault, call: Call) -> bool {
        // There is something to kill once the deploy is done.
        let killed = |call| {
            let is_deploy = call == Call::Deploy && fault.what == What::TaskKilled;
            if is_deploy { Call::Observe } else { call }
        };
        match fault.at {
            At::Anywhere | At::Provide | At::Event(_) => false,
            At::Tier(tier) => call == killed(op_of(tier)) && self.tier == Some(tier),
            At::Phase(Phase::Deploy, tier) => call == killed(Call::Deploy) && self.is_in(tier),
            At::Phase(phase, tier) => call.phase() == Some(phase) && self.is_in(tier),
        }
    }

    fn is_in(self, tier: Option<Tier>) -> bool {
        tier.is_none() || self.tier == tier
    }
}

/// Returns the call that a tier is about.
const fn op_of(tier: Tier) -> Call {
    match tier {
        Tier::Install | Tier::Upgrade | Tier::Custom | Tier::Disaster => Call::Deploy,
        Tier::Backup => Call::BackUp,
        Tier::Restore => Call::Restore,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The calls of a whole run, as the lifecycle makes them.
    const RUN: [Call; 18] = [
        Call::Census,
        Call::Create,
        Call::Place,
        Call::Pull,
        Call::Deploy,
        Call::Observe,
        Call::Get,
        Call::Place,
        Call::Pull,
        Call::Deploy,
        Call::Observe,
        Call::BackUp,
        Call::Restore,
        Call::Observe,
        Call::Undeploy,
        Call::RemoveData,
        Call::Forget,
        Call::Census,
    ];

    /// Returns the places in the run at which a fault begins.
    fn begins(fault: &str) -> Vec<usize> {
        let fault: Fault = fault.parse().unwrap();
        let mut course = Course::default();
        let at = |(at, call): (usize, Call)| {
            let call = course.go(call);
            course.begins(fault, call).then_some(at)
        };
        RUN.into_iter().enumerate().filter_map(at).collect()
    }

    #[test]
    fn the_backup_of_base_is_spared() {
        let fault: Fault = "dump-empty".parse().unwrap();
        let mut course = Course::default();
        course.spare_base(true);
        let calls = [Call::Create, Call::BackUp, Call::Place, Call::Place, Call::BackUp];
        let begins = calls.map(|call| {
            let call = course.go(call);
            course.begins(fault, call)
        });
        assert_eq!(begins, [false, false, false, false, true]);
    }

    #[test]
    fn a_fault_begins_where_it_was_said() {
        assert_eq!(begins("crash-loop"), [4]);
        assert_eq!(begins("crash-loop@upgrade"), [9]);
        assert_eq!(begins("registry-429@prepull"), [3, 8]);
        assert_eq!(begins("registry-429@upgrade"), [8]);
        assert_eq!(begins("registry-429@prepull@upgrade"), [8]);
        assert_eq!(begins("volume-lost"), [9]);
        assert_eq!(begins("service-left"), [4]);
        assert_eq!(begins("stale-update"), [6]);
        assert_eq!(begins("dump-empty"), [11]);
        assert_eq!(begins("restore-half@restore"), [12]);
        assert_eq!(begins("call-hangs@deploy"), [4, 9]);
        assert_eq!(begins("call-hangs@deploy@upgrade"), [9]);
        assert_eq!(begins("call-fails@converge@restore"), [13]);
        assert_eq!(begins("task-killed@install"), [5]);
        assert_eq!(begins("task-killed@deploy@upgrade"), [10]);
        assert_eq!(begins("task-killed@backup"), [11]);
        assert_eq!(begins("repository-locked"), [11]);
        assert_eq!(begins("repository-gone@restore"), [12]);
        assert_eq!(begins("census-fails"), [17]);
        assert_eq!(begins("call-fails@census"), [0]);
        assert_eq!(begins("network-busy"), [14]);
        assert_eq!(begins("head-moved"), [2, 7]);
        assert_eq!(begins("head-moved@place@upgrade"), [7]);
        assert_eq!(begins("long-secret"), [1]);
        assert_eq!(begins("host-slow"), Vec::<usize>::new());
        assert_eq!(begins("kill@event:3"), Vec::<usize>::new());
    }
}
