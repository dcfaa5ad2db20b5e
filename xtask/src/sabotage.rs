//! `cargo xtask sabotage`: builds the simulation with optimization and lets it sabotage a recipe's app.

use anyhow::Context as _;
use camino::Utf8PathBuf;
use harness_core::name::{InvalidRecipeName, RecipeName};
use harness_local::sabotage::Sabotage;

use crate::machine::Machine;
use crate::sim;

/// Breaks a recipe's app on purpose, in one way at a time, and says which of them its suite catches.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The recipe.
    #[arg(long, value_parser = recipe_name)]
    recipe: RecipeName,
    /// Where it comes from: bundled:NAME, a folder with a git repository, or a git URL [default: bundled].
    #[arg(long, value_name = "SOURCE")]
    source: Option<String>,
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

/// Runs it. What can be seen to be wrong is said before anything is built: that takes minutes.
pub(crate) fn run(machine: &Machine, args: &Args) -> anyhow::Result<()> {
    let flags = flags(args, &harness_local::bundle::names())?;
    sim::become_it(machine, &flags)
}

fn flags(args: &Args, bundled: &[RecipeName]) -> anyhow::Result<Vec<String>> {
    let recipe = &args.recipe;
    let mut flags = ["sabotage", "--recipe", recipe.as_str()].map(str::to_owned).to_vec();
    match &args.source {
        None => anyhow::ensure!(
            bundled.contains(recipe),
            "`{recipe}` is not bundled: name its repository with --source FOLDER"
        ),
        Some(source) => flags.extend(["--source".to_owned(), whole(source)?]),
    }
    for sabotage in &args.only {
        flags.extend(["--only".to_owned(), sabotage.to_string()]);
    }
    flags.extend(["--seed".to_owned(), args.seed.to_string()]);
    Ok(flags)
}

/// Returns a source as it is understood from any folder.
fn whole(source: &str) -> anyhow::Result<String> {
    if source.starts_with("bundled") || source.contains("://") || source.contains('@') {
        return Ok(source.to_owned());
    }
    let folder = Utf8PathBuf::from(source).canonicalize_utf8();
    let folder = folder.with_context(|| {
        format!("`{source}` is no source: expected bundled:NAME, a folder with a git repository, or a git URL")
    })?;
    Ok(folder.into_string())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    /// Returns the flags of the simulation, or what is wrong with ours.
    fn understood(words: &[&str]) -> Result<Vec<String>, String> {
        let line = Line::try_parse_from(["sabotage"].iter().chain(words));
        let args = line.map_err(|e| e.to_string())?.args;
        flags(&args, &harness_local::bundle::names()).map_err(|e| e.to_string())
    }

    #[test]
    fn what_is_wrong_is_said_before_anything_is_built() {
        let wrong = |words: &[&str], text: &str| {
            let error = understood(words).expect_err("it is wrong");
            assert!(error.contains(text), "{words:?}: {error}");
        };
        wrong(&[], "--recipe");
        wrong(&["--recipe", "Ghost"], "Ghost");
        wrong(&["--recipe", "elsewhere"], "name its repository with --source");
        wrong(&["--recipe", "ghost", "--only", "dump-empti"], "there is no sabotage `dump-empti`");
        wrong(&["--recipe", "ghost", "--source", "/nowhere"], "`/nowhere` is no source");
        wrong(&["--recipe", "ghost", "--seeds", "7"], "--seeds");
    }

    #[test]
    fn what_is_right_is_handed_on() {
        let words = ["--recipe", "elsewhere", "--source", "/", "--only", "dump-empty"];
        let flags = understood(&words).unwrap().join(" ");
        assert_eq!(flags, "sabotage --recipe elsewhere --source / --only dump-empty --seed 7");
    }
}
