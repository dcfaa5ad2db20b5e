//! Logins through another provider, as far as a browser's way and the exchange of a code go.

use serde_json::Value;

use super::api::Refused;
use super::database::{Unanswered, digest, quoted};
use super::people::User;
use super::{Gitea, base64, header};
use crate::world::{Inside, Io, Ran, Request, Response};

/// Where logins that are under way are kept: in the process's memory.
const STATES: &str = "/tmp/gitea/states";

/// A provider that people may log in by.
struct Source {
    id: String,
    client: String,
    secret: String,
    scopes: String,
    discovery: String,
}

impl Gitea {
    /// Adds a provider, as `gitea admin auth add-oauth` does.
    pub(super) fn add_source(
        &self,
        inside: &mut Inside<'_>,
        flags: &[&str],
        io: &mut Io<'_>,
    ) -> Ran {
        let all = |name: &str| -> Vec<&str> {
            let at = flags.iter().enumerate().filter(|(_, f)| f.trim_start_matches('-') == name);
            at.filter_map(|(at, _)| flags.get(at + 1).copied()).collect()
        };
        let of = |name: &str| all(name).first().copied().unwrap_or_default();
        if of("provider") != "openidConnect" {
            let text = "gitea admin auth add-oauth: another provider than openidConnect is not played by a stand-in\n";
            io.err.extend(text.bytes());
            inside.note_refusal(text.as_bytes());
            return Ran::Ended(1);
        }
        // It asks for the document at once, and makes nothing where it does not come.
        if document(inside, of("auto-discover-url")).is_none() {
            let text = format!(
                "Command error: failed to initialize OpenID Connect Provider with name '{}' with url '{}'\n",
                of("name"),
                of("auto-discover-url")
            );
            io.err.extend(text.bytes());
            return Ran::Ended(1);
        }
        let scopes = ["openid"].into_iter().chain(all("scopes")).collect::<Vec<_>>().join(" ");
        let columns = [
            ("name", quoted(of("name"))),
            ("client_id", quoted(of("key"))),
            ("client_secret", quoted(of("secret"))),
            ("scopes", quoted(&scopes)),
            ("discovery", quoted(of("auto-discover-url"))),
        ];
        match self.insert(inside, "login_source", &columns) {
            Ok(_) => Ran::Ended(0),
            Err(Unanswered(problem)) => {
                io.err.extend(format!("Command error: {problem}\n").bytes());
                Ran::Ended(1)
            }
        }
    }

    /// Returns the names of the providers, as its page of logins shows them.
    pub(super) fn sources(&self, inside: &mut Inside<'_>) -> Result<Vec<String>, Unanswered> {
        let rows = self.ask(inside, "SELECT name FROM login_source ORDER BY id")?;
        Ok(rows.into_iter().flatten().collect())
    }

    fn source(&self, inside: &mut Inside<'_>, name: &str) -> Result<Source, Refused> {
        let sql = format!(
            "SELECT id, client_id, client_secret, scopes, discovery FROM login_source WHERE name = {}",
            quoted(name)
        );
        let row = self.row(inside, &sql)?.and_then(|row| <[String; 5]>::try_from(row).ok());
        let row = row.ok_or_else(|| Refused(500, "no such provider".to_owned()))?;
        let [id, client, secret, scopes, discovery] = row;
        Ok(Source { id, client, secret, scopes, discovery })
    }

    /// Sends somebody to the provider.
    pub(super) fn begin_login(
        &self,
        inside: &mut Inside<'_>,
        name: &str,
    ) -> Result<Response, Refused> {
        let source = self.source(inside, name)?;
        let document = document(inside, &source.discovery).ok_or_else(unreached)?;
        let count = inside.below(STATES).len();
        let state = digest(&format!("{} {count} {}", source.id, inside.now));
        let written = inside.write_new(&format!("{STATES}/{state}"), Vec::new());
        debug_assert!(written.is_ok(), "a container's own files can be written");
        let at = document["authorization_endpoint"].as_str().unwrap_or_default();
        let query = form(&[
            ("client_id", &source.client),
            ("redirect_uri", &Self::callback(inside, name)),
            ("response_type", "code"),
            ("scope", &source.scopes),
            ("state", &state),
        ]);
        Ok(super::pages::see_other(&format!("{at}?{query}")))
    }

    fn callback(inside: &Inside<'_>, name: &str) -> String {
        format!("{}/user/oauth2/{name}/callback", Self::url(inside))
    }

