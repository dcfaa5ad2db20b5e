//! One clear error each, exit code 2, and nothing is left.

use libtest_mimic::Failed;

use super::Work;
use super::world::World;

/// What is asked, and what the error must say.
const CASES: &[(&str, &[&str], &str)] = &[
    ("an_unknown_recipe", &["--recipe", "no-such-recipe"], "is not bundled; bundled are"),
    ("a_recipe_that_is_a_path", &["--recipe", "../etc"], "is not a recipe name"),
    (
        "an_unknown_platform",
        &["--recipe", "custom-html", "--platform", "moon"],
        "possible values: auto, swarm, embedded",
    ),
    ("an_unknown_flag", &["--recipe", "custom-html", "--rceipe", "x"], "--rceipe"),
    (
        "an_unknown_stage",
        &["--recipe", "custom-html", "--stages", "install,fly"],
        "`fly` is no tier",
    ),
    ("a_pr_alone", &["--recipe", "custom-html", "--pr", "3"], "half of a pull request"),
    ("a_ref_alone", &["--recipe", "custom-html", "--ref", "main"], "half of a pull request"),
    ("a_src_alone", &["--recipe", "custom-html", "--src", "a/b"], "half of a pull request"),
    (
        "a_version_that_does_not_exist",
        &["--recipe", "custom-html", "--version", "9.9.9+9"],
        "has no release 9.9.9+9",
    ),
    (
        "a_version_that_is_none",
        &["--recipe", "custom-html", "--version", "latest"],
        "is not a recipe version",
    ),
    (
        "a_source_that_is_nothing",
        &["--recipe", "custom-html", "--source", "/no/such/folder"],
        "is no source",
    ),
    (
        "a_broken_compose_file",
        &["--recipe", "custom-html", "--source", "bundled:broken-compose"],
        "compose.yml",
    ),
    (
        "a_missing_env_sample",
        &["--recipe", "custom-html", "--source", "bundled:no-env-sample"],
        ".env.sample",
    ),
    (
        "no_engine",
        &[
            "--recipe",
            "custom-html",
            "--platform",
            "swarm",
            "--docker-host",
            "unix:///no/such/docker.sock",
        ],
        "cargo xtask up",
    ),
    (
        "a_suffix_that_makes_names_too_long",
        &[
            "--recipe",
            "ghost",
            "--suffix",
            "a-very-long-suffix-that-leaves-no-room-for-names.example.org",
        ],
        "shorter --suffix",
    ),
    (
        "a_state_file_that_does_not_exist",
        &["--recipe", "custom-html", "--settings", "/no/such.toml"],
        "no settings file",
    ),
    (
        "a_deadline_that_is_none",
        &["--recipe", "custom-html", "--deadline", "soon"],
        "is no length of time",
    ),
];

pub(crate) fn trials() -> Vec<(String, Work)> {
    vec![
        ("bad_input::each_gives_one_clear_error".to_owned(), each),
        ("bad_input::a_ref_that_does_not_exist".to_owned(), unknown_ref),
        ("bad_input::no_git".to_owned(), no_git),
    ]
}

fn refused(
    world: &World,
    name: &str,
    output: &harness_core::process::Output,
    expected: &str,
) -> Result<(), Failed> {
    let text = format!("{}{}", output.stdout, output.stderr);
    if output.status.code() != Some(2) {
        return Err(format!("{name}: expected exit code 2, seen {}:\n{text}", output.status).into());
    }
    if !text.contains(expected) || text.matches("error: ").count() != 1 {
        return Err(format!("{name}: expected one error with {expected:?}, seen:\n{text}").into());
    }
    let left: Vec<_> =
        world.dir.join("runs").read_dir_utf8().into_iter().flatten().flatten().collect();
    if left.is_empty() { Ok(()) } else { Err(format!("{name}: {left:?} was left").into()) }
}

fn each(world: &World) -> Result<(), Failed> {
    for (name, args, expected) in CASES {
        let out = world.dir.join("runs");
        let cmd = world.cc_ci(&["run", "--out", out.as_str()]).args(*args);
        let output = world.block_on(cmd.output())?;
        refused(world, name, &output, expected)?;
    }
    Ok(())
}

fn unknown_ref(world: &World) -> Result<(), Failed> {
    let clone = world.own_clone("custom-html")?;
    let out = world.dir.join("runs");
    let args = [
        "run",
        "--recipe",
        "custom-html",
        "--source",
        clone.as_str(),
        "--ref",
        "mian",
        "--out",
        out.as_str(),
    ];
    let output = world.block_on(world.cc_ci(&args).output())?;
    refused(world, "a ref that does not exist", &output, "`mian` is no branch, tag or commit")
}

fn no_git(world: &World) -> Result<(), Failed> {
    let clone = world.own_clone("custom-html")?;
    let out = world.dir.join("runs");
    let args =
        ["run", "--recipe", "custom-html", "--source", clone.as_str(), "--out", out.as_str()];
    let cmd = world.cc_ci(&args).env("PATH", "/no/such/folder");
    let output = world.block_on(cmd.output())?;
    refused(world, "no git", &output, "git")
}
