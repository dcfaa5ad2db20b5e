//! App env files and their samples, byte for byte. Main types: [`EnvFile`], [`SecretSpec`].
//!
//! The format is Docker's env file with direnv's manners: values may use earlier variables, a name may be assigned
//! again (the last one wins), and the comment behind a value may hold modifiers. What is read:
//! - `NAME=value`, with `export` or blanks before it; everything else is kept and means nothing;
//! - `'…'` is literal; `"…"` knows `\n`, `\r`, `\t`, `\"`, `\\`, `\$`, `\#` and expands; without quotes the value ends
//!   at the line's end or at a `#` behind a blank, keeps its inner blanks, and expands;
//! - quotes may span lines; one that is never closed is an ordinary character;
//! - `$$` stays as it is, so that `pa$$word` survives; a variable that is not assigned above is empty. The
//!   environment of the process is never looked at.

mod file;
mod line;
mod secret;

pub use file::EnvFile;
pub use secret::{Charset, SecretSpec};
