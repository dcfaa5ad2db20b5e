//! A Co-op Cloud server in a box: recipes that come with cc-ci, and the stand-ins for what cannot be had everywhere.
//!
//! - [`bundle`]: recipes as real git repositories, also those that are broken on purpose.
//! - [`abra`], over [`engine`]: what abra means, and the executable that plays it on a real Docker Engine.
//! - [`backupbot`]: plays backup-bot-two, with the real restic.
//! - [`fault`]: what may go wrong on purpose, on the simulated server.
//! - [`lies`]: every way in which backups and restores go wrong, and what finds it.
//! - [`router`]: plays Traefik, as far as Co-op Cloud's labels go.
//! - [`sabotage`]: apps that are broken on purpose, to see whether their suites notice.
//! - [`world`]: a Docker Engine in memory, and [`fidelity`]: whether it does what a real one does.
//!
//! Whatever one of these plays is named as a stand-in in every result.
//!
//! # Example
//!
//! Lay out a bundled recipe and read it:
//!
//! ```no_run
//! use camino::Utf8Path;
//! use harness_core::name::RecipeName;
//! use harness_core::process::BaseEnv;
//! use harness_core::recipe::Repository;
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let recipe = RecipeName::try_from("custom-html".to_owned())?;
//! let base = BaseEnv::capture();
//! let dir = harness_local::bundle::build(&recipe, Utf8Path::new("/tmp/bundle"), &base).await?;
//! for tag in Repository::at(&dir, &base).tags().await? {
//!     println!("{} {}", tag.name, tag.commit);
//! }
//! # Ok(())
//! # }
//! ```

pub mod abra;
pub mod app;
pub mod backupbot;
pub mod bundle;
pub mod embedded;
pub mod engine;
pub mod fault;
pub mod fidelity;
pub mod lies;
pub mod router;
pub mod sabotage;
pub mod world;
