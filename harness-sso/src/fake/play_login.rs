//! Plays Keycloak's login: the pages, the form, the way back to the app.

use harness_core::http::{Answer, Asked};
use serde_json::{Value, json};
use url::Url;

use super::play::{Fields, Given, Play, Refused, cookie, form, found, page, query};
use super::play_pages::{asks_for_consent, asks_for_more, error_page, login_page};
use super::play_tokens::{is_unfinished, unknown_scope};
use super::rows::{By, Kind, Row, Unavailable};
use super::wrong::Wrong;

/// Which login a browser is in, and who is logged in.
const LOGIN: &str = "AUTH_SESSION_ID";
const IDENTITY: &str = "KEYCLOAK_IDENTITY";

/// What is kept of a request to log in.
const KEPT: [&str; 5] = ["redirect_uri", "state", "nonce", "scope", "code_challenge"];

impl Play<'_> {
    pub(super) fn authorize(&mut self, asked: &Asked, realm: &Row) -> Given {
        let fields = query(asked);
        let of = |name: &str| fields.get(name).map(String::as_str).unwrap_or_default();
        let client = self.rows.find(Kind::Client, By::Name(&realm.id, of("client_id")))?;
        let Some(client) = client.filter(|client| client.data["enabled"] != false) else {
            return Ok(error_page(realm, "Client not found."));
        };
        if !leads_to(&client, of("redirect_uri")) {
            return Ok(error_page(realm, "Invalid parameter: redirect_uri"));
        }
        if of("response_type") != "code" {
            return Ok(self.back_with_error(realm, &fields, "unsupported_response_type", ""));
        }
        if let Some(Refused(_, body)) = unknown_scope(of("scope")) {
            let text = body["error_description"].as_str().unwrap_or_default();
            return Ok(self.back_with_error(realm, &fields, "invalid_scope", text));
        }
        let kept: serde_json::Map<String, Value> = KEPT
            .iter()
            .filter_map(|name| Some(((*name).to_owned(), json!(fields.get(*name)?))))
            .collect();
        let mut login = self.row(Kind::Login, &realm.id, &client.name, Value::Object(kept))?;
        login.data["client"] = json!(client.id);
        if let Some(session) = cookie(asked, IDENTITY)
            && self.user_of(realm, session)?.is_some()
        {
            return self.hand_over(realm, &login, session);
        }
        if of("prompt") == "none" {
            return Ok(self.back_with_error(realm, &fields, "login_required", ""));
        }
        let mut answer = self.ask(realm, login.clone(), "", None)?;
        self.set_cookie(&mut answer, realm, LOGIN, &login.id);
        Ok(answer)
    }

    /// Shows the form, with a code of its own that sends it once.
    fn ask(
        &mut self,
        realm: &Row,
        mut login: Row,
        user: &str,
        refused: Option<&str>,
    ) -> Result<Answer, Unavailable> {
        login.data["session_code"] = json!(self.fresh("session code")?);
        self.rows.put(Kind::Login, &login)?;
        Ok(login_page(realm, &self.action(realm, &login, "authenticate"), user, refused))
    }

    fn action(&self, realm: &Row, login: &Row, what: &str) -> String {
        let code = login.data["session_code"].as_str().unwrap_or_default();
        format!(
            "{}/realms/{}/login-actions/{what}?session_code={code}&execution=e1&client_id={}&tab_id=t1",
            self.base, realm.name, login.name
        )
    }

    /// Returns the login that a browser is in.
    fn login_of(&mut self, asked: &Asked, realm: &Row) -> Result<Option<Row>, Unavailable> {
        let Some(id) = cookie(asked, LOGIN) else { return Ok(None) };
        let login = self.rows.find(Kind::Login, By::Id(id))?;
        Ok(login.filter(|login| login.realm == realm.id))
    }

    pub(super) fn authenticate(&mut self, asked: &Asked, realm: &Row) -> Given {
        let Some(mut login) = self.login_of(asked, realm)? else {
            return Ok(error_page(realm, "Restart login cookie not found."));
        };
        let sent = query(asked).remove("session_code");
        if sent.as_deref() != login.data["session_code"].as_str() {
            return Ok(page(400, "<title>Page has expired</title><h1>Page has expired</h1>"));
        }
        let fields = form(asked);
        let of = |name: &str| fields.get(name).map(String::as_str).unwrap_or_default();
        let user = self.user_named(realm, of("username"))?;
        let disabled = "Account is disabled, contact your administrator.";
        let Some(user) = user else {
            return Ok(self.ask(realm, login, of("username"), Some(WRONG))?);
        };
        let is_disabled = user.data["enabled"] == false;
        if is_disabled && !self.is_newer() {
            return Ok(self.ask(realm, login, of("username"), Some(disabled))?);
        }
        if !self.is_password(&user, of("password")) {
            return Ok(self.ask(realm, login, of("username"), Some(WRONG))?);
        }
        if is_disabled {
            return Ok(self.ask(realm, login, of("username"), Some(disabled))?);
        }
        login.data["user"] = json!(user.id);
        self.rows.put(Kind::Login, &login)?;
        self.go_on(realm, &login, &user, false)
    }

    /// Asks for what is still missing, or leads back to the app.
    fn go_on(&mut self, realm: &Row, login: &Row, user: &Row, has_consent: bool) -> Given {
        let id = login.data["client"].as_str().unwrap_or_default();
        let client = self.rows.find(Kind::Client, By::Id(id))?;
        let asks = client.is_some_and(|client| client.data["consentRequired"] == true);
        let action = if user.data["temporary"] == true {
            "UPDATE_PASSWORD"
        } else if is_unfinished(user) {
            "VERIFY_PROFILE"
        } else if asks && !has_consent {
            "OAUTH_GRANT"
        } else {
            let session = self.begin_session(realm, user)?;
            return self.hand_over(realm, login, &session);
        };
        let at = format!("{}/realms/{}/login-actions/required-action", self.base, realm.name);
        Ok(found(&format!("{at}?execution={action}&client_id={}&tab_id=t1", login.name)))
    }

    pub(super) fn required_action(&mut self, asked: &Asked, realm: &Row) -> Given {
        let Some(login) = self.login_of(asked, realm)? else {
            return Ok(error_page(realm, "Restart login cookie not found."));
        };
        let execution = query(asked).remove("execution").unwrap_or_default();
        let code = login.data["session_code"].as_str().unwrap_or_default();
        Ok(match execution.as_str() {
            "OAUTH_GRANT" => {
                asks_for_consent(realm, &self.action(realm, &login, "consent"), &login.name, code)
            }
            "UPDATE_PASSWORD" => {
                let fields = [("password-new", "password"), ("password-confirm", "password")];
                asks_for_more(
                    realm,
                    &self.action(realm, &login, "required-action"),
                    "Update password",
                    &fields,
                )
            }
            _ => {
                let fields = [("email", "text"), ("firstName", "text"), ("lastName", "text")];
                let action = self.action(realm, &login, "required-action");
                asks_for_more(realm, &action, "Update Account Information", &fields)
            }
        })
    }

    pub(super) fn consent(&mut self, asked: &Asked, realm: &Row) -> Given {
        let Some(login) = self.login_of(asked, realm)? else {
            return Ok(error_page(realm, "Restart login cookie not found."));
        };
        let fields = form(asked);
        if fields.get("code").map(String::as_str) != login.data["session_code"].as_str() {
            return Ok(page(400, "<title>Page has expired</title><h1>Page has expired</h1>"));
        }
        if fields.contains_key("cancel") {
            let had: Fields = KEPT
                .iter()
                .filter_map(|name| {
                    Some(((*name).to_owned(), login.data[*name].as_str()?.to_owned()))
                })
                .collect();
            return Ok(self.back_with_error(realm, &had, "access_denied", ""));
        }
        let id = login.data["user"].as_str().unwrap_or_default();
        match self.rows.find(Kind::User, By::Id(id))? {
            Some(user) => self.go_on(realm, &login, &user, true),
            None => Ok(error_page(realm, "Restart login cookie not found.")),
        }
    }

    /// Leads back to the app with a code.
    fn hand_over(&mut self, realm: &Row, login: &Row, session: &str) -> Given {
        let mut data = login.data.clone();
        data["session"] = json!(session);
        data["given"] = json!(self.now.as_second());
        let code = self.row(Kind::Code, &realm.id, "", data)?;
        self.rows.put(Kind::Code, &Row { name: code.id.clone(), ..code.clone() })?;
        self.rows.remove(Kind::Login, &login.id)?;
        let of = |name: &str| login.data[name].as_str();
        let state = if self.wrong == Some(Wrong::State) { Some("another") } else { of("state") };
        let issuer = self.issuer(&realm.name);
        let session_state = ("session_state", Some(session));
        let given =
            [("state", state), session_state, ("iss", Some(&issuer)), ("code", Some(&code.id))];
        let mut answer = back(of("redirect_uri").unwrap_or_default(), &given);
        self.set_cookie(&mut answer, realm, IDENTITY, session);
        Ok(answer)
    }

    fn set_cookie(&self, answer: &mut Answer, realm: &Row, name: &str, value: &str) {
        let prefix = Url::parse(self.base).map(|url| url.path().trim_end_matches('/').to_owned());
        let path = format!("{}/realms/{}/", prefix.unwrap_or_default(), realm.name);
        let cookie = format!("{name}={value};Version=1;Path={path};Secure;HttpOnly;SameSite=None");
        answer.headers.push(("set-cookie".to_owned(), cookie));
    }

    fn back_with_error(&self, realm: &Row, fields: &Fields, error: &str, text: &str) -> Answer {
        let of = |name: &str| fields.get(name).map(String::as_str);
        let text = Some(text).filter(|text| !text.is_empty());
        let issuer = self.issuer(&realm.name);
        let given = [
            ("error", Some(error)),
            ("error_description", text),
            ("state", of("state")),
            ("iss", Some(&issuer)),
        ];
        back(of("redirect_uri").unwrap_or_default(), &given)
    }
}

/// What the form says when it comes again.
const WRONG: &str = "Invalid username or password.";

/// Returns whether a client may be led back to an address: one that it names, or one below what ends in `*`.
fn leads_to(client: &Row, address: &str) -> bool {
    let known = client.data["redirectUris"].as_array().cloned().unwrap_or_default();
    let is_it = |known: &str| match known.strip_suffix('*') {
        Some(begin) => address.starts_with(begin),
        None => known == address,
    };
    !address.is_empty() && known.iter().filter_map(Value::as_str).any(is_it)
}

fn back(to: &str, fields: &[(&str, Option<&str>)]) -> Answer {
    let Ok(mut url) = Url::parse(to) else { return found(to) };
    let given = fields.iter().filter_map(|(name, value)| Some((*name, (*value)?)));
    url.query_pairs_mut().extend_pairs(given);
    found(url.as_str())
}
