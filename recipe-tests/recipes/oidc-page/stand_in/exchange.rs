//! What passes between the page and its provider.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use harness_core::secret::Secret;
use harness_sso::claims::{Expected, Subject, check_claims};
use harness_sso::{KeySet, verify};
use serde_json::Value;
use url::Url;
use url::form_urlencoded::{Serializer, parse};

use super::setting;
use crate::world::{Inside, Request, Response};

/// How far the provider's clock may be from this one: what the module allows of the time of issue unless it is told
/// otherwise (`OIDCIDTokenIatSlack`).
const LEEWAY: std::time::Duration = std::time::Duration::from_secs(600);

/// Writes fields as a form or a query has them.
pub(super) fn form(fields: &[(&str, &str)]) -> String {
    Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// Returns a field of a request's query.
pub(super) fn of(request: &Request, name: &str) -> Option<String> {
    let (_, query) = request.path.split_once('?')?;
    parse(query.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// Returns the path of an address.
pub(super) fn path_of(address: &str) -> String {
    Url::parse(address).map(|url| url.path().to_owned()).unwrap_or_default()
}

/// Exchanges a code, and returns who the token names, if all that has to hold of it does.
pub(super) fn who(inside: &mut Inside<'_>, code: &str, nonce: &str) -> Option<String> {
    let (id, secret) = (setting(inside, "OIDC_CLIENT_ID"), setting(inside, "OIDC_CLIENT_SECRET"));
    let fields = form(&[
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", &setting(inside, "OIDC_REDIRECT_URI")),
    ]);
    // Both are written as in a form before they are joined: RFC 6749, section 2.3.1.
    let coded =
        |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let pair = BASE64_STANDARD.encode(format!("{}:{}", coded(&id), coded(&secret)));
    let tokens = ask(
        inside,
        "POST",
        "OIDC_TOKEN_ENDPOINT",
        &[
            ("content-type", "application/x-www-form-urlencoded"),
            ("authorization", &format!("Basic {pair}")),
        ],
        fields,
    )?;
    let tokens: Value = serde_json::from_slice(&tokens.body).ok()?;
    let token = Secret::new(tokens["id_token"].as_str()?);
    let keys = ask(inside, "GET", "OIDC_JWKS_ENDPOINT", &[], String::new())?;
    let claims = verify(&token, &KeySet::parse(&keys.body).ok()?).ok()?;
    let expected = Expected {
        issuer: &setting(inside, "OIDC_ISSUER"),
        azp: None,
        aud: Some(&id),
        typ: None,
        nonce: Some(nonce),
        subject: Subject::Somebody,
        leeway: LEEWAY,
    };
    let is_right = check_claims(&claims, &expected, inside.now).is_empty();
    claims.text("preferred_username").filter(|_| is_right).map(str::to_owned)
}

/// Asks the provider at the address that a setting names; none unless it says 200, over HTTPS.
fn ask(
    inside: &mut Inside<'_>,
    method: &str,
    at: &str,
    headers: &[(&str, &str)],
    body: String,
) -> Option<Response> {
    let url = Url::parse(&setting(inside, at)).ok().filter(|url| url.scheme() == "https")?;
    let host = url.host_str()?;
    let headers = headers.iter().copied().chain([("host", host)]);
    let request = Request {
        method: method.to_owned(),
        path: url.path().to_owned(),
        headers: headers.map(|(n, v)| (n.to_owned(), v.to_owned())).collect(),
        body: body.into_bytes(),
    };
    inside.visit(host, &request).filter(|answer| answer.status == 200)
}
