//! One simulated run: a recipe, a seed, and what goes wrong. Main type: [`Scenario`].

use std::fmt;
use std::sync::Arc;

use harness_local::fault::{At, Fault, What, random};
use harness_local::sabotage::Sabotage;
use harness_local::world::Random;

use crate::subject::{Library, Subject};

/// Of so many seeds one is of a recipe that needs others, and of so many of those one is of a recipe without an identity
/// provider. They are chosen apart, so that all other seeds stand for what they always did.
const NEEDY_ONE_IN: u64 = 16;
const PLAIN_ONE_IN: u64 = 4;

/// Returns the recipe that needs others for which a seed stands, if it does.
fn with_others(seed: u64) -> Option<&'static str> {
    let number = Random::new(seed ^ 0xdeb5).next();
    let is_plain = (number / NEEDY_ONE_IN).is_multiple_of(PLAIN_ONE_IN);
    let name = if is_plain { "custom-html+needs" } else { "custom-html+keycloak" };
    number.is_multiple_of(NEEDY_ONE_IN).then_some(name)
}

/// One simulated run.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// What everything random is made of.
    pub seed: u64,
    /// The recipe.
    pub subject: Arc<Subject>,
    /// What goes wrong.
    pub faults: Vec<Fault>,
    /// In which of its steps on the disk the run dies, torn in the middle; none: in none.
    pub dies_in_step: Option<u64>,
    /// How the app is broken on purpose, to see whether the suite notices.
    pub sabotage: Option<Sabotage>,
}

impl Scenario {
    /// Returns the scenario that a seed stands for.
    pub fn of_seed(seed: u64, library: &Library) -> Self {
        if let Some(name) = with_others(seed)
            && let Some(subject) = library.find(name)
        {
            let mut numbers = Random::new(!seed);
            let faults = random(&mut numbers, &subject.shape());
            return Self::sound(seed, &subject).with(&faults);
        }
        let mut random_numbers = Random::new(seed);
        // Most runs are of the recipe with everything in it; a broken recipe meets the environment's faults only.
        let name = match random_numbers.next() % 20 {
            0..=8 => Some("custom-html"),
            9..=10 => Some("custom-html+disaster"),
            11..=12 => Some("custom-html-tiny"),
            13 => Some("postgres-page"),
            14 => Some("postgres-page+disaster"),
            15 => Some("first-labels"),
            16 => Some("published-port"),
            _ => None,
        };
        let subject = name.and_then(|name| library.sound.iter().find(|s| s.name == name));
        let subject = match subject {
            Some(subject) => subject,
            None if name.is_some() => &library.sound[0],
            None => {
                let index = random_numbers.next() as usize % library.broken.len();
                &library.broken[index]
            }
        };
        let faults = random(&mut random_numbers, &subject.shape());
        Self { seed, subject: Arc::clone(subject), faults, dies_in_step: None, sabotage: None }
    }

    /// Returns a run of a recipe in which nothing goes wrong.
    pub fn sound(seed: u64, subject: &Arc<Subject>) -> Self {
        Self {
            seed,
            subject: Arc::clone(subject),
            faults: Vec::new(),
            dies_in_step: None,
            sabotage: None,
        }
    }

    /// Returns the same run of an app that is sabotaged. A sabotage that is a fault is one of the run's faults.
    #[must_use]
    pub fn sabotaged(&self, sabotage: Sabotage) -> Self {
        let mut faults = self.faults.clone();
        faults.extend(sabotage.fault());
        Self { faults, sabotage: Some(sabotage), ..self.clone() }
    }

    /// Returns the same run with other faults.
    #[must_use]
    pub fn with(&self, faults: &[Fault]) -> Self {
        Self { faults: faults.to_vec(), ..self.clone() }
    }

    /// Returns the fault of a class, if it is one of this run's.
    pub fn fault(&self, what: What) -> Option<Fault> {
        self.faults.iter().find(|f| f.what == what).copied()
    }

    /// Returns the same run, which dies in the middle of a step on the disk.
    #[must_use]
    pub fn dying_in(&self, step: u64) -> Self {
        Self { dies_in_step: Some(step), ..self.clone() }
    }

    /// Returns the same run, killed when it has said so many things.
    #[must_use]
    pub fn killed_at(&self, event: u64) -> Self {
        let mut faults = self.faults.clone();
        faults.retain(|f| f.what != What::Kill);
        faults.push(Fault::of(What::Kill).at(At::Event(event)));
        self.with(&faults)
    }
}

impl fmt::Display for Scenario {
    /// Writes the options that play it again.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "--seed {} --recipe {}", self.seed, self.subject.name)?;
        if self.faults.is_empty() {
            f.write_str(" --no-fault")?;
        }
        for fault in &self.faults {
            write!(f, " --fault {fault}")?;
        }
        if let Some(step) = self.dies_in_step {
            write!(f, " --dies-in-step {step}")?;
        }
        Ok(())
    }
}
