//! Plays Keycloak, as far as tests need it: what it answers to whom. Main type: [`Play`].

use std::collections::BTreeMap;

use harness_core::http::{Answer, Asked};
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use url::form_urlencoded;

use super::rows::{By, Kind, Row, Rows, Unavailable};
use super::signer::Signer;
use super::wrong::Wrong;

/// Keycloak of one version at one moment, over what it keeps. Statuses and words are those that were observed with
/// 26.5.6 and 26.7.3.
pub struct Play<'a> {
    /// Its version, as `26.7.3`.
    pub version: &'a str,
    /// Its time.
    pub now: Timestamp,
    /// The address at which it is reached, without a slash at its end.
    pub base: &'a str,
    /// In which way it is wrong, if it is.
    pub wrong: Option<Wrong>,
    /// What it keeps.
    pub rows: &'a mut dyn Rows,
}

/// Why it does not do something.
pub(super) struct Refused(pub(super) u16, pub(super) Value);

/// What is given, or why it is not.
pub(super) type Given = Result<Answer, Refused>;

impl From<Unavailable> for Refused {
    fn from(_: Unavailable) -> Self {
        let text = "For more on this error consult the server log.";
        Self(500, json!({"error": "unknown_error", "error_description": text}))
    }
}

/// The fields of a form or a query; of several with one name the last.
pub(super) type Fields = BTreeMap<String, String>;

