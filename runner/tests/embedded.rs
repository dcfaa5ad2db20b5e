//! Runs on the simulated server: custom-html is green, and each recipe that is broken on purpose is red for its own
//! reason, as on a real engine. Uses nothing but `cc-ci` and the trials program, as a user has them; no engine.

use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use harness_core::process::{BaseEnv, Cmd, Deadline};
use harness_local::bundle::{BROKEN, Broken, Ending};
use serde_json::{Value, json};

#[path = "embedded/suite_files.rs"]
mod suite_files;

/// No run here may take longer.
const RUN: Duration = Duration::from_secs(60);

/// An app that will never answer is given this long.
const HTTP_TIMEOUT: &str = "2s";

/// How many runs go at once.
const AT_ONCE: usize = 4;

/// How a `cc-ci run` ended.
struct Ended {
    code: Option<i32>,
    text: String,
    results: Value,
    left_folder: bool,
}

/// Where the trials program lies; it is another package's, so it may have to be built.
fn trials(base: &BaseEnv, runtime: &tokio::runtime::Runtime) -> Utf8PathBuf {
    let beside = Utf8Path::new(env!("CARGO_BIN_EXE_cc-ci")).with_file_name("recipe-tests");
    if beside.is_file() {
        // `cargo test --workspace` builds it.
        return beside;
    }
    let build = Cmd::new("cargo", base, Deadline::after(Duration::from_secs(900)))
        .args(["build", "--quiet", "--package", "recipe-tests", "--bin", "recipe-tests"])
        .cwd(Utf8PathBuf::from(env!("CARGO_MANIFEST_DIR")));
    // Without cargo, or in another target folder, the one that is there counts.
    let built = runtime.block_on(build.output());
    assert!(beside.is_file(), "there is no {beside}: build recipe-tests ({built:?})");
    beside
}

async fn run(base: &BaseEnv, trials: &Utf8Path, dir: &Utf8Path, id: &str, args: &[&str]) -> Ended {
    let out = dir.join("runs");
    let state = dir.join("state");
    let common = [
        "run",
        "--run-id",
        id,
        "--out",
        out.as_str(),
        "--state-dir",
        state.as_str(),
        "--trials",
        trials.as_str(),
        "--http-timeout",
        HTTP_TIMEOUT,
    ];
    let cmd = Cmd::new(env!("CARGO_BIN_EXE_cc-ci"), base, Deadline::after(RUN));
    let output = cmd
        .args(common)
        .args(args)
        .cwd(dir.to_owned())
        .output()
        .await
        .expect("cc-ci can be started");
    let folder = out.join(id);
    let results = std::fs::read_to_string(folder.join("results.json")).unwrap_or_default();
    Ended {
        code: output.status.code(),
        text: format!("{}{}", output.stdout, output.stderr),
        results: serde_json::from_str(&results).unwrap_or(Value::Null),
        left_folder: folder.exists(),
    }
}

