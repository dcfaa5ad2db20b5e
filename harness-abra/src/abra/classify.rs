//! Whose fault it is when abra gives up, by what it says. Pure.

use harness_core::cause::CauseClass;

/// What abra or the engine below it says, in lower case, and whose fault that is. The first row that fits decides:
/// the engine and the registry come before the recipe, because their texts are quoted inside abra's own.
const SAYINGS: &[(&str, CauseClass)] = &[
    ("cannot connect to the docker daemon", CauseClass::Host),
    ("error during connect", CauseClass::Host),
    ("docker.sock: connect", CauseClass::Host),
    ("this node is not a swarm manager", CauseClass::Host),
    ("network \"proxy\"", CauseClass::Host),
    ("network proxy", CauseClass::Host),
    ("no space left on device", CauseClass::Host),
    ("no backupbot discovered", CauseClass::Host),
    ("toomanyrequests", CauseClass::Registry),
    ("429 too many requests", CauseClass::Registry),
    ("pull access denied", CauseClass::Registry),
    ("repository does not exist", CauseClass::Registry),
    ("manifest unknown", CauseClass::Registry),
    ("manifest for ", CauseClass::Registry),
    ("no such image", CauseClass::Registry),
    ("unable to fetch", CauseClass::Registry),
    ("unable to clone", CauseClass::Registry),
    ("no such host", CauseClass::Host),
    ("connection refused", CauseClass::Host),
    ("no route to host", CauseClass::Host),
    ("i/o timeout", CauseClass::Host),
    ("lint error", CauseClass::Recipe),
    ("failed lint checks", CauseClass::Recipe),
    ("secret not generated", CauseClass::Recipe),
    ("secret not inserted", CauseClass::Recipe),
    ("at most 64", CauseClass::Recipe),
    ("64 characters", CauseClass::Recipe),
    ("64 chars", CauseClass::Recipe),
    ("unable to validate", CauseClass::Recipe),
    ("only updates to labels are allowed", CauseClass::Recipe),
    ("is not valid yaml", CauseClass::Recipe),
    ("yaml:", CauseClass::Recipe),
    ("depends on undefined", CauseClass::Recipe),
    ("undefined service", CauseClass::Recipe),
    ("undefined network", CauseClass::Recipe),
    ("undefined volume", CauseClass::Recipe),
    ("undefined config", CauseClass::Recipe),
    ("undefined secret", CauseClass::Recipe),
    ("additional property", CauseClass::Recipe),
    ("must be a", CauseClass::Recipe),
    ("config not found", CauseClass::Recipe),
    ("invalid interpolation", CauseClass::Recipe),
    ("invalidargument", CauseClass::Recipe),
    (".env.sample", CauseClass::Recipe),
    ("compose", CauseClass::Recipe),
    ("deploy failed", CauseClass::Recipe),
    ("deploy timed out", CauseClass::Recipe),
    ("locally unstaged changes", CauseClass::Harness),
    ("already deployed", CauseClass::Harness),
    ("is not deployed", CauseClass::Harness),
    ("already exists", CauseClass::Harness),
    ("inappropriate ioctl", CauseClass::Harness),
    ("not a tty", CauseClass::Harness),
    ("unknown flag", CauseClass::Harness),
    ("unknown command", CauseClass::Harness),
    ("cannot find app", CauseClass::Harness),
];

/// What restic says, in lower case, when the repository of the backup agent cannot be used, and what that is. None of
/// it is a recipe's doing: the repository is the server's, and all apps share it.
const REPOSITORY: &[(&str, &str)] = &[
    ("unable to create lock", "is locked by another process"),
    ("repository is already locked", "is locked by another process"),
    ("password or no key found", "does not open with the agent's password"),
    ("no space left on device", "has no space left"),
    ("disk quota exceeded", "has no space left"),
    ("unable to open config file", "is not there, or cannot be reached"),
    ("config file does not exist", "is not there, or cannot be reached"),
    ("is there a repository at the following location", "is not there, or cannot be reached"),
    ("ciphertext verification failed", "is damaged"),
    ("unable to open repository", "cannot be opened"),
    ("unable to save snapshot", "cannot be written"),
];

/// Finds in what a failed backup or restore printed why the agent's repository could not be used: abra itself only
/// passes the agent's exit code on.
pub(super) fn repository_trouble(output: &str) -> Option<String> {
    let messages = output.lines().map(str::trim).filter(|l| !l.is_empty()).map(message_of);
    for message in messages {
        let fits = |line: &&str| {
            let line = line.to_lowercase();
            REPOSITORY.iter().any(|(saying, _)| line.contains(saying))
        };
        let Some(line) = message.lines().find(fits) else { continue };
        let lower = line.to_lowercase();
        let row = REPOSITORY.iter().find(|(saying, _)| lower.contains(saying));
        let state = row.map_or("cannot be used", |(_, state)| *state);
        return Some(format!("the repository of the backup agent {state}: {}", line.trim()));
    }
    None
}

/// Returns what a line of the agent's log says: a JSON object's message, or the line itself.
fn message_of(line: &str) -> String {
    let entry = serde_json::from_str::<serde_json::Value>(line).ok();
    let message = entry.as_ref().and_then(|e| e.get("message")).and_then(|m| m.as_str());
    message.unwrap_or(line).to_owned()
}

