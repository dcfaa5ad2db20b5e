//! Identity providers as test dependencies: realms, clients, tokens and claims, in a crate of their own because they
//! are of use without any recipe.
//!
//! Nothing is here yet. It will build on [`harness_core::http`] for requests that follow and retry nothing by
//! themselves:
//!
//! ```
//! use harness_core::http::{Answer, router_page};
//!
//! let answer = Answer { status: 200, headers: Vec::new(), body: b"{}".to_vec(), certificate: None };
//! assert_eq!(router_page(&answer), None);
//! ```