/// Returns what is not as the row says; nothing when all is.
fn wrong(broken: &Broken, ended: &Ended) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut expect = |what: &str, seen: Value, expected: Value| {
        if seen != expected {
            wrong.push(format!("{what}: expected {expected}, seen {seen}"));
        }
    };
    let at = |pointer: &str| ended.results.pointer(pointer).cloned().unwrap_or_default();
    match broken.ending {
        Ending::Refused => {
            expect("exit code", json!(ended.code), json!(2));
            expect("a folder is left", json!(ended.left_folder), json!(false));
            expect("an error is shown", json!(ended.text.contains("error: ")), json!(true));
            return wrong;
        }
        Ending::NotVerified => {
            expect("exit code", json!(ended.code), json!(3));
            expect("verdict", at("/verdict"), json!("not-verified"));
        }
        Ending::Fails { tier, check } => {
            expect("exit code", json!(ended.code), json!(1));
            expect("verdict", at("/verdict"), json!("fail"));
            expect("tier", at(&format!("/results/{tier}")), json!("fail"));
            for earlier in ["install", "upgrade", "backup", "restore"] {
                if earlier == tier.word() {
                    break;
                }
                let status = at(&format!("/results/{earlier}"));
                let fine = status == "pass" || status == "skip";
                expect(&format!("{earlier} ({status})"), json!(fine), json!(true));
            }
            let stages = at("/stages").as_array().cloned().unwrap_or_default();
            let stage = stages.into_iter().find(|s| s["tier"] == tier.word()).unwrap_or_default();
            let checks = stage["checks"].as_array().cloned().unwrap_or_default();
            let failed: Vec<Value> = checks
                .into_iter()
                .filter(|c| c["status"] == "fail")
                .map(|c| c["name"].clone())
                .collect();
            expect(
                &format!("{check} is among {failed:?}"),
                json!(failed.contains(&json!(check))),
                json!(true),
            );
        }
    }
    expect("cause", at("/cause/class"), json!(broken.cause));
    expect("left behind", at("/census/left_behind"), json!([]));
    expect("no secret leaks", at("/flags/no_secret_leak"), json!(true));
    expect("platform", at("/platform/name"), json!("embedded"));
    wrong
}

fn world() -> (BaseEnv, tempfile::TempDir, tokio::runtime::Runtime) {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = builder.worker_threads(1).enable_all().build().expect("a runtime can be made");
    (BaseEnv::capture(), tempfile::tempdir().expect("a folder can be made"), runtime)
}

#[test]
fn custom_html_reaches_level_5_and_says_that_it_was_simulated() {
    let (base, temp, runtime) = world();
    let dir = Utf8Path::from_path(temp.path()).unwrap();
    let trials = trials(&base, &runtime);
    let ended = runtime.block_on(run(
        &base,
        &trials,
        dir,
        "green",
        &["--recipe", "custom-html", "--platform", "embedded", "--seed", "42"],
    ));
    assert_eq!(ended.code, Some(0), "{}", ended.text);
    let at = |pointer: &str| ended.results.pointer(pointer).cloned().unwrap_or_default();
    assert_eq!((at("/verdict"), at("/level")), (json!("pass"), json!(5)), "{}", ended.text);
    assert_eq!(at("/platform/name"), json!("embedded"));
    assert_eq!(at("/platform/abra_is_stand_in"), json!(true));
    assert_eq!(at("/platform/engine"), json!("in memory, seed 42"));
    // What was only simulated is never the last good release.
    assert!(!dir.join("state/last-good").exists());
    assert_eq!(at("/deploys"), json!({"planned": 1, "done": 1}));
    assert_eq!(at("/census/left_behind"), json!([]));
    assert!(ended.text.contains("simulated"), "{}", ended.text);
    let said = ended.text.lines().find(|l| l.starts_with("platform: embedded"));
    assert!(said.is_some_and(|l| l.contains("asked for")), "{}", ended.text);
}

#[test]
fn ghost_keeps_its_database_through_upgrade_backup_and_restore() {
    let (base, temp, runtime) = world();
    let dir = Utf8Path::from_path(temp.path()).unwrap();
    let trials = trials(&base, &runtime);
    let args = ["--recipe", "ghost", "--platform", "embedded"];
    let ended = runtime.block_on(run(&base, &trials, dir, "ghost", &args));
    assert_eq!(ended.code, Some(0), "{}", ended.text);
    let at = |pointer: &str| ended.results.pointer(pointer).cloned().unwrap_or_default();
    assert_eq!((at("/verdict"), at("/level")), (json!("pass"), json!(5)), "{}", ended.text);
    for tier in ["install", "upgrade", "backup", "restore", "custom"] {
        assert_eq!(at(&format!("/results/{tier}")), json!("pass"), "{tier}: {}", ended.text);
    }
    assert_eq!(at("/census/left_behind"), json!([]));
    assert_eq!(at("/flags/no_secret_leak"), json!(true), "{}", ended.text);
}

