//! With a real browser, on a small app behind the local server's router. `cargo xtask test` runs these where there is a
//! browser, and says so where there is none.

use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use harness_core::cause::CauseClass;
use harness_core::run_file::TrialLine;
use harness_core::tier::{Status, Tier};

use crate::check::{Check, Failure};
use crate::ctx::Ctx;
use crate::site::Site;
use crate::suite::Suite;
use crate::trial::trials_of;

type Ended = (Status, Option<CauseClass>, String);

/// Runs checks on a site as a trials process does, and returns how each ended.
fn ended(site: &Site, suite: Suite) -> Vec<Ended> {
    std::fs::create_dir_all(site.dir.join("work")).expect("a folder");
    let args = libtest_mimic::Arguments {
        test_threads: Some(1),
        logfile: Some(site.dir.join("trials.log").into_string()),
        ..libtest_mimic::Arguments::default()
    };
    let all = suite.steps.len();
    let ended = libtest_mimic::run(&args, trials_of(&Arc::new(site.run.clone()), suite.steps));
    assert_eq!(usize::try_from(ended.num_passed + ended.num_failed), Ok(all));
    let text = std::fs::read_to_string(&site.run.out).expect("results");
    let lines = text.lines().map(|line| serde_json::from_str(line).expect("a line"));
    let done = |line| match line {
        TrialLine::Done { status, cause, message, .. } => {
            Some((status, cause, message.unwrap_or_default()))
        }
        TrialLine::Fact { .. }
        | TrialLine::Ledger { .. }
        | TrialLine::Audit { .. }
        | TrialLine::Secret { .. } => None,
    };
    lines.filter_map(done).collect()
}

fn one(site: &Site, suite: Suite) -> Ended {
    let mut all = ended(site, suite);
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

/// Every file below a folder, with its content.
fn files(dir: &camino::Utf8Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let Ok(entries) = dir.read_dir_utf8() else { return found };
    for entry in entries.flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => found.extend(files(entry.path())),
            Ok(kind) if kind.is_file() => {
                let content = std::fs::read(entry.path()).unwrap_or_default();
                found.push((entry.path().to_string(), content));
            }
            Ok(_) | Err(_) => {}
        }
    }
    found
}

/// The processes of a run, by their numbers and programs.
fn processes(run: &str) -> Vec<(i32, String)> {
    let wanted = format!("CCCI_RUN_ID={run}");
    let entries = std::fs::read_dir("/proc").expect("Linux").flatten();
    let of_run = |entry: std::fs::DirEntry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        let environ = std::fs::read(entry.path().join("environ")).ok()?;
        let name = std::fs::read_to_string(entry.path().join("comm")).ok()?;
        let is_own = environ.split(|b| *b == 0).any(|v| v == wanted.as_bytes());
        is_own.then(|| (pid, name.trim().to_owned()))
    };
    entries.filter_map(of_run).collect()
}

async fn uses_a_page(ctx: Ctx) -> Check {
    let page = ctx.page().await?;
    page.goto("/").await?;
    crate::ensure_eq!(page.title().await?, "Front", "the title");
    crate::ensure_eq!(page.text("#late").await?, "late", "what comes late");
    page.fill("input[name=user]", "ada").await?;
    page.fill("input[name=user]", "eve").await?;
    page.click("button").await?;
    crate::ensure_eq!(page.text("h1").await?, "Welcome", "the heading");
    crate::ensure!(page.url().await?.ends_with("/welcome?user=eve&password="));
    let status = page.eval_json("return document.querySelectorAll('p').length").await?;
    crate::ensure_eq!(status, serde_json::json!(1), "the number of paragraphs");
    crate::ensure!(page.screenshot().await?.starts_with(b"\x89PNG"));
    page.goto("/warming").await?;
    crate::ensure_eq!(page.text("h1").await?, "warm", "the page that was not ready");
    // Another page is another visitor.
    let other = ctx.page().await?;
    other.goto("/teapot").await.expect_err("418");
    crate::ensure_eq!(page.eval_json("return document.cookie").await?, "seen=yes", "its cookie");
    crate::ensure_eq!(other.eval_json("return document.cookie").await?, "", "the other's");
    Ok(())
}

