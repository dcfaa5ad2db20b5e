//! A visitor of the app over HTTP, with cookies and headers of its own. Main type: [`Visitor`].

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use harness_core::http::{Answer, Client, HttpError, Method, RequestBuilder, router_page};
use harness_core::secret::Secret;
use harness_core::wait::{Hint, Pace, Readiness, until};
use serde::Serialize;

use crate::check::Failure;
use crate::ctx::Ctx;
use crate::websocket::{Asked, WebSocket, WebSocketError};

/// How long one request may take: what an app does at most once, such as hashing a first password, is slow on a busy
/// machine.
const LIMIT: Duration = Duration::from_secs(30);

/// One visitor of the app: what it was told to remember (cookies) is its own, and so are the headers that it always
/// sends. It follows no redirect, and asks again only where a method says so. Any status is an answer.
///
/// ```no_run
/// # use recipe_tests::{Check, Ctx, ensure_eq};
/// # use serde_json::json;
/// # async fn check(ctx: Ctx) -> Check {
/// let owner = ctx.visitor()?.with_origin();
/// let answer = owner.post("/api/session", &json!({"user": "a", "password": "b"})).await?;
/// ensure_eq!(answer.status, 201, "the status of the login");
/// let stranger = ctx.visitor()?;
/// ensure_eq!(stranger.get("/api/me").await?.status, 403, "the status for one without a session");
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Visitor {
    ctx: Ctx,
    client: Client,
    headers: Vec<(String, String)>,
}

/// A file that is sent as a browser's form sends it.
#[derive(Clone, Copy, Debug)]
pub struct Upload<'a> {
    /// The form's field.
    pub field: &'a str,
    /// The file's name.
    pub name: &'a str,
    /// Its media type.
    pub media_type: &'a str,
    /// Its content.
    pub content: &'a [u8],
}

impl Ctx {
    /// Returns a visitor that the app has never seen: no cookies. Cloned, it is the same visitor.
    ///
    /// # Errors
    /// The client cannot be set up.
    pub fn visitor(&self) -> Result<Visitor, Failure> {
        let client = self.fresh_http(self.domain())?;
        Ok(Visitor { ctx: self.clone(), client, headers: Vec::new() })
    }
}

impl Visitor {
    /// Returns the client that its requests go by: for logins over pages, which leave their session there.
    pub const fn client(&self) -> &Client {
        &self.client
    }

    /// Sends a header with every request from here on.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sends `Origin: https://<domain>` with every request, as a browser does on the app's own pages.
    #[must_use]
    pub fn with_origin(self) -> Self {
        let site = self.client.site().to_owned();
        self.with_header("origin", &site)
    }

    /// Sends `Authorization: Bearer <token>` with every request.
    #[must_use]
    pub fn with_bearer(self, token: &str) -> Self {
        self.with_header("authorization", &format!("Bearer {token}"))
    }

    /// Sends `Authorization: Basic …` with every request.
    #[must_use]
    pub fn with_basic(self, user: &str, password: &Secret) -> Self {
        let pair = BASE64_STANDARD.encode(format!("{user}:{}", password.expose()));
        self.with_header("authorization", &format!("Basic {pair}"))
    }

    /// Asks for a path.
    ///
    /// # Errors
    /// There was no whole answer within 30 s.
    pub async fn get(&self, path: &str) -> Result<Answer, Failure> {
        self.send(self.request(Method::GET, path)).await
    }

    /// Posts a value as JSON.
    ///
    /// # Errors
    /// There was no whole answer within 30 s.
    pub async fn post(&self, path: &str, body: &impl Serialize) -> Result<Answer, Failure> {
        self.send(self.request(Method::POST, path).json(body)).await
    }

    /// Puts a value as JSON.
    ///
    /// # Errors
    /// There was no whole answer within 30 s.
    pub async fn put(&self, path: &str, body: &impl Serialize) -> Result<Answer, Failure> {
        self.send(self.request(Method::PUT, path).json(body)).await
    }

    /// Asks for something to be deleted.
    ///
    /// # Errors
    /// There was no whole answer within 30 s.
    pub async fn delete(&self, path: &str) -> Result<Answer, Failure> {
        self.send(self.request(Method::DELETE, path)).await
    }

    /// Posts a file as a browser's form does.
    ///
    /// # Errors
    /// There was no whole answer within 30 s.
    pub async fn upload(&self, path: &str, file: Upload<'_>) -> Result<Answer, Failure> {
        let (kind, body) = form(file);
        let request = self.request(Method::POST, path).header("content-type", kind).body(body);
        self.send(request).await
    }

