//! `cargo test -p recipe-tests` as a program: what is shown of runs that are wrong, and which runs a selection needs.

#[path = "recipes/board.rs"]
mod board;
#[path = "recipes/lifecycle.rs"]
mod lifecycle;
#[path = "recipes/played.rs"]
mod played;
#[path = "recipes/prepared.rs"]
mod prepared;
#[path = "recipes/program.rs"]
mod program;
#[path = "recipes/request.rs"]
mod request;
#[path = "recipes/shown.rs"]
mod shown;

use harness_core::name::RecipeName;
use harness_core::process::BaseEnv;
use harness_core::report::Results;
use harness_core::tier::Tier;
use libtest_mimic::Conclusion;
use rstest::rstest;
use runner::target::SourceKind;
use serde_json::{Value, json};

use request::{InvalidRequest, Request};
use shown::Shown;

fn request(words: &[&str]) -> Result<Request, InvalidRequest> {
    Request::parse(["recipes"].iter().chain(words).map(|w| (*w).to_owned()).collect())
}

/// Runs the program; returns how it ended, and what it said.
fn run(words: &[&str]) -> (Conclusion, String) {
    let log = tempfile::NamedTempFile::new().expect("a file can be made");
    let mut request = request(words).expect("the words are fine");
    request.args.logfile = log.path().to_str().map(str::to_owned);
    let conclusion = program::run(&request, &BaseEnv::capture());
    (conclusion, std::fs::read_to_string(log.path()).expect("there is a log"))
}

#[test]
fn a_check_that_fails_is_shown_as_failed_and_so_is_the_verdict() {
    let (conclusion, log) = run(&["--source", "custom-html=bundled:broken-content-type"]);
    let test = |name: &str, ending: &str| {
        let of = |line: &str| line.starts_with(&format!("test [simulated] custom_html::{name} "));
        log.lines().any(|line| of(line) && line.ends_with(ending))
    };
    assert!(test("custom::content_types", "FAILED") && test("verdict", "FAILED"), "{log}");
    assert!(test("custom::content_round_trip", "ok"), "{log}");
    assert!(log.contains("expected the media type of /ccci-typed.html"), "{log}");
    assert_eq!(conclusion.num_failed, 2);
    assert!(conclusion.num_passed > 10, "{log}");
}

#[test]
fn a_check_that_a_failed_deploy_kept_from_being_run_is_no_pass() {
    let source = "--source=custom-html=bundled:broken-crash-loop";
    let (conclusion, log) = run(&[source, "--exact", "custom_html::upgrade::page_survives"]);
    assert_eq!((conclusion.num_failed, conclusion.num_passed), (1, 0), "{log}");
    assert_eq!(conclusion.num_ignored, 0, "{log}");
}

#[test]
fn a_recipe_that_cannot_be_read_fails_each_of_its_trials() {
    let source = "--source=custom-html=bundled:no-env-sample";
    let (conclusion, log) = run(&[source, "custom_html::install"]);
    assert_eq!((conclusion.num_failed, conclusion.num_passed), (3, 0), "{log}");
}

#[test]
fn a_recipe_that_is_not_bundled_is_ignored_with_what_to_do_and_one_with_a_source_is_run() {
    let mut unbundled = request(&["elsewhere"]).expect("the words are fine");
    let recipe = RecipeName::try_from("elsewhere".to_owned()).expect("a name");
    unbundled.recipes.push((recipe.clone(), vec!["install::serves".to_owned()]));
    let (trials, errands) = program::listing(&unbundled);
    assert!(trials.iter().any(|t| t.name() == "elsewhere::install::serves"));
    assert!(errands.is_empty());
    let log = tempfile::NamedTempFile::new().expect("a file can be made");
    unbundled.args.logfile = log.path().to_str().map(str::to_owned);
    let conclusion = program::run(&unbundled, &BaseEnv::capture());
    assert_eq!((conclusion.num_failed, conclusion.num_passed, conclusion.num_ignored), (0, 0, 2));
    let log = std::fs::read_to_string(log.path()).expect("there is a log");
    assert!(log.contains("--source elsewhere=FOLDER"), "{log}");
    unbundled.sources.insert(recipe, SourceKind::Path("/src/elsewhere".into()));
    assert_eq!(program::listing(&unbundled).1.len(), 1);
}