/// Returns whose fault it is that abra gave up. What is not known is the harness's: it blames nobody.
pub fn classify(output: &str) -> CauseClass {
    let said = fatal_line(output).unwrap_or_else(|| output.to_owned()).to_lowercase();
    let row = SAYINGS.iter().find(|(saying, _)| said.contains(saying));
    row.map_or(CauseClass::Harness, |(_, class)| *class)
}

/// Returns what abra gave as its reason: the last `FATA` line with what follows it, else cobra's `Error:` line, else
/// the last line.
pub fn fatal_line(output: &str) -> Option<String> {
    let lines: Vec<&str> = output.lines().map(str::trim).filter(|l| !l.is_empty()).collect();
    let marked = |mark: &str| {
        let at = lines.iter().rposition(|l| l.starts_with(mark))?;
        let text = lines[at..].iter().take(6).copied().collect::<Vec<_>>().join("; ");
        Some(text.trim_start_matches(mark).trim().to_owned())
    };
    marked("FATA")
        .or_else(|| marked("Error:"))
        .or_else(|| marked("error:"))
        .or_else(|| lines.last().map(|l| (*l).to_owned()))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(
        "FATA custom-html (/x/recipes/custom-html) has locally unstaged changes? please commit/remove your changes before proceeding",
        CauseClass::Harness
    )]
    #[case(
        "FATA lint error in custom-html configs: \"only annotated tags used\" failed lint checks (R014)",
        CauseClass::Recipe
    )]
    #[case("FATA secret not generated: db_password", CauseClass::Recipe)]
    #[case("FATA secret not inserted (#generate=false): smtp", CauseClass::Recipe)]
    #[case(
        "FATA `a_b_c_v1` has 70 characters, and Swarm takes at most 64: use a domain that is 6 shorter",
        CauseClass::Recipe
    )]
    #[case("FATA a.example.com is already deployed", CauseClass::Harness)]
    #[case(
        "FATA network \"proxy\" is declared as external, but could not be found. You need to create a swarm-scoped network before the stack can be deployed",
        CauseClass::Host
    )]
    #[case(
        "FATA Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",
        CauseClass::Host
    )]
    #[case(
        "FATA error during connect: Get \"http://x\": dial tcp: lookup ci.example.org: no such host",
        CauseClass::Host
    )]
    #[case(
        "FATA pull access denied for nosuch, repository does not exist or may require 'docker login'",
        CauseClass::Registry
    )]
    #[case("FATA toomanyrequests: You have reached your pull rate limit.", CauseClass::Registry)]
    #[case(
        "FATA failed to update config x_conf_v1: Error response from daemon: rpc error: code = InvalidArgument desc = only updates to Labels are allowed",
        CauseClass::Recipe
    )]
    #[case("FATA services.app.ports must be a list", CauseClass::Recipe)]
    #[case("FATA something that nobody has seen", CauseClass::Harness)]
    #[case("Error: unknown flag: --offline", CauseClass::Harness)]
    #[case("", CauseClass::Harness)]
    fn a_saying_has_a_class(#[case] text: &str, #[case] class: CauseClass) {
        assert_eq!(classify(text), class, "{text}");
    }

    #[test]
    fn only_the_reason_is_judged_and_not_what_was_said_before_it() {
        let text = "INFO network proxy found\nWARN secret not generated: x\nFATA a.example.com is already deployed\n";
        assert_eq!(classify(text), CauseClass::Harness);
        assert_eq!(fatal_line(text).as_deref(), Some("a.example.com is already deployed"));
    }

    #[test]
    fn a_reason_of_several_lines_is_kept_in_one() {
        let text = "INFO x\nFATA deploy failed\nservice a: 1\n";
        assert_eq!(fatal_line(text).as_deref(), Some("deploy failed; service a: 1"));
        assert_eq!(fatal_line("panic: boom\n").as_deref(), Some("panic: boom"));
        assert_eq!(fatal_line("\n"), None);
    }

    #[rstest]
    #[case(include_str!("../../fixtures/restic/0.14/locked.txt"), "is locked by another process: unable to create lock in backend: repository is already locked exclusively by PID")]
    #[case(include_str!("../../fixtures/restic/0.14/wrong_password.txt"), "does not open with the agent's password")]
    #[case(include_str!("../../fixtures/restic/0.14/full.txt"), "has no space left: Fatal: unable to save snapshot")]
    #[case(include_str!("../../fixtures/restic/0.14/unreachable.txt"), "cannot be reached: Fatal: unable to open config file")]
    #[case(include_str!("../../fixtures/restic/0.14/none.txt"), "cannot be reached")]
    #[case(include_str!("../../fixtures/abra/0.13.0-beta-stand-in/backup_create_locked.txt"), "is locked by another process: ")]
    fn what_restic_says_of_its_repository_is_told(#[case] output: &str, #[case] wanted: &str) {
        let said = repository_trouble(output).unwrap();
        assert!(said.starts_with("the repository of the backup agent "), "{said}");
        assert!(said.contains(wanted), "{said}");
    }

    #[test]
    fn a_good_backup_has_no_trouble_with_its_repository() {
        let good = include_str!("../../fixtures/abra/0.13.0-beta-stand-in/backup_create.txt");
        let hook =
            include_str!("../../fixtures/abra/0.13.0-beta-stand-in/backup_create_hook_fails.txt");
        assert_eq!((repository_trouble(good), repository_trouble(hook)), (None, None));
    }
}
