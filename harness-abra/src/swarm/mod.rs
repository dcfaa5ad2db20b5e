//! The swarm platform: recipes deployed by abra on a Docker Engine in Swarm mode.
//!
//! Main types: [`Swarm`] (the platform), [`SwarmSettings`] (what it is made from), [`Sweeper`] (removes all of an app
//! with nothing but the engine, for what a killed run left).

mod backup;
mod blame;
mod connect;
mod create;
mod deploy;
mod insert;
mod lint;
mod names;
mod place;
mod placed;
mod platform;
mod ports;
mod settings;
mod steps;
mod sweeper;
mod teardown;

pub use connect::{ConnectError, Swarm};
pub use names::check_names;
pub use settings::{Limits, SwarmSettings};
pub use sweeper::Sweeper;
