//! Apps on a real Docker Engine in Swarm mode: abra driven, the engine watched, everything counted and removed.
//!
//! Three layers, each of use without the ones above it and without cc-ci's runner:
//! - [`abra`]: the `abra` command line, one module per verb, with pure readings of what it prints. Lint is judged from
//!   its table, and what abra gives as its reason says whose fault a failure is.
//! - [`engine`]: what runs (as plain data for [`harness_core::converge`]), what happens (as hints), what exists (as a
//!   [`harness_core::census`]), what is inside a container, and removal down to nothing.
//! - [`Swarm`]: both behind [`harness_core::platform::Platform`], with a private `ABRA_DIR` per run, recipes at the
//!   exact commit, and overlays for what the host lacks. [`Attached`] is the way in for another process, [`Sweeper`]
//!   the way out for what a killed run left.
//!
//! An engine has to be marked as a test server (node label `cc-ci.test-server=true`) before [`Swarm`] or [`Sweeper`]
//! touch it.
//!
//! # Example
//!
//! Deploy an app with abra, wait until it has converged, and see what exists, without the runner:
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use camino::Utf8Path;
//! use harness_abra::abra::{Abra, DeployAs};
//! use harness_abra::engine::{Engine, Stacks, Watch};
//! use harness_core::converge::{Before, decide};
//! use harness_core::name::{Domain, ServiceName, StackName};
//! use harness_core::process::BaseEnv;
//! use harness_core::wait::{Pace, Readiness, until};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let home = Utf8Path::new("/root/.abra");
//! let abra = Abra::new(Utf8Path::new("abra"), &BaseEnv::capture(), home);
//! println!("{}", abra.check_version().await?.text);
//!
//! let domain = Domain::try_from("blog.ci.example.org".to_owned())?;
//! let stack = StackName::from(&domain);
//! let engine = Engine::connect("unix:///var/run/docker.sock").await?;
//! let watch = Watch::begin(&engine);
//! watch.mind(stack.as_str());
//! abra.deploy(&domain, &DeployAs::Chaos, Duration::from_secs(60)).await?;
//!
//! let services = [ServiceName::try_from("app".to_owned())?];
//! let look = async || match engine.observe(&stack).await {
//!     Ok(seen) => decide(&seen, &services, &Before::nothing()),
//!     Err(error) => Readiness::NotYet(error.to_string()),
//! };
//! until(Pace::within(Duration::from_secs(300)), watch.hint(), look, |status| println!("{status}")).await?;
//!
//! let census = engine.census(&home.join("servers"), Stacks::new()).await?;
//! census.items.iter().for_each(|item| println!("{item}"));
//! # Ok(())
//! # }
//! ```

pub mod abra;
pub mod abra_dir;
mod attached;
pub mod engine;
mod names;
pub mod overlay;
mod pristine;
pub mod quirks;
pub mod swarm;

pub use attached::Attached;
pub use pristine::{LintError, Pristine};
pub use swarm::{ConnectError, Limits, Swarm, SwarmSettings, Sweeper};
