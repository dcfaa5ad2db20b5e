//! People let an application know who they are: the page that asks, and the code that it gets. Statuses and words as
//! observed with 1.25.5 and 1.26.0.

use serde::{Deserialize, Serialize};

use super::Gitea;
use super::api::{Refused, escaped};
use super::applications::Application;
use super::database::{Unanswered, digest, quoted};
use super::oauth::form;
use super::pages::{fields, see_other, session};
use crate::world::{Inside, Request, Response};

/// What people are asked is kept beside their sessions.
const ASKED: &str = "/tmp/gitea/asked";

/// So many seconds a code is good for.
const CODE_LASTS: i64 = 600;

/// What an application asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
struct Asked {
    client_id: String,
    redirect_uri: String,
    state: String,
    scope: String,
    code_challenge: String,
    code_challenge_method: String,
}

impl Asked {
    /// Leads back to the application with an error.
    fn back(&self, error: &str, description: &str) -> Response {
        let said = [("error", error), ("error_description", description), ("state", &self.state)];
        self.lead(&form(&said))
    }

    fn lead(&self, query: &str) -> Response {
        let sign = if self.redirect_uri.contains('?') { '&' } else { '?' };
        see_other(&format!("{}{sign}{query}", self.redirect_uri))
    }
}

impl Gitea {
    /// Answers an endpoint below `/login/oauth/`.
    pub(super) fn provide(
        &self,
        inside: &mut Inside<'_>,
        endpoint: &str,
        request: &Request,
    ) -> Response {
        let answered = match (request.method.as_str(), endpoint) {
            ("GET", "authorize") => self.authorize(inside, request),
            ("POST", "grant") => self.grant(inside, request),
            ("POST", "access_token") => self.access_token(inside, request),
            ("GET", "userinfo") => self.user_info(inside, request),
            _ => Err(Refused(404, "Not found.\n".to_owned())),
        };
        answered.unwrap_or_else(|refused| Self::refusal(inside, refused))
    }

    /// Asks somebody whether an application may know who they are, unless they said so before.
    fn authorize(&self, inside: &mut Inside<'_>, request: &Request) -> Result<Response, Refused> {
        let Some(user) = self.signed_in(inside, request)?.user else {
            return Ok(self.to_login(request));
        };
        let query = request.path.split_once('?').map(|(_, query)| query).unwrap_or_default();
        let mut query = fields(query);
        let mut of = |name: &str| query.remove(name).unwrap_or_default();
        let kind = of("response_type");
        let asked = Asked {
            client_id: of("client_id"),
            redirect_uri: of("redirect_uri"),
            state: of("state"),
            scope: of("scope"),
            code_challenge: of("code_challenge"),
            code_challenge_method: of("code_challenge_method"),
        };
        let Some(app) = self.application(inside, &asked.client_id)? else {
            return Ok(failed(inside, "Client ID not registered"));
        };
        if !app.leads_to(&asked.redirect_uri) {
            return Ok(failed(inside, "Unregistered Redirect URI"));
        }
        if kind != "code" {
            let text = "Only code response type is supported.";
            return Ok(asked.back("unsupported_response_type", text));
        }
        match asked.code_challenge_method.as_str() {
            "S256" | "plain" => {}
            "" if app.is_confidential => {}
            "" => return Ok(asked.back("invalid_request", "PKCE is required for public clients")),
            _ => return Ok(asked.back("invalid_request", "unsupported code challenge method")),
        }
        let granted = self.grant_of(inside, &app, &user.id)?;
        if let Some(grant) = granted.filter(|_| app.is_confidential) {
            return Ok(self.led_back(inside, &grant, &asked)?);
        }
        let kept = serde_json::to_vec(&asked).unwrap_or_default();
        let session = session(request).unwrap_or_default();
        let written = inside.write_new(&format!("{ASKED}/{session}"), kept);
        debug_assert!(written.is_ok(), "a container's own files can be written");
        Ok(Self::html(inside, 200, "", &page(&app, &asked)))
    }

