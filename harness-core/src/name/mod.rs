//! Typed names with their limits. A string from outside becomes one of these at the edge or is refused there.

mod commit;
mod docker;
mod domain;
mod recipe;
mod run_id;
mod variable;
mod version;

pub use commit::{Commit, InvalidCommit};
pub use docker::{InvalidSwarmName, MAX_SWARM_NAME, ServiceName, StackName, swarm_name};
pub use domain::{Domain, InvalidDomain};
pub use recipe::{InvalidRecipeName, RecipeName};
pub use run_id::{InvalidRunId, RunId};
pub use variable::{InvalidVariableName, VariableName};
pub use version::{InvalidVersion, Version};

/// Gives a validated string newtype its `Display`, `as_str` and serde through its constructor.
macro_rules! text_newtype {
    ($name:ident) => {
        impl $name {
            /// Returns the text as it was written.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }
    };
}
use text_newtype;
