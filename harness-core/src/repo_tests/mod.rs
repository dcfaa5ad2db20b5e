//! Tests that live in a recipe's own repository: what of its `tests/` folder is run, and what is only said to be there.
//!
//! The folder is read once, from git at the commit under test ([`Repository::repo_tests`](crate::recipe::Repository)),
//! before anything can change a checkout: never from a work tree, where a symbolic link could lead anywhere.
//! `.hurl` files are run by default, because they can ask the app under test and do nothing else ([`crate::hurl`]).
//! Scripts are run only for recipes that a reviewed list names. Main type: [`RepoTests`].

mod approved;
mod choose;
mod listing;
mod read;

pub use approved::{Approved, InvalidApproved};
pub use choose::{Found, NotRun, RepoTest, RepoTestKind, RepoTests};
pub use read::ReadRepoTestsError;
