//! What a suite's folder brings beside settings and checks, as the plan tells of it. Main type: [`Brings`].

use crate::platform::Revision;
use crate::suite::Previous;

/// What a suite's folder brings beside settings and checks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Brings<'a> {
    /// Whether it has a `compose.ccci.yml`.
    pub overlay: bool,
    /// Whether it has an `install_steps.sh`.
    pub install_steps: bool,
    /// The repair of one release, its `previous/`.
    pub previous: Option<&'a Previous>,
}

impl Brings<'_> {
    /// Returns whether `previous/` is for this base. One that is for another is stale: it is not used.
    pub fn repairs(&self, base: Option<&Revision>) -> bool {
        let base = base.and_then(|b| b.version.as_ref());
        self.previous.is_some_and(|previous| previous.is_for(base))
    }

    /// Tells what becomes of each of them, as the plan and the results show it.
    pub(super) fn told(&self, base: Option<&Revision>) -> Vec<String> {
        let mut told = Vec::new();
        if self.overlay {
            told.push("compose.ccci.yml: laid over every revision".to_owned());
        }
        if self.install_steps {
            told.push("install_steps.sh: run before the first deploy".to_owned());
        }
        if let Some(Previous { version, .. }) = self.previous {
            let deployed = match base {
                None => "there is no base".to_owned(),
                Some(Revision { version: Some(base), .. }) => format!("the base is {base}"),
                Some(Revision { version: None, commit }) => {
                    format!("the base is {}, of no version", commit.short())
                }
            };
            told.push(if self.repairs(base) {
                format!("previous/: laid over the base {version}")
            } else {
                format!("previous/ is stale: it repairs {version}, and {deployed}; it is not used")
            });
        }
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::{Commit, Version};

    fn version(text: &str) -> Version {
        Version::try_from(text.to_owned()).unwrap()
    }

    fn base(text: Option<&str>) -> Revision {
        let commit = Commit::try_from("1".repeat(40)).unwrap();
        Revision { commit, version: text.map(version) }
    }

    #[test]
    fn a_repair_is_used_for_its_own_release_alone_and_told_as_stale_otherwise() {
        let overlay = "services:\n  app:\n    image: a:1\n";
        let previous = Previous::parse("p", Some("1.0.0+1"), Some(overlay)).unwrap();
        let brings = Brings { previous: previous.as_ref(), ..Brings::default() };
        let own = base(Some("1.0.0+1"));
        assert!(brings.repairs(Some(&own)));
        assert_eq!(brings.told(Some(&own)), ["previous/: laid over the base 1.0.0+1"]);
        for (base, said) in [
            (Some(base(Some("1.0.1+1"))), "the base is 1.0.1+1"),
            (Some(base(None)), "of no version"),
            (None, "there is no base"),
        ] {
            assert!(!brings.repairs(base.as_ref()));
            let told = brings.told(base.as_ref());
            let stale = told[0].starts_with("previous/ is stale: it repairs 1.0.0+1");
            assert!(stale && told[0].contains(said), "{told:?}");
        }
    }

    #[test]
    fn what_is_brought_is_told_and_nothing_else() {
        let brings = Brings { overlay: true, install_steps: true, previous: None };
        assert_eq!(brings.told(None).len(), 2);
        assert!(!brings.repairs(Some(&base(None))));
        assert_eq!(Brings::default().told(None), Vec::<String>::new());
    }
}
