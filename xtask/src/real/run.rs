//! The runs. Main function: [`run`].

use std::time::Duration;

use anyhow::Context as _;
use camino::{Utf8Path, Utf8PathBuf};
use harness_core::report::Results;
use harness_local::bundle::{BROKEN, Broken, OnEngine};

use super::memory::{Peaks, watched};
use super::table::{Row, table};
use crate::machine::Machine;
use crate::progress::say;
use crate::{ci, stream, up};

/// The word for every recipe with a folder, and for all that follows.
const ALL: &str = "all";

/// The word for the ways in which backups lie.
const BACKUPS: &str = "backups";

/// The word for people who sign in by a real Keycloak, one that is kept warm among them, and the recipe that they are
/// shown with.
const SSO: &str = "sso";
const SIGN_IN: &str = "oidc-page";

/// The recipe that is changed for them.
const PAGE: &str = "postgres-page";

/// Nothing that is tested takes longer: the run's own deadline is an hour.
const RUN: Duration = Duration::from_secs(75 * 60);

const QUICK: Duration = Duration::from_secs(20);

/// Takes the named recipes, or all with a folder, through their tiers on the engine, and versions of them that are broken
/// on purpose; fails unless all pass and those are found out.
pub(crate) async fn run(machine: &Machine, names: &[String]) -> anyhow::Result<()> {
    ci::build(machine)?;
    let mut recipes = selected(machine, names).await?;
    let mut of = recipes.clone();
    of.extend(names.iter().any(|n| is_backups(n)).then(|| PAGE.to_owned()));
    let has_sso = names.iter().any(|n| n == ALL || n == SSO);
    of.extend(has_sso.then(|| SIGN_IN.to_owned()));
    up::run(machine, up::Args { only: ci::images_for_all(&of), mark: false }).await?;
    let out = machine.root.join("target/real");
    let mut rows = Vec::new();
    for recipe in &recipes {
        say(&format!("real     {recipe}"));
        rows.push(one(machine, recipe, &out).await?);
    }
    let with_sso = if has_sso { sso(machine).await } else { Ok(()) };
    // What is shown with one that is kept warm is not shown again.
    recipes.retain(|recipe| !(has_sso && recipe == SIGN_IN));
    let broken = with_sso.and_then(|()| broken(machine, &recipes)).and_then(|()| {
        if names.iter().any(|n| is_backups(n)) { broken_backups(machine) } else { Ok(()) }
    });
    say("");
    rows.iter().flat_map(|row| row.why.as_deref()).for_each(say);
    say(&table(&rows));
    let red: Vec<&str> = rows.iter().filter(|r| !r.passed).map(|r| r.recipe.as_str()).collect();
    anyhow::ensure!(red.is_empty(), "not passed: {}", red.join(", "));
    broken
}

/// Takes versions of the recipes that are broken on purpose through their tiers: their suites must find them out on the
/// real images, too.
fn broken(machine: &Machine, recipes: &[String]) -> anyhow::Result<()> {
    for recipe in recipes {
        let is_tried = |b: &Broken| b.run_as == recipe && b.engine == OnEngine::WithRealApps;
        if !BROKEN.iter().any(is_tried) {
            continue;
        }
        say(&format!("real     {recipe}, broken on purpose"));
        trials(machine, &format!("real::{recipe}::"))?;
    }
    Ok(())
}

/// Takes a small recipe through its tiers whose backups lie in every way that is known.
fn broken_backups(machine: &Machine) -> anyhow::Result<()> {
    say("real     backups that lie");
    trials(machine, "real::backups::")
}

/// Keeps a Keycloak warm, lets two runs share it and lose their own, and takes pages through their tiers that are broken
/// in what they make of it. It is removed again, whatever happens.
async fn sso(machine: &Machine) -> anyhow::Result<()> {
    say("real     people who sign in");
    let warm = async |verb: &str| {
        let cmd = machine.cmd(program("cc-ci")?.as_str(), RUN).args(["warm", verb, "keycloak"]);
        cmd.cwd(&machine.root).run().await.with_context(|| format!("failed to `warm {verb}`"))
    };
    warm("up").await?;
    let shown = trials(machine, "real::sso::")
        .and_then(|()| trials(machine, &format!("real::{SIGN_IN}::")));
    let removed = warm("down").await;
    shown.and(removed.map(drop))
}

fn trials(machine: &Machine, filter: &str) -> anyhow::Result<()> {
    let trials = ["test", "--workspace", "--test", "runs", "--locked", "--", filter];
    let one_at_a_time = [&trials[..], &["--test-threads", "1"]].concat();
    stream::cargo(machine, &one_at_a_time, &[("CCCI_ENGINE_TESTS", "1")])
}

