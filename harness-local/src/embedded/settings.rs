//! What the embedded platform is made from. Main type: [`EmbeddedSettings`].

use camino::Utf8PathBuf;
use harness_core::process::BaseEnv;
use harness_core::suite::Laid;
use jiff::Timestamp;
use thiserror::Error;

use super::files::RecipeFiles;
use crate::router::certificates::CertificateError;
use crate::router::tls::TlsError;

/// How many seconds pass on the simulated server in one.
pub const SPEED: u32 = 20;

/// Below what domain apps are made when nothing else is said.
pub const SUFFIX: &str = "ccci.test";

/// What the embedded platform is made from.
#[derive(Clone, Debug)]
pub struct EmbeddedSettings {
    /// What everything random is made of.
    pub seed: u64,
    /// How many seconds pass on the simulated server in one.
    pub speed: u32,
    /// Below what domain its apps are.
    pub suffix: String,
    /// Where its files go: the certificate of its authority.
    pub dir: Utf8PathBuf,
    /// What processes start from that the suite asks for.
    pub base_env: BaseEnv,
    /// The recipe's files at every commit that the run places.
    pub files: RecipeFiles,
    /// What the suite lays over the recipe's files. It was found usable before.
    pub laid: Laid,
    /// The same of each recipe that is deployed beside it.
    pub others: Vec<(RecipeFiles, Laid)>,
}

/// What the embedded platform is made from in virtual time.
#[derive(Clone, Debug)]
pub struct InProcessSettings {
    /// What everything random is made of.
    pub seed: u64,
    /// The time at which the simulated server begins.
    pub start: Timestamp,
    /// The recipe's files at every commit that the run places.
    pub files: RecipeFiles,
    /// What the suite lays over the recipe's files. It was found usable before.
    pub laid: Laid,
    /// The same of each recipe that is deployed beside it.
    pub others: Vec<(RecipeFiles, Laid)>,
}

/// The embedded platform could not be started.
#[derive(Debug, Error)]
pub enum StartError {
    /// Its certificates could not be made.
    #[error("the simulated router has no certificate")]
    Certificate(#[from] CertificateError),
    /// Its certificates could not be used.
    #[error("the simulated router cannot speak TLS")]
    Tls(#[from] TlsError),
    /// A port on loopback or a file could not be had.
    #[error("the simulated server could not be set up: {what}")]
    Io {
        /// What was attempted.
        what: String,
        /// What the system said.
        source: std::io::Error,
    },
}
