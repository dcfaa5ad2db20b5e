//! The admin API: setting up, sessions, integrations. What it keeps is in the database.

use serde_json::{Value, json};

use super::database::{Unanswered, digest, quoted};
use super::{Ghost, response};
use crate::world::{Inside, Request, Response};

/// The cookie of a session.
const COOKIE: &str = "ghost-admin-api-session";

/// Why a request is refused: status, type, code, message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refused(
    pub(super) u16,
    pub(super) &'static str,
    pub(super) &'static str,
    pub(super) String,
);

impl From<Unanswered> for Refused {
    fn from(Unanswered(problem): Unanswered) -> Self {
        Self(500, "InternalServerError", "UNEXPECTED_ERROR", problem)
    }
}

/// What an API gives, or why it does not.
pub(super) type Given = Result<Response, Refused>;

/// Returns a value as the APIs send it.
pub(super) fn sent(status: u16, value: &Value) -> Response {
    response(status, "application/json; charset=utf-8", value.to_string())
}

pub(super) fn refusal(Refused(status, kind, code, message): Refused) -> Response {
    let code = if code.is_empty() { Value::Null } else { json!(code) };
    sent(status, &json!({"errors": [{"message": message, "type": kind, "code": code}]}))
}

pub(super) fn missing(what: &str) -> Refused {
    Refused(404, "NotFoundError", "", format!("{what} not found."))
}

pub(super) fn invalid(message: &str) -> Refused {
    Refused(422, "ValidationError", "", message.to_owned())
}

impl Ghost {
    /// Answers below `/ghost/api/admin/`.
    pub(super) fn admin(&self, inside: &mut Inside<'_>, name: &str, request: &Request) -> Response {
        let parts: Vec<&str> = name.split('/').filter(|p| !p.is_empty()).collect();
        let given = match (request.method.as_str(), parts.as_slice()) {
            ("GET", ["site"]) => Ok(self.site(inside)),
            ("GET", ["authentication", "setup"]) => self
                .is_set_up(inside)
                .map(|is| sent(200, &json!({"setup": [{"status": is}]})))
                .map_err(Refused::from),
            ("POST", ["authentication", "setup"]) => self.set_up(inside, request),
            ("POST", ["session"]) => self.log_in(inside, request),
            _ => self.as_user(inside, &parts, request),
        };
        given.unwrap_or_else(refusal)
    }

    /// It answers whatever became of the database.
    fn site(&self, inside: &mut Inside<'_>) -> Response {
        let title = self.first(inside, "SELECT value FROM settings WHERE `key` = 'title'");
        let url = Self::setting(inside, "url").unwrap_or_default();
        sent(
            200,
            &json!({"site": {
                "title": title.ok().flatten().unwrap_or_else(|| "Ghost".to_owned()),
                "description": "Thoughts, stories and ideas", "logo": null,
                "url": format!("{url}/"), "version": self.short(),
            }}),
        )
    }

    fn is_set_up(&self, inside: &mut Inside<'_>) -> Result<bool, Unanswered> {
        Ok(self.first(inside, "SELECT COUNT(*) FROM users")?.is_some_and(|n| n != "0"))
    }

    fn set_up(&self, inside: &mut Inside<'_>, request: &Request) -> Given {
        if self.is_set_up(inside)? {
            let text = "Setup has already been completed.".to_owned();
            return Err(Refused(403, "NoPermissionError", "", text));
        }
        let body = body(request)?;
        let of = |name: &str| body["setup"][0][name].as_str().unwrap_or_default().to_owned();
        let (name, email, password, title) =
            (of("name"), of("email"), of("password"), of("blogTitle"));
        if name.is_empty() || !email.contains('@') {
            return Err(invalid("Value in [users.email] cannot be blank."));
        }
        if password.chars().count() < 10 {
            return Err(invalid("Your password must be at least 10 characters long."));
        }
        let id = self.token(inside, "users", &email)?;
        let (id, hash) = (&id[..24], digest(&password));
        let sql = format!(
            "INSERT INTO users (id, name, email, password) VALUES ('{id}', {}, {}, '{hash}'); UPDATE settings SET value = {} WHERE `key` = 'title'",
            quoted(&name),
            quoted(&email),
            quoted(&title),
        );
        self.ask(inside, &sql)?;
        Ok(sent(201, &json!({"users": [{"id": id, "name": name, "email": email}]})))
    }

