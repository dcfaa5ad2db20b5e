//! Linting a recipe at a commit, by the rules of the abra stand-in.

use std::fmt::Write as _;

use harness_core::chain::Chain;
use harness_core::lint::{LintReport, LintStatus, RuleFailed};
use harness_core::platform::{App, OpError, Revision};
use harness_core::recipe::Tag;
use harness_core::suite::Laid;

use super::create::not_read;
use super::recipe::Checkout;
use super::server::Server;
use crate::abra::lint::{LintError, LintSubject, RULES, Severity};

impl Server {
    pub(super) fn lint_at(&self, app: &App, at: &Revision) -> Result<LintReport, OpError> {
        let op = format!("lint {} at {}", app.recipe, at.commit.short());
        let unread = || not_read(&op, &at.commit);
        let (files, _) = self.recipe(&at.commit).ok_or_else(unread)?;
        let checkout = Checkout::at(files, &at.commit, &Laid::default()).ok_or_else(unread)?;
        Ok(files.known().linted(&at.commit, || match subject(&checkout, files.tags().to_vec()) {
            Ok(subject) => report(&subject),
            Err(error) => {
                let text = Chain(&error).to_string();
                LintReport {
                    status: LintStatus::Unver,
                    rules_failed: Vec::new(),
                    reason: Some(text.clone()),
                    text,
                }
            }
        }))
    }
}

fn subject(checkout: &Checkout, tags: Vec<Tag>) -> Result<LintSubject, LintError> {
    let files = checkout.compose_files();
    let abra_sh = checkout.text("abra.sh").unwrap_or_default();
    let mut subject = LintSubject::read(&files, checkout.text(".env.sample"), abra_sh)?;
    subject.readme = checkout.text("README.md").unwrap_or_default().to_owned();
    subject.tags = tags;
    Ok(subject)
}

fn report(subject: &LintSubject) -> LintReport {
    let (mut rules_failed, mut text) = (Vec::new(), String::new());
    for rule in RULES {
        let skipped = (rule.skipped)(subject);
        let holds = skipped || (rule.holds)(subject);
        let word = if skipped {
            "skipped"
        } else if holds {
            "satisfied"
        } else {
            "not satisfied"
        };
        writeln!(text, "{} {} ({}): {word}", rule.reference, rule.text, rule.severity.word())
            .expect("writing to a string does not fail");
        if !holds {
            rules_failed.push(RuleFailed {
                rule: rule.reference.to_owned(),
                is_error: rule.severity == Severity::Error,
                text: rule.text.to_owned(),
            });
        }
    }
    rules_failed.sort_by_key(|r| !r.is_error);
    let has_error = rules_failed.iter().any(|r| r.is_error);
    let status = if has_error { LintStatus::Fail } else { LintStatus::Pass };
    LintReport { status, rules_failed, reason: None, text }
}
