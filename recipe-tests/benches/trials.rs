//! What a trial costs: in a process with many others, and in a process of its own. Empty trials through the full path:
//! run file, libtest-mimic, one line of result each.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};
use harness_core::name::{Commit, Domain, RecipeName, RunId, StackName};
use harness_core::platform::{App, Attachment, Revision};
use harness_core::process::{BaseEnv, Cmd, Deadline};
use harness_core::run_file::{Claims, Health, Phase, RUN_FILE_VARIABLE, RunFile, SCHEMA};
use harness_core::tier::Tier;

/// Counted processes for each size.
const PROCESSES: usize = 21;

fn run_file(out: Utf8PathBuf, trials: usize) -> RunFile {
    let recipe = RecipeName::try_from("instant".to_owned()).expect("a name");
    let run = RunId::try_from("bench".to_owned()).expect("a run id");
    let domain = Domain::try_from("inst-000000.example.org".to_owned()).expect("a domain");
    let app = App { recipe, stack: StackName::from(&domain), domain, run };
    let head =
        Revision { commit: Commit::try_from("2".repeat(40)).expect("a commit"), version: None };
    RunFile {
        schema: SCHEMA,
        app,
        attachment: Attachment::Instant,
        tier: Tier::Custom,
        phase: Phase::Check,
        health: Health { path: "/".to_owned(), ok: vec![200] },
        head,
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
        facts: BTreeMap::from([("empty_trials".to_owned(), trials.into())]),
        deps: BTreeMap::new(),
        consumer: None,
        repo_tests: Vec::new(),
        without_suite: false,
        browser: None,
        out,
    }
}

/// Returns the median time of a whole process with so many empty trials.
fn whole_process(runtime: &tokio::runtime::Runtime, dir: &Utf8Path, trials: usize) -> Duration {
    let (path, out) = (dir.join("run.json"), dir.join("out.jsonl"));
    let text = serde_json::to_vec(&run_file(out.clone(), trials)).expect("a run file is JSON");
    std::fs::write(&path, text).expect("a run file can be written");
    let base = BaseEnv::capture();
    let mut took = Vec::new();
    for _ in 0..=PROCESSES {
        drop(std::fs::remove_file(&out));
        let cmd = Cmd::new(
            env!("CARGO_BIN_EXE_recipe-tests"),
            &base,
            Deadline::after(Duration::from_secs(120)),
        );
        let began = Instant::now();
        let done = runtime.block_on(cmd.env(RUN_FILE_VARIABLE, path.as_str()).run());
        took.push(began.elapsed());
        done.expect("empty trials pass");
        let lines = std::fs::read_to_string(&out).expect("results were written").lines().count();
        assert_eq!(lines, trials, "a trial gave no result");
    }
    // The first process warms caches and is not counted.
    let mut counted = took.split_off(1);
    counted.sort();
    counted[counted.len() / 2]
}

fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    let dir = Utf8Path::from_path(folder.path()).expect("a UTF-8 path");
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let sizes = [1, 10, 100, 1000, 10_000];
    let medians: Vec<Duration> = sizes.iter().map(|n| whole_process(&runtime, dir, *n)).collect();
    for (n, median) in sizes.iter().zip(&medians) {
        anstream::println!(
            "bench    whole process with {n:>5} empty trials: median {median:.1?} ({PROCESSES} runs)"
        );
    }
    let per_trial = (medians[3] - medians[0]) / 999;
    let growth = (medians[4] - medians[0]).as_secs_f64() / 9999.0 / per_trial.as_secs_f64();
    anstream::println!(
        "bench    cost per trial in process: {per_trial:.1?} (goal 100 µs); from 1000 to 10000 it grows × {growth:.2}"
    );
    anstream::println!(
        "bench    cost of a trial with a process of its own: {:.1?} (goal 2 ms)",
        medians[0]
    );
}