    fn log_in(&self, inside: &mut Inside<'_>, request: &Request) -> Given {
        let body = body(request)?;
        let of = |name: &str| body[name].as_str().unwrap_or_default();
        let (user, password) = (of("username"), of("password"));
        let found = format!("SELECT id, password FROM users WHERE email = {}", quoted(user));
        let found = self.ask(inside, &found)?;
        let Some(row) = found.first() else {
            let text = "There is no user with that email address.".to_owned();
            return Err(Refused(404, "NotFoundError", "", text));
        };
        if row[1] != digest(password) {
            let text = "Your password is incorrect.".to_owned();
            return Err(Refused(422, "ValidationError", "PASSWORD_INCORRECT", text));
        }
        let session = self.token(inside, "sessions", user)?;
        let origin = header(request, "origin").unwrap_or_default();
        let sql =
            format!("INSERT INTO sessions VALUES ('{session}', '{}', {})", row[0], quoted(origin));
        self.ask(inside, &sql)?;
        let mut created = response(201, "text/plain; charset=utf-8", "Created");
        let cookie = format!("{COOKIE}={session}; Path=/ghost; HttpOnly; Secure; SameSite=None");
        created.headers.push(("set-cookie".to_owned(), cookie));
        Ok(created)
    }

    /// Returns the id of the user whose session the request belongs to.
    fn user(&self, inside: &mut Inside<'_>, request: &Request) -> Result<String, Refused> {
        let cookies = header(request, "cookie").unwrap_or_default();
        let session = cookies.split("; ").find_map(|c| c.strip_prefix(COOKIE)?.strip_prefix('='));
        let stranger = || {
            let text = "Authorization failed".to_owned();
            Refused(403, "NoPermissionError", "", text)
        };
        let session = quoted(session.ok_or_else(stranger)?);
        let found = format!("SELECT user_id, origin FROM sessions WHERE id = {session}");
        let found = self.ask(inside, &found)?;
        let row = found.first().ok_or_else(stranger)?;
        match header(request, "origin") {
            Some(origin) if origin != row[1] && !row[1].is_empty() => {
                let text = format!(
                    "Request made from incorrect origin. Expected '{}' received '{origin}'.",
                    row[1]
                );
                Err(Refused(400, "BadRequestError", "", text))
            }
            Some(_) | None => Ok(row[0].clone()),
        }
    }

    /// Answers what only a user may ask.
    fn as_user(&self, inside: &mut Inside<'_>, parts: &[&str], request: &Request) -> Given {
        let user = self.user(inside, request)?;
        match (request.method.as_str(), parts) {
            ("GET", ["users", "me"]) => {
                let found =
                    format!("SELECT id, name, email FROM users WHERE id = {}", quoted(&user));
                let found = self.ask(inside, &found)?;
                let row = found.first().ok_or_else(|| missing("User"))?;
                Ok(sent(200, &json!({"users": [{"id": row[0], "name": row[1], "email": row[2]}]})))
            }
            ("DELETE", ["session"]) => {
                self.ask(
                    inside,
                    &format!("DELETE FROM sessions WHERE user_id = {}", quoted(&user)),
                )?;
                Ok(response(204, "text/plain; charset=utf-8", ""))
            }
            ("POST", ["integrations"]) => self.integrate(inside, request),
            ("POST", ["images", "upload"]) => self.upload(inside, request),
            (_, ["posts", rest @ ..]) => self.posts(inside, rest, request),
            _ => Err(missing("Resource")),
        }
    }

    fn integrate(&self, inside: &mut Inside<'_>, request: &Request) -> Given {
        let body = body(request)?;
        let name = body["integrations"][0]["name"].as_str().filter(|n| !n.is_empty());
        let name = name.ok_or_else(|| invalid("Value in [integrations.name] cannot be blank."))?;
        let token = self.token(inside, "integrations", name)?;
        let (id, key) = (&token[..24], &token[24..50]);
        let sql = format!("INSERT INTO integrations VALUES ('{id}', {}, '{key}')", quoted(name));
        self.ask(inside, &sql)?;
        let keys = json!([{"id": id, "type": "content", "secret": key}]);
        Ok(sent(201, &json!({"integrations": [{"id": id, "name": name, "api_keys": keys}]})))
    }
}

pub(super) fn header<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
}

/// Reads the body as JSON, which is all that these APIs take.
pub(super) fn body(request: &Request) -> Result<Value, Refused> {
    let broken = || {
        let text = "Unexpected token in JSON".to_owned();
        Refused(400, "BadRequestError", "", text)
    };
    let kind = header(request, "content-type").unwrap_or_default();
    if !kind.starts_with("application/json") {
        return Err(broken());
    }
    serde_json::from_slice(&request.body).map_err(|_| broken())
}
