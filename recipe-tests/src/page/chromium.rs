//! Chromium as it is started: what it is told. Pure.

use std::net::SocketAddr;

use camino::Utf8Path;
use harness_core::browser::Programs;
use harness_core::name::Domain;
use serde_json::{Value, json};

/// Returns the rules by which names are resolved: the hosts of the app and of what it depends on, on the port of HTTPS,
/// lead to the router; nothing else leads anywhere, addresses included.
fn resolver_rules(domains: &[&Domain], https: SocketAddr) -> String {
    let of = |domain: &&Domain| [format!("{domain}"), format!("*.{domain}"), format!("*-{domain}")];
    let own = domains.iter().flat_map(of).map(|host| format!("MAP {host}:443 {https}"));
    format!("{}, MAP * ~NOTFOUND", own.collect::<Vec<_>>().join(", "))
}

/// Returns what a session of WebDriver is begun with.
pub(super) fn capabilities(
    programs: &Programs,
    profile: &Utf8Path,
    (domains, https): (&[&Domain], SocketAddr),
    is_root: bool,
) -> Value {
    let mut arguments = vec![
        "--headless=new".to_owned(),
        // It ends when its driver does, also when that is killed.
        "--remote-debugging-pipe".to_owned(),
        format!("--user-data-dir={profile}"),
        format!("--host-resolver-rules={}", resolver_rules(domains, https)),
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
        "timeouts": {"pageLoad": 60_000, "script": 10_000, "implicit": 0},
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
        let domains = [&domain];
        let at = (&domains[..], "127.0.0.1:18443".parse().expect("an address"));
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
}
