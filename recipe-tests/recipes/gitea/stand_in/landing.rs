//! Where somebody is led who had to sign in first.

use super::Gitea;
use super::oauth::coded;
use super::pages::{cookie, fields, plain, see_other};
use crate::world::{Request, Response};

/// The cookie, and the parameter, that says where somebody was going.
const GOING_TO: &str = "redirect_to";

impl Gitea {
    /// Sends somebody to sign in who is led back to this page then. 1.26 tells the page of logins where, which remembers
    /// it; older versions remember it at once. Observed with 1.25.5 and 1.26.0.
    pub(super) fn to_login(&self, request: &Request) -> Response {
        let going_to = coded(&request.path);
        if self.minor() >= 26 {
            return see_other(&format!("/user/login?{GOING_TO}={going_to}"));
        }
        remember(see_other("/user/login"), &going_to)
    }
}

/// Lets a page of logins remember where somebody was going, if it is told.
pub(super) fn remembered(page: Response, request: &Request) -> Response {
    let query = request.path.split_once('?').map(|(_, query)| query).unwrap_or_default();
    match fields(query).get(GOING_TO) {
        Some(going_to) => remember(page, &coded(going_to)),
        None => page,
    }
}

/// Leads somebody who has signed in to where they were going, on this host alone; else to the front page.
pub(super) fn landing(request: &Request) -> Response {
    let told = cookie(request, GOING_TO).map(plain).unwrap_or_default();
    let is_here = told.starts_with('/') && !told.starts_with("//");
    let mut to = see_other(if is_here { &told } else { "/" });
    to.headers.push(("set-cookie".to_owned(), format!("{GOING_TO}=; Path=/; Max-Age=0")));
    to
}

fn remember(mut answer: Response, going_to: &str) -> Response {
    let cookie = format!("{GOING_TO}={going_to}; Path=/; HttpOnly; SameSite=Lax");
    answer.headers.push(("set-cookie".to_owned(), cookie));
    answer
}