#[test]
fn a_database_without_a_restore_hook_is_red_at_restore_alone_and_its_repair_is_green() {
    let (base, temp, runtime) = world();
    let dir = Utf8Path::from_path(temp.path()).unwrap();
    let trials = trials(&base, &runtime);
    let source = "bundled:broken-no-restore-hook";
    let common = ["--recipe", "ghost", "--platform", "embedded", "--source", source];
    let go = |id: &str, more: &[&str]| {
        let args: Vec<&str> = common.iter().chain(more).copied().collect();
        runtime.block_on(run(&base, &trials, dir, id, &args))
    };
    let published = go("published", &["--version", "1.3.0+6.65.0"]);
    assert_eq!(published.code, Some(1), "{}", published.text);
    let results = |ended: &Ended| ended.results["results"].clone();
    let tiers = |restore: &str| json!({"install": "pass", "upgrade": "pass", "backup": "pass", "restore": restore, "custom": "pass"});
    assert_eq!(results(&published), tiers("fail"), "{}", published.text);
    let repaired = go("repaired", &["--ref", "restore-hook"]);
    assert_eq!(repaired.code, Some(0), "{}", repaired.text);
    assert_eq!(results(&repaired), tiers("pass"), "{}", repaired.text);
    assert_eq!(repaired.results["base_version"], json!("1.3.0+6.65.0"), "{}", repaired.text);
}

#[test]
fn without_an_engine_auto_takes_the_simulated_server_and_says_why() {
    let (base, temp, runtime) = world();
    let dir = Utf8Path::from_path(temp.path()).unwrap();
    let trials = trials(&base, &runtime);
    let nowhere = format!("unix://{dir}/no-engine.sock");
    let args = ["--recipe", "custom-html", "--docker-host", &nowhere, "--stages", "install"];
    let ended = runtime.block_on(run(&base, &trials, dir, "auto", &args));
    assert_eq!(ended.results["platform"]["name"], json!("embedded"), "{}", ended.text);
    let said = ended.text.lines().find(|l| l.starts_with("platform: embedded"));
    assert!(said.is_some_and(|l| l.contains("no-engine.sock")), "{}", ended.text);
}