#[rstest]
#[case(&["custom_html::install"], Some(Tier::Install))]
#[case(&["page_survives"], Some(Tier::Upgrade))]
#[case(&["--exact", "custom_html::verdict"], Some(Tier::Custom))]
#[case(&["--exact", "custom_html"], None)]
#[case(&["custom_html", "--skip", "::disaster::", "--skip", "verdict"], Some(Tier::Custom))]
#[case(&["custom_html", "--skip", "::custom::", "--skip", "::disaster::", "--skip", "verdict"], Some(Tier::Restore))]
#[case(&["--skip", "custom_html"], None)]
fn a_run_goes_as_far_as_what_is_selected(#[case] words: &[&str], #[case] up_to: Option<Tier>) {
    let (trials, errands) = program::listing(&request(words).unwrap());
    let found = errands.iter().find(|(errand, _)| errand.recipe.as_str() == "custom-html");
    assert_eq!(found.map(|(errand, _)| errand.up_to), up_to);
    assert!(trials.iter().any(|t| t.name() == "custom_html::restore::page_is_original"));
}

#[rstest]
#[case(&["--source"], "has no value")]
#[case(&["--source", "custom-html"], "names no recipe")]
#[case(&["--source", "no-such-recipe=bundled"], "there is no folder recipes/no-such-recipe")]
#[case(&["--source=custom-html=no-such-source"], "is no source")]
fn a_source_that_makes_no_sense_is_refused(#[case] words: &[&str], #[case] text: &str) {
    let error = request(words).unwrap_err().to_string();
    assert!(error.contains(text), "{error}");
}

/// Returns results in which one tier has one check.
fn results(verdict: &str, stage: &Value) -> Results {
    let empty = json!({ "planned": 1, "done": 1 });
    let platform = json!({
        "name": "embedded", "abra": "simulated", "abra_is_stand_in": true, "engine": "in memory",
        "source": "bundled", "host_quirks": [], "stand_ins": [],
    });
    let all = json!({
        "schema": 3, "run_id": "r1", "recipe": "custom-html", "version": null, "base_version": null, "pr": null,
        "ref": "0", "started": "2026-11-21T12:00:00Z", "finished": null, "platform": platform, "verdict": verdict,
        "level": 0, "cause": { "class": "app", "evidence": "it exits" }, "results": {}, "stages": [stage],
        "rungs": {}, "skips": { "intentional": {}, "unintentional": [] },
        "lint": { "status": "pass", "rules_failed": [], "reason": null }, "deploys": empty,
        "census": { "before": null, "after": null, "left_behind": [], "error": null }, "phases": [],
        "flags": { "clean_teardown": true, "no_secret_leak": true }, "customization": [], "notes": [],
    });
    serde_json::from_value(all).expect("these are results")
}

fn stage(check: &str, status: &str, reason: Option<&str>) -> Value {
    let check = json!({
        "name": check, "status": status, "duration_ms": 1, "message": "why", "cause": "app",
    });
    json!({ "tier": "install", "status": "fail", "reason": reason, "duration_ms": 1, "checks": [check] })
}

#[rstest]
#[case("pass", Shown::Passed)]
#[case("skip", Shown::Ignored("why [cause: app]".to_owned()))]
#[case("unver", Shown::Ignored("why [cause: app]".to_owned()))]
#[case("fail", Shown::Failed("why [cause: app]".to_owned()))]
fn a_check_is_shown_as_it_ended(#[case] status: &str, #[case] expected: Shown) {
    let results = results("fail", &stage("serves", status, None));
    assert_eq!(shown::check(&results, Tier::Install, "serves"), expected);
}

#[test]
fn a_check_that_was_not_come_to_says_why_and_fails_with_its_run() {
    let of =
        |verdict, stage: &Value| shown::check(&results(verdict, stage), Tier::Install, "serves");
    let host = stage("deployed", "unver", Some("no space left"));
    assert_eq!(of("not-verified", &host), Shown::Ignored("no space left".to_owned()));
    let broken = of("fail", &stage("converged", "fail", None));
    let said = "it was not come to: `install::converged` failed; it exits [cause: app]";
    assert_eq!(broken, Shown::Failed(said.to_owned()));
}

#[rstest]
#[case("pass", Shown::Passed)]
#[case("fail", Shown::Failed("the story".to_owned()))]
#[case("not-verified", Shown::Failed("the story".to_owned()))]
#[case("error", Shown::Failed("the story".to_owned()))]
fn nothing_but_a_pass_is_a_passed_verdict(#[case] verdict: &str, #[case] expected: Shown) {
    let results = results(verdict, &stage("serves", "pass", None));
    assert_eq!(shown::verdict(&results, "the story"), expected);
}
