//! Plays Keycloak's tokens: grants, whose a token is, the end of a session.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use harness_core::http::Asked;
use harness_core::secret::Secret;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::play::{
    Fields, Given, Play, Refused, bearer, digest, empty, form, found, has_password, header,
    nothing_here, query, sent, signer,
};
use super::rows::{By, Kind, Row, Unavailable};
use super::signer::Signer;
use super::wrong::Wrong;
use crate::claims::Claims;
use crate::jwt::verify;
use crate::keys::KeySet;

/// How long access tokens live, in seconds; those of `master` shorter.
const LIVES: i64 = 300;
const LIVES_IN_MASTER: i64 = 60;

/// How long a session lives from its last refresh.
const SESSION: i64 = 1800;

/// How long a code can be brought.
const CODE: i64 = 60;

/// Scopes that every client knows.
const SCOPES: [&str; 9] = [
    "openid",
    "profile",
    "email",
    "address",
    "phone",
    "offline_access",
    "roles",
    "web-origins",
    "acr",
];

/// Whom tokens are made for.
pub(super) struct Subject<'a> {
    pub(super) client: &'a Row,
    /// None: the client itself.
    pub(super) user: Option<&'a Row>,
    /// The session's id.
    pub(super) session: Option<&'a str>,
    pub(super) scope: &'a str,
    pub(super) nonce: Option<&'a str>,
}

