//! The driver of browsers: one process, with a home of its own in which the run's certificate authority is trusted.
//! Main type: [`Driver`].

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use harness_core::browser::Programs;
use harness_core::chain::Chain;
use harness_core::name::{Domain, RunId};
use harness_core::process::{Background, BaseEnv, Cmd, Deadline};
use harness_core::wait::{Hint, Pace, Readiness, until};
use thirtyfour::{Capabilities, WebDriver};

use super::chromium;
use super::error::PageError;

/// How long the driver may take until it listens, and a program beside it until it ends.
const START: Duration = Duration::from_secs(20);

/// How often it is started at most. It takes any port that is free on the one loopback address, and ends where the same
/// port is not free on the other.
const STARTS: u32 = 5;

/// How long one command of the driver may take: a page's load has 60 s there.
const COMMAND: Duration = Duration::from_secs(75);

/// The longest folder in which sockets can be made: their whole path has 108 bytes, and Chromium adds some forty.
const LONGEST_FOR_SOCKETS: usize = 60;

/// The longest word of the driver's that is passed on, in characters.
const LONGEST_SAID: usize = 300;

/// What the driver of a run's browsers has to know.
#[derive(Clone, Copy, Debug)]
pub(super) struct Setting<'a> {
    /// The run: what outlives it is found by its name.
    pub(super) run: &'a RunId,
    /// The app's domain.
    pub(super) domain: &'a Domain,
    /// The domains of what it depends on: a login leads there and back.
    pub(super) others: &'a [&'a Domain],
    /// Where the router answers.
    pub(super) https: SocketAddr,
    /// Whom to trust; none: those that come with the browser.
    pub(super) ca: Option<&'a Utf8Path>,
    /// A private folder of the run.
    pub(super) work: &'a Utf8Path,
}

/// A driver that listens. It ends when it is dropped, with the browsers that it began.
#[derive(Debug)]
pub(super) struct Driver {
    process: Background,
    url: String,
    programs: Programs,
    home: Utf8PathBuf,
    _dir: tempfile::TempDir,
    begun: AtomicU32,
}

impl Driver {
    /// Starts a driver.
    pub(super) async fn start(setting: Setting<'_>) -> Result<Self, PageError> {
        // The trials program is a binary of its own; this is its one child.
        let base = BaseEnv::capture();
        let programs = Programs::find(&base).map_err(|program| PageError::Missing { program })?;
        let unable = |error: std::io::Error| {
            PageError::Start(format!("failed to make a folder in {}: {error}", setting.work))
        };
        std::fs::create_dir_all(setting.work).map_err(unable)?;
        let dir = tempfile::Builder::new().prefix("browser-").tempdir_in(setting.work);
        let dir = dir.map_err(unable)?;
        let home = dir.path().to_str().map(Utf8PathBuf::from).unwrap_or_default();
        let base = base.with("HOME", home.as_str()).with("CCCI_RUN_ID", setting.run.as_str());
        let base = if home.as_str().len() < LONGEST_FOR_SOCKETS {
            base.with("TMPDIR", home.as_str())
        } else {
            base
        };
        if let Some(ca) = setting.ca {
            trust(&programs.certutil, &base, &home, ca).await?;
        }
        // It must not outlive this process, which may be killed.
        let cmd = Cmd::new("setpriv", &base, Deadline::after(START)).cwd(home.clone());
        let cmd = cmd.args(["--pdeathsig", "KILL", "--"]);
        let cmd = cmd.arg(programs.chromedriver.as_str()).arg("--port=0");
        let (process, port) = started(&cmd).await?;
        let url = format!("http://127.0.0.1:{port}");
        Ok(Self { process, url, programs, home, _dir: dir, begun: AtomicU32::new(0) })
    }

    /// Returns whether it still goes on.
    pub(super) fn is_alive(&mut self) -> bool {
        self.process.ended().is_none()
    }

    /// Begins a browser with a profile that was never used; its folder is returned too.
    pub(super) async fn begin(
        &self,
        setting: Setting<'_>,
    ) -> Result<(WebDriver, Utf8PathBuf), PageError> {
        let number = self.begun.fetch_add(1, Ordering::Relaxed);
        let profile = self.home.join(format!("profile-{number}"));
        let domains = [&[setting.domain], setting.others].concat();
        let at = (domains.as_slice(), setting.https);
        let is_root = nix::unistd::geteuid().is_root();
        let asked = chromium::capabilities(&self.programs, &profile, at, is_root);
        let unable =
            |error: &dyn std::error::Error| PageError::Start(in_one_line(&error.to_string()));
        let asked: Capabilities = serde_json::from_value(asked).map_err(|e| unable(&e))?;
        // What a proxy would answer is no driver.
        let client = reqwest::Client::builder().no_proxy().timeout(COMMAND).build();
        let client = client.map_err(|e| unable(&e))?;
        let begun = WebDriver::builder(self.url.as_str(), asked).client(client).connect();
        Ok((begun.await.map_err(|e| unable(&e))?, profile))
    }
}

