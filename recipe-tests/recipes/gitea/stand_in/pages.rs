//! Pages, as far as they are asked for: signing in, a repository, what is not there.

use std::collections::BTreeMap;

use serde_json::json;

use super::api::{Asker, Refused, escaped, sent};
use super::database::{Unanswered, digest};
use super::people::User;
use super::{DATA, Gitea, header, landing, response};
use crate::world::{Inside, Request, Response};

/// The cookie of a session.
const COOKIE: &str = "i_like_gitea";

/// Where sessions are: in the process's memory, which no volume holds.
const SESSIONS: &str = "/tmp/gitea/sessions";

/// Where is what somebody is told on the next page.
const FLASHES: &str = "/tmp/gitea/flashes";

impl Gitea {
    /// Says whether the database is there.
    pub(super) fn health(&self, inside: &mut Inside<'_>) -> Response {
        let passes = self.ask(inside, "SELECT 1").is_ok();
        let (status, word) = if passes { (200, "pass") } else { (503, "fail") };
        let time = inside.now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let checks = json!({"cache:ping": [{"status": "pass", "time": time}],
            "database:ping": [{"status": word, "time": time}]});
        let mut said = sent(
            status,
            &json!({"status": word, "description": Self::name(inside), "checks": checks}),
        );
        "application/json".clone_into(&mut said.headers[0].1);
        said
    }

    /// Forgets who is signed in: a new process.
    pub(super) fn forget_sessions(&self, inside: &mut Inside<'_>) {
        for path in inside.below(SESSIONS) {
            let removed = inside.remove(&path);
            debug_assert!(removed.is_ok(), "a container's own files can be removed");
        }
    }

    pub(super) fn html(inside: &Inside<'_>, status: u16, title: &str, body: &str) -> Response {
        let name = escaped(&Self::name(inside));
        let title = if title.is_empty() { name } else { format!("{} - {name}", escaped(title)) };
        let text = format!(
            "<!DOCTYPE html>\n<html lang=\"en-US\"><head><title>{title}</title></head><body>{body}</body></html>\n"
        );
        response(status, "text/html; charset=utf-8", text)
    }

    /// Answers outside of the API and of git.
    pub(super) fn page(
        &self,
        inside: &mut Inside<'_>,
        parts: &[&str],
        request: &Request,
    ) -> Response {
        let asker = self.signed_in(inside, request);
        let page = asker.and_then(|asker| self.page_for(inside, &asker, parts, request));
        match page {
            Ok(Some(page)) => page,
            Ok(None) if !header(request, "accept").is_some_and(|a| a.contains("text/html")) => {
                response(404, "text/plain;charset=utf-8", "Not found.\n")
            }
            Ok(None) => {
                let body = "<p>The page you are trying to reach either does not exist or you are not authorized to view it.</p>";
                Self::html(inside, 404, "Page Not Found", body)
            }
            Err(refused) => Self::refusal(inside, refused),
        }
    }

    /// Returns the page that says why something is refused.
    pub(super) fn refusal(inside: &Inside<'_>, Refused(status, text): Refused) -> Response {
        match status {
            500 => Self::html(inside, 500, "Internal Server Error", "<h1>500</h1>"),
            status => response(status, "text/plain; charset=utf-8", text),
        }
    }

    /// Returns who asks: by a session, or as the API does.
    pub(super) fn signed_in(
        &self,
        inside: &mut Inside<'_>,
        request: &Request,
    ) -> Result<Asker, Refused> {
        let session = session(request);
        let id = session.and_then(|session| inside.read(&format!("{SESSIONS}/{session}")));
        match id.map(|id| String::from_utf8_lossy(id).into_owned()) {
            Some(id) => {
                let user = self.user_where(inside, &format!("id = {id}"))?;
                Ok(Asker::by_session(user))
            }
            None => self.asker(inside, request),
        }
    }

