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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_end_has_the_code_that_the_manual_gives() {
        let verdict = |v| ExitStatus::Verdict(v).code();
        assert_eq!(verdict(RunVerdict::Pass), 0);
        assert_eq!(verdict(RunVerdict::Fail), 1);
        assert_eq!(ExitStatus::Usage.code(), 2);
        assert_eq!(verdict(RunVerdict::NotVerified), 3);
        assert_eq!(ExitStatus::NothingSelected.code(), 4);
        assert_eq!(verdict(RunVerdict::Error), 70);
        assert_eq!(ExitStatus::Stopped(Stop::Interrupt).code(), 130);
        assert_eq!(ExitStatus::Stopped(Stop::Deadline).code(), 142);
        assert_eq!(ExitStatus::Stopped(Stop::Terminate).code(), 143);
    }
}