#[test]
fn every_broken_recipe_ends_as_on_a_real_engine() {
    let (base, temp, runtime) = world();
    let dir = Utf8Path::from_path(temp.path()).unwrap();
    let trials = trials(&base, &runtime);
    let turns = tokio::sync::Semaphore::new(AT_ONCE);
    let one = async |broken: &Broken| {
        let _turn = turns.acquire().await.unwrap();
        let source = format!("bundled:{}", broken.recipe);
        let mut args =
            vec!["--platform", "embedded", "--recipe", broken.run_as, "--source", &source];
        args.extend(broken.stages().into_iter().flat_map(|stages| ["--stages", stages]));
        let ended = run(&base, &trials, dir, broken.recipe, &args).await;
        let wrong = wrong(broken, &ended);
        (!wrong.is_empty()).then(|| format!("{}: {wrong:#?}\n{}", broken.recipe, ended.text))
    };
    let all = futures_util::future::join_all(BROKEN.iter().map(one));
    let wrong: Vec<String> = runtime.block_on(all).into_iter().flatten().collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Says how `cc-ci replay` ended on a folder.
async fn replay(base: &BaseEnv, folder: &Utf8Path) -> (Option<i32>, String) {
    let cmd = Cmd::new(env!("CARGO_BIN_EXE_cc-ci"), base, Deadline::after(RUN));
    let output = cmd.args(["replay", folder.as_str()]).output().await.expect("it can be started");
    (output.status.code(), format!("{}{}", output.stdout, output.stderr))
}

#[test]
fn recorded_runs_are_decided_again_as_they_were() {
    let (base, _temp, runtime) = world();
    let recorded = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recorded");
    for (run, decided) in [
        ("custom-html", "upgrade: converged, at 472 ms: not yet: app: update in flight, 1/1"),
        ("crash-loop", "install: judged by a step: fail, app: service `app` keeps crashing"),
    ] {
        let (code, text) = runtime.block_on(replay(&base, &recorded.join(run)));
        assert_eq!(code, Some(0), "{run}: {text}");
        assert!(text.contains(decided) && text.contains(" 0 different"), "{run}: {text}");
    }
}

#[test]
fn a_recorded_run_that_would_be_decided_otherwise_is_shown() {
    let (base, temp, runtime) = world();
    let dir = Utf8Path::from_path(temp.path()).unwrap();
    let recorded = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recorded/crash-loop");
    let events = std::fs::read_to_string(recorded.join("events.jsonl")).unwrap();
    // As an earlier cc-ci would have decided that gave up at the second exit.
    let waited = r#""decided":{"not-yet":"app: 0/1 pending, 2 ended"}"#;
    let gave_up = r#""decided":{"hopeless":{"class":"app","evidence":"2 attempts ended"}}"#;
    assert!(events.contains(waited));
    std::fs::write(dir.join("events.jsonl"), events.replace(waited, gave_up)).unwrap();
    let (code, text) = runtime.block_on(replay(&base, dir));
    assert_eq!(code, Some(1), "{text}");
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    assert!(lines.contains(&"recorded  hopeless: app: 2 attempts ended"), "{text}");
    assert!(lines.contains(&"today     not yet: app: 0/1 pending, 2 ended"), "{text}");
    assert!(text.contains(" 1 different") && text.contains("left no results"), "{text}");
    std::fs::write(dir.join("events.jsonl"), "no event\n").unwrap();
    assert_eq!(runtime.block_on(replay(&base, dir)).0, Some(2));
    assert_eq!(runtime.block_on(replay(&base, &dir.join("nowhere"))).0, Some(2));
}

#[test]
fn what_goes_wrong_on_purpose_is_named_and_ends_as_it_claims() {
    let (base, temp, runtime) = world();
    let dir = Utf8Path::from_path(temp.path()).unwrap();
    let trials = trials(&base, &runtime);
    let go = |id: &str, args: &[&str]| {
        let common = ["--recipe", "custom-html", "--platform", "embedded", "--seed", "1"];
        let args: Vec<&str> = common.iter().chain(args).copied().collect();
        runtime.block_on(run(&base, &trials, dir, id, &args))
    };
    let red = go("red", &["--fault", "crash-loop@upgrade", "--fault", "restore-nothing@restore"]);
    assert_eq!(red.code, Some(1), "{}", red.text);
    assert_eq!(red.results["results"]["upgrade"], json!("fail"), "{}", red.text);
    assert_eq!(red.results["platform"]["host_quirks"][0], json!("on purpose: crash-loop@upgrade"));
    assert!(red.text.contains("fault crash-loop@upgrade: took effect"), "{}", red.text);
    assert!(red.text.contains("fault restore-nothing@restore: came to nothing"), "{}", red.text);
    let stopped = go("stopped", &["--fault", "term@event:20"]);
    assert_eq!(stopped.code, Some(143), "{}", stopped.text);
    assert_eq!(stopped.results["census"]["left_behind"], json!([]));
    let killed = go("killed", &["--fault", "kill@event:20"]);
    assert_eq!(killed.code, None, "{}", killed.text);
    assert_eq!(killed.results["verdict"], json!("not-verified"));
    for (fault, said) in [("crash-lop", "crash-loop"), ("gc@event:3", "cargo xtask sim")] {
        let refused = go("refused", &["--fault", fault]);
        assert_eq!(refused.code, Some(2), "{}", refused.text);
        assert!(refused.text.contains(said) && !refused.left_folder, "{}", refused.text);
    }
    let help = go("help", &["--fault", "help"]);
    assert!(help.code == Some(0) && help.text.contains("registry-429"), "{}", help.text);
}