    fn page_for(
        &self,
        inside: &mut Inside<'_>,
        asker: &Asker,
        parts: &[&str],
        request: &Request,
    ) -> Result<Option<Response>, Refused> {
        Ok(Some(match (request.method.as_str(), parts) {
            ("GET", []) => {
                let name = escaped(&Self::name(inside));
                let body = format!("<h1>{name}</h1><a href=\"/user/login\">Sign In</a>");
                Self::html(inside, 200, "Home", &body)
            }
            ("GET", ["user", "login"]) => {
                let links = self.links(inside)?;
                let page = Self::html(inside, 200, "Sign In", &format!("{}{links}", form("")));
                landing::remembered(page, request)
            }
            ("GET", ["user", "oauth2", name]) => self.begin_login(inside, name)?,
            ("GET", ["user", "oauth2", name, "callback"]) => {
                match self.end_login(inside, name, request)? {
                    Ok(user) => Self::open_session(inside, &user, request),
                    Err(why) => Self::html(inside, 200, "Sign In", &form(&flash(&why))),
                }
            }
            ("POST", ["user", "login"]) => self.sign_in(inside, request)?,
            ("GET", ["user", "sign_up"]) => {
                let body =
                    "<p>Registration is disabled. Please contact your site administrator.</p>";
                Self::html(inside, 200, "Register", body)
            }
            ("POST", ["user", "sign_up"]) => return self.sign_up(inside).map(Some),
            ("GET", ["user", "settings"]) => match &asker.user {
                Some(user) => {
                    let name = escaped(&user.name);
                    let body = format!("<input id=\"username\" name=\"name\" value=\"{name}\">");
                    Self::html(inside, 200, "Profile", &body)
                }
                None => see_other("/user/login"),
            },
            (method, ["user", "settings", "applications"]) => match &asker.user {
                Some(user) if method == "POST" => self.make_own_token(inside, user, request)?,
                Some(user) => {
                    let at = format!("{FLASHES}/{}", user.id);
                    let told = inside.read(&at).map(|t| String::from_utf8_lossy(t).into_owned());
                    let told = told.filter(|_| inside.remove(&at).is_ok());
                    let told = told.map(|token| format!("<div class=\"ui info message flash-message flash-info\"><p>{token}</p></div>"));
                    Self::html(inside, 200, "Applications", &told.unwrap_or_default())
                }
                None => see_other("/user/login"),
            },
            ("GET", ["login", "oauth", "keys"]) => self.keys(inside)?,
            ("GET", ["attachments", uuid]) => match self.attachment(inside, asker, uuid)? {
                Some((name, content)) => {
                    let mut file = response(200, "text/plain; charset=utf-8", content);
                    let shown = format!("inline; filename=\"{name}\"");
                    file.headers.push(("content-disposition".to_owned(), shown));
                    file
                }
                None => return Ok(None),
            },
            ("GET", [owner, name, rest @ ..]) => {
                let found = self.find(inside, owner, name)?;
                let Some(found) = found.filter(|found| found.is_seen_by(asker)) else {
                    return Ok(None);
                };
                match rest {
                    ["raw", "branch", branch, file] if *branch == found.branch => {
                        let Some((_, content)) = found.file(inside, file) else { return Ok(None) };
                        response(200, "text/plain; charset=utf-8", content)
                    }
                    [] => {
                        let readme = found.file(inside, "README.md");
                        let readme = readme.map(|(_, content)| content).unwrap_or_default();
                        let title = format!("{}/{}", found.owner, found.name);
                        let body = readme_shown(&String::from_utf8_lossy(&readme));
                        Self::html(inside, 200, &title, &body)
                    }
                    _ => return Ok(None),
                }
            }
            _ => return Ok(None),
        }))
    }

    fn sign_in(&self, inside: &mut Inside<'_>, request: &Request) -> Result<Response, Unanswered> {
        let body = String::from_utf8_lossy(&request.body).into_owned();
        let of = |name: &str| {
            let pairs = body.split('&').filter_map(|pair| pair.split_once('='));
            pairs.into_iter().find(|(n, _)| *n == name).map(|(_, value)| plain(value))
        };
        let (name, password) =
            (of("user_name").unwrap_or_default(), of("password").unwrap_or_default());
        let Some(user) = self.by_password(inside, &name, &password)? else {
            let flash = flash("Username or password is incorrect.");
            return Ok(Self::html(inside, 200, "Sign In", &form(&flash)));
        };
        Ok(Self::open_session(inside, &user, request))
    }

