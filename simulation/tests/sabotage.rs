//! Each suite has teeth: what its app does wrong on purpose is caught, and what is not is explained beside it.

use std::sync::Arc;

use camino::Utf8PathBuf;
use harness_core::name::RecipeName;
use harness_core::process::BaseEnv;
use harness_local::sabotage::{CLASSES, Class};
use simulation::sabotage::{End, Score, explained, measure};
use simulation::subject::Subject;

/// What only an app can do that publishes a port of its own.
const OVER_PORTS: [&str; 6] = [
    "port-accepts-anyone",
    "port-answers-of-another-server",
    "port-ignores-settings",
    "port-silent",
    "port-answers-cut",
    "port-writes-dropped",
];

fn score(recipe: &str) -> Score {
    let scratch = tempfile::tempdir().expect("a folder");
    let dir = Utf8PathBuf::try_from(scratch.path().to_owned()).expect("a UTF-8 path");
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let subject = runtime.block_on(Subject::read(recipe, &dir, &BaseEnv::capture()));
    let subject = Arc::new(subject.expect("a bundled recipe"));
    let classes: Vec<&'static Class> = CLASSES.iter().collect();
    measure(&subject, &classes, 7, 2).expect("green without a sabotage")
}

/// Enough is caught, and what survives is what the suite's `PARITY.md` says.
fn has_teeth(recipe: &str) -> Score {
    let score = score(recipe);
    let name = RecipeName::try_from(recipe.to_owned()).expect("a recipe's name");
    let text = recipe_tests::parity(&name).expect("a PARITY.md beside the suite");
    let explained = explained(text).expect("the section on sabotages");
    let mut names: Vec<&str> = explained.iter().map(|e| e.name).collect();
    let mut survivors = score.survivors();
    names.sort_unstable();
    survivors.sort_unstable();
    assert_eq!(survivors, names, "survivors, and what PARITY.md explains; {:#?}", score.outcomes);
    let share = score.per_mille().unwrap_or_default();
    assert!(share >= 950, "{recipe}: {share} of a thousand are caught");
    score
}

/// Returns the sabotages that found nothing to break.
fn nothing(score: &Score) -> Vec<&str> {
    let idle = score.outcomes.iter().filter(|o| o.end == End::NothingToBreak);
    idle.map(|o| o.class.name).collect()
}

#[test]
fn custom_html() {
    let score = has_teeth("custom-html");
    // It has no database, no hook, no login, and takes nothing over HTTP.
    let mut expected = vec![
        "upgrade-forgets-rows",
        "upgrade-loses-older-rows",
        "upgrade-loses-newer-rows",
        "upgrade-drops-table",
        "backup-hook-fails",
        "backup-hook-silent",
        "dump-empty",
        "dump-truncated",
        "dump-of-yesterday",
        "restore-skips-hooks",
        "restore-hook-fails",
        "restore-loses-odd-files",
        "restore-loses-older-rows",
        "restore-loses-newer-rows",
        "restore-drops-table",
        "login-accepts-anything",
        "doors-open",
        "writes-dropped",
        "writes-dropped-after-upgrade",
    ];
    expected.extend(OVER_PORTS);
    assert_eq!(nothing(&score), expected);
}

#[test]
fn matrix_synapse() {
    let score = has_teeth("matrix-synapse");
    assert_eq!(nothing(&score), OVER_PORTS);
}

#[test]
fn custom_html_tiny() {
    let score = has_teeth("custom-html-tiny");
    assert_eq!(score.counted().count(), 14, "{:#?}", score.outcomes);
}

#[test]
fn mumble() {
    let score = has_teeth("mumble");
    assert_eq!(score.counted().count(), 38, "{:#?}", score.outcomes);
}

#[test]
fn ghost() {
    let score = has_teeth("ghost");
    assert_eq!(score.counted().count(), 41, "{:#?}", score.outcomes);
}

#[test]
fn oidc_page() {
    let score = has_teeth("oidc-page");
    assert_eq!(score.counted().count(), 9, "{:#?}", score.outcomes);
}

#[test]
fn drone() {
    let score = has_teeth("drone");
    assert_eq!(score.counted().count(), 21, "{:#?}", score.outcomes);
}
