//! The API: who asks, what they may, and who answers. Main types: [`Asker`], [`Refused`].

use serde_json::{Value, json};

use super::database::{Unanswered, digest, quoted};
use super::people::User;
use super::{Gitea, base64, header, response};
use crate::world::{Inside, Request, Response};

/// Why a request is refused: its status, and what is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refused(pub(super) u16, pub(super) String);

impl Refused {
    pub(super) fn missing() -> Self {
        Self(404, "not found".to_owned())
    }

    fn unknown() -> Self {
        Self(401, "token is required".to_owned())
    }
}

impl From<Unanswered> for Refused {
    fn from(Unanswered(problem): Unanswered) -> Self {
        Self(500, problem)
    }
}

/// What the API gives, or why it does not.
pub(super) type Given = Result<Response, Refused>;

/// Who asks.
#[derive(Clone, Debug, Default)]
pub(super) struct Asker {
    pub(super) user: Option<User>,
    /// What the token is good for; a password is good for everything.
    scopes: Option<String>,
}

impl Asker {
    /// Returns somebody who may do all that is theirs to do.
    pub(super) const fn by_session(user: Option<User>) -> Self {
        Self { user, scopes: None }
    }

    /// Returns who asks, if it is somebody.
    pub(super) fn somebody(&self) -> Result<&User, Refused> {
        self.user.as_ref().ok_or_else(Refused::unknown)
    }

    /// Refuses a token that is not good for this.
    pub(super) fn may(&self, level: &str, category: &str) -> Result<(), Refused> {
        let Some(scopes) = &self.scopes else { return Ok(()) };
        let wanted = [format!("{level}:{category}"), format!("write:{category}"), "all".to_owned()];
        if scopes.split(',').any(|scope| wanted.iter().any(|one| one == scope)) {
            return Ok(());
        }
        let text = format!(
            "token does not have at least one of required scope(s), required=[{level}:{category}], token scope={scopes}"
        );
        Err(Refused(403, text))
    }
}

/// Returns a value as the API sends it.
pub(super) fn sent(status: u16, value: &Value) -> Response {
    response(status, "application/json;charset=utf-8", value.to_string())
}

/// Returns what a request posts.
pub(super) fn body(request: &Request) -> Result<Value, Refused> {
    serde_json::from_slice(&request.body).map_err(|e| Refused(422, e.to_string()))
}

impl Gitea {
    /// Answers below `/api/v1/`.
    pub(super) fn api(
        &self,
        inside: &mut Inside<'_>,
        parts: &[&str],
        request: &Request,
    ) -> Response {
        self.given(inside, parts, request).unwrap_or_else(|Refused(status, message)| {
            let url = format!("{}/api/swagger", Self::url(inside));
            sent(status, &json!({"message": message, "url": url}))
        })
    }

    fn given(&self, inside: &mut Inside<'_>, parts: &[&str], request: &Request) -> Given {
        let asker = self.asker(inside, request)?;
        let level = if request.method == "GET" { "read" } else { "write" };
        match (request.method.as_str(), parts) {
            ("GET", ["version"]) => Ok(sent(200, &json!({"version": self.version}))),
            ("POST", ["markdown", "raw"]) => {
                asker.somebody()?;
                asker.may(level, "misc")?;
                Ok(response(200, "text/html; charset=utf-8", rendered(&request.body)))
            }
            (_, ["user", "repos"]) => {
                asker.somebody()?;
                asker.may(level, "user")?;
                asker.may(level, "repository")?;
                self.make_repository(inside, &asker, request)
            }
            (_, ["user", "applications", "oauth2", rest @ ..]) => {
                self.applications(inside, &asker, rest, request)
            }
            (_, ["user"] | ["users" | "admin", ..]) => self.people(inside, &asker, parts, request),
            (_, ["repos", owner, name, rest @ ..]) => {
                let category = if rest.first() == Some(&"issues") { "issue" } else { "repository" };
                asker.may(level, category)?;
                let found = self.find(inside, owner, name)?;
                let found = found.filter(|found| found.is_seen_by(&asker));
                let found = found.ok_or_else(Refused::missing)?;
                match rest {
                    ["issues", rest @ ..] => self.issues(inside, &found, &asker, rest, request),
                    ["pulls", rest @ ..] => self.pulls(inside, &found, &asker, rest, request),
                    ["hooks", rest @ ..] => self.hooks(inside, &found, &asker, rest, request),
                    rest => self.repository(inside, &found, &asker, rest, request),
                }
            }
            _ => Err(Refused::missing()),
        }
    }

    /// Returns who asks: nobody, someone by the password, or someone by a token. What is wrong is refused.
    pub(super) fn asker(
        &self,
        inside: &mut Inside<'_>,
        request: &Request,
    ) -> Result<Asker, Refused> {
        let wrong = || Refused(401, "invalid username, password or token".to_owned());
        let Some(said) = header(request, "authorization") else { return Ok(Asker::default()) };
        let (kind, value) = said.split_once(' ').unwrap_or_default();
        if !kind.eq_ignore_ascii_case("basic") {
            return self.by_token(inside, value)?.ok_or_else(wrong);
        }
        let pair = base64::decode(value).unwrap_or_default();
        let pair = String::from_utf8_lossy(&pair).into_owned();
        let (name, password) = pair.split_once(':').unwrap_or_default();
        if let Some(asker) = self.by_token(inside, password)? {
            return Ok(asker);
        }
        let user = self.by_password(inside, name, password)?.ok_or_else(wrong)?;
        Ok(Asker::by_session(Some(user)))
    }

    fn by_token(&self, inside: &mut Inside<'_>, token: &str) -> Result<Option<Asker>, Refused> {
        if let Some(user) = self.by_access_token(inside, token)? {
            // An app may do what the person may who let it in.
            return Ok(Some(Asker::by_session(Some(user))));
        }
        let hash = quoted(&digest(token));
        let sql = format!("SELECT uid, scope FROM access_token WHERE token_hash = {hash}");
        let Some(row) = self.row(inside, &sql)? else { return Ok(None) };
        let user = self.user_where(inside, &format!("id = {}", row[0]))?;
        Ok(user.map(|user| Asker { user: Some(user), scopes: Some(row[1].clone()) }))
    }
}

/// Shows a text as a paragraph of a page.
fn rendered(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    format!("<p>{}</p>\n", escaped(&text))
}

/// Writes a text as a page has it.
pub(super) fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('"', "&#34;")
}
