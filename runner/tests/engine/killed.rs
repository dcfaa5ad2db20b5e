//! Runs that are ended from outside.

use camino::Utf8Path;
use harness_core::event::read_events;
use libtest_mimic::Failed;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use runner::lease::{FileLeases, Leases};
use serde_json::json;

use super::Work;
use super::world::{World, ended};

pub(crate) fn trials() -> Vec<(String, Work)> {
    let mut trials: Vec<(String, Work)> = vec![
        ("killed::sigterm_ends_with_143_and_an_empty_census".to_owned(), sigterm),
        ("killed::a_deadline_ends_with_142_and_an_empty_census".to_owned(), deadline),
        ("killed::gc_leaves_a_live_run_alone".to_owned(), gc_beside_a_live_run),
    ];
    for (name, phases) in KILL_POINTS {
        trials.push(((*name).to_owned(), *phases));
    }
    trials
}

/// Every phase of a run, with how often it has begun when the kill comes.
const KILL_POINTS: &[(&str, Work)] = &[
    ("killed::sigkill_before_the_deploy", |w| {
        sigkill_in(w, &[("census", 1), ("seed", 1), ("new app", 1), ("place", 1), ("prepull", 1)])
    }),
    ("killed::sigkill_in_the_install", |w| {
        sigkill_in(w, &[("deploy", 1), ("converge", 1), ("answer", 1), ("check", 1)])
    }),
    ("killed::sigkill_before_the_upgrade", |w| {
        sigkill_in(w, &[("seed", 2), ("place", 2), ("prepull", 2), ("deploy", 2)])
    }),
    ("killed::sigkill_in_the_upgrade", |w| {
        sigkill_in(w, &[("converge", 2), ("answer", 2), ("check", 2)])
    }),
    ("killed::sigkill_in_the_backup", |w| {
        sigkill_in(w, &[("seed", 3), ("backup", 1), ("check", 3)])
    }),
    ("killed::sigkill_in_the_restore", |w| {
        sigkill_in(w, &[("seed", 4), ("restore", 1), ("check", 4)])
    }),
    ("killed::sigkill_in_the_custom_tier", |w| sigkill_in(w, &[("seed", 5), ("check", 5)])),
    ("killed::sigkill_in_the_teardown", |w| {
        sigkill_in(w, &[("undeploy", 1), ("remove data", 1), ("forget", 1), ("census", 2)])
    }),
];

/// Sends a signal to the run once a phase has begun, and returns how it ended.
fn signalled(
    world: &World,
    args: &[&str],
    signal: Signal,
    phase: &str,
    nth: usize,
) -> Result<super::world::Ended, Failed> {
    let (cmd, dir) = world.run_cmd(args);
    drop(std::fs::remove_dir_all(&dir));
    let (output, sent) = std::thread::scope(|scope| {
        let sender = scope.spawn(|| {
            world.wait_for_phase(&dir, phase, nth)?;
            send(&dir, signal, world)
        });
        (world.block_on(cmd.output()), sender.join())
    });
    sent.map_err(|_| "the thread that sends the signal panicked")??;
    Ok(ended(&output?, &dir))
}

/// The run's process is the one whose lease names its folder.
pub(crate) fn send(dir: &Utf8Path, signal: Signal, world: &World) -> Result<(), Failed> {
    let leases = FileLeases::new(&world.state_dir());
    for domain in leases.list()? {
        if let Some(claim) = leases.peek(&domain).filter(|claim| claim.run_dir == dir) {
            kill(Pid::from_raw(i32::try_from(claim.pid)?), signal)?;
            return Ok(());
        }
    }
    Err(format!("no lease names {dir}").into())
}

fn sigterm(world: &World) -> Result<(), Failed> {
    let clone = world.own_clone("custom-html")?;
    let args = ["--recipe", "custom-html", "--source", clone.as_str()];
    let ended = signalled(world, &args, Signal::SIGTERM, "seed", 2)?;
    ended.exits_with(143)?;
    ended.says("/verdict", &json!("not-verified"))?;
    ended.says("/census/left_behind", &json!([]))?;
    ended.says("/flags/clean_teardown", &json!(true))?;
    world.nothing_is_left_of(&ended.dir.ok_or("no run folder")?)
}

fn deadline(world: &World) -> Result<(), Failed> {
    let clone = world.own_clone("custom-html")?;
    let ended =
        world.run(&["--recipe", "custom-html", "--source", clone.as_str(), "--deadline", "3s"])?;
    ended.exits_with(142)?;
    ended.says("/census/left_behind", &json!([]))?;
    world.nothing_is_left_of(&ended.dir.ok_or("no run folder")?)
}

fn sigkill_in(world: &World, phases: &[(&str, usize)]) -> Result<(), Failed> {
    let clone = world.own_clone("custom-html")?;
    let args = ["--recipe", "custom-html", "--source", clone.as_str()];
    for (phase, nth) in phases {
        let ended = signalled(world, &args, Signal::SIGKILL, phase, *nth)?;
        if ended.code.is_some() {
            return Err(format!(
                "expected a run killed in `{phase}`, seen exit code {:?}",
                ended.code
            )
            .into());
        }
        let dir = ended.dir.clone().ok_or("no run folder")?;
        if ended.results.is_none() {
            return Err(format!("killed in `{phase}`: results.json is not whole").into());
        }
        ended.says("/verdict", &json!("not-verified"))?;
        read_events(&std::fs::read_to_string(dir.join("events.jsonl"))?)?;
        let collected = world.block_on(world.cc_ci(&["gc"]).output())?;
        if !collected.status.success() {
            return Err(format!(
                "killed in `{phase}`, gc: {}{}",
                collected.stdout, collected.stderr
            )
            .into());
        }
        world
            .nothing_is_left_of(&dir)
            .map_err(|e| format!("killed in `{phase}`: {}", e.message().unwrap_or_default()))?;
        if dir.join("work").exists() {
            return Err(format!("killed in `{phase}`: gc left the run's work folder").into());
        }
    }
    Ok(())
}

fn gc_beside_a_live_run(world: &World) -> Result<(), Failed> {
    let clone = world.own_clone("custom-html")?;
    let (cmd, dir) = world.run_cmd(&["--recipe", "custom-html", "--source", clone.as_str()]);
    let (output, collected) = std::thread::scope(|scope| {
        let collector = scope.spawn(|| {
            let mut seen = Vec::new();
            for (phase, nth) in [("deploy", 1), ("seed", 2), ("backup", 1)] {
                world.wait_for_phase(&dir, phase, nth)?;
                let collected = world.block_on(world.cc_ci(&["gc", "--kept"]).output())?;
                seen.push(collected.stdout);
            }
            Ok::<_, Failed>(seen)
        });
        (world.block_on(cmd.output()), collector.join())
    });
    let collected = collected.map_err(|_| "the thread that collects panicked")??;
    let ended = ended(&output?, &dir);
    ended.exits_with(0)?;
    ended.says("/verdict", &json!("pass"))?;
    assert!(collected.iter().all(|c| c.contains("live: ")), "{collected:?}");
    Ok(())
}
