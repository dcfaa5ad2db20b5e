//! Backups that go wrong for a reason that is in no recipe: a database that is killed while it is dumped.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use camino::Utf8Path;
use harness_core::wait::{Hint, Pace, Readiness, until};
use libtest_mimic::Failed;
use serde_json::{Value, json};

use super::Work;
use super::world::{Ended, World, docker, ended};

pub(crate) fn trials() -> Vec<(String, Work)> {
    vec![
        ("real::backups::a_database_killed_in_one_dump_is_no_failure".to_owned(), |w| {
            killed_in(w, Kills::First)
        }),
        ("real::backups::a_database_killed_in_every_dump_is_the_hosts".to_owned(), |w| {
            killed_in(w, Kills::Every)
        }),
    ]
}

/// In which dumps the database is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kills {
    First,
    Every,
}

/// The hook says that its dump has begun, with a part of it written, and goes on when it is told to.
const WAITS: &str = r#"pg_dump --username="${POSTGRES_USER}" "${POSTGRES_DB}" | {
      head --bytes=200
      touch /tmp/dump.began
      for _ in {1..300}; do [ -e /tmp/dump.goes-on ] && break; sleep 0.2; done
      cat
    } | gzip > "${dump}.part""#;

const AT_ONCE: &str =
    r#"pg_dump --username="${POSTGRES_USER}" "${POSTGRES_DB}" | gzip > "${dump}.part""#;

/// Kills the database's container while it is dumped, and lets the dumps after that go on if only the first is meant.
fn killed_in(world: &World, kills: Kills) -> Result<(), Failed> {
    let clone = world.own_clone("postgres-page")?;
    world.edit(&clone, "pg_backup.sh", AT_ONCE, WAITS)?;
    let (cmd, dir) = world.run_cmd(&[
        "--recipe",
        "postgres-page",
        "--source",
        clone.as_str(),
        "--stages",
        "install,backup",
    ]);
    let over = AtomicBool::new(false);
    let (output, killed) = std::thread::scope(|scope| {
        let killer = scope.spawn(|| kill(world, &dir, kills, &over));
        let output = world.block_on(cmd.output());
        over.store(true, Ordering::Relaxed);
        (output, killer.join())
    });
    let killed = killed.map_err(|_| "the thread that kills panicked")??;
    let ended = ended(&output?, &dir);
    if killed == 0 {
        return Err(format!("no dump was seen to begin:\n{}", ended.text).into());
    }
    ends_by_the_rules(&ended, kills)?;
    ended.says("/census/left_behind", &json!([]))?;
    world.nothing_is_left_of(&dir)
}

/// What a host does is nobody's failure: the run is not verified, or a later attempt was right and that is a flake.
fn ends_by_the_rules(ended: &Ended, kills: Kills) -> Result<(), Failed> {
    let said = |pointer: &str| ended.results.as_ref().and_then(|r| r.pointer(pointer)).cloned();
    let status = said("/results/backup").unwrap_or_default();
    let flakes = said("/flakes").unwrap_or_default();
    match (status.as_str(), kills) {
        (Some("pass"), Kills::First) => {
            ended.exits_with(0)?;
            let count = flakes.as_array().map_or(0, Vec::len);
            if count == 1 { Ok(()) } else { Err(format!("{count} flakes:\n{}", ended.text).into()) }
        }
        (Some("unver"), _) => {
            ended.exits_with(3)?;
            ended.says("/verdict", &json!("not-verified"))?;
            ended.says("/cause/class", &json!("host"))
        }
        _ => Err(format!("the backup is {status}:\n{}", ended.text).into()),
    }
}

/// Kills a container once its dump has begun, as often as asked for; returns how many were killed when the run was over.
fn kill(world: &World, dir: &Utf8Path, kills: Kills, over: &AtomicBool) -> Result<usize, Failed> {
    let mut seen: Vec<String> = Vec::new();
    loop {
        let look = async || {
            if over.load(Ordering::Relaxed) {
                return Readiness::Ready(None);
            }
            match dumping(world, dir, &seen).await {
                Some(id) => Readiness::Ready(Some(id)),
                None => Readiness::NotYet("no dump has begun".to_owned()),
            }
        };
        let pace = Pace {
            quick: Duration::from_millis(100),
            slow: Duration::from_millis(100),
            limit: Duration::from_secs(300),
        };
        let Some(id) = world.block_on(until(pace, &Hint::default(), look, |_| {}))? else { break };
        let is_killed = seen.is_empty() || kills == Kills::Every;
        let args: &[&str] =
            if is_killed { &["kill", &id] } else { &["exec", &id, "touch", "/tmp/dump.goes-on"] };
        world.tool(docker(), args)?;
        seen.push(id);
    }
    Ok(if kills == Kills::Every { seen.len() } else { seen.len().min(1) })
}

/// Returns another container of the database in which a dump has begun.
async fn dumping(world: &World, dir: &Utf8Path, seen: &[String]) -> Option<String> {
    let text = std::fs::read_to_string(dir.join("plan.json")).ok()?;
    let plan: Value = serde_json::from_str(&text).ok()?;
    let stack = plan["app"]["stack"].as_str()?;
    let service = format!("label=com.docker.swarm.service.name={stack}_db");
    let ids = world.ask(docker(), &["ps", "--quiet", "--filter", &service]).await.ok()?;
    for id in ids.lines().filter(|id| seen.iter().all(|s| s != id)) {
        let began = ["exec", id, "test", "-e", "/tmp/dump.began"];
        if world.ask(docker(), &began).await.is_ok() {
            return Some(id.to_owned());
        }
    }
    None
}