/// Returns whether a name means the ways in which backups lie.
fn is_backups(name: &str) -> bool {
    name == ALL || name == BACKUPS
}

/// Returns the recipes that are meant, each with a folder.
async fn selected(machine: &Machine, names: &[String]) -> anyhow::Result<Vec<String>> {
    let printed = machine.cmd(program("recipe-tests")?.as_str(), QUICK).arg("recipes").run().await;
    let known = printed.context("is recipe-tests built?")?.stdout;
    chosen(names, &known.lines().collect::<Vec<_>>())
}

fn chosen(names: &[String], known: &[&str]) -> anyhow::Result<Vec<String>> {
    if names.iter().any(|name| name == ALL) {
        return Ok(known.iter().map(|name| (*name).to_owned()).collect());
    }
    let wanted = || names.iter().map(String::as_str).filter(|name| ![BACKUPS, SSO].contains(name));
    let unknown: Vec<&str> = wanted().filter(|name| !known.contains(name)).collect();
    anyhow::ensure!(
        unknown.is_empty(),
        "no folder recipe-tests/recipes/{}; there are {}, `{ALL}` is all of them, `{BACKUPS}` the ways in which backups lie, and `{SSO}` people who sign in",
        unknown.join(", "),
        known.join(", ")
    );
    Ok(wanted().map(str::to_owned).collect())
}

async fn one(machine: &Machine, recipe: &str, out: &Utf8Path) -> anyhow::Result<Row> {
    let run = ["run", "--recipe", recipe, "--platform", "swarm", "--out", out.as_str()];
    let cmd = machine.cmd(program("cc-ci")?.as_str(), RUN).args(run).cwd(&machine.root);
    // All that can be proven.
    let cmd = cmd.args(["--stages", "all,disaster"]);
    let (ended, peaks) = watched(machine, cmd.output()).await;
    let output = ended.with_context(|| format!("failed to run {recipe}"))?;
    let path = output.stdout.lines().rev().find_map(|line| line.strip_prefix("results: "));
    let Some(path) = path else {
        let why = output.last_lines(5);
        return Ok(Row::unbegun(recipe, &why));
    };
    let text = std::fs::read_to_string(path).with_context(|| format!("failed to read {path}"))?;
    let results: Results =
        serde_json::from_str(&text).with_context(|| format!("{path} is no results"))?;
    let story = (!output.status.success()).then(|| output.stdout.clone());
    Ok(Row::of(&results, &of_app(&peaks, &results, path), story))
}

/// Returns the peaks of the run's own services, by their names in the compose file, and of what it deployed before them.
fn of_app(peaks: &Peaks, results: &Results, path: &str) -> Vec<(String, u64)> {
    let plan = Utf8Path::new(path).with_file_name("plan.json");
    let plan: Option<harness_core::plan::Plan> =
        std::fs::read_to_string(plan).ok().and_then(|text| serde_json::from_str(&text).ok());
    let Some(plan) = plan.filter(|plan| plan.run_id.as_str() == results.run_id) else {
        return Vec::new();
    };
    let mut all = peaks.of_stack(plan.app.stack.as_str());
    for dep in &plan.deps {
        let of_it = peaks.of_stack(dep.app.stack.as_str()).into_iter();
        all.extend(of_it.map(|(service, peak)| (format!("{}/{service}", dep.app.recipe), peak)));
    }
    all
}

/// Returns a program that was built beside xtask.
fn program(name: &str) -> anyhow::Result<Utf8PathBuf> {
    let own = std::env::current_exe().context("failed to find xtask's own folder")?;
    let own = Utf8PathBuf::try_from(own).context("xtask's own path is not UTF-8")?;
    Ok(own.with_file_name(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_is_every_folder_and_a_name_must_have_one() {
        let known = ["custom-html", "ghost"];
        let of = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|n| (*n).to_owned()).collect();
            chosen(&names, &known).map_err(|e| e.to_string())
        };
        assert_eq!(of(&["all"]).unwrap(), known);
        assert_eq!(of(&["ghost", "backups"]).unwrap(), ["ghost"]);
        assert_eq!(
            of(&["ghost", "ghots"]).unwrap_err(),
            "no folder recipe-tests/recipes/ghots; there are custom-html, ghost, `all` is all of them, `backups` the ways in which backups lie, and `sso` people who sign in"
        );
    }
}
