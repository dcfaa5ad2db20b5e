//! `cargo xtask bench`: what the harness itself costs, beside other test runners where they are installed.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use anyhow::Context as _;

use crate::docker::Docker;
use crate::engine::is_answering;
use crate::machine::Machine;
use crate::progress::say;
use crate::{stream, up};

/// What to measure.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Counted runs of each command.
    #[arg(long, default_value_t = 5)]
    runs: usize,

    /// Measure snapshots of 5 GB too, and whether memory is flat from 10 MB to there. It takes some minutes, and the
    /// folder for temporary files needs room for four times as much.
    #[arg(long)]
    large: bool,
}

/// Seeds that are played for the figures of the simulation.
const SEEDS: &str = "10000";

/// Trials in one run of each test runner.
const TRIALS: usize = 1000;

/// Measures it.
pub(crate) async fn run(machine: &Machine, args: &Args) -> anyhow::Result<()> {
    stream::cargo(machine, &["build", "--quiet", "--workspace", "--benches"], &[])?;
    stream::cargo(
        machine,
        &["test", "--quiet", "--package", "recipe-tests", "--bench", "trials"],
        &[],
    )?;
    stream::cargo(
        machine,
        &["test", "--quiet", "--package", "runner", "--bench", "fixed_cost"],
        &[],
    )?;
    let mut snapshots =
        vec!["test", "--quiet", "--package", "harness-backup", "--bench", "snapshot"];
    if args.large {
        snapshots.extend(["--", "--large"]);
    }
    stream::cargo(machine, &snapshots, &[])?;
    if !args.large {
        say(
            "bench    snapshots of 5 GB, and memory up to there: not measured, `--large` asks for it",
        );
    }
    simulated(machine)?;
    peers(machine, args).await?;
    if is_answering(&Docker::new(machine)).await {
        up::run(machine, up::Args { only: Some(vec!["nginx".to_owned()]), mark: false }).await?;
        stream::cargo(
            machine,
            &["test", "--quiet", "--package", "harness-abra", "--bench", "readiness"],
            &[],
        )?;
    } else {
        say("bench    readiness after the engine's event: not measured, no engine answers");
    }
    Ok(())
}

/// Prints how soon the harness notices what became so, and how many runs a minute one core plays.
fn simulated(machine: &Machine) -> anyhow::Result<()> {
    let sim = [
        "run",
        "--quiet",
        "--profile",
        "sim",
        "--package",
        "simulation",
        "--bin",
        "cc-ci-sim",
        "--",
    ];
    stream::cargo(machine, &[&sim[..], &["--figures", SEEDS]].concat(), &[])?;
    let alone = ["--seeds", SEEDS, "--base", "0", "--seeds-only", "--jobs", "1"];
    stream::cargo(machine, &[&sim[..], &alone].concat(), &[])
}

/// Times pytest on as many empty tests, where it is installed: whole processes, the median of some runs.
async fn peers(machine: &Machine, args: &Args) -> anyhow::Result<()> {
    let folder = tempfile::tempdir().context("failed to make a folder")?;
    let dir =
        camino::Utf8PathBuf::try_from(folder.path().to_owned()).context("a path is not UTF-8")?;
    let mut tests = String::new();
    for i in 0..TRIALS {
        writeln!(tests, "def test_{i}():\n    pass\n")?;
    }
    std::fs::write(dir.join("test_many.py"), tests)?;
    let pytest = ["-q", "-p", "no:cacheprovider", "test_many.py"];
    time(machine, args.runs, &format!("pytest, {TRIALS} empty tests"), "pytest", &pytest, &dir)
        .await;
    let nextest = [
        "nextest",
        "run",
        "--package",
        "harness-core",
        "--status-level",
        "none",
        "--final-status-level",
        "none",
    ];
    time(
        machine,
        args.runs.min(2),
        "cargo-nextest, harness-core's own unit tests",
        "cargo",
        &nextest,
        &machine.root,
    )
    .await;
    Ok(())
}

async fn time(
    machine: &Machine,
    runs: usize,
    what: &str,
    program: &str,
    args: &[&str],
    dir: &camino::Utf8Path,
) {
    let mut took = Vec::new();
    for _ in 0..=runs {
        let began = Instant::now();
        let done = machine.cmd(program, Duration::from_secs(300)).args(args).cwd(dir).run().await;
        if done.is_err() {
            say(&format!("bench    {what}: not installed, or it failed"));
            return;
        }
        took.push(began.elapsed());
    }
    // The first run warms caches and is not counted.
    let mut counted = took.split_off(1);
    counted.sort();
    let (median, min, max) = (counted[counted.len() / 2], counted[0], counted[counted.len() - 1]);
    say(&format!(
        "bench    {what}: median {median:.2?} (min {min:.2?}, max {max:.2?}, {runs} runs)"
    ));
}