impl Play<'_> {
    pub(super) fn token(&mut self, asked: &Asked, realm: &Row) -> Given {
        let fields = form(asked);
        let Some(grant) = fields.get("grant_type") else {
            return Err(refusal(400, "invalid_request", "Missing form parameter: grant_type"));
        };
        let client = self.client(asked, realm, &fields)?;
        let scope = fields.get("scope").map(String::as_str).unwrap_or_default();
        if let Some(error) = unknown_scope(scope) {
            return Err(error);
        }
        match grant.as_str() {
            "password" => self.by_password(realm, &client, &fields, scope),
            "client_credentials" if client.data["serviceAccountsEnabled"] == true => {
                let subject =
                    Subject { client: &client, user: None, session: None, scope, nonce: None };
                self.tokens(realm, &subject)
            }
            "client_credentials" => {
                let text = "Client not enabled to retrieve service account";
                Err(refusal(401, "unauthorized_client", text))
            }
            "refresh_token" => self.by_refresh(realm, &client, &fields),
            "authorization_code" => self.by_code(realm, &client, &fields),
            _ => Err(refusal(400, "unsupported_grant_type", "Unsupported grant_type")),
        }
    }

    /// Returns the client that asks, if it proves to be that.
    fn client(&mut self, asked: &Asked, realm: &Row, fields: &Fields) -> Result<Row, Refused> {
        let (id, secret) = basic(asked).unwrap_or_else(|| {
            let of = |name: &str| fields.get(name).cloned();
            (of("client_id").unwrap_or_default(), of("client_secret"))
        });
        let text = "Invalid client or Invalid client credentials";
        let found = self.rows.find(Kind::Client, By::Name(&realm.id, &id))?;
        let Some(client) = found.filter(|client| client.data["enabled"] != false) else {
            return Err(refusal(401, "invalid_client", text));
        };
        let is_public = client.data["publicClient"] == true;
        if is_public || secret.is_some_and(|secret| client.data["secret"] == secret.as_str()) {
            return Ok(client);
        }
        Err(refusal(401, "unauthorized_client", text))
    }

    fn by_password(&mut self, realm: &Row, client: &Row, fields: &Fields, scope: &str) -> Given {
        if client.data["directAccessGrantsEnabled"] != true {
            let text = "Client not allowed for direct access grants";
            return Err(refusal(400, "unauthorized_client", text));
        }
        let of = |name: &str| fields.get(name).map(String::as_str).unwrap_or_default();
        let status = if self.is_newer() { 400 } else { 401 };
        let wrong = || refusal(status, "invalid_grant", "Invalid user credentials");
        let disabled = || refusal(400, "invalid_grant", "Account disabled");
        let user = self.user_named(realm, of("username"))?.ok_or_else(wrong)?;
        let is_disabled = user.data["enabled"] == false;
        // The older version looks at the account first, the newer one at the password.
        if is_disabled && !self.is_newer() {
            return Err(disabled());
        }
        if !self.is_password(&user, of("password")) {
            return Err(wrong());
        }
        if is_disabled {
            return Err(disabled());
        }
        if is_unfinished(&user) {
            return Err(refusal(400, "invalid_grant", "Account is not fully set up"));
        }
        let session = self.begin_session(realm, &user)?;
        let user = Some(&user);
        self.tokens(realm, &Subject { client, user, session: Some(&session), scope, nonce: None })
    }

    /// Returns whether a password is taken for a user's.
    pub(super) fn is_password(&self, user: &Row, password: &str) -> bool {
        self.wrong == Some(Wrong::AnyPassword) || has_password(user, password)
    }

    pub(super) fn user_named(
        &mut self,
        realm: &Row,
        name: &str,
    ) -> Result<Option<Row>, Unavailable> {
        let name = name.to_lowercase();
        if let Some(user) = self.rows.find(Kind::User, By::Name(&realm.id, &name))? {
            return Ok(Some(user));
        }
        let users = self.rows.list(Kind::User, &realm.id)?;
        Ok(users.into_iter().find(|user| user.data["email"] == name.as_str()))
    }

    pub(super) fn begin_session(&mut self, realm: &Row, user: &Row) -> Result<String, Unavailable> {
        let until = self.now.as_second() + SESSION;
        let data = json!({"user": user.id, "until": until});
        let mut row = self.row(Kind::Session, &realm.id, "", data)?;
        row.name.clone_from(&row.id);
        self.rows.put(Kind::Session, &row)?;
        Ok(row.id)
    }

    /// Returns the user whose session is alive.
    pub(super) fn user_of(
        &mut self,
        realm: &Row,
        session: &str,
    ) -> Result<Option<Row>, Unavailable> {
        let now = self.now.as_second();
        let session = self.rows.find(Kind::Session, By::Id(session))?;
        let lives = |row: &Row| row.realm == realm.id && row.data["until"].as_i64() > Some(now);
        let Some(session) = session.filter(lives) else { return Ok(None) };
        let id = session.data["user"].as_str().unwrap_or_default();
        let user = self.rows.find(Kind::User, By::Id(id))?;
        Ok(user.filter(|user| user.data["enabled"] != false))
    }

    fn by_refresh(&mut self, realm: &Row, client: &Row, fields: &Fields) -> Given {
        let text = fields.get("refresh_token").map(String::as_str).unwrap_or_default();
        let Some(token) = read_refresh(realm, text) else {
            return Err(refusal(400, "invalid_grant", "Invalid refresh token"));
        };
        let of = |name: &str| token[name].as_str().unwrap_or_default();
        let Some(user) = self.user_of(realm, of("sid"))? else {
            return Err(refusal(400, "invalid_grant", "Session not active"));
        };
        if of("azp") != client.name {
            let text = "Invalid refresh token. Token client and authorized client don't match";
            return Err(refusal(400, "invalid_grant", text));
        }
        let (session, scope) = (Some(of("sid")), of("scope"));
        let subject = Subject { client, user: Some(&user), session, scope, nonce: None };
        self.tokens(realm, &subject)
    }

    fn by_code(&mut self, realm: &Row, client: &Row, fields: &Fields) -> Given {
        let of = |name: &str| fields.get(name).map(String::as_str).unwrap_or_default();
        let refused = |text: &str| Err(refusal(400, "invalid_grant", text));
        let Some(code) = self.rows.find(Kind::Code, By::Id(of("code")))? else {
            return refused("Code not valid");
        };
        self.rows.remove(Kind::Code, &code.id)?;
        let had = |name: &str| code.data[name].as_str();
        let is_late = self.now.as_second() - code.data["given"].as_i64().unwrap_or_default() > CODE;
        if code.realm != realm.id || had("client") != Some(&client.id) || is_late {
            return refused("Code not valid");
        }
        if had("redirect_uri") != Some(of("redirect_uri")) {
            return refused("Incorrect redirect_uri");
        }
        match (had("code_challenge"), of("code_verifier")) {
            (None, _) => {}
            (Some(_), "") => return refused("PKCE code verifier not specified"),
            (Some(challenge), verifier) if challenge == challenge_of(verifier) => {}
            (Some(_), _) => return refused("PKCE verification failed: Code mismatch"),
        }
        let session = had("session").unwrap_or_default();
        let Some(user) = self.user_of(realm, session)? else {
            return refused("Session not active");
        };
        let (scope, nonce) = (had("scope").unwrap_or_default(), had("nonce"));
        let subject = Subject { client, user: Some(&user), session: Some(session), scope, nonce };
        self.tokens(realm, &subject)
    }

    pub(super) fn user_info(&mut self, asked: &Asked, realm: &Row) -> Given {
        let Some((claims, user)) = self.bearer_of(asked, realm)? else {
            return Ok(empty(401));
        };
        let scopes = claims.text("scope").unwrap_or_default();
        if !scopes.split(' ').any(|scope| scope == "openid") {
            return Err(refusal(403, "insufficient_scope", "Missing openid scope"));
        }
        let mut info = profile(&user);
        info["sub"] = json!(user.id);
        Ok(sent(200, &info))
    }

    /// Returns what a request's token claims and whose it is, if it is one of this realm and its session is alive.
    pub(super) fn bearer_of(
        &mut self,
        asked: &Asked,
        realm: &Row,
    ) -> Result<Option<(Claims, Row)>, Unavailable> {
        let Some(token) = bearer(asked) else { return Ok(None) };
        let Some(claims) = self.own(realm, token) else { return Ok(None) };
        let session = claims.text("sid").unwrap_or_default().to_owned();
        Ok(self.user_of(realm, &session)?.map(|user| (claims, user)))
    }

    /// Returns what a token claims that this realm signed and that has not ended.
    fn own(&self, realm: &Row, token: &str) -> Option<Claims> {
        let keys = json!({"keys": [signer(realm).public_key()]}).to_string();
        let keys = KeySet::parse(keys.as_bytes()).ok()?;
        let claims = verify(&Secret::new(token), &keys).ok()?;
        let lives = claims.get("exp").and_then(Value::as_i64) > Some(self.seconds());
        let is_own = claims.text("iss") == Some(self.issuer(&realm.name).as_str());
        (lives && is_own).then_some(claims)
    }

    pub(super) fn log_out(&mut self, asked: &Asked, realm: &Row) -> Given {
        if asked.method == "GET" {
            return self.log_out_by_link(asked, realm);
        }
        let fields = form(asked);
        self.client(asked, realm, &fields)?;
        let text = fields.get("refresh_token").map(String::as_str).unwrap_or_default();
        let Some(token) = read_refresh(realm, text) else {
            return Err(refusal(400, "invalid_grant", "Invalid refresh token"));
        };
        self.rows.remove(Kind::Session, token["sid"].as_str().unwrap_or_default())?;
        Ok(empty(204))
    }

    fn log_out_by_link(&mut self, asked: &Asked, realm: &Row) -> Given {
        let fields = query(asked);
        let hint = fields.get("id_token_hint").and_then(|token| self.own(realm, token));
        let to = fields.get("post_logout_redirect_uri");
        let (Some(claims), Some(to)) = (hint, to) else { return Err(nothing_here()) };
        self.rows.remove(Kind::Session, claims.text("sid").unwrap_or_default())?;
        Ok(found(to))
    }

    /// Gives the tokens of a grant.
    pub(super) fn tokens(&mut self, realm: &Row, subject: &Subject<'_>) -> Given {
        let lives = if realm.name == "master" { LIVES_IN_MASTER } else { LIVES };
        let now = self.seconds();
        let ended = self.wrong == Some(Wrong::Expired);
        let (iat, exp) = if ended { (now - 2 * lives, now - lives) } else { (now, now + lives) };
        let issuer = self.issuer(&realm.name);
        let scope = full_scope(subject.scope);
        let common = json!({
            "exp": exp, "iat": iat, "jti": self.fresh("token")?, "iss": issuer,
            "azp": subject.client.name,
        });
        let mut access = common.clone();
        access["typ"] = json!("Bearer");
        access["scope"] = json!(scope);
        if let Some(session) = subject.session {
            access["sid"] = json!(session);
        }
        // What `admin-cli` gets is lightweight: it does not say whose it is, nor for whom.
        if subject.client.name != "admin-cli" {
            access["aud"] = self.audience(subject.client);
            self.describe(&mut access, realm, subject)?;
        }
        let mut given = json!({
            "access_token": self.sign(realm, &access), "expires_in": lives - 1,
            "token_type": "Bearer", "not-before-policy": 0, "scope": scope,
        });
        if let (Some(session), Some(user)) = (subject.session, subject.user) {
            let mut refresh = common.clone();
            refresh["typ"] = json!("Refresh");
            refresh["aud"] = json!(issuer);
            refresh["sid"] = json!(session);
            refresh["scope"] = json!(scope);
            refresh["exp"] = json!(now + SESSION);
            given["refresh_token"] = json!(write_refresh(realm, &refresh));
            given["refresh_expires_in"] = json!(SESSION);
            given["session_state"] = json!(session);
            if scope.split(' ').any(|scope| scope == "openid") {
                given["id_token"] = self.id_token(realm, subject, user, common);
            }
        }
        Ok(sent(200, &given))
    }

    fn id_token(&self, realm: &Row, subject: &Subject<'_>, user: &Row, common: Value) -> Value {
        let mut id = common;
        id["typ"] = json!("ID");
        id["aud"] = json!(subject.client.name);
        if self.wrong == Some(Wrong::Audience) {
            id["aud"] = json!("another-client");
        }
        id["sub"] = json!(user.id);
        merge(&mut id, profile(user));
        if let Some(nonce) = subject.nonce {
            let is_other = self.wrong == Some(Wrong::Nonce);
            id["nonce"] = json!(if is_other { "of another attempt" } else { nonce });
        }
        self.sign(realm, &id)
    }

    /// Returns whom a client's access tokens are for: `account`, and those whom mappers add.
    fn audience(&self, client: &Row) -> Value {
        if self.wrong == Some(Wrong::Audience) {
            return json!("another-client");
        }
        let mappers = client.data["protocolMappers"].as_array().cloned().unwrap_or_default();
        let added = mappers.iter().filter(|m| m["protocolMapper"] == "oidc-audience-mapper");
        let mut all: Vec<Value> =
            added.map(|m| m["config"]["included.client.audience"].clone()).collect();
        if all.is_empty() {
            return json!("account");
        }
        all.push(json!("account"));
        Value::Array(all)
    }

    fn describe(
        &mut self,
        access: &mut Value,
        realm: &Row,
        subject: &Subject<'_>,
    ) -> Result<(), Unavailable> {
        let Some(user) = subject.user else {
            access["sub"] = json!(uuid_of(&subject.client.id));
            access["client_id"] = json!(subject.client.name);
            access["preferred_username"] =
                json!(format!("service-account-{}", subject.client.name));
            access["email_verified"] = json!(false);
            return Ok(());
        };
        access["sub"] = json!(user.id);
        let mut roles: Vec<Value> = user.data["roles"].as_array().cloned().unwrap_or_default();
        roles.push(json!(format!("default-roles-{}", realm.name)));
        access["realm_access"] = json!({"roles": roles});
        merge(access, profile(user));
        Ok(())
    }

    fn sign(&self, realm: &Row, claims: &Value) -> Value {
        let own = signer(realm);
        let token = match self.wrong {
            Some(Wrong::OtherKey) => Signer::number(Signer::count() - 1).sign(claims),
            Some(Wrong::Unsigned) => own.unsigned(claims),
            Some(Wrong::PublicSecret) => own.with_public_secret(claims),
            Some(
                Wrong::Nonce
                | Wrong::Audience
                | Wrong::Expired
                | Wrong::Ahead
                | Wrong::Behind
                | Wrong::Insecure
                | Wrong::AnyPassword
                | Wrong::State,
            )
            | None => own.sign(claims),
        };
        json!(token.expose())
    }
}

