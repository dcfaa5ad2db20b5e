//! Whether there is an abra where the settings say. Main items: [`check_abra`], [`NoAbra`].

use camino::Utf8PathBuf;
use thiserror::Error;

use super::resolve::{Provenance, Setting};

/// There is no abra to drive.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NoAbra {
    /// Nobody named one, and none was found.
    #[error(
        "there is no abra: none on the PATH, and no stand-in at {stand_in}; install abra, name one with --abra, or build the stand-in: `cargo build -p harness-local` does, and so does `cargo xtask ci`, which brings up a test server too (as `cargo xtask up`)"
    )]
    Nowhere {
        /// Where the stand-in would be.
        stand_in: Utf8PathBuf,
    },
    /// The one that was named is not there.
    #[error("there is no abra at {path}, which is named by {from}: expected a program")]
    Named {
        /// What was named.
        path: Utf8PathBuf,
        /// Where.
        from: Provenance,
    },
}

/// Looks whether there is an abra where a setting says. A name without a folder is for the system to find.
///
/// # Errors
/// There is none: where it was looked for, and what to do.
pub fn check_abra(abra: &Setting<Utf8PathBuf>) -> Result<(), NoAbra> {
    let path = &abra.value;
    if path.is_file() || !path.as_str().contains('/') {
        return Ok(());
    }
    match &abra.from {
        Provenance::Default => Err(NoAbra::Nowhere { stand_in: path.clone() }),
        from @ (Provenance::Given | Provenance::File(_) | Provenance::LocalServer(_)) => {
            Err(NoAbra::Named { path: path.clone(), from: from.clone() })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_looked_for_is_named_with_the_place() {
        let of = |value: &str, from| check_abra(&Setting { value: value.into(), from });
        assert_eq!(of("/bin/sh", Provenance::Given), Ok(()));
        assert_eq!(of("abra", Provenance::Default), Ok(()));
        let nowhere = of("/nowhere/abra", Provenance::Default).unwrap_err().to_string();
        assert!(nowhere.contains("no stand-in at /nowhere/abra"), "{nowhere}");
        assert!(nowhere.contains("cargo xtask up"), "{nowhere}");
        let named = of("/nowhere/abra", Provenance::Given).unwrap_err().to_string();
        assert_eq!(
            named,
            "there is no abra at /nowhere/abra, which is named by flag or variable: expected a program"
        );
    }
}
