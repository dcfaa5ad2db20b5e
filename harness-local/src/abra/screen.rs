//! Where abra's words go: log lines, tables and machine output.

use std::io::Write;

use serde_json::{Map, Value};
use thiserror::Error;

use super::table;

/// A table was wanted where there is no terminal to ask for its width.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("inappropriate ioctl for device")]
pub struct NoTerminal;

/// The two streams of one invocation, and what decides between them.
pub struct Screen {
    out: Box<dyn Write + Send>,
    err: Box<dyn Write + Send>,
    /// Whether log lines leave standard output to data (`--machine`, `--debug`).
    pub log_to_stderr: bool,
    /// Whether `DEBU` lines are shown.
    pub debug: bool,
    /// Whether tables may be printed: there is a terminal, or `ABRA_CI=1`.
    pub tables: bool,
}

impl std::fmt::Debug for Screen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Screen").field("log_to_stderr", &self.log_to_stderr).finish_non_exhaustive()
    }
}

impl Screen {
    /// Returns a screen over two streams that prints tables and logs to the first.
    pub fn new(out: impl Write + Send + 'static, err: impl Write + Send + 'static) -> Self {
        Self {
            out: Box::new(out),
            err: Box::new(err),
            log_to_stderr: false,
            debug: false,
            tables: true,
        }
    }

    /// Says what happens.
    pub fn info(&mut self, text: impl std::fmt::Display) {
        self.log("INFO", &text);
    }

    /// Says what a person should look at.
    pub fn warn(&mut self, text: impl std::fmt::Display) {
        self.log("WARN", &text);
    }

    /// Says what only a developer wants to know.
    pub fn debug(&mut self, text: impl std::fmt::Display) {
        if self.debug {
            self.log("DEBU", &text);
        }
    }

    /// Says why it ends here.
    pub fn fatal(&mut self, text: impl std::fmt::Display) {
        self.log("FATA", &text);
    }

    /// Prints a line of data.
    pub fn line(&mut self, text: impl std::fmt::Display) {
        // A reader that has gone away is no reason to stop half-way.
        drop(writeln!(self.out, "{text}"));
    }

    /// Passes output of an inner command through.
    pub fn pass(&mut self, stream: crate::engine::Stream, bytes: &[u8]) {
        let target = match stream {
            crate::engine::Stream::Out => &mut self.out,
            crate::engine::Stream::Err => &mut self.err,
        };
        drop(target.write_all(bytes).and_then(|()| target.flush()));
    }

    /// Prints a table, or under `machine` one line of JSON: an array of flat objects, keys in lower case.
    ///
    /// # Errors
    /// There is no terminal to print a table to.
    pub fn rows(
        &mut self,
        machine: bool,
        heads: &[&str],
        rows: &[Vec<String>],
    ) -> Result<(), NoTerminal> {
        if machine {
            self.line(machine_rows(heads, rows));
            return Ok(());
        }
        if !self.tables {
            return Err(NoTerminal);
        }
        self.line(table::render(heads, rows));
        Ok(())
    }

    fn log(&mut self, level: &str, text: &dyn std::fmt::Display) {
        let target = if self.log_to_stderr { &mut self.err } else { &mut self.out };
        drop(writeln!(target, "{level} {text}").and_then(|()| target.flush()));
    }
}

/// Returns rows as an array of flat objects whose keys are the column heads in lower case.
fn machine_rows(heads: &[&str], rows: &[Vec<String>]) -> Value {
    let object = |row: &Vec<String>| {
        let pairs = heads
            .iter()
            .zip(row)
            .map(|(head, cell)| (head.to_lowercase(), Value::String(cell.clone())));
        Value::Object(pairs.collect::<Map<_, _>>())
    };
    Value::Array(rows.iter().map(object).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machine_rows_have_lower_case_keys_with_their_spaces() {
        let rows = vec![vec!["db".to_owned(), "true".to_owned()]];
        let json = machine_rows(&["NAME", "created on server"], &rows).to_string();
        assert_eq!(json, r#"[{"name":"db","created on server":"true"}]"#);
        assert_eq!(machine_rows(&["name"], &[]).to_string(), "[]");
    }

    #[test]
    fn without_a_terminal_only_machine_output_is_printed() {
        let mut screen = Screen::new(std::io::sink(), std::io::sink());
        screen.tables = false;
        assert_eq!(screen.rows(false, &["a"], &[]), Err(NoTerminal));
        assert_eq!(screen.rows(true, &["a"], &[]), Ok(()));
    }
}
