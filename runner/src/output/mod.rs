//! What a person sees: progress while a run lasts, and what it proved. The only place that prints.

mod explain;
mod kept;
mod ledger;
mod level;
mod plan;
mod progress;
mod replay;
mod scaffold;
mod stores;
mod story;

pub use explain::explain;
pub use kept::{kept, warm};
pub use plan::plan;
pub use progress::Progress;
pub use replay::replay;
pub use scaffold::scaffold;

use std::io::Write;

/// How wide text is made where nobody watches, in characters.
const WIDTH: usize = 100;

/// Returns how wide a text on standard output may be, in characters.
pub fn width() -> usize {
    terminal_size::terminal_size_of(std::io::stdout())
        .map_or(WIDTH, |(terminal_size::Width(columns), _)| usize::from(columns))
}

/// Prints text that is data on standard output. A reader that has gone away is no error of ours.
pub fn data(text: &str) {
    drop(writeln!(anstream::stdout(), "{text}"));
}

/// Prints text for a person on standard error.
pub fn say(text: &str) {
    drop(writeln!(anstream::stderr(), "{text}"));
}

/// Prints an error with everything below it.
pub fn error(error: &dyn std::error::Error) {
    say(&format!("error: {}", harness_core::chain::Chain(error)));
}