    /// Makes a token of who is signed in, and tells it once.
    fn make_own_token(
        &self,
        inside: &mut Inside<'_>,
        user: &User,
        request: &Request,
    ) -> Result<Response, Refused> {
        let body = String::from_utf8_lossy(&request.body).into_owned();
        let pairs: Vec<(&str, String)> = body
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (name, plain(value)))
            .collect();
        let label = pairs.iter().find(|(name, _)| *name == "name").map(|(_, value)| value.as_str());
        let scopes = pairs.iter().filter(|(name, _)| name.starts_with("scope-"));
        let scopes: Vec<&str> = scopes.map(|(_, value)| value.as_str()).collect();
        let token = self.store_token(inside, user, label.unwrap_or_default(), &scopes)?.1;
        let written = inside.write_new(&format!("{FLASHES}/{}", user.id), token.into_bytes());
        debug_assert!(written.is_ok(), "a container's own files can be written");
        Ok(see_other("/user/settings/applications"))
    }

    /// Shows where logins through other providers begin.
    fn links(&self, inside: &mut Inside<'_>) -> Result<String, Unanswered> {
        let link = |name: String| {
            let name = escaped(&name);
            format!("<a class=\"ui button\" href=\"/user/oauth2/{name}\">Sign in with {name}</a>")
        };
        Ok(self.sources(inside)?.into_iter().map(link).collect())
    }

    /// Signs somebody in and leads to what was asked for before.
    fn open_session(inside: &mut Inside<'_>, user: &User, request: &Request) -> Response {
        let count = inside.below(SESSIONS).len();
        let session = digest(&format!("{} {count} {}", user.id, inside.now));
        let session = &session[..16];
        let written =
            inside.write_new(&format!("{SESSIONS}/{session}"), user.id.as_bytes().to_vec());
        debug_assert!(written.is_ok(), "a container's own files can be written");
        let mut to = landing::landing(request);
        let cookie = format!("{COOKIE}={session}; Path=/; HttpOnly; SameSite=Lax");
        to.headers.push(("set-cookie".to_owned(), cookie));
        to
    }

    fn sign_up(&self, inside: &Inside<'_>) -> Result<Response, Refused> {
        let closed = Self::setting(inside, "service", "DISABLE_REGISTRATION");
        let text = if closed.is_some_and(|closed| closed == "true") {
            "Forbidden"
        } else {
            "an open registration is not played by a stand-in"
        };
        Err(Refused(403, text.to_owned()))
    }

    /// Shows the public half of what its tokens are signed with.
    fn keys(&self, inside: &Inside<'_>) -> Result<Response, Refused> {
        let key = inside.read(&format!("{DATA}/jwt/private.pem"));
        let key = key.ok_or_else(|| Refused(500, "no key".to_owned()))?;
        let public = digest(&String::from_utf8_lossy(key));
        let shown = json!({"kty": "RSA", "alg": "RS256", "use": "sig", "e": "AQAB",
            "kid": &public[..40], "n": public});
        Ok(sent(200, &json!({"keys": [shown]})))
    }
}

/// Returns the session that a request names.
pub(super) fn session(request: &Request) -> Option<&str> {
    let session = cookie(request, COOKIE)?;
    Some(session).filter(|session| session.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// Returns the value of a cookie.
pub(super) fn cookie<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    let cookies = header(request, "cookie").unwrap_or_default().split("; ");
    let mut pairs = cookies.filter_map(|cookie| cookie.split_once('='));
    pairs.find(|(n, _)| *n == name).map(|(_, value)| value)
}

/// Returns the fields of a form or a query.
pub(super) fn fields(text: &str) -> BTreeMap<String, String> {
    let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (plain(name), plain(value))).collect()
}

fn form(flash: &str) -> String {
    format!(
        "{flash}<form class=\"ui form\" action=\"/user/login\" method=\"post\"><input id=\"user_name\" type=\"text\" name=\"user_name\"><input id=\"password\" name=\"password\" type=\"password\"><button class=\"ui primary button\">Sign In</button></form>"
    )
}

fn flash(text: &str) -> String {
    let text = escaped(text);
    format!("<div class=\"ui negative message flash-error\"><p>{text}</p></div>")
}

pub(super) fn see_other(to: &str) -> Response {
    let mut answer = response(303, "text/html; charset=utf-8", "");
    answer.headers.push(("location".to_owned(), to.to_owned()));
    answer
}

/// Shows a text with headings as a page does.
fn readme_shown(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.is_empty());
    let shown = lines.map(|line| match line.strip_prefix("# ") {
        Some(heading) => format!("<h1 dir=\"auto\">{}</h1>", escaped(heading)),
        None => format!("<p dir=\"auto\">{}</p>", escaped(line)),
    });
    format!("<div class=\"markup markdown\">{}</div>", shown.collect::<String>())
}

/// Reads a value of a form.
pub(super) fn plain(value: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = value.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        let digits = after.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        let coded = digits.and_then(|two| u8::from_str_radix(two, 16).ok());
        (bytes, rest) = match (byte, coded) {
            (b'%', Some(coded)) => ([bytes, vec![coded]].concat(), &after[2..]),
            (b'+', _) => ([bytes, vec![b' ']].concat(), after),
            _ => ([bytes, vec![*byte]].concat(), after),
        };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
