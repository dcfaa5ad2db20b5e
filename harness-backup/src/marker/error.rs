//! What can keep a marker from being planted, read or broken. Main type: [`MarkerError`].

use harness_core::cause::CauseClass;
use harness_core::store::Product;
use thiserror::Error;

use crate::client::{Trouble, trouble};
use crate::reach::ReachError;

/// A marker could not be planted, read or broken. It says nothing of what a backup kept.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum MarkerError {
    /// The store could not be asked: its container does not run, its server takes no connections, the engine is busy.
    #[error("store `{store}` could not be asked")]
    Unreached {
        /// The store.
        store: String,
        /// What happened.
        source: ReachError,
    },
    /// The store said no.
    #[error("store `{store}` refused")]
    Refused {
        /// The store.
        store: String,
        /// What it said.
        source: ReachError,
    },
    /// The image has no client for its own data, or no shell to run it.
    #[error("store `{store}` has no client in its image")]
    NoClient {
        /// The store.
        store: String,
        /// What is missing.
        source: ReachError,
    },
    /// Nothing can be planted in a store of this kind.
    #[error("nothing can be planted in {product} so far")]
    Unsupported {
        /// The product.
        product: Product,
    },
    /// What was planted was not there right afterwards.
    #[error("store `{store}` does not keep what is written to it: {seen}")]
    NotKept {
        /// The store.
        store: String,
        /// What was there instead.
        seen: String,
    },
    /// What was to be broken is still as it was: finding it again would prove nothing.
    #[error("the marker in store `{store}` could not be broken: it is still as it was planted")]
    NotBroken {
        /// The store.
        store: String,
    },
    /// The client's answer makes no sense.
    #[error("the client of store `{store}` gave an answer that makes no sense: {said:?}")]
    Unreadable {
        /// The store.
        store: String,
        /// What it said.
        said: String,
    },
}

impl MarkerError {
    /// Sorts what the way to a store said.
    pub(super) fn of(store: &str, source: ReachError) -> Self {
        let store = store.to_owned();
        match trouble(&source) {
            Trouble::NotYet | Trouble::Interrupted => Self::Unreached { store, source },
            Trouble::NoClient => Self::NoClient { store, source },
            Trouble::Absent | Trouble::Refused => Self::Refused { store, source },
        }
    }

    /// Returns whose fault it is: where the app or the recipe is in the way, its own.
    pub const fn class(&self) -> CauseClass {
        match self {
            Self::Unreached { source: ReachError::Engine { cause, .. }, .. } => *cause,
            Self::Unreached { .. } => CauseClass::App,
            Self::Refused { .. } | Self::NotKept { .. } | Self::NotBroken { .. } => {
                CauseClass::Recipe
            }
            Self::NoClient { .. } | Self::Unsupported { .. } | Self::Unreadable { .. } => {
                CauseClass::Harness
            }
        }
    }
}
