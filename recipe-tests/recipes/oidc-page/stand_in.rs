//! Plays Apache with its module for OpenID Connect: it keeps nothing but keys, what it remembers of people is sealed into
//! their cookies. Tokens are believed by the rules of `harness_sso`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::app::StandIn;
use crate::world::{Image, Inside, Io, Ran, Request, Response};

#[path = "stand_in/cookies.rs"]
mod cookies;
#[path = "stand_in/exchange.rs"]
mod exchange;

use cookies::{Sealed, cookie};

/// Returns the images that this recipe brings.
pub(crate) fn stand_ins() -> Vec<StandIn> {
    vec![StandIn {
        image: "cc-ci/oidc-page",
        make: |tag| Arc::new(Page { version: tag.to_owned() }),
    }]
}

/// Plays one version of it.
#[derive(Clone, Debug)]
struct Page {
    version: String,
}

const PORT: u16 = 80;

/// How long it boots.
const BOOT: Duration = Duration::from_millis(300);

/// What sessions are sealed with.
const KEY: &str = "/run/secrets/session_key";

/// The cookie of a session; one for each login that is under way is called after its state.
const SESSION: &str = "mod_auth_openidc_session";
const STATE: &str = "mod_auth_openidc_state_";

const INDEX: &str = "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>A page with people</title></head>\n<body>\n<h1>A page with people</h1>\n<p><a href=\"/sign-in\">Sign in</a></p>\n</body>\n</html>\n";

fn is_enabled(inside: &Inside<'_>) -> bool {
    inside.env.get("OIDC_ENABLED").is_some_and(|word| word == "true")
}

/// Returns a setting; one that is not set is what the file of settings says, word by word, as Apache takes it.
fn setting(inside: &Inside<'_>, name: &str) -> String {
    inside.env.get(name).cloned().unwrap_or_else(|| format!("${{{name}}}"))
}

fn key(inside: &Inside<'_>) -> Vec<u8> {
    inside.read(KEY).map(<[u8]>::to_vec).unwrap_or_default()
}

fn response(status: u16, body: &str) -> Response {
    let headers = vec![("content-type".to_owned(), "text/html; charset=utf-8".to_owned())];
    Response { status, headers, body: body.as_bytes().to_vec() }
}

fn text(body: &str) -> Response {
    let headers = vec![("content-type".to_owned(), "text/plain; charset=utf-8".to_owned())];
    Response { status: 200, headers, body: body.as_bytes().to_vec() }
}

/// A page of Apache's own about a status.
fn plain(status: u16, words: &str) -> Response {
    response(
        status,
        &format!(
            "<!DOCTYPE HTML PUBLIC \"-//IETF//DTD HTML 2.0//EN\">\n<html><head>\n<title>{status} {words}</title>\n</head><body>\n<h1>{words}</h1>\n</body></html>\n"
        ),
    )
}

fn found(to: &str, cookie: &str) -> Response {
    let mut response = plain(302, "Found");
    response.headers.push(("location".to_owned(), to.to_owned()));
    response.headers.push(("set-cookie".to_owned(), cookie.to_owned()));
    response
}

/// Returns the page that says who somebody is.
fn person(who: &str) -> Response {
    let who = who.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    response(
        200,
        &format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>A page with people</title></head>\n<body>\n<p>You are <strong id=\"who\">{who}</strong>.</p>\n</body>\n</html>\n"
        ),
    )
}

impl Page {
    /// Answers where people have to have signed in.
    fn guarded(inside: &mut Inside<'_>, path: &str, request: &Request) -> Response {
        let session = cookie(request, SESSION).and_then(|text| Sealed::open(&key(inside), text));
        match (session, path) {
            (Some(Sealed(who)), "/sign-in" | "/me") => person(&who),
            (Some(_), _) => plain(404, "Not Found"),
            (None, "/me") if setting(inside, "OIDC_STRANGERS") == "pass" => person("(none)"),
            (None, _) => Self::to_provider(inside, path),
        }
    }

