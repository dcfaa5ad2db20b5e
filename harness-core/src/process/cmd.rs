//! A description of a command. Building it has no side effects.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::time::Duration;

use camino::Utf8PathBuf;

use super::BaseEnv;
use crate::secret::{PLACEHOLDER, Redactor, Secret};

/// How long a command may take, and how long it may take to end after SIGTERM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline {
    /// Time until SIGTERM goes to the command's process group.
    pub limit: Duration,
    /// Time from SIGTERM until SIGKILL.
    pub grace: Duration,
}

impl Deadline {
    /// Returns a deadline with a grace of two seconds.
    pub const fn after(limit: Duration) -> Self {
        Self { limit, grace: Duration::from_secs(2) }
    }
}

#[derive(Clone, Debug)]
enum Arg {
    Plain(OsString),
    Secret(Secret),
}

/// An external command: program, arguments, environment, working directory, input and deadline.
#[derive(Clone, Debug)]
pub struct Cmd {
    pub(super) program: OsString,
    args: Vec<Arg>,
    pub(super) env: BTreeMap<OsString, OsString>,
    pub(super) cwd: Option<Utf8PathBuf>,
    pub(super) stdin: Option<Vec<u8>>,
    pub(super) deadline: Deadline,
    redactor: Redactor,
}

impl Cmd {
    /// Describes a command. The deadline is not optional: whoever calls knows how long it may take.
    pub fn new(program: impl Into<OsString>, base: &BaseEnv, deadline: Deadline) -> Self {
        Self {
            program: program.into(),
            args: Vec::new(),
            env: base.iter().map(|(k, v)| (k.clone(), v.clone())).collect(),
            cwd: None,
            stdin: None,
            deadline,
            redactor: Redactor::new(),
        }
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.args.push(Arg::Plain(arg.into()));
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<I: IntoIterator<Item = S>, S: Into<OsString>>(mut self, args: I) -> Self {
        self.args.extend(args.into_iter().map(|a| Arg::Plain(a.into())));
        self
    }

    /// Adds an argument that is not shown. It is still visible to `ps`: prefer input or environment.
    #[must_use]
    pub fn secret_arg(mut self, secret: Secret) -> Self {
        self.redactor.add(&secret);
        self.args.push(Arg::Secret(secret));
        self
    }

    /// Sets a variable.
    #[must_use]
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.env.insert(name.into(), value.into());
        self
    }

    /// Sets a variable whose value is scrubbed from captured output.
    #[must_use]
    pub fn secret_env(mut self, name: impl Into<OsString>, secret: &Secret) -> Self {
        self.redactor.add(secret);
        self.env.insert(name.into(), secret.expose().into());
        self
    }

    /// Sets the working directory.
    #[must_use]
    pub fn cwd(mut self, dir: impl Into<Utf8PathBuf>) -> Self {
        self.cwd = Some(dir.into());
        self
    }

    /// Gives bytes on standard input, in place of null.
    #[must_use]
    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = Some(bytes.into());
        self
    }

    /// Scrubs these secrets too from captured output and errors.
    #[must_use]
    pub fn hiding(mut self, secrets: impl IntoIterator<Item = Secret>) -> Self {
        for secret in secrets {
            self.redactor.add(&secret);
        }
        self
    }

    pub(super) fn plain_args(&self) -> impl Iterator<Item = &OsStr> {
        self.args.iter().map(|a| match a {
            Arg::Plain(a) => a.as_os_str(),
            Arg::Secret(s) => OsStr::new(s.expose()),
        })
    }

    pub(super) fn scrub(&self, bytes: &[u8]) -> String {
        self.redactor.scrub(&String::from_utf8_lossy(bytes))
    }
}

/// The command as one would type it, secrets replaced.
impl fmt::Display for Cmd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.redactor.scrub(&self.program.to_string_lossy()))?;
        for arg in &self.args {
            match arg {
                Arg::Plain(a) => {
                    write!(f, " {}", quoted(&self.redactor.scrub(&a.to_string_lossy())))?;
                }
                Arg::Secret(_) => write!(f, " {PLACEHOLDER}")?,
            }
        }
        Ok(())
    }
}

fn quoted(arg: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@+,%".contains(c);
    if !arg.is_empty() && arg.chars().all(plain) {
        arg.to_owned()
    } else {
        format!("'{}'", arg.replace('\'', r"'\''"))
    }
}
