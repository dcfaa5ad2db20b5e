//! `cargo xtask test`: everything that must hold of a commit.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use harness_core::browser::Programs;

use crate::docker::Docker;
use crate::engine::is_answering;
use crate::images::ensure_images;
use crate::machine::Machine;
use crate::progress::say;
use crate::{browser, ci, docs, engine, examples, kept, real, stream, tidy, up};

/// So many runs at a time on the engine, of apps that wait more than they are busy.
const RUNS_AT_A_TIME: &str = "2";

/// So many fresh seeds are played each time; the first of them is printed.
const SEEDS: &str = "2000";

/// So many scenarios at a time beside the engine in memory: each waits nearly all of its time.
const SCENARIOS_AT_A_TIME: &str = "8";

/// The images of apps that these tests use. Those of other recipes are built when such a recipe is run.
const TESTED_IMAGES: [&str; 3] = ["nginx", "mariadb", "ghost"];

/// What to leave out.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Leave out what needs an engine.
    #[arg(long)]
    no_engine: bool,
    /// Instead of all that: only keep a deployment, look into it, check it again and end it.
    #[arg(long, conflicts_with_all = ["no_engine", "real"])]
    kept: bool,
    /// Instead of all that: take these recipes through their tiers on a real engine, one after another, each with its
    /// real images; `all` is every recipe with a folder, `backups`: the ways in which backups lie, `sso`: people who
    /// sign in by a Keycloak, one that is kept warm among them. Ends with a table.
    #[arg(long, value_name = "all|NAMES", value_delimiter = ',', conflicts_with = "no_engine")]
    real: Vec<String>,
}