#[test]
#[ignore = "needs a browser"]
fn a_page_is_opened_read_filled_and_clicked_and_leaves_nothing_behind() {
    let site = Site::start("page-use");
    let (status, _, message) = one(&site, Suite::new().check(Tier::Custom, "use", uses_a_page));
    assert_eq!((status, message.as_str()), (Status::Pass, ""));
    assert!(!site.dir.join("browser").exists(), "only failures leave something");
    wait_until(|| processes("page-use").is_empty());
    let left = || files(&site.dir.join("work")).into_iter().map(|(path, _)| path);
    wait_until(|| left().eq([site.run.out.to_string()]));
}

#[test]
#[ignore = "needs a browser"]
fn what_is_no_page_fails_at_once_and_says_why() {
    let site = Site::start("page-none");
    let seen = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&seen);
    let suite = Suite::new().check(Tier::Custom, "none", move |ctx: Ctx| {
        let kept = Arc::clone(&kept);
        async move {
            let page = ctx.page().await?;
            for path in ["/nothing", "/teapot", "/loop", "/away", "nothing", "//elsewhere.test/"] {
                let began = std::time::Instant::now();
                let error = page.goto(path).await.expect_err("no page");
                kept.lock().expect("unbroken").push((error, began.elapsed()));
            }
            page.goto("/").await?;
            let odd = page.click("h1[").await.expect_err("no selector");
            kept.lock().expect("unbroken").push((odd, Duration::ZERO));
            Ok(())
        }
    });
    assert_eq!(one(&site, suite).0, Status::Pass);
    let seen = seen.lock().expect("unbroken");
    let texts: Vec<_> = seen.iter().map(|(error, _)| error.to_string()).collect();
    for (text, wanted) in texts.iter().zip([
        "expected a page at https://a.ccci.test/nothing; seen: status 404, \"nothing here\"",
        "seen: status 418, \"no coffee\"",
        "the browser says net::ERR_TOO_MANY_REDIRECTS",
        "the browser says net::ERR_NAME_NOT_RESOLVED: it leads to another host",
        "expected a path that begins with `/`",
        "expected a path that begins with `/`",
        "invalid selector",
    ]) {
        assert!(text.contains(wanted), "{text} lacks {wanted}");
    }
    for (error, took) in seen.iter() {
        assert!(*took < Duration::from_secs(15), "{error} took {took:?}");
    }
    assert_eq!(seen[6].0.cause(), CauseClass::Suite);
}

const PASSWORD: &str = "correct-horse-battery";

/// Types a password that the app then shows and says aloud, and fails.
async fn fails(ctx: Ctx) -> Check {
    let hidden = ctx.secret("run-secret-value")?;
    let page = ctx.page().await?;
    page.goto("/").await?;
    page.fill("input[name=user]", hidden.expose()).await?;
    page.fill("input[name=password]", PASSWORD).await?;
    page.click("button").await?;
    page.wait_for("#query").await?;
    Err(Failure::new("a calm sea", "a storm"))
}

#[test]
#[ignore = "needs a browser"]
fn a_failure_leaves_picture_and_console_and_no_secret() {
    let site = Site::start("page-failure");
    let (status, _, message) = one(&site, Suite::new().check(Tier::Custom, "sea", fails));
    assert_eq!(status, Status::Fail);
    assert!(message.contains("a calm sea"), "{message}");
    assert!(message.contains("; see browser/custom-sea.log (SEVERE "), "{message}");
    assert!(message.ends_with("), browser/custom-sea.png"), "{message}");
    let picture = std::fs::read(site.dir.join("browser/custom-sea.png")).unwrap();
    assert!(picture.starts_with(b"\x89PNG") && picture.len() > 2000, "{} bytes", picture.len());
    let log = std::fs::read_to_string(site.dir.join("browser/custom-sea.log")).unwrap();
    assert!(log.contains("a bad thing") && log.contains("<redacted>"), "{log}");
    for (path, content) in files(&site.dir) {
        let text = String::from_utf8_lossy(&content);
        assert!(!text.contains(PASSWORD), "{path}");
        let is_told = path == site.run.out.as_str();
        assert!(is_told || !text.contains("run-secret-value"), "{path}");
    }
}

