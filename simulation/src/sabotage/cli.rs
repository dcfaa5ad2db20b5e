//! `cc-ci-sim sabotage`: what is printed, and how it ends.

use std::process::ExitCode;
use std::sync::Arc;

use camino::Utf8Path;
use harness_core::chain::Chain;
use harness_core::name::{InvalidRecipeName, RecipeName};
use harness_core::process::BaseEnv;
use harness_local::sabotage::{CLASSES, Class, Sabotage};
use runner::target::{SourceKind, parse_source};

use super::explained::{Explained, explained};
use super::score::{End, Score, measure};
use crate::subject::Subject;

/// So many of a thousand must be caught.
const ENOUGH: usize = 950;

/// Breaks a recipe's app on purpose, in one way at a time, and says which of them its suite catches.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The recipe.
    #[arg(long, value_parser = recipe_name)]
    recipe: RecipeName,
    /// Where it comes from: bundled:NAME, a folder with a git repository, or a git URL [default: bundled].
    #[arg(long, value_parser = parse_source)]
    source: Option<SourceKind>,
    /// Only this sabotage. May be given again and again.
    #[arg(long)]
    only: Vec<Sabotage>,
    /// What everything random is made of.
    #[arg(long, default_value_t = 7)]
    seed: u64,
}

fn recipe_name(text: &str) -> Result<RecipeName, InvalidRecipeName> {
    RecipeName::try_from(text.to_owned())
}

/// Runs it; `dir` is a folder to work in. The exit code is 0 when enough is caught and every survivor is explained in
/// the suite's `PARITY.md`, else 1.
pub(crate) fn run(
    args: &Args,
    dir: &Utf8Path,
    jobs: usize,
    mut print: impl FnMut(&str),
) -> Result<ExitCode, String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|e| format!("the async runtime cannot be started: {e}"))?;
    let base = BaseEnv::capture();
    let read = async {
        match &args.source {
            None => Subject::read(args.recipe.as_str(), dir, &base).await,
            Some(source) => Subject::read_from(&args.recipe, source.clone(), dir, &base).await,
        }
    };
    let subject = runtime.block_on(read);
    let subject = Arc::new(subject.map_err(|e| Chain(&e).to_string())?);
    drop(runtime);
    let parity = recipe_tests::parity(&args.recipe).unwrap_or_default();
    let explained = explained(parity).map_err(|e| Chain(&e).to_string())?;
    let wanted = |class: &&'static Class| args.only.is_empty() || args.only.contains(&class.what);
    let classes: Vec<&'static Class> = CLASSES.iter().filter(wanted).collect();
    let score = measure(&subject, &classes, args.seed, jobs).map_err(|e| e.to_string())?;
    print(&said(&score, &explained));
    let complaints = complaints(&score, &explained);
    complaints.iter().for_each(|line| print(line));
    Ok(if complaints.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Returns a line for each sabotage, and the share that was caught.
fn said(score: &Score, explained: &[Explained]) -> String {
    let mut lines: Vec<String> = score
        .outcomes
        .iter()
        .map(|outcome| {
            let name = outcome.class.name;
            let reason = || explained.iter().find(|e| e.name == name).map(|e| &e.reason);
            match &outcome.end {
                End::Caught { tier, checks } => {
                    format!("caught     {name:<28} {tier}: {}", checks.join(", "))
                }
                End::Survived => {
                    let why = reason().map_or(outcome.class.text, |reason| reason);
                    format!("SURVIVED   {name:<28} {why}")
                }
                End::NotVerified { why } => format!("UNVERIFIED {name:<28} {why}"),
                End::NothingToBreak => {
                    format!("nothing    {name:<28} there is no {}", outcome.class.needs)
                }
            }
        })
        .collect();
    let (caught, counted) = (score.caught(), score.counted().count());
    let share = score.per_mille().map_or_else(
        || "nothing could be broken".to_owned(),
        |share| format!("{}.{} %", share / 10, share % 10),
    );
    let rest = score.outcomes.len() - counted;
    lines.push(format!(
        "{}: {caught} of {counted} sabotages caught ({share}); {rest} found nothing to break",
        score.recipe
    ));
    lines.join("\n")
}

/// Returns what is wrong with a score.
fn complaints(score: &Score, explained: &[Explained]) -> Vec<String> {
    let mut lines = Vec::new();
    let survivors = score.survivors();
    for name in survivors.iter().filter(|name| explained.iter().all(|e| e.name != **name)) {
        lines.push(format!(
            "`{name}` is not caught: add a check that notices it, or say in the suite's PARITY.md why none can"
        ));
    }
    let seen = |e: &&Explained| score.outcomes.iter().any(|o| o.class.name == e.name);
    for e in explained.iter().filter(seen).filter(|e| !survivors.contains(&e.name)) {
        lines.push(format!(
            "`{}` does not survive any more: take it out of the suite's PARITY.md",
            e.name
        ));
    }
    if score.outcomes.len() == CLASSES.len() && score.per_mille().is_none_or(|share| share < ENOUGH)
    {
        lines.push(format!("fewer than {} % are caught", ENOUGH / 10));
    }
    lines
}

#[cfg(test)]
mod tests {
    use harness_core::tier::Tier;

    use super::super::score::Outcome;
    use super::*;

    fn score(ends: Vec<End>) -> Score {
        let outcomes = CLASSES.iter().zip(ends);
        let outcomes = outcomes.map(|(class, end)| Outcome { class, end }).collect();
        Score { recipe: "r".to_owned(), outcomes }
    }

    fn caught() -> End {
        End::Caught { tier: Tier::Upgrade, checks: vec!["a".to_owned(), "b".to_owned()] }
    }

    #[test]
    fn each_end_has_its_line_and_the_share_stands_below() {
        let not_verified = End::NotVerified { why: "host".to_owned() };
        let score = score(vec![caught(), End::Survived, not_verified, End::NothingToBreak]);
        let reason = "nobody can see it".to_owned();
        let text = said(&score, &[Explained { name: CLASSES[1].name, reason }]);
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].ends_with("upgrade: a, b"), "{text}");
        assert!(lines[1].starts_with("SURVIVED") && lines[1].ends_with("nobody can see it"));
        assert!(lines[2].starts_with("UNVERIFIED"), "{text}");
        assert!(lines[3].contains("there is no "), "{text}");
        assert_eq!(lines[4], "r: 1 of 3 sabotages caught (33.3 %); 1 found nothing to break");
    }

    #[test]
    fn survivors_must_be_explained_and_what_is_caught_must_not() {
        let explains = |at: usize| Explained { name: CLASSES[at].name, reason: "r".to_owned() };
        let one = score(vec![caught(), End::Survived]);
        assert_eq!(complaints(&one, &[explains(1)]), Vec::<String>::new());
        assert_eq!(complaints(&one, &[]).len(), 1);
        assert_eq!(complaints(&one, &[explains(0), explains(1)]).len(), 1);
        assert_eq!(complaints(&one, &[explains(1), explains(2)]).len(), 0, "2 was not asked for");
    }

    #[test]
    fn too_few_are_a_complaint_even_if_every_survivor_is_explained() {
        let mut ends = vec![caught(); CLASSES.len()];
        assert_eq!(complaints(&score(ends.clone()), &[]), Vec::<String>::new());
        let tenth = CLASSES.len() / 10;
        let mut explains = Vec::new();
        for at in 0..tenth {
            ends[at] = End::Survived;
            explains.push(Explained { name: CLASSES[at].name, reason: "r".to_owned() });
        }
        assert_eq!(complaints(&score(ends), &explains).len(), 1);
    }
}
