//! The local server's router: a stand-in for Traefik that obeys the recipes' own labels.
//!
//! It reads `traefik.*` service labels ([`rules`]), finds the tasks that run behind them ([`backends`]), follows the
//! engine ([`watch`]) and forwards HTTPS requests ([`serve`]). Answers of its own look like Traefik's, so that a test
//! that tells the router's page from an app's needs to know one shape only.
//!
//! Not played: middlewares, TCP and UDP routers, the service scheme, and Traefik's 404 for a router whose service has
//! no running task (here a 503).

pub mod backends;
pub mod certificates;
mod forward;
pub mod matcher;
pub(crate) mod own_pages;
pub mod rules;
pub mod serve;
pub mod tls;
pub mod watch;
