//! Tokens of applications: a code gives them once, and they say whose the account is. Statuses and words as observed
//! with 1.25.5 and 1.26.0.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::api::{Refused, sent};
use super::applications::Application;
use super::database::{digest, quoted};
use super::pages::fields;
use super::people::User;
use super::{DATA, Gitea, base64, header, response};
use crate::world::{Inside, Request, Response};

/// So many seconds a token is good for, and one that gives others.
const LASTS: i64 = 3600;
const REFRESH_LASTS: i64 = 730 * 3600;

/// What a token is for, as it says itself.
const ACCESS: u64 = 0;
const REFRESH: u64 = 1;

/// Why there are no tokens: the error, and its description.
struct Denied(&'static str, String);

/// Returns why there are no tokens.
fn denied(error: &'static str, description: &str) -> Denied {
    Denied(error, description.to_owned())
}

/// A client as it names itself.
struct Client {
    id: String,
    secret: String,
}

impl Gitea {
    /// Gives tokens for a code, or for a token that gives others.
    pub(super) fn access_token(
        &self,
        inside: &mut Inside<'_>,
        request: &Request,
    ) -> Result<Response, Refused> {
        let said = fields(&String::from_utf8_lossy(&request.body));
        let of = |name: &str| said.get(name).map(String::as_str).unwrap_or_default();
        let client = match basic(request) {
            Some(client) if of("client_id").is_empty() || of("client_secret").is_empty() => client,
            _ => Client { id: of("client_id").to_owned(), secret: of("client_secret").to_owned() },
        };
        let grant = match of("grant_type") {
            "authorization_code" => self.by_code(inside, &client, &said)?,
            "refresh_token" => self.by_refresh(inside, &client, of("refresh_token"))?,
            _ => Err(denied(
                "unsupported_grant_type",
                "Only refresh_token or authorization_code grant type is supported",
            )),
        };
        Ok(match grant {
            Ok(grant) => {
                let (access, refresh) = (
                    self.signed(inside, &grant, ACCESS, LASTS)?,
                    self.signed(inside, &grant, REFRESH, REFRESH_LASTS)?,
                );
                let tokens = json!({"access_token": access, "token_type": "bearer",
                    "expires_in": LASTS, "refresh_token": refresh});
                sent(200, &tokens)
            }
            Err(Denied(error, description)) => {
                sent(400, &json!({"error": error, "error_description": description}))
            }
        })
    }

    /// Returns the number of what a code was granted for. The code is good once.
    fn by_code(
        &self,
        inside: &mut Inside<'_>,
        client: &Client,
        said: &BTreeMap<String, String>,
    ) -> Result<Result<String, Denied>, Refused> {
        let of = |name: &str| said.get(name).map(String::as_str).unwrap_or_default();
        let app = match self.client(inside, client, "unauthorized_client")? {
            Ok(app) => app,
            Err(denied) => return Ok(Err(denied)),
        };
        if !of("redirect_uri").is_empty() && !app.leads_to(of("redirect_uri")) {
            return Ok(Err(denied("unauthorized_client", "unexpected redirect URI")));
        }
        let sql = format!(
            "SELECT id, grant_id, code_challenge, code_challenge_method, valid_until FROM oauth2_authorization_code WHERE code = {}",
            quoted(of("code"))
        );
        let row = self.row(inside, &sql)?.and_then(|row| <[String; 5]>::try_from(row).ok());
        let Some([id, grant, challenge, method, until]) = row else {
            return Ok(Err(denied("unauthorized_client", "client is not authorized")));
        };
        let forget = format!("DELETE FROM oauth2_authorization_code WHERE id = {id}");
        if until.parse().unwrap_or(0) < inside.now.as_second() {
            self.ask(inside, &forget)?;
            return Ok(Err(denied("invalid_grant", "authorization code expired")));
        }
        if !answers(&challenge, &method, of("code_verifier")) {
            return Ok(Err(denied("unauthorized_client", "failed PKCE code challenge")));
        }
        let sql = format!("SELECT application_id FROM oauth2_grant WHERE id = {grant}");
        if self.first(inside, &sql)?.as_ref() != Some(&app.id) {
            return Ok(Err(denied("invalid_grant", "invalid grant")));
        }
        self.ask(inside, &forget)?;
        Ok(Ok(grant))
    }

    /// Returns the number of what a token that gives others was granted for.
    fn by_refresh(
        &self,
        inside: &mut Inside<'_>,
        client: &Client,
        token: &str,
    ) -> Result<Result<String, Denied>, Refused> {
        if let Err(denied) = self.client(inside, client, "invalid_client")? {
            return Ok(Err(denied));
        }
        let Some(grant) = self.verified(inside, token, REFRESH) else {
            return Ok(Err(denied("unauthorized_client", "unable to parse refresh token")));
        };
        let known =
            self.first(inside, &format!("SELECT id FROM oauth2_grant WHERE id = {grant}"))?;
        Ok(known.ok_or_else(|| denied("invalid_grant", "grant does not exist")))
    }

    /// Returns the application of a client that knows its secret.
    fn client(
        &self,
        inside: &mut Inside<'_>,
        client: &Client,
        error: &'static str,
    ) -> Result<Result<Application, Denied>, Refused> {
        let Some(app) = self.application(inside, &client.id)? else {
            let text = format!("cannot load client with client id: '{}'", client.id);
            return Ok(Err(Denied("invalid_client", text)));
        };
        if !app.is_confidential || app.has_secret(&client.secret) {
            return Ok(Ok(app));
        }
        let empty = if client.secret.is_empty() { "empty " } else { "" };
        Ok(Err(Denied(error, format!("invalid {empty}client secret"))))
    }

    /// Says who an application was let in by.
    pub(super) fn user_info(
        &self,
        inside: &mut Inside<'_>,
        request: &Request,
    ) -> Result<Response, Refused> {
        let said = header(request, "authorization").unwrap_or_default();
        let token = said.strip_prefix("Bearer ").unwrap_or_default();
        let Some(user) = self.by_access_token(inside, token)? else {
            let mut answer = response(401, "text/plain;charset=utf-8", "no valid authorization");
            let wanted = "Bearer realm=\"Gitea OAuth2\"".to_owned();
            answer.headers.push(("www-authenticate".to_owned(), wanted));
            return Ok(answer);
        };
        let info = json!({"sub": user.id, "name": user.name, "preferred_username": user.name,
            "email": user.email, "picture": "", "groups": null});
        Ok(sent(200, &info))
    }

    /// Returns whose account a token is good for.
    pub(super) fn by_access_token(
        &self,
        inside: &mut Inside<'_>,
        token: &str,
    ) -> Result<Option<User>, Refused> {
        let Some(grant) = self.verified(inside, token, ACCESS) else { return Ok(None) };
        let sql = format!("SELECT user_id FROM oauth2_grant WHERE id = {grant}");
        let Some(id) = self.first(inside, &sql)? else { return Ok(None) };
        Ok(self.user_where(inside, &format!("id = {id}"))?)
    }

    /// Returns a token: what it says, and what only who has the key can add to it.
    fn signed(
        &self,
        inside: &Inside<'_>,
        grant: &str,
        kind: u64,
        lasts: i64,
    ) -> Result<String, Refused> {
        let now = inside.now.as_second();
        let grant: u64 = grant.parse().unwrap_or(0);
        let says = json!({"gnt": grant, "tt": kind, "exp": now + lasts, "iat": now});
        let head = json!({"alg": "RS256", "typ": "JWT"});
        let text = [head, says].map(|part| for_url(part.to_string().as_bytes())).join(".");
        let seal = seal(inside, &text).ok_or_else(|| Refused(500, "no key".to_owned()))?;
        Ok(format!("{text}.{seal}"))
    }

    /// Returns what a token was granted for, if it is one of this Gitea, of this kind, and has not ended.
    fn verified(&self, inside: &Inside<'_>, token: &str, kind: u64) -> Option<u64> {
        let (text, seal_said) = token.rsplit_once('.')?;
        let says = text.split_once('.')?.1.replace('-', "+").replace('_', "/");
        let says: Value = serde_json::from_slice(&base64::decode(&says)?).ok()?;
        let holds = seal(inside, text)? == seal_said
            && says["tt"] == kind
            && says["exp"].as_i64()? > inside.now.as_second();
        says["gnt"].as_u64().filter(|_| holds)
    }
}

/// Returns what stands in the place of a signature.
fn seal(inside: &Inside<'_>, text: &str) -> Option<String> {
    let key =
        String::from_utf8_lossy(inside.read(&format!("{DATA}/jwt/private.pem"))?).into_owned();
    Some(digest(&format!("{key}{text}")))
}

/// Returns the client that a header names.
fn basic(request: &Request) -> Option<Client> {
    let coded = header(request, "authorization")?.strip_prefix("Basic ")?;
    let pair = String::from_utf8(base64::decode(coded)?).ok()?;
    let (id, secret) = pair.split_once(':')?;
    Some(Client { id: id.to_owned(), secret: secret.to_owned() })
}

/// Returns whether who brings a code is who asked for it (RFC 7636).
fn answers(challenge: &str, method: &str, verifier: &str) -> bool {
    match method {
        "S256" => for_url(&Sha256::digest(verifier.as_bytes())) == challenge,
        "plain" => verifier == challenge,
        _ => true,
    }
}

fn for_url(bytes: &[u8]) -> String {
    base64::encode(bytes).replace('+', "-").replace('/', "_").replace('=', "")
}
