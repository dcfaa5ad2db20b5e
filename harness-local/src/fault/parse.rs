//! A fault as it is written. Main types: [`Fault`], [`InvalidFault`].

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use harness_core::lifecycle::ATTEMPTS;
use harness_core::tier::Tier;
use harness_sso::claims::LEEWAY;
use thiserror::Error;

use super::amount::{Amount, Parameter};
use super::at::{At, Places};
use super::classes::{CLASSES, Class};
use super::what::{Kind, What};

/// Times are whole seconds in tokens: a clock that is off by nearly as much as is allowed may seem to be by more.
const SPARE: Duration = Duration::from_secs(2);

/// Something that goes wrong on purpose, as much as is said, where it is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fault {
    /// What goes wrong.
    pub what: What,
    /// How much, if that was said.
    pub amount: Option<Amount>,
    /// Where.
    pub at: At,
}

/// The text is no fault.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum InvalidFault {
    /// There is no such class.
    #[error("there is no fault `{name}`: did you mean `{near}`? `help` lists all of them")]
    Name {
        /// What was written.
        name: String,
        /// The name that is nearest to it.
        near: &'static str,
    },
    /// The parameter is none that the class takes.
    #[error("the fault `{name}` takes {expected}, seen `{seen}`")]
    Parameter {
        /// The class.
        name: &'static str,
        /// What it takes.
        expected: &'static str,
        /// What was written.
        seen: String,
    },
    /// There is no such place.
    #[error("the fault `{name}` is nowhere: {reason}")]
    Place {
        /// The class.
        name: &'static str,
        /// What was expected, and what was written.
        reason: String,
    },
    /// The place is none of the class.
    #[error("the fault `{name}` cannot happen there: write it as {usage}")]
    Elsewhere {
        /// The class.
        name: &'static str,
        /// How it is written.
        usage: String,
    },
}

impl Fault {
    /// Returns a fault without a parameter or a place of its own.
    pub const fn of(what: What) -> Self {
        Self { what, amount: None, at: At::Anywhere }
    }

    /// Returns the same fault somewhere.
    #[must_use]
    pub const fn at(self, at: At) -> Self {
        Self { at, ..self }
    }

    /// Returns the same fault with a parameter.
    #[must_use]
    pub const fn with(self, amount: Amount) -> Self {
        Self { amount: Some(amount), ..self }
    }

    /// Returns whose doing it is.
    pub fn kind(self) -> Kind {
        self.what.class().kind
    }

    /// Returns whether it spoils fewer backups than are made where they are wrong: the last one is right.
    pub fn is_mended(self) -> bool {
        let of_backups = self.what.class().places == Places::Only(Tier::Backup);
        of_backups && self.number().is_some_and(|times| times < ATTEMPTS)
    }

    /// Returns whether a run in which nothing else goes wrong must pass: the harness is to get over it.
    pub fn is_borne(self) -> bool {
        // Clocks are a little apart everywhere.
        let is_near = || Duration::from_millis(self.jump().unsigned_abs()) < LEEWAY - SPARE;
        matches!(self.what, What::DepRealmThere | What::DepTokenExpired)
            || (self.what == What::DepClock && is_near())
    }

    /// Returns the tiers that claim to catch it; in one of them it must end red. Of some faults nobody claims that.
    pub fn caught_by(self) -> &'static [Tier] {
        let claimed = self.what.class().caught_by;
        // A backup that is wrong is made again. What ends by itself after so many times may be over before anybody can say that it never ends.
        if self.is_mended() || self.what == What::CrashLoop && self.amount.is_some() {
            return &[];
        }
        match self.at.tier().and_then(|tier| claimed.iter().position(|c| *c == tier)) {
            Some(at) => &claimed[at..=at],
            None => claimed,
        }
    }

    /// Returns how long it lasts; none: for ever.
    pub fn time(self) -> Option<Duration> {
        match (self.amount, self.what.class().parameter) {
            (Some(Amount::Time(time)), _) | (None, Parameter::Time(time)) => Some(time),
            (Some(Amount::Number(_) | Amount::Share(_) | Amount::Jump(_)) | None, _) => None,
        }
    }

    /// Returns its number: how many times, or how many times as slow; none: for ever.
    pub fn number(self) -> Option<u32> {
        match (self.amount, self.what.class().parameter) {
            (Some(Amount::Number(number)), _) | (None, Parameter::Number(number)) => Some(number),
            (Some(Amount::Time(_) | Amount::Share(_) | Amount::Jump(_)) | None, _) => None,
        }
    }

    /// Returns its share in hundredths.
    pub fn share(self) -> u8 {
        match (self.amount, self.what.class().parameter) {
            (Some(Amount::Share(share)), _) | (None, Parameter::Share(share)) => share,
            (Some(Amount::Time(_) | Amount::Number(_) | Amount::Jump(_)) | None, _) => 100,
        }
    }

    /// Returns by how many milliseconds the clock jumps.
    pub fn jump(self) -> i64 {
        match (self.amount, self.what.class().parameter) {
            (Some(Amount::Jump(ms)), _) | (None, Parameter::Jump(ms)) => ms,
            (Some(Amount::Time(_) | Amount::Number(_) | Amount::Share(_)) | None, _) => 0,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.what.class().name)?;
        if let Some(amount) = &self.amount {
            write!(f, ":{amount}")?;
        }
        write!(f, "{}", self.at)
    }
}

impl FromStr for Fault {
    type Err = InvalidFault;

    fn from_str(text: &str) -> Result<Self, InvalidFault> {
        let (head, place) = match text.split_once('@') {
            Some((head, place)) => (head, Some(place)),
            None => (text, None),
        };
        let (name, parameter) = match head.split_once(':') {
            Some((name, parameter)) => (name, Some(parameter)),
            None => (head, None),
        };
        let class = CLASSES
            .iter()
            .find(|c| c.name == name)
            .ok_or_else(|| InvalidFault::Name { name: name.to_owned(), near: nearest(name) })?;
        let amount = parameter.map(|seen| read_amount(class, seen)).transpose()?;
        let at = place.map_or(Ok(At::Anywhere), At::read);
        let at = at.map_err(|reason| InvalidFault::Place { name: class.name, reason })?;
        if !class.places.allows(at) {
            return Err(InvalidFault::Elsewhere { name: class.name, usage: class.usage() });
        }
        Ok(Self { what: class.what, amount, at })
    }
}

fn read_amount(class: &Class, seen: &str) -> Result<Amount, InvalidFault> {
    class.parameter.read(seen).map_err(|expected| InvalidFault::Parameter {
        name: class.name,
        expected,
        seen: seen.to_owned(),
    })
}

fn nearest(name: &str) -> &'static str {
    let near = CLASSES.iter().min_by_key(|c| distance(name, c.name));
    near.map_or("crash-loop", |c| c.name)
}

/// Returns how many letters must be changed, added or taken away.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, right) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(left != *right);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
