//! Logins: to the Gitea and back.

use serde_json::Value;

use super::accounts::Known;
use super::coded::{digest, form, query};
use super::database::Broken;
use super::sessions::{cookie, opened};
use super::settings::Settings;
use super::{Drone, response};
use crate::world::{Inside, Request, Response};

/// The cookie of a login under way.
const STATE: &str = "_oauth_state_";

/// How many logins began: no two have the same state.
const BEGUN: &str = "/tmp/drone/begun";

impl Drone {
    /// Sends somebody to the Gitea, or takes them back from there.
    pub(super) fn log_in(
        &self,
        inside: &mut Inside<'_>,
        request: &Request,
    ) -> Result<Response, Broken> {
        let settings = Settings::read(inside);
        let said = query(&request.path);
        let of = |name: &str| said.get(name).map(String::as_str).unwrap_or_default();
        if !of("error").is_empty() {
            return Ok(failed(of("error")));
        }
        if of("code").is_empty() {
            return Ok(begun(inside, &settings));
        }
        let back = match cookie(request, STATE) {
            None => failed("http: named cookie not present"),
            Some(state) if state != of("state") => failed("Invalid state"),
            Some(state) => match known(inside, &settings, of("code"), state) {
                Err(why) => failed(&why),
                Ok(known) => match self.admit(inside, &known)? {
                    Some(account) => opened(see_other("/"), &settings, &account.login),
                    None => failed("sql: no rows in result set"),
                },
            },
        };
        Ok(with_state(back, "", 0))
    }
}

fn begun(inside: &mut Inside<'_>, settings: &Settings) -> Response {
    let before = inside.read(BEGUN).map(<[u8]>::len).unwrap_or_default();
    let written = inside.write_new(BEGUN, vec![b'.'; before + 1]);
    debug_assert!(written.is_ok(), "a container's own files can be written");
    let state = &digest(&format!("{} {before} {}", settings.seal, inside.now))[..16];
    let asked = form(&[
        ("client_id", &settings.client),
        ("redirect_uri", &format!("{}/login", settings.address)),
        ("response_type", "code"),
        ("state", state),
    ]);
    let to = see_other(&format!("{}/login/oauth/authorize?{asked}", settings.gitea));
    with_state(to, state, 1800)
}

/// Exchanges a code, and asks the Gitea whose it is; else says why nobody is known.
fn known(
    inside: &mut Inside<'_>,
    settings: &Settings,
    code: &str,
    state: &str,
) -> Result<Known, String> {
    let asked = form(&[
        ("grant_type", "authorization_code"),
        ("code", code),
        ("client_id", &settings.client),
        ("client_secret", &settings.secret),
        ("state", state),
        ("redirect_uri", &format!("{}/login", settings.address)),
    ]);
    let kind = ("content-type", "application/x-www-form-urlencoded".to_owned());
    let at = "/login/oauth/access_token";
    let (status, tokens) = ask(inside, &settings.gitea, ("POST", at), kind, asked.into_bytes())?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    if status > 299 {
        return Err(format!("{}: {}", text(&tokens["error"]), text(&tokens["error_description"])));
    }
    let access = text(&tokens["access_token"]);
    let shown = ("authorization", format!("Bearer {access}"));
    let (status, user) = ask(inside, &settings.gitea, ("GET", "/api/v1/user"), shown, Vec::new())?;
    if status > 299 {
        return Err(text(&user["message"]));
    }
    Ok(Known {
        login: text(&user["login"]),
        email: text(&user["email"]),
        avatar: text(&user["avatar_url"]),
        access,
        refresh: text(&tokens["refresh_token"]),
        expires: inside.now.as_second() + tokens["expires_in"].as_i64().unwrap_or(0),
    })
}

/// Asks the Gitea for JSON; else says why there is no answer.
fn ask(
    inside: &mut Inside<'_>,
    gitea: &str,
    (method, path): (&str, &str),
    (name, value): (&str, String),
    body: Vec<u8>,
) -> Result<(u16, Value), String> {
    let host = gitea.strip_prefix("https://").unwrap_or_default();
    let headers = vec![("host".to_owned(), host.to_owned()), (name.to_owned(), value)];
    let request = Request { method: method.to_owned(), path: path.to_owned(), headers, body };
    let answer = inside.visit(host, &request);
    let answer = answer.ok_or_else(|| format!("{method} \"{gitea}{path}\": connection refused"))?;
    Ok((answer.status, serde_json::from_slice(&answer.body).unwrap_or_default()))
}

/// Leads to the page that shows why a login came to nothing.
fn failed(why: &str) -> Response {
    see_other(&format!("/login/error?message={why}"))
}

fn see_other(to: &str) -> Response {
    let mut answer = response(303, "text/html; charset=utf-8", "");
    answer.headers.push(("location".to_owned(), to.to_owned()));
    answer
}

fn with_state(mut answer: Response, state: &str, lasts: u32) -> Response {
    answer.headers.push(("set-cookie".to_owned(), format!("{STATE}={state}; Max-Age={lasts}")));
    answer
}
