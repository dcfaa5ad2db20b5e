//! What passes through the control port: one JSON line each way on each connection.

use harness_core::name::{ServiceName, StackName};
use harness_core::observation::Observation;
use serde::{Deserialize, Serialize};

use crate::world::ListedFile;

/// A request.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Call {
    /// The token from the run file.
    pub(super) token: String,
    /// The app's stack.
    pub(super) stack: StackName,
    /// What is wanted.
    pub(super) ask: Ask,
}

/// What is wanted.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Ask {
    Exec {
        service: ServiceName,
        argv: Vec<String>,
    },
    Read {
        service: ServiceName,
        path: String,
    },
    Write {
        service: ServiceName,
        path: String,
        bytes: Vec<u8>,
    },
    Remove {
        service: ServiceName,
        path: String,
    },
    List {
        service: ServiceName,
        folder: String,
    },
    Observe,
    Holders,
    /// From then on the connection leads to a published port.
    Connect {
        port: u16,
    },
}

/// The answer.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Told {
    Done,
    Executed {
        code: i64,
        stdout: String,
        stderr: String,
    },
    File {
        bytes: Vec<u8>,
    },
    Listed {
        files: Vec<ListedFile>,
    },
    Observed {
        observation: Box<Observation>,
    },
    Holders {
        holders: Vec<String>,
    },
    /// What follows is said to the port and by it.
    Connected,
    /// Nobody listens on the port.
    Unheard,
    NotRunning {
        reason: String,
    },
    Missing,
    Refused {
        reason: String,
    },
    /// The call itself was wrong.
    Denied {
        reason: String,
    },
}
