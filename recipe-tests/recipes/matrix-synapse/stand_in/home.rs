//! A homeserver in the middle of a request: its database, its clock, what it remembers until it ends. Main type:
//! [`Home`].

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::Synapse;
use super::config::Config;
use crate::app::db::{Ask, Reply, Silence, Want, connect};
use crate::app::programs::Machine;
use crate::app::sql::{Done, Flavor, pieces};
use crate::world::Inside;

/// A homeserver in the middle of a request.
pub(super) struct Home<'a, 'b> {
    pub(super) synapse: &'a Synapse,
    pub(super) inside: &'a mut Inside<'b>,
    pub(super) config: Config,
}

/// Why the database does not answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unanswered(pub(super) String);

/// A request that is refused, with the words of the real one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) status: u16,
    pub(super) body: Value,
}

/// What becomes of a request.
pub(super) type Told = Result<Value, Refused>;

/// Where the process remembers what it loses when it ends.
const MEMORY: &str = "/tmp/synapse";

impl Refused {
    pub(super) fn new(status: u16, code: &str, error: &str) -> Self {
        Self { status, body: json!({"errcode": code, "error": error}) }
    }

    pub(super) fn forbidden(error: &str) -> Self {
        Self::new(403, "M_FORBIDDEN", error)
    }
}

impl From<Unanswered> for Refused {
    fn from(_: Unanswered) -> Self {
        Self::new(500, "M_UNKNOWN", "Internal server error")
    }
}

impl<'a, 'b> Home<'a, 'b> {
    pub(super) const fn new(
        synapse: &'a Synapse,
        inside: &'a mut Inside<'b>,
        config: Config,
    ) -> Self {
        Self { synapse, inside, config }
    }

    /// Asks the database; returns the rows of the last statement.
    pub(super) fn ask(&mut self, sql: &str) -> Result<Vec<Vec<String>>, Unanswered> {
        let args = &self.config.database.args;
        let want = Want::Run { pieces: pieces(sql, '\\'), stops: true, atomic: true };
        let (user, password) = (args.user.clone(), args.password.clone());
        let ask = Ask::new(user, Some(password), false, Some(args.dbname.clone()), want);
        let mut machine = Machine { image: self.synapse, inside: self.inside };
        let host = &args.host;
        match connect(&mut machine, Some(host), 5432, &ask) {
            Err(Silence::UnknownHost) => {
                Err(Unanswered(format!("could not translate host name \"{host}\" to address")))
            }
            Err(Silence::Nobody) => Err(Unanswered(format!(
                "connection to server at \"{host}\", port 5432 failed: Connection refused"
            ))),
            Ok(Reply::Refused(refusal)) => Err(Unanswered(format!("FATAL: {refusal:?}"))),
            Ok(Reply::Read { .. }) => Ok(Vec::new()),
            Ok(Reply::Ran { outcomes, .. }) => {
                if let Some(error) = outcomes.iter().find_map(|o| o.as_ref().err()) {
                    return Err(Unanswered(error.said(Flavor::Postgres)));
                }
                let Some(Ok(Done::Rows { rows, .. })) = outcomes.into_iter().next_back() else {
                    return Ok(Vec::new());
                };
                let text =
                    |row: Vec<Option<String>>| row.into_iter().map(Option::unwrap_or_default);
                Ok(rows.into_iter().map(|row| text(row).collect()).collect())
            }
        }
    }

    /// Asks for one value.
    pub(super) fn value(&mut self, sql: &str) -> Result<Option<String>, Unanswered> {
        Ok(self.ask(sql)?.into_iter().next().and_then(|row| row.into_iter().next()))
    }

    /// Returns the version of the tables; none if there are none yet.
    pub(super) fn schema(&mut self) -> Result<Option<u32>, Unanswered> {
        let there =
            self.value("SELECT tablename FROM pg_tables WHERE tablename = 'schema_version'")?;
        if there.is_none() {
            return Ok(None);
        }
        Ok(self.value("SELECT version FROM schema_version")?.and_then(|v| v.parse().ok()))
    }

    /// Returns what the process remembers under a name.
    pub(super) fn remembered(&self, name: &str) -> Option<String> {
        let bytes = self.inside.read(&format!("{MEMORY}/{name}"))?;
        Some(String::from_utf8_lossy(bytes).into_owned())
    }

    /// Remembers something until the process ends.
    pub(super) fn remember(&mut self, name: &str, value: &str) {
        let written = self.inside.write_new(&format!("{MEMORY}/{name}"), value.as_bytes().to_vec());
        debug_assert!(written.is_ok(), "a container's own files can be written");
    }

    /// Forgets what was remembered; returns whether it was.
    pub(super) fn forget(&mut self, name: &str) -> bool {
        self.inside.remove(&format!("{MEMORY}/{name}")).is_ok()
    }

    /// Returns hexadecimal digits that nobody has seen before, the same ones in the same run.
    pub(super) fn fresh(&mut self) -> String {
        let count = self.remembered("count").and_then(|c| c.parse::<u64>().ok()).unwrap_or(0) + 1;
        self.remember("count", &count.to_string());
        let now = self.inside.now.as_nanosecond();
        digest(&format!("{}/{now}/{count}", self.config.server_name))
    }

    /// Returns so many letters that nobody has seen before.
    pub(super) fn letters(&mut self, count: usize) -> String {
        let digits = self.fresh();
        let letter =
            |c: char| char::from(b'a' + u8::try_from(c.to_digit(16).unwrap_or(0)).unwrap_or(0));
        digits.chars().map(letter).take(count).collect()
    }
}

/// Returns the digest of a text.
pub(super) fn digest(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|b| format!("{b:02x}")).collect()
}

/// Returns a text as a statement holds it.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
