use std::time::{Duration, Instant};

use super::*;
use crate::process::{BaseEnv, Deadline};
use crate::secret::Secret;

fn sh(script: &str, limit: Duration) -> Cmd {
    let base = BaseEnv::default().with("PATH", "/usr/bin:/bin");
    Cmd::new("sh", &base, Deadline { limit, grace: Duration::from_millis(200) })
        .args(["-c", script])
}

const SOON: Duration = Duration::from_secs(10);

/// Returns whether the process is still there after the kernel had a second to end it.
fn is_alive(pid: &str) -> bool {
    let path = format!("/proc/{}/stat", pid.trim());
    let began = Instant::now();
    loop {
        let stat = std::fs::read_to_string(&path).unwrap_or_default();
        if stat.is_empty() || stat.contains(") Z ") {
            return false;
        }
        if began.elapsed() > Duration::from_secs(1) {
            return true;
        }
        std::thread::yield_now();
    }
}

#[tokio::test]
async fn output_and_status_come_back() {
    let output = sh("echo out; echo err >&2; exit 3", SOON).output().await.unwrap();
    assert_eq!((output.stdout.as_str(), output.stderr.as_str()), ("out\n", "err\n"));
    assert_eq!(output.status.code(), Some(3));
}

#[tokio::test]
async fn a_failure_shows_the_command_and_its_last_lines() {
    let error = sh("echo reason >&2; exit 1", SOON).run().await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains("reason") && text.contains("sh -c"), "{text}");
}

#[tokio::test]
async fn output_so_far_survives_a_time_out() {
    let error = sh("echo started; sleep 60", Duration::from_millis(300)).run().await.unwrap_err();
    assert!(
        matches!(&error, ProcessError::TimedOut { stdout, .. } if stdout == "started\n"),
        "{error}"
    );
}

#[tokio::test]
async fn a_stubborn_process_group_is_killed() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let script =
        format!("trap '' TERM; sleep 60 & echo $! > {}; wait; wait", file.path().display());
    let began = Instant::now();
    sh(&script, Duration::from_millis(300)).run().await.unwrap_err();
    let pid = std::fs::read_to_string(file.path()).unwrap();
    assert!(began.elapsed() < Duration::from_secs(5));
    assert!(!is_alive(&pid), "the grandchild {pid} lives on");
}

#[tokio::test]
async fn a_dropped_future_kills_grandchildren() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let script = format!("sleep 60 & echo $! > {}; wait", file.path().display());
    let run = sh(&script, Duration::from_secs(60));
    assert!(tokio::time::timeout(Duration::from_millis(400), run.run()).await.is_err());
    let pid = std::fs::read_to_string(file.path()).unwrap();
    assert!(!is_alive(&pid), "the grandchild {pid} lives on");
}

#[tokio::test]
async fn a_grandchild_that_holds_the_pipes_does_not_hold_us() {
    let began = Instant::now();
    let output = sh("sleep 60 & echo done", SOON).run().await.unwrap();
    assert_eq!(output.stdout, "done\n");
    assert!(began.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn secrets_reach_the_child_but_not_the_error() {
    let secret = Secret::new("hunter22");
    let error = sh("echo got $PW; echo got $0; exit 1", SOON)
        .secret_arg(secret.clone())
        .secret_env("PW", &secret)
        .run()
        .await
        .unwrap_err();
    let text = format!("{error} {error:?}");
    assert!(text.contains("got <redacted>"), "{text}");
    assert!(!text.contains("hunter22"), "{text}");
}

#[tokio::test]
async fn the_environment_is_empty_but_for_what_was_allowed() {
    let output = sh("env", SOON).env("ONLY", "this").run().await.unwrap();
    let names: Vec<&str> = output.stdout.lines().filter_map(|l| l.split('=').next()).collect();
    assert!(
        names.iter().all(|n| ["PATH", "ONLY", "PWD", "_", "SHLVL", "OLDPWD"].contains(n)),
        "{names:?}"
    );
}

#[tokio::test]
async fn a_terminal_is_a_wide_terminal() {
    let output = sh("test -t 0 && test -t 1 && stty size; printf '\\033[1mbold\\033[0m\\n'", SOON);
    let output = output.run_in_terminal().await.unwrap();
    assert_eq!(output.stdout, "50 400\nbold\n");
}

#[tokio::test]
async fn input_is_given_and_absent_input_is_empty() {
    assert_eq!(sh("cat", SOON).stdin("hello").run().await.unwrap().stdout, "hello");
    assert_eq!(sh("cat", SOON).run().await.unwrap().stdout, "");
}

#[tokio::test]
async fn a_missing_program_is_told_apart() {
    let base = BaseEnv::default().with("PATH", "/usr/bin");
    let error = Cmd::new("no-such-program", &base, Deadline::after(SOON)).run().await.unwrap_err();
    assert!(error.is_not_found());
}
