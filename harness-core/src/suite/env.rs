//! Variables of an app as a suite sets them. Main type: [`Env`].

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::template::{Coordinates, Template};
use crate::name::VariableName;

/// Variables by name, their values with places for what is known only once there is an app.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(transparent)]
pub struct Env(BTreeMap<VariableName, Template>);

impl Env {
    /// Sets a variable.
    pub fn set(&mut self, name: VariableName, value: Template) {
        self.0.insert(name, value);
    }

    /// Returns every variable, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&VariableName, &Template)> {
        self.0.iter()
    }

    /// Returns whether no variable is set.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns every variable with its value filled in.
    pub fn fill(&self, at: &Coordinates) -> Vec<(String, String)> {
        self.iter().map(|(name, value)| (name.to_string(), value.fill(at))).collect()
    }
}

impl FromIterator<(VariableName, Template)> for Env {
    fn from_iter<I: IntoIterator<Item = (VariableName, Template)>>(pairs: I) -> Self {
        Self(pairs.into_iter().collect())
    }
}
