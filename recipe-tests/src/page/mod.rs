//! A page of the app in a real browser: Chromium without a window, driven over WebDriver. Main type: [`Page`].
//!
//! The driver is started at the first page that a trials process asks for and ends with it. Each page is a browser of
//! its own with a fresh profile: a visitor whom the app has never seen. It sees the app's own hosts and no other, and
//! trusts the run's certificate authority besides those that come with it.

mod browser;
mod chromium;
mod driver;
mod error;
mod evidence;
mod landing;
mod open;
mod tidied;
mod visit;

pub(crate) use browser::Browser;
pub use error::PageError;
pub(crate) use evidence::EVIDENCE;
pub use visit::Page;

#[cfg(test)]
#[path = "page_tests.rs"]
mod tests;
