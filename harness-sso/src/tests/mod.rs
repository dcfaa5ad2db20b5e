//! The crate against a Keycloak in this process: in virtual time, and over loopback.

mod grants;
mod lifecycle;
mod logins;
mod loopback;
mod stage;
mod story;
mod wrong;
