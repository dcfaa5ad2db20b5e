//! Suites, the generic floor below them, and the program that runs both as libtest-mimic trials.
//!
//! A *suite* is a folder `recipes/<recipe>/`; the build picks it up. Its `suite.rs` says what is planted before an op
//! of the run ([`Suite::seed`]) and what must hold after it ([`Suite::check`]). A recipe without a folder, and a
//! folder without a `suite.rs`, get the generic floor alone: serving, the commit label, markers in every volume, an
//! artefact with content, and so on. Seeds may write; checks only read.
//!
//! ```no_run
//! use recipe_tests::{Check, Ctx, Suite, Tier, ensure, ensure_eq};
//!
//! /// What is asked of this recipe beyond the floor.
//! pub fn suite() -> Suite {
//!     Suite::new()
//!         .seed(Tier::Custom, "page", plant_page)
//!         .check(Tier::Custom, "page_is_served", page_is_served)
//! }
//!
//! async fn plant_page(ctx: Ctx) -> Check {
//!     let body = ctx.unique("page");
//!     ctx.write_file("app", "/usr/share/nginx/html/page.txt", body.as_bytes()).await?;
//!     ctx.keep("page", &body)
//! }
//!
//! async fn page_is_served(ctx: Ctx) -> Check {
//!     let body: String = ctx.fact("page")?;
//!     let answer = ctx.get("/page.txt").await?;
//!     ensure_eq!(answer.status, 200, "the status of /page.txt");
//!     ensure!(answer.text() == body, expected: "the page that was planted", seen: answer.summary());
//!     Ok(())
//! }
//! ```
//!
//! The program ([`main`]) is started by the runner once for each phase of a tier, with the run file's path in
//! `CCCI_RUN`, and appends what it finds to the run file's `out`. Each trial is named `recipe::tier::check`. It also
//! answers `describe <recipe>` (one line of JSON for the plan) and `recipes` (the names of all folders).
//!
//! `cargo test -p recipe-tests` runs every suite on a simulated server. [`TrialsInProcess`] does what the program does
//! in the process of the run, for virtual time.

// Suites are modules of this crate and name it as anyone else would.
extern crate self as recipe_tests;

mod access;
mod artefact;
mod attach;
mod built;
mod catalogue;
mod check;
mod clock;
mod credentials;
mod ctx;
mod entry;
mod errors;
mod floor;
mod folder;
mod notes;
mod page;
mod provider;
pub mod recipes;
mod repo_tests;
#[cfg(test)]
mod site;
mod sql;
mod stream;
mod suite;
mod tls;
mod trial;
mod visitor;
mod websocket;
mod within;

pub use artefact::Backup;
pub use attach::attach;
pub use catalogue::{InvalidSuite, describe, suites_with};
pub use check::{Check, Failure, skip};
pub use credentials::Credentials;
pub use ctx::Ctx;
pub use entry::main;
pub use folder::{folder_names, parity};
pub use harness_backup::{Executed, ReachError};
pub use harness_core::cause::CauseClass;
pub use harness_core::http::{Answer, Method};
pub use harness_core::run_file::Consumer;
pub use harness_core::secret::Secret;
pub use harness_core::tier::Tier;
pub use harness_sso as sso;
pub use page::{Page, PageError};
pub use provider::Provider;
pub use sql::Sql;
pub use stream::{ConnectError, Stream, TlsTrust};
pub use suite::Suite;
pub use trial::TrialsInProcess;
pub use visitor::{Upload, Visitor};
pub use websocket::{Heard, WebSocket, WebSocketError};
