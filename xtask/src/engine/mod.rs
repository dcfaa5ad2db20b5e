//! The Docker Engine that tests run on: found or installed, started, in Swarm mode, marked as a test server.

mod install;
mod record;
mod start;
mod stop;
mod swarm;

pub(crate) use install::{ensure_package, install_packages};
pub(crate) use record::PID_FILE;
pub(crate) use start::{Engine, ensure_engine, is_answering};
pub(crate) use stop::{Stopped, stop_engine};
pub(crate) use swarm::{Marking, remove_mark};
