//! Chromium as it is started: which programs it takes, what it is told. All of it is pure but the look for programs.

use std::net::SocketAddr;

use camino::{Utf8Path, Utf8PathBuf};
use harness_core::name::Domain;
use harness_core::process::BaseEnv;
use serde_json::{Value, json};

/// The programs, each with the Debian package that it is in.
const PROGRAMS: [(&str, &str); 3] =
    [("chromium", "chromium"), ("chromedriver", "chromium-driver"), ("certutil", "libnss3-tools")];

/// Where programs are found on the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Programs {
    pub(super) chromium: Utf8PathBuf,
    pub(super) chromedriver: Utf8PathBuf,
    pub(super) certutil: Utf8PathBuf,
}

impl Programs {
    /// Looks for them in the environment's `PATH`; the error names the first package that is missing.
    pub(super) fn find(base: &BaseEnv) -> Result<Self, (&'static str, &'static str)> {
        let [chromium, chromedriver, certutil] = PROGRAMS;
        let folders = base.get("PATH").unwrap_or("/usr/bin:/bin");
        let find = |(program, package): (&'static str, &'static str)| {
            let mut paths = folders.split(':').map(|dir| Utf8Path::new(dir).join(program));
            paths.find(|path| path.is_file()).ok_or((program, package))
        };
        Ok(Self {
            chromium: find(chromium)?,
            chromedriver: find(chromedriver)?,
            certutil: find(certutil)?,
        })
    }
}

/// The names of the packages, as an installer takes them.
pub(super) fn packages() -> String {
    PROGRAMS.map(|(_, package)| package).join(" ")
}

/// Returns the rules by which names are resolved: the app's own hosts, on the port of HTTPS, lead to the router;
/// nothing else leads anywhere, addresses included.
fn resolver_rules(domain: &Domain, https: SocketAddr) -> String {
    let own = [format!("{domain}"), format!("*.{domain}"), format!("*-{domain}")];
    let own = own.map(|host| format!("MAP {host}:443 {https}"));
    format!("{}, MAP * ~NOTFOUND", own.join(", "))
}

/// Returns what a session of WebDriver is begun with.
pub(super) fn capabilities(
    programs: &Programs,
    profile: &Utf8Path,
    (domain, https): (&Domain, SocketAddr),
    is_root: bool,
) -> Value {
    let mut arguments = vec![
        "--headless=new".to_owned(),
        // It ends when its driver does, also when that is killed.
        "--remote-debugging-pipe".to_owned(),
        format!("--user-data-dir={profile}"),
        format!("--host-resolver-rules={}", resolver_rules(domain, https)),
        "--window-size=1280,800".to_owned(),
        "--no-proxy-server".to_owned(),
        "--disable-quic".to_owned(),
        // Where there is no sound, no card and little shared memory.
        "--mute-audio".to_owned(),
        "--disable-gpu".to_owned(),
        "--disable-dev-shm-usage".to_owned(),
        // What it would do of its own accord.
        "--no-first-run".to_owned(),
        "--no-default-browser-check".to_owned(),
        "--disable-background-networking".to_owned(),
        "--disable-component-update".to_owned(),
        "--disable-default-apps".to_owned(),
        "--disable-sync".to_owned(),
        "--disable-breakpad".to_owned(),
        "--password-store=basic".to_owned(),
    ];
    if is_root {
        // Chromium refuses to be root with its sandbox. What it shows is the app under test and nothing else.
        arguments.push("--no-sandbox".to_owned());
    }
    json!({
        "browserName": "chrome",
        "acceptInsecureCerts": false,
        "timeouts": {"pageLoad": 30_000, "script": 10_000, "implicit": 0},
        "goog:loggingPrefs": {"browser": "ALL"},
        "goog:chromeOptions": {"binary": programs.chromium, "args": arguments},
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn programs() -> Programs {
        Programs {
            chromium: "/usr/bin/chromium".into(),
            chromedriver: "/usr/bin/chromedriver".into(),
            certutil: "/usr/bin/certutil".into(),
        }
    }

    fn arguments(is_root: bool) -> Vec<String> {
        let domain = Domain::try_from("a.ccci.test".to_owned()).expect("a domain");
        let at = (&domain, "127.0.0.1:18443".parse().expect("an address"));
        let all = capabilities(&programs(), Utf8Path::new("/w/p"), at, is_root);
        serde_json::from_value(all["goog:chromeOptions"]["args"].clone()).expect("texts")
    }

    #[test]
    fn only_the_apps_own_hosts_lead_anywhere() {
        let rules = "--host-resolver-rules=MAP a.ccci.test:443 127.0.0.1:18443, \
                     MAP *.a.ccci.test:443 127.0.0.1:18443, MAP *-a.ccci.test:443 127.0.0.1:18443, MAP * ~NOTFOUND";
        assert!(arguments(true).iter().any(|a| a == rules), "{:?}", arguments(true));
    }

    #[test]
    fn certificates_are_judged_and_the_sandbox_goes_for_root_alone() {
        for is_root in [false, true] {
            let arguments = arguments(is_root);
            assert!(!arguments.iter().any(|a| a.contains("certificate")), "{arguments:?}");
            assert_eq!(arguments.iter().any(|a| a == "--no-sandbox"), is_root);
        }
    }

    #[test]
    fn what_is_missing_is_named_with_its_package() {
        let guard = tempfile::tempdir().unwrap();
        let base = BaseEnv::default().with("PATH", guard.path());
        assert_eq!(Programs::find(&base), Err(("chromium", "chromium")));
        for program in ["chromium", "certutil"] {
            std::fs::write(guard.path().join(program), "").unwrap();
        }
        assert_eq!(Programs::find(&base), Err(("chromedriver", "chromium-driver")));
        assert_eq!(packages(), "chromium chromium-driver libnss3-tools");
    }
}