    /// Sends somebody to the provider, with the login that is under way in a cookie.
    fn to_provider(inside: &Inside<'_>, path: &str) -> Response {
        let key = key(inside);
        let now = inside.now.as_nanosecond();
        let (state, nonce) = (
            cookies::digest(&key, &format!("state {now} {path}")),
            cookies::digest(&key, &format!("nonce {now} {path}")),
        );
        let query = exchange::form(&[
            ("response_type", "code"),
            ("scope", "openid profile email"),
            ("client_id", &setting(inside, "OIDC_CLIENT_ID")),
            ("state", &state),
            ("redirect_uri", &setting(inside, "OIDC_REDIRECT_URI")),
            ("nonce", &nonce),
        ]);
        let at = setting(inside, "OIDC_AUTHORIZATION_ENDPOINT");
        let login = Sealed(format!("{nonce} {path}")).seal(&key);
        found(
            &format!("{at}?{query}"),
            &format!("{STATE}{state}={login}; Path=/; Secure; HttpOnly"),
        )
    }

    /// Takes somebody back from the provider.
    fn callback(inside: &mut Inside<'_>, request: &Request) -> Response {
        let refused = || plain(400, "Bad Request");
        let (state, code) = (exchange::of(request, "state"), exchange::of(request, "code"));
        let (Some(state), Some(code)) = (state, code) else { return refused() };
        let key = key(inside);
        let login = cookie(request, &format!("{STATE}{state}"));
        let Some(Sealed(login)) = login.and_then(|text| Sealed::open(&key, text)) else {
            return refused();
        };
        let Some((nonce, path)) = login.split_once(' ') else { return refused() };
        match exchange::who(inside, &code, nonce) {
            Some(who) => {
                let session = Sealed(who).seal(&key);
                let host = request.headers.iter().find(|(name, _)| name == "host");
                let host = host.map(|(_, host)| host.as_str()).unwrap_or_default();
                let session = format!("{SESSION}={session}; Path=/; Secure; HttpOnly");
                found(&format!("https://{host}{path}"), &session)
            }
            None => refused(),
        }
    }
}

impl Image for Page {
    fn files(&self) -> BTreeMap<String, Vec<u8>> {
        BTreeMap::new()
    }

    fn argv(&self) -> (Vec<String>, Vec<String>) {
        (vec!["docker-entrypoint.sh".to_owned()], Vec::new())
    }

    fn run(&self, inside: &mut Inside<'_>, argv: &[String], io: &mut Io<'_>) -> Ran {
        let program = argv.first().map(String::as_str).unwrap_or_default();
        if program.rsplit('/').next() != Some("docker-entrypoint.sh") {
            return crate::app::run_program(self, inside, argv, io);
        }
        if is_enabled(inside) && key(inside).is_empty() {
            io.err.extend(
                b"apache2: Syntax error: OIDCCryptoPassphrase: unable to get the passphrase\n",
            );
            return Ran::Ended(1);
        }
        Ran::Serves { boot: BOOT }
    }

    fn answer(&self, inside: &mut Inside<'_>, port: u16, request: &Request) -> Option<Response> {
        if port != PORT {
            return None;
        }
        let path = request.path.split('?').next().unwrap_or_default();
        let is_guarded = ["/sign-in", "/me", "/callback"].iter().any(|at| {
            path.strip_prefix(at).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        });
        Some(match path {
            "/" | "/index.html" => response(200, INDEX),
            "/version.txt" => text(&format!("{}\n", self.version)),
            _ if !is_guarded => plain(404, "Not Found"),
            "/sign-in" | "/me" if !is_enabled(inside) => plain(403, "Forbidden"),
            _ if !is_enabled(inside) => plain(404, "Not Found"),
            _ if exchange::path_of(&setting(inside, "OIDC_REDIRECT_URI")) == path => {
                Self::callback(inside, request)
            }
            _ => Self::guarded(inside, path, request),
        })
    }

    fn booted(&self, _inside: &mut Inside<'_>) {}

    fn listens(&self, _inside: &Inside<'_>, port: u16) -> bool {
        port == PORT
    }
}
