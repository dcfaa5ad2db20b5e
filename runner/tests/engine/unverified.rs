//! What is nobody's verdict: registry, host, harness.

use std::os::unix::fs::PermissionsExt;

use libtest_mimic::Failed;
use serde_json::json;

use super::Work;
use super::world::World;

pub(crate) fn trials() -> Vec<(String, Work)> {
    vec![
        ("unverified::an_abra_that_hangs_is_the_harness".to_owned(), abra_hangs),
        ("exclusive::an_engine_that_goes_away_is_the_host".to_owned(), engine_goes_away),
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