/// Runs it: formatting, lints, unit tests, docs, generated references, and the tests on a real engine.
pub(crate) async fn run(machine: &Machine, args: &Args) -> anyhow::Result<()> {
    if !args.real.is_empty() {
        return real::run(machine, &args.real).await;
    }
    if args.kept {
        ci::build(machine)?;
        return kept::run(machine).await;
    }
    let began = Instant::now();
    let engine = engine_wanted(machine, args).await;
    formatting(machine).await?;
    tidy::run(machine)?;
    if machine.is_ci {
        // Before the suites: half of a browser is worse than none.
        browser::ensure(machine).await?;
    }
    // Images come from the network and the disk, code from the cores: both at once.
    let images = async {
        if engine == EngineTests::Run {
            engine::ensure_engine(machine, engine::Marking::Require).await?;
            ensure_images(machine, &TESTED_IMAGES.map(str::to_owned)).await?;
        }
        Ok(())
    };
    let code = async {
        let machine = machine.clone();
        tokio::task::spawn_blocking(move || checks(&machine)).await?
    };
    tokio::try_join!(images, code)?;
    docs::run(machine, &docs::Args { check: true }).await?;
    simulated(machine)?;
    match engine {
        EngineTests::Run => on_engine(machine).await?,
        EngineTests::NotRun(why) => not_run(&why),
    }
    say(&format!("test     all that was run passed ({:.0} s)", began.elapsed().as_secs_f32()));
    Ok(())
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum EngineTests {
    Run,
    NotRun(String),
}

/// In CI nothing is left out for want of an engine: it is installed and started. Elsewhere it must be there.
async fn engine_wanted(machine: &Machine, args: &Args) -> EngineTests {
    if args.no_engine {
        return EngineTests::NotRun("--no-engine was given".to_owned());
    }
    let is_up = machine.state.join("server.toml").exists();
    if machine.is_ci || (is_up && is_answering(&Docker::new(machine)).await) {
        return EngineTests::Run;
    }
    EngineTests::NotRun("there is no test server here; `cargo xtask up` makes one".to_owned())
}

/// Checks the formatting, also of the suites: they are no modules that `cargo fmt` finds.
async fn formatting(machine: &Machine) -> anyhow::Result<()> {
    stream::cargo(machine, &["fmt", "--all", "--check"], &[])?;
    let mut suites = Vec::new();
    for folder in machine
        .root
        .join("recipe-tests/recipes")
        .read_dir_utf8()
        .context("failed to list the suites")?
    {
        let suite = folder.context("failed to list the suites")?.path().join("suite.rs");
        suites.extend(suite.is_file().then(|| suite.to_string()));
    }
    let config = ["--check", "--edition", "2024", "--config-path"];
    let rustfmt =
        machine.cmd("rustfmt", Duration::from_secs(60)).args(config).arg(machine.root.as_str());
    rustfmt.args(suites).run().await.context("a suite is not formatted")?;
    Ok(())
}

fn checks(machine: &Machine) -> anyhow::Result<()> {
    stream::cargo(
        machine,
        &["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"],
        &[],
    )?;
    stream::cargo(machine, &["build", "--workspace", "--locked"], &[])?;
    stream::cargo(
        machine,
        &["test", "--workspace", "--locked", "--quiet"],
        &[("INSTA_UPDATE", "no")],
    )?;
    pages(machine)?;
    stream::cargo(
        machine,
        &["doc", "--workspace", "--no-deps", "--locked", "--quiet"],
        &[("RUSTDOCFLAGS", "-D warnings")],
    )?;
    examples::check(machine)
}

/// Looks at pages with a real browser, where there is one.
fn pages(machine: &Machine) -> anyhow::Result<()> {
    if let Err(missing) = Programs::find(&machine.base) {
        say(&format!(
            "!!!!!!!! NOT RUN: the tests with a real browser: there is no `{missing}` !!!!!!!!"
        ));
        return Ok(());
    }
    // Of the whole workspace, so that nothing is built with other features.
    let ignored =
        ["test", "--workspace", "--lib", "--locked", "--quiet", "--", "--ignored", "page::tests::"];
    stream::cargo(machine, &ignored, &[])
}

/// Plays fresh seeds, every seed that ever found a defect, and a kill at every event of every recipe's run: some ten
/// thousand runs, which take longer unoptimised than their program takes to build.
fn simulated(machine: &Machine) -> anyhow::Result<()> {
    let sim = [
        "run",
        "--quiet",
        "--locked",
        "--profile",
        "sim",
        "--package",
        "simulation",
        "--bin",
        "cc-ci-sim",
        "--",
    ];
    stream::cargo(machine, &[&sim[..], &["--seeds", SEEDS]].concat(), &[])
}

async fn on_engine(machine: &Machine) -> anyhow::Result<()> {
    let only = Some(TESTED_IMAGES.map(str::to_owned).to_vec());
    up::run(machine, up::Args { only, mark: false }).await?;
    let on = [("CCCI_ENGINE_TESTS", "1")];
    stream::cargo(machine, &["test", "--workspace", "--test", "engine", "--locked"], &on)?;
    // Of the whole workspace, so that nothing is built again with other features.
    let runs = ["test", "--workspace", "--test", "runs", "--locked", "--"];
    let many = [
        &runs[..],
        &[
            "--test-threads",
            RUNS_AT_A_TIME,
            "--skip",
            "alone::",
            "--skip",
            "exclusive::",
            "--skip",
            "fidelity::",
            "--skip",
            "real::",
        ],
    ]
    .concat();
    stream::cargo(machine, &many, &on)?;
    // The longest by far, each with a browser.
    let alone = ["--test-threads", "1", "alone::"];
    stream::cargo(machine, &[&runs[..], &alone].concat(), &on)?;
    let beside = ["--test-threads", SCENARIOS_AT_A_TIME, "fidelity::"];
    stream::cargo(machine, &[&runs[..], &beside].concat(), &on)?;
    kept::run(machine).await?;
    // These stop the engine under everything else.
    stream::cargo(machine, &[&runs[..], &["--test-threads", "1", "exclusive::"]].concat(), &on)
}

fn not_run(why: &str) {
    say("");
    say("!!!!!!!! NOT RUN: the tests on a real Docker Engine !!!!!!!!");
    say(&format!("!! {why}"));
    say(
        "!! not run: harness-abra::engine, runner::runs (green, red, unverified, killed, bad_input, fidelity)",
    );
    say("!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!");
}
