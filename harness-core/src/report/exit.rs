//! Exit codes: one exhaustive match.

use crate::event::Stop;

use super::results::RunVerdict;

/// How `cc-ci` ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitStatus {
    /// A run ended with its verdict.
    Verdict(RunVerdict),
    /// A run was told to end; its teardown is done.
    Stopped(Stop),
    /// Bad usage or bad settings; nothing was made.
    Usage,
    /// Nothing was selected.
    NothingSelected,
}

impl ExitStatus {
    /// Returns the process's exit code.
    pub const fn code(self) -> u8 {
        match self {
            Self::Verdict(RunVerdict::Pass) => 0,
            Self::Verdict(RunVerdict::Fail) => 1,
            Self::Usage => 2,
            Self::Verdict(RunVerdict::NotVerified) => 3,
            Self::NothingSelected => 4,
            Self::Verdict(RunVerdict::Error) => 70,
            Self::Stopped(Stop::Interrupt) => 130,
            Self::Stopped(Stop::Deadline) => 142,
            Self::Stopped(Stop::Terminate) => 143,
        }
    }
}
