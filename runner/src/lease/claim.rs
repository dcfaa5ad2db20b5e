//! What a lease says. Main type: [`Claim`].

use camino::Utf8PathBuf;
use harness_core::name::{Commit, Domain};
use harness_core::platform::App;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What a lease says: enough to remove all that its run made.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Claim {
    /// The app.
    pub app: App,
    /// The engine that it is on.
    pub docker_host: String,
    /// The run's folder.
    pub run_dir: Utf8PathBuf,
    /// The run's process.
    pub pid: u32,
    /// When the claim was made.
    pub since: Timestamp,
    /// Until when the deployment is kept though its run has ended.
    pub kept_until: Option<Timestamp>,
    /// The commit of the recipe that is kept warm for other runs; none: nobody attaches to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warm: Option<Commit>,
    /// Where what is kept warm is that the run may have had something made for its app at.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attached: Vec<Domain>,
    /// The process that is removing what the dead run made. The run itself never writes one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collector: Option<u32>,
}

impl Claim {
    /// Returns until when the deployment stands on purpose, if it does now.
    pub fn stands_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.kept_until.filter(|until| *until > now)
    }

    /// Returns the text that is appended to a lease's file; `is_first` says whether the file is empty.
    ///
    /// A claim is a line of its own and the last whole one counts. So a write that a kill or a full disk tears never
    /// hides what an earlier run made, and a reader without the lock sees one claim or the other.
    pub(super) fn line(&self, is_first: bool) -> String {
        let text = serde_json::to_string(self).expect("a claim has nothing that JSON lacks");
        // What a torn write left ends here.
        format!("{}{text}\n", if is_first { "" } else { "\n" })
    }

    /// Returns the last claim that was written whole.
    pub(super) fn last(text: &str) -> Option<Self> {
        text.lines().rev().find_map(|line| serde_json::from_str(line).ok())
    }
}
