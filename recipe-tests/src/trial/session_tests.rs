use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use harness_core::cause::CauseClass;
use harness_core::name::{Domain, RecipeName, RunId, StackName};
use harness_core::platform::{App, Attachment};
use harness_core::run_file::{Claims, Health, Phase, SCHEMA, TrialLine};
use harness_core::tier::Tier;
use libtest_mimic::{Arguments, Conclusion, Trial};

use super::*;
use crate::check::{Failure, skip};
use crate::ensure_eq;
use crate::floor::sample::revision;
use crate::suite::Suite;
use crate::trial::attached;
use crate::trial::list::trials_of;

fn run_file(dir: &Utf8Path, tier: Tier, phase: Phase) -> Arc<RunFile> {
    let domain = Domain::try_from("cust-1a2b3c.ccci.test".to_owned()).unwrap();
    Arc::new(RunFile {
        schema: SCHEMA,
        app: App {
            recipe: RecipeName::try_from("custom-html".to_owned()).unwrap(),
            stack: StackName::from(&domain),
            domain,
            run: RunId::try_from("r1".to_owned()).unwrap(),
        },
        attachment: Attachment::Instant,
        tier,
        phase,
        health: Health { path: "/".to_owned(), ok: vec![200] },
        head: revision("eb96de94c0ffee00112233445566778899aabbcc", None),
        base: None,
        services: Vec::new(),
        routed: true,
        upgrade: None,
        snapshot: None,
        not_across: None,
        claims: Claims::default(),
        stores: Vec::new(),
        unrecognized: Vec::new(),
        unprotected: BTreeMap::new(),
        facts: BTreeMap::new(),
        deps: BTreeMap::new(),
        consumer: None,
        repo_tests: Vec::new(),
        without_suite: false,
        browser: None,
        out: dir.join("out.jsonl"),
    })
}

fn temp() -> (tempfile::TempDir, Utf8PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = Utf8PathBuf::try_from(dir.path().to_owned()).unwrap();
    (dir, path)
}

fn run_quietly(dir: &Utf8Path, trials: Vec<Trial>) -> Conclusion {
    let args = Arguments {
        test_threads: Some(1),
        logfile: Some(dir.join("trials.log").into_string()),
        ..Arguments::default()
    };
    libtest_mimic::run(&args, trials)
}

fn lines(run: &RunFile) -> Vec<TrialLine> {
    let text = std::fs::read_to_string(&run.out).unwrap();
    text.lines().map(|l| serde_json::from_str(l).unwrap()).collect()
}

type Ended = (String, Status, Option<CauseClass>, String);

fn ended(run: &RunFile) -> Vec<Ended> {
    let done = |line| match line {
        TrialLine::Done { name, status, cause, message, .. } => {
            Some((name, status, cause, message.unwrap_or_default()))
        }
        TrialLine::Fact { .. }
        | TrialLine::Ledger { .. }
        | TrialLine::Audit { .. }
        | TrialLine::Secret { .. } => None,
    };
    lines(run).into_iter().filter_map(done).collect()
}

#[test]
fn the_floor_passes_at_once_where_there_is_no_app() {
    let (_guard, dir) = temp();
    let mut run = Arc::unwrap_or_clone(run_file(&dir, Tier::Backup, Phase::Check));
    run.app.recipe = RecipeName::try_from("without-a-folder".to_owned()).unwrap();
    let run = Arc::new(run);
    let trials = attached(&run).unwrap();
    assert_eq!(trials[0].name(), "without_a_folder::backup::snapshot_is_this_runs");
    assert_eq!(run_quietly(&dir, trials).num_passed, 8);
    assert!(ended(&run).iter().all(|(_, status, ..)| *status == Status::Pass));
}

#[test]
fn nothing_is_opened_before_a_trial_is_run() {
    let (_guard, dir) = temp();
    let run = run_file(&dir, Tier::Restore, Phase::Seed);
    let trials = attached(&run).unwrap();
    let names: Vec<_> = trials.iter().map(Trial::name).collect();
    assert_eq!(
        names,
        ["custom_html::restore::seed_break_markers", "custom_html::restore::seed_page"]
    );
    assert!(!run.out.exists());
}

#[test]
fn a_panic_a_hang_and_a_blocked_thread_each_end_one_trial_only() {
    let (_guard, dir) = temp();
    let run = run_file(&dir, Tier::Custom, Phase::Check);
    let suite = Suite::new()
        .limit(Duration::from_millis(50))
        .check(Tier::Custom, "panics", async |_| panic!("boom {}", 1))
        .check(Tier::Custom, "hangs", async |_| std::future::pending().await)
        .check(Tier::Custom, "blocks", async |_| {
            let (_kept, never) = channel::<()>();
            never.recv().map_err(|e| Failure::new("a message", e.to_string()))
        })
        .check(Tier::Custom, "fine", async |_| Ok(()));
    let conclusion = run_quietly(&dir, trials_of(&run, suite.steps));
    assert_eq!((conclusion.num_failed, conclusion.num_passed), (3, 1));
    let ended = ended(&run);
    let expected = ["panicked: boom 1", "still waiting", "blocks its thread", ""];
    for ((name, status, cause, message), expected) in ended.iter().zip(expected) {
        assert!(message.contains(expected), "{name}: {message}");
        let suites = (Status::Fail, Some(CauseClass::Suite));
        let wanted = if expected.is_empty() { (Status::Pass, None) } else { suites };
        assert_eq!((*status, *cause), wanted, "{name}");
    }
    assert_eq!(ended.len(), 4);
}

#[test]
fn a_skip_keeps_its_reason_and_is_not_counted_as_passed() {
    let (_guard, dir) = temp();
    let run = run_file(&dir, Tier::Custom, Phase::Check);
    let suite = Suite::new().check(Tier::Custom, "later", async |_| skip("no mail server"));
    let conclusion = run_quietly(&dir, trials_of(&run, suite.steps));
    assert_eq!((conclusion.num_ignored, conclusion.num_passed), (1, 0));
    let expected = ("later".to_owned(), Status::Skip, None, "no mail server".to_owned());
    assert_eq!(ended(&run), [expected]);
}

#[test]
fn facts_are_handed_on_and_secrets_are_scrubbed_from_messages() {
    let (_guard, dir) = temp();
    let run = run_file(&dir, Tier::Custom, Phase::Check);
    let suite = Suite::new()
        .check(Tier::Custom, "keeps", async |ctx: Ctx| {
            ctx.secret("hunter2222")?;
            ctx.keep("n", &7)
        })
        .check(Tier::Custom, "reads", async |ctx: Ctx| {
            ensure_eq!(ctx.fact::<u32>("n")?, 8, "n beside hunter2222");
            Ok(())
        });
    let conclusion = run_quietly(&dir, trials_of(&run, suite.steps));
    assert_eq!((conclusion.num_passed, conclusion.num_failed), (1, 1));
    let said = lines(&run);
    assert_eq!(said[0], TrialLine::Secret { value: "hunter2222".to_owned() });
    assert_eq!(said[1], TrialLine::Fact { key: "n".to_owned(), value: 7.into() });
    let (name, status, _, message) = ended(&run).remove(1);
    assert_eq!((name.as_str(), status), ("reads", Status::Fail));
    assert!(message.starts_with("expected n beside <redacted> to be 8; seen: 7"), "{message}");
}
