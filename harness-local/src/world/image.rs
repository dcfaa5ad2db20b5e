//! What plays an app: the seam between the engine and the stand-ins.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use harness_core::name::Domain;

use super::inside::Inside;
use super::session::{Reply, Session};

/// Knows the images by their names.
pub trait Library: std::fmt::Debug + Send + Sync {
    /// Returns what plays an image.
    fn image(&self, reference: &str) -> Arc<dyn Image>;
}

/// Plays an image. It keeps no state of its own: all state is in the container and its volumes.
pub trait Image: std::fmt::Debug + Send + Sync {
    /// Returns the image's own files, by absolute path.
    fn files(&self) -> BTreeMap<String, Vec<u8>>;

    /// Returns the image's own entrypoint and arguments.
    fn argv(&self) -> (Vec<String>, Vec<String>);

    /// Runs a program in a container.
    fn run(&self, inside: &mut Inside<'_>, argv: &[String], io: &mut Io<'_>) -> Ran;

    /// Answers a request on a port; `None` when nothing listens there.
    fn answer(&self, inside: &mut Inside<'_>, port: u16, request: &Request) -> Option<Response>;

    /// Is told that the container's server has booted.
    fn booted(&self, _inside: &mut Inside<'_>) {}

    /// Is told that the container is asked to end, and may do so in order.
    fn stopping(&self, _inside: &mut Inside<'_>) {}

    /// Returns whether the booted server listens on a port.
    fn listens(&self, inside: &Inside<'_>, port: u16) -> bool {
        inside.routed_port == Some(port)
    }

    /// Answers what another container says to a port that speaks no HTTP; `None` when nobody answers.
    fn hear(&self, _inside: &mut Inside<'_>, _port: u16, _said: &[u8]) -> Option<Vec<u8>> {
        None
    }

    /// Answers what a client from outside says on a published port that speaks no HTTP, first of all nothing: a server
    /// may greet. So is what is said after an answer with status 101 on the routed port; the session knows its `path`.
    /// Unless it is played, a connection ends at once.
    fn converse(
        &self,
        _inside: &mut Inside<'_>,
        _port: u16,
        _session: &mut Session,
        _said: &[u8],
    ) -> Reply {
        Reply::end()
    }

    /// Returns whether the image lacks a program that most images have here.
    fn lacks(&self, _program: &str) -> bool {
        false
    }

    /// Suffers what goes wrong within a server on purpose; returns whether it did. What plays none of that does not.
    fn suffer(&self, _inside: &mut Inside<'_>, _mishap: &Mishap) -> bool {
        false
    }

    /// Returns whether a port speaks TLS. What is said to it is then what is inside of that.
    fn speaks_tls(&self, _port: u16) -> bool {
        false
    }
}

/// Something that goes wrong within a server, which nothing but what plays it can do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mishap {
    /// What an identity provider makes for this app is there already, by a run that was killed.
    LeftOver(Domain),
    /// Its administrator's sessions end, and with them the tokens.
    AdministratorLoggedOut,
}

/// What a program reads and writes.
#[derive(Debug)]
pub struct Io<'a> {
    /// Its standard input.
    pub stdin: &'a [u8],
    /// Its standard output.
    pub out: &'a mut Vec<u8>,
    /// Its standard error.
    pub err: &'a mut Vec<u8>,
}

/// How a program goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ran {
    /// It ended with this code, at once.
    Ended(i64),
    /// It stays and serves, once it has booted.
    Serves {
        /// How long that takes.
        boot: Duration,
    },
    /// It stays and does nothing.
    Idles,
    /// It waits for something that is not so yet. It is run again then, from its beginning: scripts that wait do so
    /// before they do anything else.
    Waits {
        /// How long until it looks again.
        again: Duration,
    },
}

/// A request as an app sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// The method.
    pub method: String,
    /// The path with its query.
    pub path: String,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Request {
    /// Returns a `GET` of a path.
    pub fn get(path: &str) -> Self {
        Self { method: "GET".to_owned(), path: path.to_owned(), ..Self::default() }
    }
}

/// An app's answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}
