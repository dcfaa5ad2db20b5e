//! The core of cc-ci: what a run is, decided and waited for, without knowing where apps run.
//!
//! Start at [`platform::Platform`] (where apps run), [`plan`] (what will be done), [`lifecycle`] (doing it),
//! [`converge`] (whether an app is up) and [`process`] (the one way to start a command). Nothing here prints, exits,
//! or reads the environment, except [`process::BaseEnv::capture`] on behalf of a binary's `main`.
//!
//! # Example
//!
//! Wait for a command to succeed, with a deadline on each try and on the whole, and the last status in the error:
//!
//! ```
//! use std::time::Duration;
//!
//! use harness_core::process::{BaseEnv, Cmd, Deadline};
//! use harness_core::wait::{Hint, Pace, Readiness, until};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! let base = BaseEnv::capture();
//! let look = async || {
//!     let probe = Cmd::new("true", &base, Deadline::after(Duration::from_secs(2)));
//!     match probe.run().await {
//!         Ok(output) => Readiness::Ready(output.stdout),
//!         Err(error) => Readiness::NotYet(error.to_string()),
//!     }
//! };
//! until(Pace::within(Duration::from_secs(30)), &Hint::default(), look, |status| println!("{status}")).await?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod browser;
pub mod cause;
pub mod census;
pub mod chain;
pub mod converge;
pub mod event;
pub mod excerpt;
pub mod http;
pub mod hurl;
pub mod identity;
pub mod ledger;
pub mod lifecycle;
pub mod lint;
pub mod name;
pub mod near;
pub mod observation;
pub mod plan;
pub mod platform;
pub mod process;
pub mod recipe;
pub mod replay;
pub mod repo_tests;
pub mod report;
pub mod run_file;
pub mod secret;
pub mod store;
pub mod suite;
pub mod tier;
pub mod wait;
