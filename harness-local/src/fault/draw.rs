//! Faults by chance. Main items: [`random`], [`Shape`].

use std::time::Duration;

use harness_core::tier::Tier;

use super::amount::{Amount, Parameter};
use super::at::{At, Phase, Places};
use super::classes::{CLASSES, Class};
use super::parse::Fault;
use super::what::{Kind, What};
use crate::world::Random;

/// What a run is like, so that only faults that can happen in it are drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Whether faults of the recipe are wanted.
    pub recipe_faults: bool,
    /// Whether faults of the harness's own process are wanted.
    pub process_faults: bool,
    /// Whether the plan has an upgrade.
    pub upgrade: bool,
    /// Whether the plan has a backup.
    pub backup: bool,
    /// Whether the plan has a restore.
    pub restore: bool,
    /// Whether the plan has a disaster.
    pub disaster: bool,
    /// Whether the recipe has volumes.
    pub volumes: bool,
    /// Whether the recipe has backup or restore hooks.
    pub hooks: bool,
    /// Whether the recipe has secrets.
    pub secrets: bool,
    /// Whether the recipe has a suite of its own.
    pub suite: bool,
    /// Whether the recipe needs others.
    pub beside: bool,
    /// Whether one of those is an identity provider.
    pub provider: bool,
    /// How many events a run without faults has.
    pub events: u64,
    /// How long the suite's limits let a deploy take. Boots are drawn well below: images, tasks and a watched update take
    /// their time too.
    pub boot_limit: Duration,
    /// The statuses that are right for the health path: one of them is no fault.
    pub ok: Vec<u16>,
}

impl Shape {
    const fn has(&self, tier: Tier) -> bool {
        match tier {
            Tier::Install | Tier::Custom => true,
            Tier::Upgrade => self.upgrade,
            Tier::Backup => self.backup,
            Tier::Restore => self.restore,
            Tier::Disaster => self.disaster,
        }
    }

    fn suits(&self, class: &Class) -> bool {
        let is_wanted = match class.kind {
            Kind::Recipe => self.recipe_faults,
            Kind::Environment => true,
            Kind::Process => self.process_faults,
        };
        let is_there = match class.places {
            Places::Only(tier) => self.has(tier),
            Places::Backups => self.has(Tier::Backup),
            Places::Beside => self.beside,
            Places::Provided => self.provider,
            Places::Throughout => self.beside || !is_beside(class),
            Places::Deploys
            | Places::Pulls
            | Places::During(_)
            | Places::Calls
            | Places::Events => true,
        };
        is_wanted && is_there && self.has_what_it_needs(class.what)
    }

    fn has_what_it_needs(&self, what: What) -> bool {
        use What::{
            DumpEmpty, DumpTruncated, HookFails, HookSilent, InitKilled, RestoreHalf,
            RestoreHookFails, RestoreNothing, SecretInLog, VolumeBusy, VolumeLost, VolumeMissed,
            WrongPage, WrongType,
        };
        if matches!(what, HookFails | HookSilent | RestoreHookFails) {
            return self.hooks;
        }
        if matches!(what, WrongPage | WrongType) {
            return self.suite;
        }
        let of_volumes = matches!(
            what,
            InitKilled
                | VolumeLost
                | DumpTruncated
                | DumpEmpty
                | VolumeMissed
                | RestoreNothing
                | RestoreHalf
                | VolumeBusy
        );
        (self.volumes || !of_volumes) && (self.secrets || what != SecretInLog)
    }
}

/// Returns whether a class is about what the app needs.
const fn is_beside(class: &Class) -> bool {
    matches!(
        class.what,
        What::DepSlow
            | What::DepDies
            | What::DepRestarts
            | What::DepClock
            | What::DepRealmThere
            | What::DepTokenExpired
    )
}

/// Draws up to four faults that can happen in a run. At most one is the recipe's: of two, the first hides the other.
pub fn random(numbers: &mut Random, shape: &Shape) -> Vec<Fault> {
    // None, one, two, three, four.
    let count = [0, 1, 1, 1, 2, 2, 2, 3, 3, 4][below(numbers, 10)];
    let mut drawn: Vec<Fault> = Vec::new();
    for _ in 0..count {
        let kind = match below(numbers, 10) {
            0..4 if shape.recipe_faults => Kind::Recipe,
            4..6 if shape.process_faults => Kind::Process,
            _ => Kind::Environment,
        };
        let has_one = drawn.iter().any(|f| f.kind() == Kind::Recipe);
        if kind == Kind::Recipe && has_one {
            continue;
        }
        let classes: Vec<&Class> = CLASSES
            .iter()
            .filter(|c| c.kind == kind && shape.suits(c))
            .filter(|c| drawn.iter().all(|f| f.what != c.what && !exclude(f.what, c.what)))
            .collect();
        // Half of what is around a recipe that needs others is the others.
        let about = (kind == Kind::Environment && shape.beside).then(|| chance(numbers, 50));
        let fits = |class: &&&Class| about.is_none_or(|about| is_beside(class) == about);
        let classes: Vec<&Class> = classes.iter().filter(fits).copied().collect();
        if !classes.is_empty() {
            let class = classes[below(numbers, classes.len())];
            drawn.push(one(class, numbers, shape));
        }
    }
    drawn
}