/// Makes the home's database of certificates, with one authority in it.
async fn trust(
    certutil: &Utf8Path,
    base: &BaseEnv,
    home: &Utf8Path,
    ca: &Utf8Path,
) -> Result<(), PageError> {
    let database = home.join(".pki/nssdb");
    let unable = |reason: String| {
        PageError::Start(format!("the certificate authority {ca} could not be trusted: {reason}"))
    };
    std::fs::create_dir_all(&database).map_err(|e| unable(e.to_string()))?;
    let database = format!("sql:{database}");
    let certutil = || {
        let cmd = Cmd::new(certutil.as_str(), base, Deadline::after(START));
        cmd.args(["-d", &database])
    };
    let made = certutil().args(["-N", "--empty-password"]).run().await;
    made.map_err(|e| unable(Chain(&e).to_string()))?;
    let added = certutil().args(["-A", "-n", "cc-ci", "-t", "C,,", "-i", ca.as_str()]).run().await;
    added.map_err(|e| unable(Chain(&e).to_string()))?;
    Ok(())
}

/// Starts the driver until it listens, and returns its port.
async fn started(cmd: &Cmd) -> Result<(Background, u16), PageError> {
    let mut starts = 0;
    loop {
        let mut process = cmd.start().map_err(|e| PageError::Start(Chain(&e).to_string()))?;
        starts += 1;
        match listening(&mut process).await {
            Ok(port) => return Ok((process, port)),
            Err(PageError::Start(reason)) if starts < STARTS && found_no_port(&reason) => {}
            Err(error) => return Err(error),
        }
    }
}

/// Returns whether a driver ended because another program has the port that it was given for its other address.
fn found_no_port(reason: &str) -> bool {
    reason.contains("Address already in use") || reason.contains("port not available")
}

/// Waits until the driver says on which port it listens.
async fn listening(process: &mut Background) -> Result<u16, PageError> {
    let look = async || {
        let said = process.said();
        match (port(&said), process.ended()) {
            (Some(port), _) => Readiness::Ready(Ok(port)),
            (None, Some(status)) => {
                let said = format!("{said}{}", process.complained());
                Readiness::Ready(Err(format!("its driver ended with {status}: {}", said.trim())))
            }
            (None, None) => Readiness::NotYet(format!("its driver says {:?}", said.trim())),
        }
    };
    let pace = Pace { slow: Duration::from_millis(10), ..Pace::within(START) };
    match until(pace, &Hint::default(), look, |_| {}).await {
        Ok(Ok(port)) => Ok(port),
        Ok(Err(reason)) => Err(PageError::Start(reason)),
        Err(error) => Err(PageError::Start(error.to_string())),
    }
}

/// Returns the port in the driver's words, once it listens.
fn port(said: &str) -> Option<u16> {
    let line = said.lines().find(|line| line.contains("started successfully on port"))?;
    line.rsplit(' ').next()?.trim_end_matches('.').parse().ok()
}

/// Returns what the driver says in one line, without the stack that it adds.
pub(super) fn in_one_line(text: &str) -> String {
    let text = text.split("Stacktrace").next().unwrap_or_default();
    let lines = text.lines().filter(|line| !line.contains("(Session info"));
    let words: Vec<_> = lines.flat_map(str::split_whitespace).collect();
    words.join(" ").chars().take(LONGEST_SAID).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_is_read_once_it_is_whole() {
        let said =
            "Starting ChromeDriver 156.0 (x) on port 0\nOnly local connections are allowed.\n";
        assert_eq!(port(said), None);
        let listens = format!("{said}ChromeDriver was started successfully on port 42395.\n");
        assert_eq!(port(&listens), Some(42395));
    }

    #[test]
    fn a_driver_whose_port_is_taken_on_its_other_address_is_started_again() {
        let taken = "its driver ended with exit status: 1: IPv4 port not available. Exiting...";
        assert!(found_no_port(taken));
        assert!(!found_no_port("its driver ended with signal: 9 (SIGKILL): "));
    }

    #[test]
    fn the_drivers_own_stack_is_left_out() {
        let text =
            "no such element: Unable to locate\n  (Session info: chrome=156)\nStacktrace:\n#0";
        assert_eq!(in_one_line(text), "no such element: Unable to locate");
    }
}
