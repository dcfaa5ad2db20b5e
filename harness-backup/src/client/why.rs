//! Why a client got no answer. Main function: [`trouble`].

use super::scripts::NO_CLIENT;
use crate::reach::ReachError;

/// What stood between a question and its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The server could not be spoken to at all: nothing was run, and may be a moment later.
    NotYet,
    /// The server went away while it was asked: whether anything was done is not known.
    Interrupted,
    /// The image has no client, or no shell to run it.
    NoClient,
    /// The database answered that what was asked for is not there: no such table, database or file.
    Absent,
    /// The database answered something else.
    Refused,
}

const NOT_YET: [&str; 11] = [
    "cannot exec in a stopped",
    "ERROR 2002 ",
    "ERROR 2003 ",
    "Is the server running",
    "the database system is starting up",
    "the database system is not yet accepting connections",
    "the database system is shutting down",
    "the database system is in recovery mode",
    "Could not connect to Redis",
    "LOADING Redis is loading the dataset in memory",
    "LOADING Valkey is loading the dataset in memory",
];

/// How a client ends whose container is stopped under it: killed, told to end, or without a word.
const KILLED: [&str; 3] = ["exit code 137: ", "exit code 143: ", "exit code -1: "];

const INTERRUPTED: [&str; 6] = [
    "ERROR 2006 ",
    "ERROR 2013 ",
    "ERROR 1053 ",
    "terminating connection due to",
    "server closed the connection unexpectedly",
    "Server closed the connection",
];

const NO_CLIENTS: [&str; 2] = [NO_CLIENT, "executable file not found"];

const ABSENT: [&str; 5] =
    ["ERROR 1146 ", "ERROR 1049 ", "does not exist", "no such table", "there is no database "];

/// Tells why a client got no answer.
pub fn trouble(error: &ReachError) -> Trouble {
    let reason = match error {
        ReachError::Engine { .. } | ReachError::NotRunning { .. } => return Trouble::NotYet,
        ReachError::NoFile { .. } => return Trouble::Absent,
        ReachError::Refused { .. } => return Trouble::Refused,
        ReachError::Command { reason, .. } => reason,
    };
    let says = |any: &[&str]| any.iter().any(|text| reason.contains(text));
    // A role that does not exist is no marker that is lost: nobody looked.
    let role = reason.contains("role \"");
    if says(&NOT_YET) {
        Trouble::NotYet
    } else if says(&INTERRUPTED) || KILLED.iter().any(|text| reason.starts_with(text)) {
        Trouble::Interrupted
    } else if says(&NO_CLIENTS) {
        Trouble::NoClient
    } else if says(&ABSENT) && !role {
        Trouble::Absent
    } else {
        Trouble::Refused
    }
}

#[cfg(test)]
mod tests {
    use harness_core::name::ServiceName;

    use super::*;

    fn command(reason: &str) -> ReachError {
        let service = ServiceName::try_from("db".to_owned()).expect("a name");
        ReachError::Command { service, command: "sh".to_owned(), reason: reason.to_owned() }
    }

    #[test]
    fn what_clients_say_is_told_apart() {
        let table = [
            ("ERROR 2002 (HY000): Can't connect to local server through socket", Trouble::NotYet),
            (
                "exit code 2: psql: error: connection to server on socket failed: FATAL:  the database system is starting up",
                Trouble::NotYet,
            ),
            (
                "exit code 1: ERROR 2013 (HY000): Lost connection to server during query",
                Trouble::Interrupted,
            ),
            ("exit code 137: ", Trouble::Interrupted),
            (
                "OCI runtime exec failed: exec failed: cannot exec in a stopped container: unknown",
                Trouble::NotYet,
            ),
            (
                "exit code 1: ERROR 1146 (42S02) at line 1: Table 'ghost.x' doesn't exist",
                Trouble::Absent,
            ),
            ("exit code 1: ERROR 1049 (42000): Unknown database 'ghost'", Trouble::Absent),
            ("exit code 1: ERROR:  relation \"x\" does not exist", Trouble::Absent),
            ("exit code 2: FATAL:  role \"synapse\" does not exist", Trouble::Refused),
            ("exit code 1: Error: in prepare, no such table: x", Trouble::Absent),
            ("exit code 127: ccci: the image has no client: sqlite3", Trouble::NoClient),
            (
                "OCI runtime exec failed: exec: \"sh\": executable file not found in $PATH",
                Trouble::NoClient,
            ),
            (
                "exit code 1: ERROR 1045 (28000): Access denied for user 'root'@'localhost'",
                Trouble::Refused,
            ),
        ];
        for (reason, expected) in table {
            assert_eq!(trouble(&command(reason)), expected, "{reason}");
        }
    }
}
