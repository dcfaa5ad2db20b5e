//! HTTP towards apps: requests that never follow redirects, transport failures told apart from statuses, and waits
//! that retry what may pass (no answer, 5xx) and not what will not (4xx). Main types: [`Client`], [`Answer`].

mod answer;
mod client;
mod converge;
mod cookies;
mod fallback;
mod in_process;

pub use answer::{Answer, HttpError, NotJson};
pub use client::{Client, ClientError, Route};
pub use converge::{Verdict, assert_converges, wait_for_http};
pub use fallback::{DEFAULT_CERTIFICATE, ROUTER_404, RouterPage, router_page};
pub use in_process::{Asked, Responder};
pub use reqwest::{Method, RequestBuilder};
