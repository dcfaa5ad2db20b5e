//! Real recipes, all the way through.

use libtest_mimic::Failed;
use serde_json::json;

use super::Work;
use super::world::{Ended, World, ended};

pub(crate) fn trials() -> Vec<(String, Work)> {
    vec![
        ("green::custom_html_reaches_level_5".to_owned(), custom_html),
        ("alone::green::ghost_reaches_level_5".to_owned(), ghost),
        ("green::two_heads_side_by_side_and_again".to_owned(), side_by_side),
    ]
}

fn is_green(ended: &Ended, level: u8) -> Result<(), Failed> {
    ended.exits_with(0)?;
    ended.says("/verdict", &json!("pass"))?;
    ended.says("/level", &json!(level))?;
    for tier in ["install", "upgrade", "backup", "restore"] {
        ended.says(&format!("/results/{tier}"), &json!("pass"))?;
    }
    ended.says("/deploys", &json!({"planned": 1, "done": 1}))?;
    ended.says("/census/left_behind", &json!([]))?;
    ended.says("/flags", &json!({"clean_teardown": true, "no_secret_leak": true}))?;
    ended.says("/platform/name", &json!("swarm"))
}

fn custom_html(world: &World) -> Result<(), Failed> {
    let ended = world.run(&["--recipe", "custom-html"])?;
    is_green(&ended, 5)?;
    ended.says("/results/custom", &json!("pass"))?;
    ended.says("/rungs/lint", &json!("pass"))?;
    ended.says("/platform/abra_is_stand_in", &json!(true))?;
    let dir = ended.dir.ok_or("no run folder")?;
    world.nothing_is_left_of(&dir)?;
    for name in ["plan.json", "events.jsonl", "results.json", "junit.xml", "trace.json", "lint.txt"]
    {
        assert!(dir.join(name).is_file(), "{name} is missing");
    }
    for name in ["run.json", "work", "abra"] {
        assert!(!dir.join(name).exists(), "{name} may hold secrets and was left in the run folder");
    }
    Ok(())
}

fn ghost(world: &World) -> Result<(), Failed> {
    let ended = world.run(&["--recipe", "ghost"])?;
    is_green(&ended, 5)?;
    ended.says("/results/custom", &json!("pass"))?;
    ended.says("/version", &json!("1.3.0+6.65.0"))?;
    ended.says("/base_version", &json!("1.2.0+6.44.1"))?;
    world.nothing_is_left_of(&ended.dir.ok_or("no run folder")?)
}

fn side_by_side(world: &World) -> Result<(), Failed> {
    let clone = world.own_clone("custom-html")?;
    let out = world.dir.join("runs");
    let one = |id: &str, version: &[&str]| {
        let args = [
            "run",
            "--platform",
            "swarm",
            "--recipe",
            "custom-html",
            "--run-id",
            id,
            "--out",
            out.as_str(),
        ];
        world.cc_ci(&args).args(version)
    };
    let (a, b) = (
        one("side-a", &["--source", clone.as_str()]),
        one("side-b", &["--version", "1.11.0+1.22.1"]),
    );
    let (a, b) = world.block_on(async { tokio::join!(a.output(), b.output()) });
    for (output, id) in [(a?, "side-a"), (b?, "side-b")] {
        is_green(&ended(&output, &out.join(id)), 5)?;
        world.nothing_is_left_of(&out.join(id))?;
    }
    let again = world.block_on(one("side-again", &["--source", clone.as_str()]).output())?;
    is_green(&ended(&again, &out.join("side-again")), 5)
}
