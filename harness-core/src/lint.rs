//! What a recipe's lint said. Main type: [`LintReport`].

use serde::{Deserialize, Serialize};

/// How a lint ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LintStatus {
    /// Every error rule is satisfied or skipped.
    Pass,
    /// An error rule is not satisfied.
    Fail,
    /// It could not be judged.
    Unver,
}

/// What a recipe's lint said, judged from its table: its exit code says nothing.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct LintReport {
    /// How it ended.
    pub status: LintStatus,
    /// The rules that are not satisfied, errors first.
    pub rules_failed: Vec<RuleFailed>,
    /// Why it could not be judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// All that it printed.
    #[serde(skip)]
    pub text: String,
}

/// A rule that is not satisfied.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct RuleFailed {
    /// Its number, such as `R011`.
    pub rule: String,
    /// Whether it is of level error (the others only warn).
    pub is_error: bool,
    /// What it asks for.
    pub text: String,
}
