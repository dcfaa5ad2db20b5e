//! A small shell: enough for the scripts, hooks and health checks of recipes. Main function: [`run`].
//!
//! Words with quotes, variables (`$x`, `${x:-y}`, `"$@"`) and `$(…)`; pipes, `&&`, `||`, `!`; `if`; functions;
//! redirections of files and of standard error; `set -e` and `pipefail`; `exec`, `exit`, `export`. What is more is an
//! error with code 2, never ignored.

mod parse;
mod run;
mod words;

pub(super) use run::run;

#[cfg(test)]
mod tests;