/// Returns whether two classes do not go together: a slow host takes a slow boot past every limit.
fn exclude(one: What, other: What) -> bool {
    let slow = [What::HostSlow, What::SlowBoot];
    slow.contains(&one) && slow.contains(&other)
}

fn one(class: &'static Class, numbers: &mut Random, shape: &Shape) -> Fault {
    let at = place(class, numbers, shape);
    let amount = match class.parameter {
        Parameter::Nothing => None,
        Parameter::Times => chance(numbers, 50).then(|| Amount::Number(between(numbers, 1, 12))),
        Parameter::Number(_) if class.what == What::HostSlow => {
            Some(Amount::Number(between(numbers, 2, 10)))
        }
        Parameter::Number(_) if class.what == What::DepSlow => {
            Some(Amount::Number(between(numbers, 2, 60)))
        }
        Parameter::Number(usual) => {
            let mut wrong = vec![usual, 404, 500, 502, 503];
            wrong.retain(|status| shape.ok.iter().all(|ok| u64::from(*ok) != u64::from(*status)));
            Some(Amount::Number(wrong.get(below(numbers, wrong.len())).copied().unwrap_or(usual)))
        }
        Parameter::Time(_) if class.what == What::SlowBoot => {
            Some(Amount::Time(part_of(shape.boot_limit * 4 / 5, numbers)))
        }
        Parameter::Time(usual) => Some(Amount::Time(part_of(usual * 3, numbers))),
        Parameter::TimeOrForEver => {
            chance(numbers, 70).then(|| Amount::Time(part_of(Duration::from_secs(30), numbers)))
        }
        Parameter::Share(_) => Some(Amount::Share(5 * (1 + below(numbers, 19) as u8))),
        Parameter::Jump(usual) => {
            let ms = 1 + (numbers.next() % usual.unsigned_abs()).cast_signed();
            Some(Amount::Jump(if chance(numbers, 50) { ms } else { -ms }))
        }
    };
    Fault { what: class.what, amount, at }
}

fn place(class: &Class, numbers: &mut Random, shape: &Shape) -> At {
    let deploy = if shape.upgrade && chance(numbers, 50) { Tier::Upgrade } else { Tier::Install };
    match class.places {
        Places::Throughout | Places::Only(_) | Places::During(_) | Places::Provided => At::Anywhere,
        Places::Beside => {
            let tiers: Vec<Tier> = Tier::ALL.into_iter().filter(|tier| shape.has(*tier)).collect();
            match tiers.get(below(numbers, tiers.len() + 1)) {
                Some(tier) => At::Tier(*tier),
                None => At::Provide,
            }
        }
        Places::Deploys => At::Tier(deploy),
        Places::Pulls => At::Phase(Phase::Prepull, Some(deploy)),
        Places::Backups if shape.restore && chance(numbers, 50) => At::Tier(Tier::Restore),
        Places::Backups => At::Tier(Tier::Backup),
        Places::Events => At::Event(numbers.next() % shape.events.max(1)),
        Places::Calls => {
            let has_op = |tier: &Tier| *tier != Tier::Custom && shape.has(*tier);
            let tiers: Vec<Tier> = Tier::ALL.into_iter().filter(has_op).collect();
            let tier = tiers[below(numbers, tiers.len())];
            if chance(numbers, 25) {
                return At::Tier(tier);
            }
            let is_there = |phase: &Phase| *phase != Phase::RemoveVolumes || shape.disaster;
            let phases: Vec<Phase> = Phase::ALL.into_iter().filter(is_there).collect();
            let phase = phases[below(numbers, phases.len())];
            let in_tier = match phase {
                Phase::Place | Phase::Prepull | Phase::Deploy => Some(deploy),
                Phase::Converge | Phase::Answer => Some(tier),
                Phase::Census
                | Phase::Lint
                | Phase::Create
                | Phase::Logs
                | Phase::Prune
                | Phase::Undeploy
                | Phase::RemoveVolumes
                | Phase::RemoveData
                | Phase::Forget
                | Phase::CensusAfter => None,
            };
            At::Phase(phase, in_tier)
        }
    }
}

fn below(numbers: &mut Random, limit: usize) -> usize {
    usize::try_from(numbers.next() % limit.max(1) as u64).unwrap_or(0)
}

fn between(numbers: &mut Random, from: u32, to: u32) -> u32 {
    from + below(numbers, (to - from + 1) as usize) as u32
}

fn chance(numbers: &mut Random, percent: usize) -> bool {
    below(numbers, 100) < percent
}

/// Returns a time up to a limit, to a hundredth of a second; short ones are as likely as long ones.
fn part_of(limit: Duration, numbers: &mut Random) -> Duration {
    let steps = (limit.as_millis() / 10).max(1) as u64;
    let shift = numbers.next() % 8;
    Duration::from_millis(10 * (1 + numbers.next() % (steps >> shift).max(1)))
}