impl Play<'_> {
    /// Makes the realm `master` with its administrator, if there is none.
    ///
    /// # Errors
    /// What it keeps cannot be reached.
    pub fn bootstrap(&mut self, user: &str, password: &str) -> Result<(), Unavailable> {
        if self.rows.find(Kind::Realm, By::Name("", "master"))?.is_some() {
            return Ok(());
        }
        let realm = self.add_realm("master", json!({"enabled": true}))?;
        let admin = json!({"username": user, "enabled": true, "email": format!("{user}@localhost"),
            "firstName": "Admin", "lastName": user, "isAdmin": true});
        let row = self.row(Kind::User, &realm.id, user, admin)?;
        let row = with_password(row, password, false);
        self.rows.put(Kind::User, &row)
    }

    /// Answers a request.
    pub fn answer(&mut self, asked: &Asked) -> Answer {
        let path = asked.path.split('?').next().unwrap_or_default().to_owned();
        let parts: Vec<String> =
            path.split('/').filter(|p| !p.is_empty()).map(percent_decoded).collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let given = match (asked.method.as_str(), parts.as_slice()) {
            ("GET", []) => Ok(found(&format!("{}/admin/", self.base))),
            ("GET", ["admin"]) => Ok(found(&format!("{}/admin/master/console/", self.base))),
            ("GET", ["admin", realm, "console"]) => {
                self.console(realm, "Keycloak Administration Console")
            }
            ("GET", ["admin", "serverinfo"]) => self.server_info(asked),
            (_, ["admin", "realms", rest @ ..]) => self.admin(asked, rest),
            (_, ["realms", realm, rest @ ..]) => self.in_realm(asked, realm, rest),
            _ => Err(nothing_here()),
        };
        given.unwrap_or_else(|Refused(status, body)| sent(status, &body))
    }

    fn in_realm(&mut self, asked: &Asked, name: &str, rest: &[&str]) -> Given {
        let no_realm = || Refused(404, json!({"error": "Realm does not exist"}));
        let realm = self.rows.find(Kind::Realm, By::Name("", name))?.ok_or_else(no_realm)?;
        match (asked.method.as_str(), rest) {
            ("GET", []) => Ok(sent(200, &self.described(&realm))),
            ("GET", [".well-known", "openid-configuration"]) => {
                Ok(sent(200, &self.discovery(name)))
            }
            ("GET", ["protocol", "openid-connect", "certs"]) => {
                Ok(sent(200, &json!({"keys": [signer(&realm).public_key()]})))
            }
            (_, ["protocol", "openid-connect", "auth"]) => self.authorize(asked, &realm),
            ("POST", ["protocol", "openid-connect", "token"]) => self.token(asked, &realm),
            (_, ["protocol", "openid-connect", "userinfo"]) => self.user_info(asked, &realm),
            (_, ["protocol", "openid-connect", "logout"]) => self.log_out(asked, &realm),
            ("POST", ["login-actions", "authenticate"]) => self.authenticate(asked, &realm),
            (_, ["login-actions", "required-action"]) => self.required_action(asked, &realm),
            ("POST", ["login-actions", "consent"]) => self.consent(asked, &realm),
            ("GET", ["account"]) => self.console(name, "Account Management"),
            _ => Err(nothing_here()),
        }
    }

    fn console(&mut self, realm: &str, title: &str) -> Given {
        match self.rows.find(Kind::Realm, By::Name("", realm))? {
            Some(_) => Ok(page(200, &format!("<title>{title}</title><div id=\"app\"></div>"))),
            None => Err(nothing_here()),
        }
    }

    fn described(&self, realm: &Row) -> Value {
        let at = format!("{}/realms/{}", self.base, realm.name);
        json!({
            "realm": realm.name, "public_key": signer(realm).kid(),
            "token-service": format!("{at}/protocol/openid-connect"),
            "account-service": format!("{at}/account"), "tokens-not-before": 0,
        })
    }

    fn discovery(&self, realm: &str) -> Value {
        let issuer = self.issuer(realm);
        let at = |path: &str| format!("{issuer}/protocol/openid-connect/{path}");
        json!({
            "issuer": issuer, "authorization_endpoint": at("auth"), "token_endpoint": at("token"),
            "jwks_uri": at("certs"), "userinfo_endpoint": at("userinfo"),
            "end_session_endpoint": at("logout"), "response_types_supported": ["code", "none"],
            "grant_types_supported": ["authorization_code", "client_credentials", "password", "refresh_token"],
            "id_token_signing_alg_values_supported": ["RS256"], "subject_types_supported": ["public"],
            "code_challenge_methods_supported": ["plain", "S256"],
        })
    }

    /// Returns who signs a realm's tokens, as it says.
    pub(super) fn issuer(&self, realm: &str) -> String {
        if self.wrong == Some(Wrong::Insecure) {
            return format!("{}/realms/{realm}", self.base.replacen("https://", "http://", 1));
        }
        format!("{}/realms/{realm}", self.base)
    }

    /// Returns the time in seconds, as it says.
    pub(super) fn seconds(&self) -> i64 {
        let is = |wrong| i64::from(self.wrong == Some(wrong));
        self.now.as_second() + 600 * (is(Wrong::Ahead) - is(Wrong::Behind))
    }

    /// Returns whether wrong passwords are 400, as from 26.7 on, and not 401.
    pub(super) fn is_newer(&self) -> bool {
        let mut numbers = self.version.split('.').map(|n| n.parse::<u32>().unwrap_or(0));
        let number = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
        number >= (26, 7)
    }

    /// Returns a row with an id of its own, not yet kept.
    pub(super) fn row(
        &mut self,
        kind: Kind,
        realm: &str,
        name: &str,
        data: Value,
    ) -> Result<Row, Unavailable> {
        let id = self.fresh(&format!("{kind:?} {realm} {name}"))?;
        Ok(Row { id, realm: realm.to_owned(), name: name.to_owned(), data })
    }

    /// Returns a text like a UUID that never came before, the same in the same run.
    pub(super) fn fresh(&mut self, of: &str) -> Result<String, Unavailable> {
        let number = self.rows.next_number()?;
        let hex = digest(&format!("{of} {} {number}", self.now.as_nanosecond()));
        let part = |range: std::ops::Range<usize>| &hex[range];
        Ok([part(0..8), part(8..12), part(12..16), part(16..20), part(20..32)].join("-"))
    }

    /// Makes a realm with the clients that every realm has, and the lowest key that no other realm has.
    pub(super) fn add_realm(&mut self, name: &str, mut data: Value) -> Result<Row, Unavailable> {
        let taken: Vec<u64> = self
            .rows
            .list(Kind::Realm, "")?
            .iter()
            .filter_map(|realm| realm.data["key"].as_u64())
            .collect();
        let key = (0..).find(|key| !taken.contains(key));
        data["key"] = json!(key);
        let mut realm = self.row(Kind::Realm, "", name, data)?;
        realm.realm.clone_from(&realm.id);
        self.rows.put(Kind::Realm, &realm)?;
        for client in ["account", "admin-cli"] {
            let data = json!({"enabled": true, "publicClient": true, "redirectUris": [],
                "directAccessGrantsEnabled": client == "admin-cli", "standardFlowEnabled": false});
            let row = self.row(Kind::Client, &realm.id, client, data)?;
            self.rows.put(Kind::Client, &row)?;
        }
        Ok(realm)
    }
}