    /// Takes what somebody said of an application.
    fn grant(&self, inside: &mut Inside<'_>, request: &Request) -> Result<Response, Refused> {
        let Some(user) = self.signed_in(inside, request)?.user else {
            return Ok(see_other("/user/login"));
        };
        let said = fields(&String::from_utf8_lossy(&request.body));
        let of = |name: &str| said.get(name).map(String::as_str).unwrap_or_default();
        let kept = session(request).and_then(|session| inside.read(&format!("{ASKED}/{session}")));
        let asked: Asked =
            kept.and_then(|kept| serde_json::from_slice(kept).ok()).unwrap_or_default();
        let is_the_same = of("client_id") == asked.client_id
            && of("redirect_uri") == asked.redirect_uri
            && of("state") == asked.state;
        if !is_the_same || asked.client_id.is_empty() {
            return Err(Refused(400, "Bad Request".to_owned()));
        }
        if of("granted") != "true" {
            return Ok(asked.back("access_denied", "the request is denied"));
        }
        let app = self.application(inside, &asked.client_id)?;
        let app = app.ok_or_else(|| Refused(500, "no such application".to_owned()))?;
        let grant = match self.grant_of(inside, &app, &user.id)? {
            Some(grant) => grant,
            None => {
                let columns = [
                    ("user_id", user.id.clone()),
                    ("application_id", app.id.clone()),
                    ("scope", quoted(&asked.scope)),
                ];
                self.insert(inside, "oauth2_grant", &columns)?
            }
        };
        Ok(self.led_back(inside, &grant, &asked)?)
    }

    /// Returns the number of what somebody granted an application.
    fn grant_of(
        &self,
        inside: &mut Inside<'_>,
        app: &Application,
        user: &str,
    ) -> Result<Option<String>, Unanswered> {
        let sql = format!(
            "SELECT id FROM oauth2_grant WHERE application_id = {} AND user_id = {user}",
            app.id
        );
        self.first(inside, &sql)
    }

    /// Leads back to the application with a new code.
    fn led_back(
        &self,
        inside: &mut Inside<'_>,
        grant: &str,
        asked: &Asked,
    ) -> Result<Response, Unanswered> {
        let drawn = self.token(inside, "oauth2_authorization_code", &asked.state)?;
        let code = format!("gta_{}", &digest(&format!("{drawn} {}", asked.client_id))[..52]);
        let columns = [
            ("grant_id", grant.to_owned()),
            ("code", quoted(&code)),
            ("code_challenge", quoted(&asked.code_challenge)),
            ("code_challenge_method", quoted(&asked.code_challenge_method)),
            ("redirect_uri", quoted(&asked.redirect_uri)),
            ("valid_until", (inside.now.as_second() + CODE_LASTS).to_string()),
        ];
        self.insert(inside, "oauth2_authorization_code", &columns)?;
        Ok(asked.lead(&form(&[("code", &code), ("state", &asked.state)])))
    }
}

/// Says why an application is not even asked about.
fn failed(inside: &Inside<'_>, why: &str) -> Response {
    let body = format!("<h1>Authorization failed</h1><h3>{why}</h3>");
    Gitea::html(inside, 400, "", &body)
}

/// Asks about an application.
fn page(app: &Application, asked: &Asked) -> String {
    let hidden = [
        ("client_id", &asked.client_id),
        ("state", &asked.state),
        ("scope", &asked.scope),
        ("nonce", &String::new()),
        ("redirect_uri", &asked.redirect_uri),
    ];
    let hidden = hidden.map(|(name, value)| {
        let value = escaped(value);
        format!("<input type=\"hidden\" name=\"{name}\" value=\"{value}\">")
    });
    format!(
        "<h3>Authorize \"{}\" to access your account?</h3><form method=\"post\" action=\"/login/oauth/grant\">{}<button type=\"submit\" id=\"authorize-app\" name=\"granted\" value=\"true\">Authorize Application</button><button type=\"submit\" name=\"granted\" value=\"false\">Cancel</button></form>",
        escaped(&app.name),
        hidden.concat()
    )
}
