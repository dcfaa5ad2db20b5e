//! A Keycloak of one's own making, right and wrong: for tests of what talks to one, and for stand-ins. It plays what
//! this crate asks for and what logs in needs, with the statuses and words of 26.5.6 and 26.7.3, and keeps it as
//! [`Rows`]. Its keys are known to everybody: it protects nothing. Main types: [`FakeKeycloak`], [`Play`].

mod in_process;
mod play;
mod play_admin;
mod play_left;
mod play_login;
mod play_pages;
mod play_tokens;
mod rows;
mod signer;
mod wrong;

pub use in_process::{ADMIN_PASSWORD, FakeKeycloak, HandClock, Trouble};
pub use play::Play;
pub use rows::{By, Kind, Memory, Row, Rows, Unavailable};
pub use signer::Signer;
pub use wrong::Wrong;
