//! Compose files that a suite lays over the recipe's own. Main type: [`Laid`].

use super::overlay::OVERLAY;
use super::previous::PREVIOUS_OVERLAY;
use crate::name::Commit;

/// Compose files that a suite lays over the recipe's own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Laid {
    /// The text of [`OVERLAY`].
    pub everywhere: Option<String>,
    /// The commit of the base that [`PREVIOUS_OVERLAY`] repairs, and its text; none where there is nothing to repair.
    pub repair: Option<(Commit, String)>,
}

impl Laid {
    /// Returns the files for a revision, by name, in the order in which they are laid over the recipe's own.
    pub fn at(&self, commit: &Commit) -> Vec<(&'static str, &str)> {
        let repair = self.repair.iter().filter(|(of, _)| of == commit);
        let repair = repair.map(|(_, text)| (PREVIOUS_OVERLAY, text.as_str()));
        repair.chain(self.everywhere.iter().map(|text| (OVERLAY, text.as_str()))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repair_is_laid_over_its_base_alone_and_below_the_overlay() {
        let commit = |digit: &str| Commit::try_from(digit.repeat(40)).unwrap();
        let laid =
            Laid { everywhere: Some("e".to_owned()), repair: Some((commit("1"), "r".to_owned())) };
        assert_eq!(laid.at(&commit("1")), [(PREVIOUS_OVERLAY, "r"), (OVERLAY, "e")]);
        assert_eq!(laid.at(&commit("9")), [(OVERLAY, "e")]);
        assert_eq!(Laid::default().at(&commit("1")), []);
    }
}