pub(super) fn refusal(status: u16, error: &str, description: &str) -> Refused {
    Refused(status, json!({"error": error, "error_description": description}))
}

/// Returns why a scope is not given, if it is not.
pub(super) fn unknown_scope(scope: &str) -> Option<Refused> {
    let is_known = |one: &str| SCOPES.contains(&one);
    let unknown = scope.split(' ').filter(|one| !one.is_empty()).any(|one| !is_known(one));
    unknown.then(|| refusal(400, "invalid_scope", &format!("Invalid scopes: {scope}")))
}

/// Returns whether an account lacks something, which its record does not show.
pub(super) fn is_unfinished(user: &Row) -> bool {
    let is_empty = |name: &str| user.data[name].as_str().unwrap_or_default().is_empty();
    ["email", "firstName", "lastName"].iter().any(|name| is_empty(name))
        || user.data["temporary"] == true
}

pub(super) fn challenge_of(verifier: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()))
}

fn full_scope(asked: &str) -> String {
    let usual = asked.split(' ').filter(|s| !s.is_empty() && !matches!(*s, "profile" | "email"));
    usual.chain(["profile", "email"]).collect::<Vec<_>>().join(" ")
}

fn profile(user: &Row) -> Value {
    let of = |name: &str| user.data[name].as_str().unwrap_or_default();
    json!({
        "email_verified": user.data["emailVerified"] == true,
        "name": format!("{} {}", of("firstName"), of("lastName")).trim(),
        "preferred_username": user.name, "given_name": of("firstName"),
        "family_name": of("lastName"), "email": of("email"),
    })
}

