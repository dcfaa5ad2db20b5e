//! What is nobody's verdict: registry, host, harness.

use std::os::unix::fs::PermissionsExt;

use harness_core::wait::{Hint, Pace, Readiness, until};
use libtest_mimic::Failed;
use serde_json::{Value, json};

use super::Work;
use super::world::{World, docker};

pub(crate) fn trials() -> Vec<(String, Work)> {
    vec![
        ("unverified::an_abra_that_hangs_is_the_harness".to_owned(), abra_hangs),
        ("exclusive::an_engine_that_goes_away_is_the_host".to_owned(), engine_goes_away),
        ("exclusive::a_locked_repository_is_the_hosts".to_owned(), locked_repository),
    ]
}

/// An abra that is the real thing but for `app deploy`, which never ends.
fn abra_hangs(world: &World) -> Result<(), Failed> {
    let real = camino::Utf8Path::new(env!("CARGO_BIN_EXE_cc-ci")).with_file_name("abra");
    let wrapper = world.dir.join("abra");
    let script = format!(
        "#!/bin/sh\nif [ \"$1 $2\" = 'app deploy' ]; then sleep 600; fi\nexec {real} \"$@\"\n"
    );
    std::fs::write(&wrapper, script)?;
    std::fs::set_permissions(&wrapper, std::fs::Permissions::from_mode(0o755))?;
    let clone = world.own_clone("custom-html")?;
    let args = [
        "--recipe",
        "custom-html",
        "--source",
        clone.as_str(),
        "--abra",
        wrapper.as_str(),
        "--command-timeout",
        "6s",
    ];
    let ended = world.run(&args)?;
    ended.exits_with(3)?;
    ended.says("/verdict", &json!("not-verified"))?;
    ended.says("/cause/class", &json!("harness"))?;
    ended.says("/results/install", &json!("unver"))?;
    ended.says("/census/left_behind", &json!([]))?;
    world.nothing_is_left_of(&ended.dir.ok_or("no run folder")?)
}

/// The engine is stopped for real in the middle of the upgrade, started again, and `gc` finishes the work.
fn engine_goes_away(world: &World) -> Result<(), Failed> {
    let clone = world.own_clone("custom-html")?;
    let (cmd, dir) = world.run_cmd(&["--recipe", "custom-html", "--source", clone.as_str()]);
    let xtask = camino::Utf8Path::new(env!("CARGO_BIN_EXE_cc-ci")).with_file_name("xtask");
    let (output, stopped) = std::thread::scope(|scope| {
        let stopper = scope.spawn(|| {
            world.wait_for_phase(&dir, "seed", 2)?;
            world.tool(xtask.as_str(), &["engine", "stop"])
        });
        (world.block_on(cmd.output()), stopper.join())
    });
    world.tool(xtask.as_str(), &["up", "--only"])?;
    stopped.map_err(|_| "the thread that stops the engine panicked")??;
    let ended = super::world::ended(&output?, &dir);
    ended.exits_with(3)?;
    ended.says("/verdict", &json!("not-verified"))?;
    ended.says("/cause/class", &json!("host"))?;
    let collected = world.block_on(world.cc_ci(&["gc"]).output())?;
    if !collected.status.success() {
        return Err(format!("gc: {}{}", collected.stdout, collected.stderr).into());
    }
    world.nothing_is_left_of(&dir)
}

/// A restic of the backup agent's own holds the exclusive lock of its repository: one that reads all of it, and may read
/// a kilobyte a second.
fn locked_repository(world: &World) -> Result<(), Failed> {
    let service = "label=com.docker.swarm.service.name=backupbot_app";
    let bots = world.tool(docker(), &["ps", "--quiet", "--filter", service])?;
    let bot = bots.lines().next().ok_or("no backup bot runs")?;
    let in_bot = |script: &str| world.tool(docker(), &["exec", bot, "sh", "-c", script]);
    let made = in_bot(
        "restic cat config --no-lock >/dev/null 2>&1 || restic init >/dev/null; \
         head -c 300000 /dev/urandom | restic backup --quiet --json --stdin --host ccci-lock-test",
    )?;
    let summary = made.lines().filter_map(|l| serde_json::from_str::<Value>(l).ok());
    let snapshot = summary.into_iter().find_map(|s| s["snapshot_id"].as_str().map(str::to_owned));
    let snapshot = snapshot.ok_or_else(|| format!("restic names no snapshot: {made}"))?;
    let holds = "echo $$ > /tmp/holder; exec restic check --read-data --limit-download 1";
    world.tool(docker(), &["exec", "--detach", bot, "sh", "-c", holds])?;
    let seen = world.block_on(locks(world, bot, Locks::Some)).and_then(|()| while_locked(world));
    // The lock goes with its holder, whatever was seen.
    let freed = in_bot("kill -INT $(cat /tmp/holder)")
        .and_then(|_| world.block_on(locks(world, bot, Locks::None)))
        .or_else(|_| in_bot("restic unlock --remove-all").map(drop));
    let forgotten = in_bot(&format!("restic forget --quiet --prune {snapshot}"));
    seen.and(freed).and(forgotten.map(drop))
}

/// What is to be seen of a repository's locks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Locks {
    None,
    Some,
}

/// Waits until the backup bot's repository is locked, or is not.
async fn locks(world: &World, bot: &str, wanted: Locks) -> Result<(), Failed> {
    let look = async || {
        let list = "ls \"$RESTIC_REPOSITORY/locks\"";
        match world.ask(docker(), &["exec", bot, "sh", "-c", list]).await {
            Ok(names) if names.trim().is_empty() == (wanted == Locks::None) => Readiness::Ready(()),
            Ok(names) => Readiness::NotYet(format!("{} locks", names.lines().count())),
            Err(error) => Readiness::NotYet(error.message().unwrap_or_default().to_owned()),
        }
    };
    let pace = Pace::within(std::time::Duration::from_secs(30));
    Ok(until(pace, &Hint::default(), look, |_| {}).await?)
}

fn while_locked(world: &World) -> Result<(), Failed> {
    let clone = world.own_clone("custom-html")?;
    let ended = world.run(&[
        "--recipe",
        "custom-html",
        "--source",
        clone.as_str(),
        "--stages",
        "install,backup,restore",
    ])?;
    ended.exits_with(3)?;
    ended.says("/verdict", &json!("not-verified"))?;
    ended.says("/results/install", &json!("pass"))?;
    ended.says("/results/backup", &json!("unver"))?;
    ended.says("/results/restore", &json!("unver"))?;
    ended.says("/cause/class", &json!("host"))?;
    let evidence = ended.results.as_ref().and_then(|r| r["cause"]["evidence"].as_str());
    let evidence = evidence.unwrap_or_default();
    if !evidence.contains("the repository of the backup agent is locked by another process") {
        return Err(format!("the evidence is: {evidence}").into());
    }
    ended.says("/census/left_behind", &json!([]))?;
    world.nothing_is_left_of(&ended.dir.ok_or("no run folder")?)
}