impl std::fmt::Debug for Play<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Keycloak {} at {}", self.version, self.base)
    }
}

/// Returns what signs a realm's tokens.
pub(super) fn signer(realm: &Row) -> Signer {
    let key = realm.data["key"].as_u64().and_then(|key| usize::try_from(key).ok());
    Signer::number(key.unwrap_or_default())
}

/// Returns a user's row with a password.
pub(super) fn with_password(mut row: Row, password: &str, is_temporary: bool) -> Row {
    row.data["password"] = json!(digest(&format!("{} {password}", row.id)));
    row.data["temporary"] = json!(is_temporary);
    row
}

/// Returns whether a user's password is this.
pub(super) fn has_password(row: &Row, password: &str) -> bool {
    row.data["password"] == digest(&format!("{} {password}", row.id))
}

/// Returns 64 hexadecimal digits that stand for a text.
pub(super) fn digest(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(super) fn form(asked: &Asked) -> Fields {
    form_urlencoded::parse(&asked.body).into_owned().collect()
}

pub(super) fn query(asked: &Asked) -> Fields {
    let query = asked.path.split_once('?').map_or("", |(_, query)| query);
    form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

/// Returns what follows `Bearer`.
pub(super) fn bearer(asked: &Asked) -> Option<&str> {
    header(asked, "authorization")?.strip_prefix("Bearer ")
}

pub(super) fn header<'a>(asked: &'a Asked, name: &str) -> Option<&'a str> {
    asked.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

pub(super) fn cookie<'a>(asked: &'a Asked, name: &str) -> Option<&'a str> {
    let mut pairs = header(asked, "cookie")?.split(';').map(str::trim);
    pairs.find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
}

fn percent_decoded(part: &str) -> String {
    let escaped = part.replace('+', "%2B").replace('=', "%3D").replace('&', "%26");
    let decoded = form_urlencoded::parse(escaped.as_bytes()).next();
    decoded.map(|(text, _)| text.into_owned()).unwrap_or_default()
}

pub(super) fn nothing_here() -> Refused {
    Refused(404, json!({"error": "HTTP 404 Not Found"}))
}

pub(super) fn sent(status: u16, body: &Value) -> Answer {
    text(status, "application/json", &body.to_string())
}

pub(super) fn empty(status: u16) -> Answer {
    Answer { status, headers: Vec::new(), body: Vec::new(), certificate: None }
}

pub(super) fn found(location: &str) -> Answer {
    let mut answer = empty(302);
    answer.headers.push(("location".to_owned(), location.to_owned()));
    answer
}

pub(super) fn page(status: u16, body: &str) -> Answer {
    let html = format!("<!DOCTYPE html>\n<html lang=\"en\">{body}</html>\n");
    text(status, "text/html;charset=utf-8", &html)
}

fn text(status: u16, kind: &str, body: &str) -> Answer {
    let headers = vec![("content-type".to_owned(), kind.to_owned())];
    Answer { status, headers, body: body.as_bytes().to_vec(), certificate: None }
}
