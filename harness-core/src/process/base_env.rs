//! The environment that children start from: an allow-list read once, by a binary's `main`.

use std::collections::BTreeMap;
use std::ffi::OsString;

/// Variables that may pass from our environment to a child. Everything else must be set on the command.
pub const ALLOWED: &[&str] = &[
    "PATH",
    "HOME",
    "USER",
    "TMPDIR",
    "SSH_AUTH_SOCK",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "GIT_SSL_CAINFO",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "XDG_RUNTIME_DIR",
];

/// The environment that children start from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BaseEnv {
    vars: BTreeMap<OsString, OsString>,
}

impl BaseEnv {
    /// Reads the allowed variables of this process. Only a binary's `main` calls this.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place where a child's environment is read"
    )]
    pub fn capture() -> Self {
        let vars = ALLOWED
            .iter()
            .filter_map(|name| Some((OsString::from(name), std::env::var_os(name)?)))
            .collect();
        Self { vars }.with("LC_ALL", "C").with("LANG", "C")
    }

    /// Returns the same environment with one more variable.
    #[must_use]
    pub fn with(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.vars.insert(name.into(), value.into());
        self
    }

    /// Returns the value of a variable, if it is set and UTF-8.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.vars.get(std::ffi::OsStr::new(name)).and_then(|v| v.to_str())
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&OsString, &OsString)> {
        self.vars.iter()
    }
}
