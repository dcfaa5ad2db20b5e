//! A small shell: enough for the scripts, hooks and health checks of recipes. Main function: [`run`].
//!
//! Words with quotes, parameters (`$x`, `${x:-y}`, `${x%.*}`, `"${list[@]}"`), `$(…)` and `$((…))`; pipes, `&&`, `||`,
//! `!`; `if`, `for`, `while`, `until`, `case`, `[[`; functions, subshells, arrays; redirections and here-documents;
//! `set -euo pipefail`. What is more is refused by name with code 2, never ignored. `trap` does nothing: nothing here
//! is interrupted.
//!
//! Time stands still while a script runs. A container's own script that waits in a loop is begun again later; one that
//! somebody else runs is refused when it begins to wait.

mod arithmetic;
mod builtin;
mod conditions;
mod expand;
mod parse;
mod pipes;
mod run;
mod text;
mod tokens;
mod variables;
mod words;

pub(super) use conditions::test;
pub(super) use run::run;
pub(super) use text::{fits, formatted, unescaped};

#[cfg(test)]
mod tests;