    /// Takes somebody back from the provider: exchanges the code, believes what the token says, and signs in who it
    /// names; that makes the account the first time. Returns why it does not, in words for the page of logins.
    pub(super) fn end_login(
        &self,
        inside: &mut Inside<'_>,
        name: &str,
        request: &Request,
    ) -> Result<Result<User, String>, Refused> {
        let source = self.source(inside, name)?;
        let query = request.path.split_once('?').map(|(_, query)| query).unwrap_or_default();
        let of = |name: &str| {
            let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            pairs.into_iter().find(|(n, _)| *n == name).map(|(_, v)| super::pages::plain(v))
        };
        let state = of("state").unwrap_or_default();
        let is_ours = !state.is_empty() && inside.remove(&format!("{STATES}/{state}")).is_ok();
        if let Some(error) = of("error") {
            return Ok(Err(error));
        }
        if !is_ours {
            return Ok(Err("state token mismatch".to_owned()));
        }
        let document = document(inside, &source.discovery).ok_or_else(unreached)?;
        let fields = form(&[
            ("grant_type", "authorization_code"),
            ("code", &of("code").unwrap_or_default()),
            ("redirect_uri", &Self::callback(inside, name)),
            ("client_id", &source.client),
            ("client_secret", &source.secret),
        ]);
        let at = document["token_endpoint"].as_str().unwrap_or_default();
        let (status, said) = ask(inside, "POST", at, fields.into_bytes()).ok_or_else(unreached)?;
        if status != 200 {
            return Ok(Err(format!("OAuth2 RetrieveError: {said}")));
        }
        let claims = claims(said["id_token"].as_str().unwrap_or_default()).unwrap_or_default();
        let now = inside.now.as_second();
        if claims["iss"] != document["issuer"] {
            return Ok(Err("issuer in token does not match".to_owned()));
        }
        let audience = &claims["aud"];
        let is_for_us = audience.as_str() == Some(source.client.as_str())
            || audience.as_array().is_some_and(|a| a.iter().any(|one| *one == *source.client));
        if !is_for_us || claims["exp"].as_i64().is_none_or(|end| end < now) {
            return Ok(Err("the token is not for this client, or has ended".to_owned()));
        }
        self.external(inside, &source, &claims).map(Ok)
    }

    /// Returns the account of somebody at a provider.
    fn external(
        &self,
        inside: &mut Inside<'_>,
        source: &Source,
        claims: &Value,
    ) -> Result<User, Refused> {
        let of = |name: &str| claims[name].as_str().unwrap_or_default();
        let subject = quoted(of("sub"));
        let sql = format!(
            "SELECT user_id FROM external_login_user WHERE login_source_id = {} AND external_id = {subject}",
            source.id
        );
        if let Some(id) = self.first(inside, &sql)? {
            let user = self.user_where(inside, &format!("id = {id}"))?;
            return user.ok_or_else(|| Refused(500, "no such account".to_owned()));
        }
        let (name, email) = (of("preferred_username"), of("email"));
        let user = self.make_external(inside, name, email)?;
        let columns = [
            ("user_id", user.id.clone()),
            ("login_source_id", source.id.clone()),
            ("external_id", subject),
        ];
        self.insert(inside, "external_login_user", &columns)?;
        Ok(user)
    }
}

fn unreached() -> Refused {
    Refused(500, "the provider cannot be reached".to_owned())
}

/// Returns what a provider says of itself.
fn document(inside: &mut Inside<'_>, url: &str) -> Option<Value> {
    let (status, said) = ask(inside, "GET", url, Vec::new())?;
    (status == 200).then_some(said)
}

/// Asks an address for JSON, as any program on the network does.
fn ask(inside: &mut Inside<'_>, method: &str, url: &str, body: Vec<u8>) -> Option<(u16, Value)> {
    let rest = url.strip_prefix("https://")?;
    let (host, path) = rest.split_once('/')?;
    let kind = "application/x-www-form-urlencoded".to_owned();
    let headers = vec![("host".to_owned(), host.to_owned()), ("content-type".to_owned(), kind)];
    let request = Request { method: method.to_owned(), path: format!("/{path}"), headers, body };
    debug_assert!(header(&request, "host").is_some(), "a router goes by it");
    let answer = inside.visit(host, &request)?;
    Some((answer.status, serde_json::from_slice(&answer.body).unwrap_or_default()))
}

/// Returns what a token claims. Whether it is signed is what the code's exchange stands for: it came from the provider.
fn claims(token: &str) -> Option<Value> {
    let payload = token.split('.').nth(1)?.replace('-', "+").replace('_', "/");
    serde_json::from_slice(&base64::decode(&payload)?).ok()
}

/// Writes a value as a form or a query has it.
pub(super) fn coded(text: &str) -> String {
    let one = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(one).collect()
}

/// Writes fields as a form or a query has them.
pub(super) fn form(fields: &[(&str, &str)]) -> String {
    fields
        .iter()
        .map(|(name, value)| format!("{name}={}", coded(value)))
        .collect::<Vec<_>>()
        .join("&")
}