#[test]
#[ignore = "needs a browser"]
fn what_the_picture_shows_is_without_secrets() {
    let site = Site::start("page-tidy");
    let shown = Arc::new(Mutex::new(String::new()));
    let kept = Arc::clone(&shown);
    let suite = Suite::new().check(Tier::Custom, "tidy", move |ctx: Ctx| {
        let kept = Arc::clone(&kept);
        async move {
            let page = ctx.page().await?;
            page.goto("/").await?;
            // What the page adds by itself comes before what is added here.
            page.wait_for("#late").await?;
            page.fill("input[name=password]", PASSWORD).await?;
            let add = format!(
                "document.body.insertAdjacentHTML('beforeend', '<p>it is {PASSWORD}</p>'); \
                 document.querySelector('input[name=user]').value = '{PASSWORD}'; \
                 const host = document.body.appendChild(document.createElement('div')); \
                 host.attachShadow({{mode: 'open'}}).innerHTML = '<b>{PASSWORD}</b>';"
            );
            page.eval_json(&add).await?;
            ctx.keep_picture(&page, "shown").await?;
            let read = "const all = [...document.querySelectorAll('input')].map(i => i.value); \
                        return [document.body.innerText, ...all, \
                                document.body.lastChild.shadowRoot.innerHTML].join('|')";
            let text = page.eval_json(read).await?;
            *kept.lock().expect("unbroken") = text.as_str().unwrap_or_default().to_owned();
            Ok(())
        }
    });
    let (status, _, message) = one(&site, suite);
    assert_eq!((status, message.as_str()), (Status::Pass, ""));
    let picture = std::fs::read(site.dir.join("browser/custom-shown.png")).unwrap();
    assert!(picture.starts_with(b"\x89PNG") && picture.len() > 2000, "{} bytes", picture.len());
    let shown = shown.lock().expect("unbroken");
    assert!(!shown.contains(PASSWORD), "{shown}");
    assert!(
        shown.contains("it is <redacted>")
            && shown.ends_with("|<redacted>||<b>&lt;redacted&gt;</b>"),
        "{shown}"
    );
}

#[test]
#[ignore = "needs a browser"]
fn a_driver_that_is_killed_takes_its_browsers_with_it_and_the_next_page_has_a_new_one() {
    let site = Site::start("page-killed");
    let kills = |ctx: Ctx| async move {
        let page = ctx.page().await?;
        page.goto("/").await?;
        let all = processes("page-killed");
        let driver = all.iter().find(|(_, name)| name == "chromedriver");
        let (pid, _) = driver.expect("a driver");
        let pid = nix::unistd::Pid::from_raw(*pid);
        nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL).expect("it is ours");
        wait_until(|| processes("page-killed").is_empty());
        Err(Failure::from(page.title().await.expect_err("it is gone")))
    };
    let suite = Suite::new().check(Tier::Custom, "kills", kills).check(
        Tier::Custom,
        "next",
        async |ctx: Ctx| Ok(ctx.page().await?.goto("/").await?),
    );
    let ended = ended(&site, suite);
    assert_eq!((ended[0].0, ended[1].0), (Status::Fail, Status::Pass), "{ended:?}");
    assert!(ended[0].2.contains("no picture"), "{}", ended[0].2);
    wait_until(|| processes("page-killed").is_empty());
}

#[test]
fn in_virtual_time_a_page_is_refused_by_name() {
    let mut site = Site::start("page-nowhere");
    site.run.attachment = harness_core::platform::Attachment::InProcess;
    let suite = Suite::new().check(Tier::Custom, "page", async |ctx: Ctx| {
        crate::ensure!(ctx.without_page().is_some_and(|why| why.contains("virtual time")));
        ctx.page().await.map(|_| ())
    });
    let (status, cause, message) = one(&site, suite);
    assert_eq!((status, cause), (Status::Fail, Some(CauseClass::Harness)));
    assert!(message.contains("ctx.without_page()"), "{message}");
}

fn wait_until(mut holds: impl FnMut() -> bool) {
    let began = std::time::Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(10), "it does not come");
        std::thread::yield_now();
    }
}
