//! `recipe lint`, and the error rules that stop plain deploys.

use camino::Utf8Path;
use harness_core::name::RecipeName;

use super::recipe::catalogue;
use crate::abra::checkout::Checkout;
use crate::abra::cli::RecipeLintArgs;
use crate::abra::fatal::Fatal;
use crate::abra::layout::AbraDir;
use crate::abra::lint::{LintError, LintRule, LintSubject, RULES, Severity};
use crate::abra::run::Abra;
use crate::abra::screen::NoTerminal;

const HEADS: [&str; 6] = ["ref", "rule", "severity", "satisfied", "skipped", "resolve"];

/// Lints a recipe: a table, and exit code 0 whatever it says; a last line warns when an error rule failed.
pub(in crate::abra) async fn lint(abra: &mut Abra, args: &RecipeLintArgs) -> Result<(), Fatal> {
    let name =
        RecipeName::try_from(args.recipe.clone()).map_err(|e| Fatal::Usage(e.to_string()))?;
    let Abra { settings, global, .. } = &*abra;
    let checkout = Checkout::present(&settings.dir, &name, &settings.base, global.offline).await?;
    if !args.chaos {
        checkout.clean_and_current(true).await?;
    }
    if !global.offline {
        checkout.fetch().await?;
    }
    if !args.chaos {
        checkout.move_to_default_branch().await?;
    }
    let subject = subject(&abra.settings.dir, &checkout).await?;
    if !abra.screen.tables {
        return Err(NoTerminal.into());
    }
    let shown = RULES.iter().filter(|rule| !args.error || rule.severity == Severity::Error);
    let rows: Vec<Vec<String>> = shown.map(|rule| row(rule, &subject)).collect();
    abra.screen.rows(false, &HEADS, &rows)?;
    if failed_error(&subject).is_some() {
        abra.screen.warn(format!("critical errors present in {name} config"));
    }
    Ok(())
}

/// Stops a plain deploy when an error rule fails.
pub(super) async fn stop_on_errors(dir: &AbraDir, checkout: &Checkout) -> Result<(), Fatal> {
    match failed_error(&subject(dir, checkout).await?) {
        None => Ok(()),
        Some(rule) => Err(LintError::Failed {
            recipe: checkout.recipe.to_string(),
            rule: rule.text,
            reference: rule.reference,
        }
        .into()),
    }
}

fn failed_error(subject: &LintSubject) -> Option<&'static LintRule> {
    RULES
        .iter()
        .find(|r| r.severity == Severity::Error && !(r.skipped)(subject) && !(r.holds)(subject))
}

fn row(rule: &LintRule, subject: &LintSubject) -> Vec<String> {
    let skipped = (rule.skipped)(subject);
    let satisfied = match (skipped, (rule.holds)(subject)) {
        (true, _) => "-",
        (false, true) => "✅",
        (false, false) => "❌",
    };
    let cells = [
        rule.reference,
        rule.text,
        rule.severity.word(),
        satisfied,
        if skipped { "✅" } else { "-" },
        rule.resolve,
    ];
    cells.map(str::to_owned).to_vec()
}

async fn subject(dir: &AbraDir, checkout: &Checkout) -> Result<LintSubject, Fatal> {
    let files = compose_files(&checkout.dir)?;
    let sample = checkout.text(".env.sample");
    let mut subject = LintSubject::read(
        &files,
        sample.as_deref(),
        &checkout.text("abra.sh").unwrap_or_default(),
    )?;
    subject.readme = checkout.text("README.md").unwrap_or_default();
    subject.tags = checkout.tags().await?;
    subject.published = catalogue(dir).map(|recipes| {
        let versions =
            recipes.get(checkout.recipe.as_str()).and_then(|recipe| recipe.get("versions"));
        versions.and_then(serde_json::Value::as_array).is_some_and(|versions| !versions.is_empty())
    });
    Ok(subject)
}

/// Returns name and text of every `compose*.yml` of a work tree, `compose.yml` first.
fn compose_files(dir: &Utf8Path) -> Result<Vec<(String, String)>, LintError> {
    let unreadable = |source| LintError::Unreadable { dir: dir.to_string(), source };
    let mut names = Vec::new();
    for entry in dir.read_dir_utf8().map_err(unreadable)? {
        let name = entry.map_err(unreadable)?.file_name().to_owned();
        if name.starts_with("compose") && (name.ends_with(".yml") || name.ends_with(".yaml")) {
            names.push(name);
        }
    }
    names.sort_by_key(|name| (name != "compose.yml", name.clone()));
    if names.is_empty() {
        return Err(LintError::NoCompose { dir: dir.to_string() });
    }
    let read = |name: String| {
        Ok((name.clone(), std::fs::read_to_string(dir.join(&name)).map_err(unreadable)?))
    };
    names.into_iter().map(read).collect()
}
