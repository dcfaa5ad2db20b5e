//! The recipe lint: rules R001 to R015 over what a work tree holds. Main types: [`LintSubject`], [`RULES`].

mod rules;
mod subject;

pub use rules::{LintRule, RULES, Severity};
pub use subject::{LintError, LintSubject};
