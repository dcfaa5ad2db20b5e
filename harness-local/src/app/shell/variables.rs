//! Variables: texts and lists of texts. Main type: [`Variables`].

use std::collections::{BTreeMap, BTreeSet};

/// A variable's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Text(String),
    List(Vec<String>),
}

/// The variables of a shell.
#[derive(Clone, Debug, Default)]
pub(super) struct Variables {
    values: BTreeMap<String, Value>,
    exported: BTreeSet<String>,
}

impl Variables {
    /// Returns the variables of a new shell: those of its environment.
    pub(super) fn of(env: &BTreeMap<String, String>) -> Self {
        let values = env.iter().map(|(n, v)| (n.clone(), Value::Text(v.clone()))).collect();
        Self { values, exported: env.keys().cloned().collect() }
    }

    /// Returns the environment of the programs that are run.
    pub(super) fn environment(&self) -> BTreeMap<String, String> {
        let exported = self.exported.iter();
        exported.filter_map(|name| Some((name.clone(), self.text(name)?))).collect()
    }

    /// Returns a value as one text: of a list its first element.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        match self.values.get(name)? {
            Value::Text(text) => Some(text.clone()),
            Value::List(list) => list.first().cloned(),
        }
    }

    /// Returns a value as a list: of a text itself.
    pub(super) fn list(&self, name: &str) -> Vec<String> {
        match self.values.get(name) {
            Some(Value::Text(text)) => vec![text.clone()],
            Some(Value::List(list)) => list.clone(),
            None => Vec::new(),
        }
    }

    pub(super) fn value(&self, name: &str) -> Option<Value> {
        self.values.get(name).cloned()
    }

    pub(super) fn set(&mut self, name: &str, text: String) {
        self.values.insert(name.to_owned(), Value::Text(text));
    }

    /// Gives one element of a list a value.
    pub(super) fn set_at(&mut self, name: &str, at: usize, text: String) {
        let mut list = self.list(name);
        if list.len() <= at {
            list.resize(at + 1, String::new());
        }
        list[at] = text;
        self.values.insert(name.to_owned(), Value::List(list));
    }

    pub(super) fn set_list(&mut self, name: &str, list: Vec<String>) {
        self.values.insert(name.to_owned(), Value::List(list));
    }

    /// Puts an earlier value back; none removes it.
    pub(super) fn restore(&mut self, name: &str, value: Option<Value>) {
        match value {
            Some(value) => drop(self.values.insert(name.to_owned(), value)),
            None => drop(self.values.remove(name)),
        }
    }

    pub(super) fn unset(&mut self, name: &str) {
        self.values.remove(name);
        self.exported.remove(name);
    }

    /// Exports a variable; returns whether it was exported already.
    pub(super) fn export(&mut self, name: &str) -> bool {
        !self.exported.insert(name.to_owned())
    }

    pub(super) fn keep_to_itself(&mut self, name: &str) {
        self.exported.remove(name);
    }
}
