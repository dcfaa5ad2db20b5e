//! The run folder: every file written whole then renamed, readable at any moment. Main types: [`RunFolder`],
//! [`Recorder`].

mod folder;
mod recorder;

pub use folder::{ATTACHING, RunFolder, WriteError};
pub use recorder::Recorder;
