//! Declarative HTTP tests in the syntax of [Hurl](https://hurl.dev): a subset that can only ask the app under test.
//!
//! [`HurlFile::parse`] reads a file whole; whatever it does not know is refused by name with its place, never passed
//! over. [`Variables`] fill the templates, [`own_url`] keeps requests to the app's own hosts, and [`Assert::judge`]
//! and [`Capture::take`] decide from an answer. Nothing here does input or output.
//!
//! ```
//! use harness_core::hurl::HurlFile;
//!
//! let text = "GET {{base_url}}/health\nHTTP 200\n[Asserts]\njsonpath \"$.status\" == \"ok\"\n";
//! let file = HurlFile::parse("tests/health.hurl", text, &["base_url"]).unwrap();
//! assert_eq!(file.entries[0].method, "GET");
//!
//! let error = HurlFile::parse("tests/x.hurl", "GET file:///etc/passwd\n", &[]).unwrap_err();
//! assert!(error.to_string().starts_with("tests/x.hurl:1:5: "));
//! ```

mod assert;
mod body;
mod confine;
mod cursor;
mod entry;
mod error;
mod file;
mod filter;
mod json_path;
mod lines;
mod place;
mod predicate;
mod query;
mod section;
mod template;
mod variables;

pub use assert::{Assert, Capture, Mismatch};
pub use confine::{Foreign, OwnUrl, own_url};
pub use error::HurlError;
pub use file::{Entry, HurlFile, Options, Pair, Response};
pub use place::Place;
pub use query::Exchange;
pub use template::Template;
pub use variables::{RenderError, Variables};

/// Returns text as one short line for people: control characters are escaped, and what is long is cut.
pub fn shown(text: &str) -> String {
    error::one_line(text, 160)
}

#[cfg(test)]
#[path = "judged_tests.rs"]
mod judged_tests;
#[cfg(test)]
#[path = "refused_tests.rs"]
mod refused_tests;
