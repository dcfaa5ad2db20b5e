//! Recipes that are broken on purpose: each is red for its own reason, and leaves nothing.

use harness_local::bundle::{Broken, Ending, OnEngine};
use libtest_mimic::Failed;
use serde_json::{Value, json};

use super::world::{Ended, World};

/// An app that will never answer is given this long: long enough for every healthy start here.
const HTTP_TIMEOUT: &str = "12s";

/// An app that takes its time to start is given the suite's own.
const PATIENT_HTTP_TIMEOUT: &str = "5m";

pub(crate) fn ends_as_said(world: &World, broken: &Broken) -> Result<(), Failed> {
    let source = format!("bundled:{}", broken.recipe);
    let timeout = match broken.engine {
        OnEngine::Always => HTTP_TIMEOUT,
        OnEngine::WithBackups | OnEngine::WithRealApps => PATIENT_HTTP_TIMEOUT,
    };
    let mut asked = vec!["--recipe", broken.run_as, "--source", &source, "--http-timeout", timeout];
    asked.extend(stages(broken));
    let ended = world.run(&asked)?;
    match broken.ending {
        Ending::Fails { tier, check } => {
            ended.exits_with(1)?;
            ended.says("/verdict", &json!("fail"))?;
            ended.says(&format!("/results/{tier}"), &json!("fail"))?;
            ended.says("/cause/class", &json!(broken.cause))?;
            named_check_failed(&ended, tier.word(), check)?;
            earlier_tiers_passed(&ended, tier.word())?;
        }
        Ending::NotVerified => {
            ended.exits_with(3)?;
            ended.says("/verdict", &json!("not-verified"))?;
            ended.says("/cause/class", &json!(broken.cause))?;
        }
        Ending::Refused => return refused(&ended),
    }
    ended.says("/census/left_behind", &json!([]))?;
    ended.says("/flags/no_secret_leak", &json!(true))?;
    if broken.recipe == "broken-crash-loop" {
        noticed_early(&ended)?;
    }
    simulated_alike(world, broken, &ended)?;
    world.nothing_is_left_of(&ended.dir.ok_or("no run folder")?)
}

/// Returns the flag for the tiers that a run must ask for.
fn stages(broken: &Broken) -> Vec<&'static str> {
    broken.stages().map(|stages| vec!["--stages", stages]).unwrap_or_default()
}

/// The simulated server must come to the same verdict, in the same tiers, by the same checks. A check that only one of
/// them came to say (the other had stopped before) is no disagreement; one that failed on one of them alone is.
fn simulated_alike(world: &World, broken: &Broken, real: &Ended) -> Result<(), Failed> {
    let source = format!("bundled:{}", broken.recipe);
    let out = world.dir.join("simulated");
    let args = [
        "run",
        "--platform",
        "embedded",
        "--recipe",
        broken.run_as,
        "--source",
        &source,
        "--run-id",
        "simulated",
    ];
    let cmd = world.cc_ci(&args).args(["--http-timeout", "2s", "--out", out.as_str()]);
    let cmd = cmd.args(stages(broken));
    let output = world.block_on(cmd.output())?;
    let simulated = super::world::ended(&output, &out.join("simulated"));
    // What is kept warm on the engine is deployed on a simulated server, which keeps nothing.
    let is_warm = real.results.as_ref().and_then(|r| r.pointer("/dependencies/0/warm"));
    let deploys = (is_warm != Some(&Value::Bool(true))).then_some("/deploys");
    let same = ["/verdict", "/level", "/results", "/cause/class", "/census/left_behind"];
    for pointer in same.into_iter().chain(deploys) {
        let expected =
            real.results.as_ref().and_then(|r| r.pointer(pointer)).unwrap_or(&Value::Null);
        simulated.says(pointer, expected).map_err(|unlike| {
            let unlike = unlike.message().unwrap_or_default();
            Failed::from(format!("{unlike}\nand on the engine:\n{}", real.text))
        })?;
    }
    let (real, simulated) = (failed_checks(real), failed_checks(&simulated));
    let alike = match broken.engine {
        OnEngine::Always | OnEngine::WithBackups => real == simulated,
        // The real app may remember what its stand-in looks up: a token is good for Synapse after its row is gone.
        OnEngine::WithRealApps => real.iter().all(|check| simulated.contains(check)),
    };
    if alike {
        return Ok(());
    }
    Err(format!("checks that failed on the engine: {real:?}; simulated: {simulated:?}").into())
}

fn failed_checks(ended: &Ended) -> Vec<String> {
    let stages =
        ended.results.as_ref().and_then(|r| r["stages"].as_array()).cloned().unwrap_or_default();
    let of = |stage: &Value| {
        let tier = stage["tier"].as_str().unwrap_or_default().to_owned();
        let checks = stage["checks"].as_array().cloned().unwrap_or_default();
        let failed = checks.into_iter().filter(|c| c["status"] == "fail");
        failed
            .map(|c| format!("{tier}::{}", c["name"].as_str().unwrap_or_default()))
            .collect::<Vec<_>>()
    };
    stages.iter().flat_map(of).collect()
}

fn refused(ended: &Ended) -> Result<(), Failed> {
    if ended.code != Some(2) || !ended.text.contains("error: ") {
        return Err(format!(
            "expected exit code 2 with an error, seen {:?}:\n{}",
            ended.code, ended.text
        )
        .into());
    }
    if let Some(dir) = &ended.dir {
        return Err(format!("a run that could not begin left {dir}").into());
    }
    Ok(())
}

fn stage<'a>(ended: &'a Ended, tier: &str) -> Option<&'a Value> {
    ended.results.as_ref()?["stages"].as_array()?.iter().find(|s| s["tier"] == tier)
}

fn named_check_failed(ended: &Ended, tier: &str, check: &str) -> Result<(), Failed> {
    let checks = stage(ended, tier).and_then(|s| s["checks"].as_array()).ok_or("no checks")?;
    let failed: Vec<&str> = checks
        .iter()
        .filter(|c| c["status"] == "fail")
        .filter_map(|c| c["name"].as_str())
        .collect();
    if failed.contains(&check) {
        return Ok(());
    }
    Err(format!("expected {tier}::{check} to fail, seen {failed:?}:\n{}", ended.text).into())
}

fn earlier_tiers_passed(ended: &Ended, tier: &str) -> Result<(), Failed> {
    for earlier in
        ["install", "upgrade", "backup", "restore", "custom"].into_iter().take_while(|t| *t != tier)
    {
        let status = stage(ended, earlier).map_or(&Value::Null, |s| &s["status"]);
        if status != "pass" && status != "skip" {
            return Err(format!("{earlier} is {status}, before {tier}:\n{}", ended.text).into());
        }
    }
    Ok(())
}

/// A crash loop ends the run at its third exit, whatever the deploy time-out (ten minutes here).
fn noticed_early(ended: &Ended) -> Result<(), Failed> {
    let evidence =
        ended.results.as_ref().and_then(|r| r.pointer("/cause/evidence")).and_then(Value::as_str);
    let evidence = evidence.unwrap_or_default();
    if !evidence.contains("3 attempts ended") {
        return Err(format!("expected the third exit to end it, seen: {evidence}").into());
    }
    Ok(())
}
