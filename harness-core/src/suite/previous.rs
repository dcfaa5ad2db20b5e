//! `previous/` in a suite's folder: the repair of one release that does not deploy any more. Main type: [`Previous`].

use thiserror::Error;

use super::layer::{InvalidLayer, Layer};
use crate::excerpt::printable;
use crate::name::{InvalidVersion, Version};
use crate::recipe::Compose;

/// The name of the overlay in `previous/` and in the checkout.
pub const PREVIOUS_OVERLAY: &str = "compose.previous.yml";

/// The file that says for which release the repair is.
pub const PREVIOUS_VERSION: &str = "VERSION";

/// The repair of one release. It is laid over that release as a base, and over nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Previous {
    /// The release.
    pub version: Version,
    /// The text of the overlay. It may name images: some cannot be had any more.
    pub overlay: String,
    file: String,
}

/// A `previous/` that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum InvalidPrevious {
    /// One of the two files is missing.
    #[error(
        "{folder}/{missing} is missing: expected it beside {folder}/{present}; add it, or delete the folder"
    )]
    Missing {
        /// The folder.
        folder: String,
        /// The file that is there.
        present: &'static str,
        /// The file that is not.
        missing: &'static str,
    },
    /// There is no release.
    #[error(
        "{file}:1: the file is blank: expected the release that is repaired, such as `1.2.0+6.44.1`"
    )]
    Blank {
        /// The file.
        file: String,
    },
    /// There is more than a release.
    #[error("{file}:{line}: expected one line, the release that is repaired; take `{text}` out")]
    SeveralLines {
        /// The file.
        file: String,
        /// The second line that is not blank.
        line: usize,
        /// Its text.
        text: String,
    },
    /// What is there is no release.
    #[error("{file}:1")]
    Version {
        /// The file.
        file: String,
        /// What is wrong with it.
        source: InvalidVersion,
    },
    /// The overlay cannot be laid over the release.
    #[error(transparent)]
    Overlay(#[from] InvalidLayer),
}

impl Previous {
    /// Reads the two files of a folder, such as `recipes/ghost/previous`; `None` if it has neither.
    ///
    /// # Errors
    /// One of them is missing, the release is none, or the overlay cannot be read.
    pub fn parse(
        folder: &str,
        version: Option<&str>,
        overlay: Option<&str>,
    ) -> Result<Option<Self>, InvalidPrevious> {
        let missing = |present, missing| {
            Err(InvalidPrevious::Missing { folder: folder.to_owned(), present, missing })
        };
        let (version, overlay) = match (version, overlay) {
            (None, None) => return Ok(None),
            (Some(_), None) => return missing(PREVIOUS_VERSION, PREVIOUS_OVERLAY),
            (None, Some(_)) => return missing(PREVIOUS_OVERLAY, PREVIOUS_VERSION),
            (Some(version), Some(overlay)) => (version, overlay),
        };
        let version = release(&format!("{folder}/{PREVIOUS_VERSION}"), version)?;
        let file = format!("{folder}/{PREVIOUS_OVERLAY}");
        Layer::read(&file, overlay)?;
        Ok(Some(Self { version, overlay: overlay.to_owned(), file }))
    }

    /// Returns whether the repair is for this base. One that is not is stale: it is not used, and the plan says so.
    pub fn is_for(&self, base: Option<&Version>) -> bool {
        base == Some(&self.version)
    }

    /// Checks the overlay against the release that it will be laid over.
    ///
    /// # Errors
    /// It claims another compose version, or is about services that the release does not have.
    pub fn check(&self, base: &Compose) -> Result<(), InvalidLayer> {
        let layer = Layer::read(&self.file, &self.overlay)?;
        layer.same_version(base)?;
        layer.known_services(base)
    }
}

fn release(file: &str, text: &str) -> Result<Version, InvalidPrevious> {
    let file = file.to_owned();
    let mut lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let Some((_, first)) = lines.next() else { return Err(InvalidPrevious::Blank { file }) };
    if let Some((at, text)) = lines.next() {
        let text = printable(text.trim());
        return Err(InvalidPrevious::SeveralLines { file, line: at + 1, text });
    }
    Version::try_from(printable(first.trim()))
        .map_err(|source| InvalidPrevious::Version { file, source })
}

#[cfg(test)]
mod tests {
    use super::*;

    const OVERLAY: &str = "services:\n  db:\n    image: mariadb:10.11\n";

    #[test]
    fn a_repair_is_for_one_release_alone() {
        let version = |text: &str| Version::try_from(text.to_owned()).unwrap();
        let previous =
            Previous::parse("p", Some("1.2.0+6.44.1\n\n"), Some(OVERLAY)).unwrap().unwrap();
        assert!(previous.is_for(Some(&version("1.2.0+6.44.1"))));
        assert!(!previous.is_for(Some(&version("1.2.1+6.44.1"))) && !previous.is_for(None));
        assert_eq!(Previous::parse("p", None, None), Ok(None));
    }

    #[test]
    fn a_repair_may_name_images_and_add_services_that_have_one() {
        let base = Compose::parse("compose.yml", "services:\n  app:\n    image: a\n").unwrap();
        let check = |overlay: &str| {
            let previous = Previous::parse("p", Some("1.0.0+1"), Some(overlay)).unwrap().unwrap();
            previous.check(&base)
        };
        assert_eq!(check("services:\n  app:\n    image: b\n  more:\n    image: c\n"), Ok(()));
        assert!(check("services:\n  more:\n    tty: true\n").is_err());
    }
}
