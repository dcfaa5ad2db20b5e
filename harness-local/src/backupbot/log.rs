//! What the bot says: one JSON object per line for machines, or a plain line for people.

use std::io::Write;

use serde_json::{Value, json};

/// The bot's log and output.
pub struct Log {
    out: Box<dyn Write + Send>,
    machine: bool,
    debug: bool,
}

impl std::fmt::Debug for Log {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Log").field("machine", &self.machine).finish_non_exhaustive()
    }
}

impl Log {
    /// Writes to a stream; `machine` is what `MACHINE_LOGS=true` asks for.
    pub fn new(out: impl Write + Send + 'static, machine: bool, debug: bool) -> Self {
        Self { out: Box::new(out), machine, debug }
    }

    /// Says what is done.
    pub fn info(&mut self, text: impl std::fmt::Display) {
        self.say("info", &text);
    }

    /// Says what a person should look at, though nothing went wrong.
    pub fn warn(&mut self, text: impl std::fmt::Display) {
        self.say("warning", &text);
    }

    /// Says what went wrong, though the work goes on.
    pub fn error(&mut self, text: impl std::fmt::Display) {
        self.say("error", &text);
    }

    /// Says what nobody may notice; shown to machines always, to people when asked for.
    pub fn debug(&mut self, text: impl std::fmt::Display) {
        if self.machine || self.debug {
            self.say("debug", &text);
        }
    }

    /// Prints a fact as one line: the object for machines, else `plain`.
    pub fn fact(&mut self, object: &Value, plain: &str) {
        let line = if self.machine { object.to_string() } else { plain.to_owned() };
        self.line(&line);
    }

    fn say(&mut self, level: &str, text: &dyn std::fmt::Display) {
        let text = text.to_string();
        let plain = format!("{} {text}", level.to_uppercase());
        self.fact(&json!({"level": level, "message": text}), &plain);
    }

    fn line(&mut self, text: &str) {
        // Nobody listening is no reason to stop half-way.
        drop(writeln!(self.out, "{text}").and_then(|()| self.out.flush()));
    }
}