fn merge(into: &mut Value, from: Value) {
    let fields: BTreeMap<String, Value> = serde_json::from_value(from).unwrap_or_default();
    for (name, value) in fields {
        into[name] = value;
    }
}

/// A refresh token is for who made it alone: what is in it, and a word that nobody else knows.
fn write_refresh(realm: &Row, claims: &Value) -> String {
    let body = BASE64_URL_SAFE_NO_PAD.encode(claims.to_string());
    format!(
        "{}.{body}.{}",
        BASE64_URL_SAFE_NO_PAD.encode(r#"{"alg":"HS512","typ":"JWT"}"#),
        seal(realm, &body)
    )
}

fn read_refresh(realm: &Row, token: &str) -> Option<Value> {
    let mut parts = token.split('.').skip(1);
    let (body, sealed) = (parts.next()?, parts.next()?);
    if sealed != seal(realm, body) {
        return None;
    }
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(body).ok()?).ok()
}

fn seal(realm: &Row, body: &str) -> String {
    digest(&format!("refresh {} {body}", realm.id))
}

/// Returns the id of a client's own account.
fn uuid_of(client: &str) -> String {
    let hex = digest(&format!("service account of {client}"));
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..32])
}

fn basic(asked: &Asked) -> Option<(String, Option<String>)> {
    let pair = header(asked, "authorization")?.strip_prefix("Basic ")?;
    let pair = String::from_utf8(BASE64_STANDARD.decode(pair).ok()?).ok()?;
    let (id, secret) = pair.split_once(':')?;
    Some((id.to_owned(), Some(secret.to_owned())))
}
