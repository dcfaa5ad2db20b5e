//! The same seed gives the same event log, byte for byte: in two processes, with one job and with two.

use std::time::Duration;

use harness_core::process::{BaseEnv, Cmd, Deadline};

fn sim(args: &[&str]) -> String {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let base = BaseEnv::capture();
    let cmd = Cmd::new(env!("CARGO_BIN_EXE_cc-ci-sim"), &base, Deadline::after(LIMIT)).args(args);
    runtime.block_on(cmd.run()).expect("the simulation plays the seeds").stdout
}

const LIMIT: Duration = Duration::from_secs(300);

#[test]
fn two_processes_give_the_same_log() {
    for seed in ["4711", "4712"] {
        let first = sim(&["--seed", seed, "--log"]);
        assert!(first.lines().count() > 10, "{first}");
        assert_eq!(first, sim(&["--seed", seed, "--log"]));
    }
}

#[test]
fn one_job_and_two_give_the_same_digest() {
    let digest = |jobs: &str, base: &str| {
        let said = sim(&["--seeds", "12", "--base", base, "--seeds-only", "--jobs", jobs]);
        let line = said.lines().find(|l| l.starts_with("digest")).map(str::to_owned);
        line.unwrap_or_else(|| panic!("no digest: {said}"))
    };
    assert_eq!(digest("1", "10"), digest("2", "10"));
    assert_ne!(digest("1", "10"), digest("1", "1000"));
}
