//! Tests that live in a recipe's own repository: they are checks like any other, and a repository that means harm runs
//! nothing, reads nothing and reaches nobody.

#[path = "recipes/lifecycle.rs"]
mod lifecycle;
#[path = "recipes/played.rs"]
mod played;
#[path = "recipes/prepared.rs"]
mod prepared;

use std::os::unix::fs::symlink;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use harness_core::cause::CauseClass;
use harness_core::lifecycle::Limits;
use harness_core::name::RecipeName;
use harness_core::process::{BaseEnv, Cmd, Deadline};
use harness_core::report::{Results, RunVerdict};
use harness_core::tier::{Rung, Status, Tier};
use harness_local::bundle;
use harness_local::embedded::{Embedded, InProcessSettings};
use recipe_tests::TrialsInProcess;
use runner::target::SourceKind;

use played::play;
use prepared::Subject;

fn recipe() -> RecipeName {
    RecipeName::try_from("own-tests".to_owned()).expect("a recipe's name")
}

fn temp() -> (tempfile::TempDir, Utf8PathBuf) {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let dir = Utf8PathBuf::from_path_buf(folder.path().to_owned()).expect("its path is UTF-8");
    (folder, dir)
}

async fn subject(source: Option<SourceKind>, dir: &Utf8Path) -> Subject {
    let read = prepared::read(&recipe(), source, &Tier::USUAL, dir, &BaseEnv::capture()).await;
    read.expect("the recipe can be read")
}

/// Returns the checks of the custom tier with their statuses.
fn custom(results: &Results) -> Vec<(&str, Status)> {
    let stage =
        results.stages.iter().find(|s| s.tier == Tier::Custom).expect("every tier is there");
    stage.checks.iter().map(|c| (c.name.as_str(), c.status)).collect()
}

const GREEN: [(&str, Status); 2] =
    [("hurl_front_page", Status::Pass), ("hurl_missing_page", Status::Pass)];

#[tokio::test]
async fn a_recipe_without_a_folder_earns_the_functional_rung_with_its_own_tests() {
    let (_guard, dir) = temp();
    let subject = subject(None, &dir).await;
    let limits = Limits::for_suite(&subject.prepared.suite_settings);
    let ran = lifecycle::run(&subject, limits, &dir, &BaseEnv::capture()).await;
    let (results, _) = ran.expect("the server starts");
    assert_eq!(custom(&results), GREEN, "{results:#?}");
    assert_eq!((results.verdict, results.level), (RunVerdict::Pass, 5));
    assert_eq!(results.rungs[&Rung::Functional], Status::Pass);
    let said =
        "tests/cleanup.sh is not run: scripts are run only for recipes in repo-local-approved.txt";
    assert!(results.notes.iter().any(|n| n == said), "{:?}", results.notes);
    assert!(results.customization.iter().any(|n| n == said), "{:?}", results.customization);
}

#[test]
fn in_virtual_time_they_end_the_same() {
    let subject = std::thread::spawn(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let (_guard, dir) = temp();
        runtime.expect("a runtime").block_on(subject(None, &dir))
    });
    let subject = subject.join().unwrap();
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let results = runtime.unwrap().block_on(async {
        let prepared = &subject.prepared;
        let platform = Embedded::start_in_process(InProcessSettings {
            seed: 5,
            start: "2026-11-21T12:00:00Z".parse().unwrap(),
            files: subject.files.clone(),
            laid: prepared.laid.clone(),
            others: Vec::new(),
        })
        .unwrap();
        let trials = TrialsInProcess::new(platform.attached(&prepared.plan.app), 5);
        let limits = (None, Limits::for_suite);
        let events = play(&subject, &platform, &trials, limits, "nowhere".into()).await;
        Results::from_events(&events).unwrap()
    });
    assert_eq!((custom(&results), results.level), (GREEN.to_vec(), 5), "{results:#?}");
}

/// A clone of the recipe, to add to.
struct Clone {
    dir: Utf8PathBuf,
}

impl Clone {
    async fn of_recipe(dir: &Utf8Path) -> Self {
        let base = BaseEnv::capture();
        let bare =
            bundle::build(&recipe(), &dir.join("bundle"), &base).await.expect("it is bundled");
        let clone = Self { dir: dir.join("clone") };
        git(dir, &["clone", "--quiet", bare.as_str(), clone.dir.as_str()]).await;
        clone
    }

    fn write(&self, path: &str, text: &str) {
        std::fs::write(self.dir.join(path), text).expect("a file can be written");
    }

    async fn commit(&self) -> SourceKind {
        git(&self.dir, &["add", "--all"]).await;
        git(&self.dir, &["commit", "--quiet", "--message=more"]).await;
        SourceKind::Path(self.dir.clone())
    }
}

async fn git(dir: &Utf8Path, args: &[&str]) {
    let deadline = Deadline::after(Duration::from_secs(60));
    let cmd = Cmd::new("git", &BaseEnv::capture(), deadline).cwd(dir.to_owned());
    let cmd = cmd.args(["-c", "user.name=T", "-c", "user.email=t@example.org"]).args(args);
    cmd.run().await.expect("git does it");
}

