//! Secrets that the app gives away appear in no artefact.

use camino::Utf8Path;
use libtest_mimic::Failed;

use super::Work;
use super::world::{World, docker, ended};

pub(crate) fn trials() -> Vec<(String, Work)> {
    vec![("secrets::a_planted_secret_is_in_no_artefact".to_owned(), planted)]
}

/// The recipe prints its generated token in its log, in an HTTP body and in an error of a backup hook. The token is
/// read from the running container, so the test knows what to look for.
fn planted(world: &World) -> Result<(), Failed> {
    let clone = world.own_clone("leaky")?;
    let (cmd, dir) = world.run_cmd(&["--recipe", "leaky", "--source", clone.as_str()]);
    let (output, token) = std::thread::scope(|scope| {
        let spy = scope.spawn(|| {
            world.wait_for_phase(&dir, "check", 1)?;
            token(world, &dir)
        });
        (world.block_on(cmd.output()), spy.join())
    });
    let token = token.map_err(|_| "the thread that reads the token panicked")??;
    let output = output?;
    let ended = ended(&output, &dir);
    ended.exits_with(1)?;
    assert!(token.len() >= 8, "no token was read: {token:?}");
    assert!(!ended.text.contains(&token), "the token was printed");
    let mut searched = 0;
    search(&dir, &token, &mut searched)?;
    assert!(searched >= 6, "only {searched} artefacts were searched");
    Ok(())
}

fn token(world: &World, dir: &Utf8Path) -> Result<String, Failed> {
    let plan: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(dir.join("plan.json"))?)?;
    let stack = plan["app"]["stack"].as_str().ok_or("no stack")?;
    let filter = format!("label=com.docker.stack.namespace={stack}");
    let id = world.tool(docker(), &["ps", "--quiet", "--filter", &filter])?;
    let shell = "cat /run/secrets/*";
    Ok(world.tool(docker(), &["exec", id.trim(), "sh", "-c", shell])?.trim().to_owned())
}

/// Looks for a text in every file of a folder, and counts them.
pub(crate) fn search(dir: &Utf8Path, token: &str, searched: &mut usize) -> Result<(), Failed> {
    for entry in dir.read_dir_utf8()? {
        let entry = entry?;
        if entry.path().is_dir() {
            search(entry.path(), token, searched)?;
            continue;
        }
        *searched += 1;
        if String::from_utf8_lossy(&std::fs::read(entry.path())?).contains(token) {
            return Err(format!("the token stands in {}", entry.path()).into());
        }
    }
    Ok(())
}
