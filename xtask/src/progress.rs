//! What a person at the terminal reads. Tasks that are called by others print nothing on standard output.

/// Writes one line to standard error.
pub(crate) fn say(line: &str) {
    anstream::eprintln!("{line}");
}