#[tokio::test]
async fn scripts_of_an_approved_recipe_are_run_where_their_names_say() {
    let (_guard, dir) = temp();
    let clone = Clone::of_recipe(&dir).await;
    let said = dir.join("said");
    let say = |word: &str| format!("test -f \"$CCCI_CA\" && echo {word} $CCCI_RECIPE >> {said}\n");
    clone.write("tests/pre_upgrade.sh", &say("seed"));
    clone.write("tests/test_upgrade.sh", &say("check"));
    clone.write("tests/extra.sh", &say("custom"));
    clone.write("tests/fails.sh", "echo on purpose; exit 4\n");
    let source = clone.commit().await;
    let base = BaseEnv::capture();
    let mut suite = recipe_tests::describe(&recipe()).unwrap();
    suite.is_approved = true;
    let place = (dir.as_path(), &base);
    let read = prepared::read_with(suite, &recipe(), Some(source), &Tier::USUAL, place).await;
    let subject = read.unwrap_or_else(|e| panic!("{e}"));
    let limits = Limits::for_suite(&subject.prepared.suite_settings);
    let (results, _) = lifecycle::run(&subject, limits, &dir, &base).await.unwrap();
    let said = std::fs::read_to_string(said).unwrap_or_default();
    assert_eq!(said, "seed own-tests\ncheck own-tests\ncustom own-tests\n", "{results:#?}");
    let custom = custom(&results);
    // The recipe's own clean-up ends with 1 on purpose.
    let failed: Vec<_> =
        custom.iter().filter(|(_, s)| *s == Status::Fail).map(|(n, _)| *n).collect();
    assert_eq!(failed, ["script_cleanup", "script_fails"]);
    let stage = |tier| results.stages.iter().find(|s| s.tier == tier).unwrap();
    let names: Vec<_> = stage(Tier::Upgrade).checks.iter().map(|c| c.name.as_str()).collect();
    assert!(names.contains(&"script_test_upgrade") && names.contains(&"still_serves"), "{names:?}");
    let message = stage(Tier::Custom).checks.iter().find(|c| c.name == "script_fails");
    let message = message.and_then(|c| c.message.clone()).unwrap_or_default();
    assert_eq!(message, "tests/fails.sh ended with exit status: 4: on purpose");
}

#[tokio::test]
async fn a_repository_that_means_harm_runs_reads_and_reaches_nothing() {
    let (_guard, dir) = temp();
    let clone = Clone::of_recipe(&dir).await;
    let canary = dir.join("canary");
    let script = format!("#!/bin/sh\ntouch {canary}\n");
    for name in ["steal.sh", "install_steps.sh", "pre_backup.sh", "test_it.py"] {
        clone.write(&format!("tests/{name}"), &script);
    }
    symlink("/etc/passwd", clone.dir.join("tests/passwd.hurl")).unwrap();
    clone.write("tests/evil\n\u{1b}[31mname.hurl", "GET {{base_url}}/\nHTTP 200\n");
    clone.write("tests/a-file.hurl", "GET file:///etc/passwd\nHTTP 200\n");
    clone.write("tests/a-host.hurl", "GET https://example.org/\nHTTP 200\n");
    let output = format!("GET {{{{base_url}}}}/\n[Options]\noutput: {canary}\nHTTP 200\n");
    clone.write("tests/an-output.hurl", &output);
    let body = "POST {{base_url}}/\nfile,/etc/passwd;\nHTTP 200\n";
    clone.write("tests/a-body.hurl", body);
    clone.write("tests/an-env.hurl", "GET {{base_url}}/{{getEnv}}\nHTTP 404\n");
    let source = clone.commit().await;

    let subject = subject(Some(source), &dir).await;
    let limits = Limits::for_suite(&subject.prepared.suite_settings);
    let ran = lifecycle::run(&subject, limits, &dir, &BaseEnv::capture()).await;
    let (results, events) = ran.expect("the server starts");
    assert_eq!(results.verdict, RunVerdict::Fail, "{results:#?}");
    assert_eq!(results.cause.as_ref().map(|c| c.class), Some(CauseClass::Suite));
    assert_eq!(results.level, 3, "{:?}", results.rungs);
    let failed: Vec<_> =
        custom(&results).into_iter().filter(|(_, s)| *s == Status::Fail).map(|(n, _)| n).collect();
    let expected = ["hurl_a_body", "hurl_a_file", "hurl_a_host", "hurl_an_env", "hurl_an_output"];
    assert_eq!(failed, expected);
    assert_eq!(custom(&results).len(), expected.len() + GREEN.len());
    for (name, why) in [
        ("tests/passwd.hurl", "it is a symbolic link"),
        ("tests/evil\\n\\u{1b}[31mname.hurl", "expected a name of letters"),
        ("tests/install_steps.sh", "scripts are run only for"),
        ("tests/test_it.py", "scripts are run only for"),
    ] {
        let said = results.notes.iter().any(|n| n.starts_with(name) && n.contains(why));
        assert!(said, "{name}: {:?}", results.notes);
    }
    let said = serde_json::to_string(&events).unwrap();
    assert!(!said.contains("root:x:0:0"), "a file of the host was read");
    assert!(!said.contains("\\u001b"), "a name steers the terminal");
    assert!(!canary.exists(), "something of the repository was run, or wrote a file");
}
