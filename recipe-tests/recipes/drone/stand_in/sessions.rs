//! Who asks: by a session's cookie, or by a token.

use super::accounts::Account;
use super::coded::{digest, query};
use super::database::{Broken, quoted};
use super::settings::Settings;
use super::{Drone, header};
use crate::world::{Inside, Request, Response};

/// The cookie of a session.
const COOKIE: &str = "_session_";

impl Drone {
    /// Returns who asks. A token that opens nothing is not made good by a session.
    pub(super) fn asker(
        &self,
        inside: &mut Inside<'_>,
        request: &Request,
    ) -> Result<Option<Account>, Broken> {
        let said = header(request, "authorization").map(str::to_owned);
        if let Some(said) = said.or_else(|| query(&request.path).remove("access_token")) {
            let token = said.strip_prefix("Bearer ").unwrap_or(&said);
            let condition = format!("user_hash = {}", quoted(token));
            return Ok(self.accounts_where(inside, &condition)?.into_iter().next());
        }
        let settings = Settings::read(inside);
        let session = cookie(request, COOKIE).and_then(|value| value.split_once('.'));
        match session.filter(|(login, seal)| *seal == sealed(&settings, login)) {
            Some((login, _)) => self.account(inside, login),
            None => Ok(None),
        }
    }
}

fn sealed(settings: &Settings, login: &str) -> String {
    digest(&format!("{} {login}", settings.seal))
}

/// Opens a session with an answer.
pub(super) fn opened(mut answer: Response, settings: &Settings, login: &str) -> Response {
    let value = format!("{login}.{}", sealed(settings, login));
    let cookie = format!("{COOKIE}={value}; Path=/; Max-Age=2147483647; HttpOnly; SameSite=lax");
    answer.headers.push(("set-cookie".to_owned(), cookie));
    answer
}

/// Ends a session with an answer.
pub(super) fn ended(mut answer: Response) -> Response {
    let cookie = format!("{COOKIE}=deleted; Path=/; Max-Age=0");
    answer.headers.push(("set-cookie".to_owned(), cookie));
    answer
}

/// Returns the value of a cookie.
pub(super) fn cookie<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    let cookies = header(request, "cookie").unwrap_or_default().split("; ");
    let mut pairs = cookies.filter_map(|cookie| cookie.split_once('='));
    pairs.find(|(n, _)| *n == name).map(|(_, value)| value)
}