    /// Opens a WebSocket at a path, with this visitor's cookies and headers, and offers subprotocols: the one that the
    /// app chose is [`WebSocket::protocol`]. It carries the `Origin` of the app's own pages.
    ///
    /// # Errors
    /// The app does not switch to WebSocket there, or cannot be reached over a network.
    pub async fn websocket(
        &self,
        path: &str,
        protocols: &[&str],
    ) -> Result<WebSocket, WebSocketError> {
        let mut headers = self.headers.clone();
        headers.extend(self.client.cookies(path).map(|value| ("cookie".to_owned(), value)));
        let protocols = protocols.iter().map(|p| (*p).to_owned()).collect();
        self.ctx.open_websocket(Asked { path: path.to_owned(), headers, protocols }).await
    }

    /// Begins a request of another kind; end it with [`Visitor::send`].
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.client.request(method, path);
        self.headers.iter().fold(request, |request, (name, value)| request.header(name, value))
    }

    /// Sends a request.
    ///
    /// # Errors
    /// There was no whole answer within 30 s.
    pub async fn send(&self, request: RequestBuilder) -> Result<Answer, Failure> {
        Ok(self.client.send(request, LIMIT).await?)
    }

    /// Sends a request, and again while the app is not ready: no answer, a 5xx, or a page of the router's own. Any
    /// other answer is returned at once, whatever its status: a 4xx too.
    ///
    /// # Errors
    /// It was not ready within the limit; what was last seen is in the error.
    pub async fn when_ready(
        &self,
        limit: Duration,
        make: impl Fn(&Self) -> RequestBuilder,
    ) -> Result<Answer, Failure> {
        let mut last = None;
        let look = async || {
            let (readiness, error) = ready(self.client.send(make(self), LIMIT).await);
            last = error;
            readiness
        };
        match until(Pace::within(limit), &Hint::default(), look, |_| {}).await {
            Ok(answer) => Ok(answer),
            Err(error) => Err(last.map_or_else(|| error.into(), Failure::from)),
        }
    }
}

/// Decides from one answer whether the app was ready to give it.
fn ready(answer: Result<Answer, HttpError>) -> (Readiness<Answer>, Option<HttpError>) {
    match answer {
        Err(error) => (Readiness::NotYet(error.to_string()), Some(error)),
        Ok(answer) if answer.status >= 500 || router_page(&answer).is_some() => {
            (Readiness::NotYet(answer.summary()), None)
        }
        Ok(answer) => (Readiness::Ready(answer), None),
    }
}

/// Writes a form with one file; the first value is its media type.
fn form(file: Upload<'_>) -> (String, Vec<u8>) {
    // It must not occur in the content, and need not be random for that.
    let mut boundary = "ccci-form".to_owned();
    while file.content.windows(boundary.len()).any(|w| w == boundary.as_bytes()) {
        boundary.push('x');
    }
    let Upload { field, name, media_type, content } = file;
    let head = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"{field}\"; filename=\"{name}\"\r\nContent-Type: {media_type}\r\n\r\n"
    );
    let tail = format!("\r\n--{boundary}--\r\n");
    let body = [head.as_bytes(), content, tail.as_bytes()].concat();
    (format!("multipart/form-data; boundary={boundary}"), body)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        let body = body.as_bytes().to_vec();
        Answer { status, headers: Vec::new(), body, certificate: None }
    }

    #[test]
    fn only_what_is_not_ready_is_asked_again() {
        let again = |answer| matches!(ready(Ok(answer)).0, Readiness::NotYet(_));
        assert!(again(answer(500, "{}")) && again(answer(503, "no available server")));
        assert!(again(answer(404, "404 page not found")));
        for status in [200, 301, 401, 403, 404, 422, 429] {
            assert!(!again(answer(status, "{}")), "{status}");
        }
    }

    #[test]
    fn a_form_is_bounded_by_what_its_file_does_not_hold() {
        let content = b"--ccci-form--";
        let upload = Upload { field: "file", name: "a.txt", media_type: "text/plain", content };
        let (kind, body) = form(upload);
        assert_eq!(kind, "multipart/form-data; boundary=ccci-formx");
        let text = String::from_utf8(body).unwrap();
        let head = "--ccci-formx\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\nContent-Type: text/plain\r\n\r\n";
        assert!(text.starts_with(head) && text.ends_with("--ccci-form--\r\n--ccci-formx--\r\n"));
    }
}
