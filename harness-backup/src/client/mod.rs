//! What speaks to an app's databases: the clients that the databases' own containers have.
//!
//! A statement is handed over as one argument, so no shell reads it. Passwords are read in the container, from the
//! variables and files that the image itself uses, and never leave it.
//!
//! Main items: [`Dialect`], [`query`].

mod printed;
mod query;
mod scripts;
mod sql;
mod why;

pub use query::{Client, query};
pub use sql::Dialect;
pub use why::{Trouble, trouble};

pub(crate) use query::settled;
pub(crate) use scripts::REDIS;
