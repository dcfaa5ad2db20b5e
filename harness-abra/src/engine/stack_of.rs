//! Which stack a thing belongs to: by its label, else by its name. Main type: [`Stacks`].

use std::collections::{BTreeSet, HashMap};

use super::STACK_LABEL;

/// The stacks that are known, for things that say their stack by name only: secrets, and volumes made by hand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stacks {
    known: BTreeSet<String>,
}

impl Stacks {
    /// Returns no stacks.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes a stack known.
    pub fn add(&mut self, stack: &str) {
        self.known.insert(stack.to_owned());
    }

    /// Makes known the stacks that these labels name.
    pub(super) fn add_labeled(&mut self, labels: Option<&HashMap<String, String>>) {
        if let Some(stack) = labels.and_then(|l| l.get(STACK_LABEL)) {
            self.add(stack);
        }
    }

    /// Returns the stack that a thing says it belongs to, or whose name its own begins with. The longest known one
    /// counts; of a run that nothing else remembers, one with the shape of a run's stack and the suffix of a known
    /// one.
    pub(super) fn of(
        &self,
        name: &str,
        labels: Option<&HashMap<String, String>>,
    ) -> Option<String> {
        if let Some(stack) = labels.and_then(|l| l.get(STACK_LABEL)) {
            return Some(stack.clone());
        }
        let begins = |stack: &&String| {
            name.strip_prefix(stack.as_str()).is_some_and(|rest| rest.starts_with('_'))
        };
        let known = self.known.iter().filter(begins).max_by_key(|s| s.len()).cloned();
        known.or_else(|| self.of_a_forgotten_run(name))
    }

    fn of_a_forgotten_run(&self, name: &str) -> Option<String> {
        let (head, rest) = name.split_once('_')?;
        if !is_run_shaped(head) {
            return None;
        }
        let suffixes = self.known.iter().filter_map(|stack| {
            let (head, suffix) = stack.split_once('_')?;
            is_run_shaped(head).then_some(suffix)
        });
        suffixes
            .filter(|s| rest.strip_prefix(s).is_some_and(|tail| tail.starts_with('_')))
            .max_by_key(|s| s.len())
            .map(|suffix| format!("{head}_{suffix}"))
    }
}

/// Returns whether this is the first label of a run's domain: up to four letters or digits, `-`, six hexadecimal
/// digits.
pub(super) fn is_run_shaped(label: &str) -> bool {
    label.split_once('-').is_some_and(|(recipe, digits)| {
        (1..=4).contains(&recipe.len())
            && recipe.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
            && digits.len() == 6
            && digits.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stacks(known: &[&str]) -> Stacks {
        Stacks { known: known.iter().map(|s| (*s).to_owned()).collect() }
    }

    #[test]
    fn a_label_wins_over_a_name() {
        let labels = HashMap::from([(STACK_LABEL.to_owned(), "b".to_owned())]);
        assert_eq!(stacks(&["a"]).of("a_data", Some(&labels)).as_deref(), Some("b"));
        assert_eq!(stacks(&["a"]).of("a_data", None).as_deref(), Some("a"));
        assert_eq!(stacks(&["a"]).of("ab_data", None), None);
    }

    #[test]
    fn the_longest_stack_counts() {
        let stacks = stacks(&["blog_example_org", "blog_example_org_uk"]);
        assert_eq!(
            stacks.of("blog_example_org_uk_db_v1", None).as_deref(),
            Some("blog_example_org_uk")
        );
    }

    #[test]
    fn a_forgotten_run_is_known_by_the_shape_of_its_name_and_the_servers_suffix() {
        let known = stacks(&["cust-1a2b3c_ccci_test"]);
        assert_eq!(
            known.of("ghos-ffeedd_ccci_test_db_password_v1", None).as_deref(),
            Some("ghos-ffeedd_ccci_test")
        );
        assert_eq!(known.of("ghos-ffeedd_elsewhere_db_v1", None), None);
        assert_eq!(known.of("backupbot_repo", None), None);
        assert_eq!(known.of(&"0".repeat(64), None), None);
    }
}
