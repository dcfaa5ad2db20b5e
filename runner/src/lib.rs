//! The runner of cc-ci: takes a recipe through its tiers on a platform and says what was proven.
//!
//! The binary `cc-ci` is a thin `main` around [`cli`]. An importer who wants the lifecycle without the command line
//! uses `harness_core::lifecycle::Job` with `harness_abra::Swarm`, and [`trials::TrialsProcess`] for the checks.
//!
//! # Example
//!
//! Read a run's events and say again what it proved:
//!
//! ```no_run
//! use harness_core::event::read_events;
//! use harness_core::report::Results;
//!
//! # fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let events = read_events(&std::fs::read_to_string("runs/20261121-141500-ab12/events.jsonl")?)?;
//! let results = Results::from_events(&events)?;
//! println!("{}", runner::output::explain(&results, &events, 100));
//! # Ok(())
//! # }
//! ```

pub mod artefacts;
pub mod cli;
pub mod dependencies;
pub mod disk;
pub mod fault;
pub mod gc;
pub mod history;
pub mod last_good;
pub mod lease;
pub mod machine;
pub mod output;
pub mod platform;
pub mod prepare;
pub mod provider;
pub mod run;
pub mod scaffold;
pub mod session;
pub mod settings;
pub mod signals;
pub mod source;
pub mod sweep;
pub mod target;
pub mod trials;
pub mod warm;
