//! Requests that are answered in this process: no socket, no clock. Main items: [`Responder`], [`Asked`].

use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use futures_util::future::BoxFuture;
use reqwest::header::{ACCEPT, CONTENT_LENGTH, COOKIE, HeaderMap, HeaderValue};

use super::client::MAX_BODY;
use super::cookies::Cookies;
use super::{Answer, HttpError};

/// What is asked of something in this process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// The method, in capitals.
    pub method: String,
    /// The path with its query.
    pub path: String,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// What answers requests in this process. An answer may take its time: the client's limit ends it.
pub trait Responder: fmt::Debug + Send + Sync {
    /// Answers a request.
    fn respond(&self, asked: Asked) -> BoxFuture<'_, Result<Answer, HttpError>>;
}

/// The way to something in this process, with what the client keeps between requests.
#[derive(Debug)]
pub(super) struct InProcess {
    responder: Arc<dyn Responder>,
    client: reqwest::Client,
    cookies: Mutex<Cookies>,
}

impl InProcess {
    pub(super) fn new(responder: Arc<dyn Responder>) -> Result<Self, reqwest::Error> {
        Ok(Self { responder, client: maker()?, cookies: Mutex::default() })
    }

    /// Returns what makes requests; it sends none.
    pub(super) const fn client(&self) -> &reqwest::Client {
        &self.client
    }

    pub(super) async fn send(
        &self,
        url: &str,
        request: reqwest::RequestBuilder,
    ) -> Result<Answer, HttpError> {
        let broken = |reason: String| HttpError::Broken { url: url.to_owned(), reason };
        let mut request =
            request.build().map_err(|e| broken(crate::chain::Chain(&e).to_string()))?;
        let body = match request.body() {
            None => Vec::new(),
            Some(body) => body
                .as_bytes()
                .ok_or_else(|| broken("a body that is a stream cannot be sent in process".into()))?
                .to_vec(),
        };
        let cookies = self.lock(|cookies| cookies.header());
        complete(request.headers_mut(), cookies, body.len());
        let text = |v: &HeaderValue| String::from_utf8_lossy(v.as_bytes()).into_owned();
        let headers = request.headers().iter().map(|(n, v)| (n.to_string(), text(v))).collect();
        let (path, query) = (request.url().path(), request.url().query());
        let path = query.map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"));
        let asked = Asked { method: request.method().to_string(), path, headers, body };
        let mut answer = self.responder.respond(asked).await?;
        // What a server says by itself over the network.
        if answer.header(CONTENT_LENGTH.as_str()).is_none() && !matches!(answer.status, 204 | 304) {
            answer.headers.push((CONTENT_LENGTH.to_string(), answer.body.len().to_string()));
        }
        answer.body.truncate(MAX_BODY);
        self.lock(|cookies| {
            let set = answer.headers.iter().filter(|(name, _)| name == "set-cookie");
            set.for_each(|(_, value)| cookies.take(value));
        });
        Ok(answer)
    }

    fn lock<V>(&self, work: impl FnOnce(&mut Cookies) -> V) -> V {
        work(&mut self.cookies.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Adds what a client says by itself over the network.
fn complete(headers: &mut HeaderMap, cookies: Option<String>, length: usize) {
    headers.entry(ACCEPT).or_insert(HeaderValue::from_static("*/*"));
    if length > 0 {
        headers.entry(CONTENT_LENGTH).or_insert(HeaderValue::from(length));
    }
    if let Some(Ok(value)) = cookies.map(HeaderValue::try_from) {
        headers.entry(COOKIE).or_insert(value);
    }
}

/// Returns what makes requests for all clients of this process: to make one costs more than a whole simulated run. It
/// trusts nobody, and never connects.
fn maker() -> Result<reqwest::Client, reqwest::Error> {
    static MAKER: OnceLock<reqwest::Client> = OnceLock::new();
    if let Some(made) = MAKER.get() {
        return Ok(made.clone());
    }
    let made = reqwest::Client::builder().no_proxy().tls_certs_only([]).build()?;
    Ok(MAKER.get_or_init(|| made).clone())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::FutureExt as _;
    use reqwest::Method;

    use super::*;
    use crate::http::Client;
    use crate::name::Domain;

    const LIMIT: Duration = Duration::from_secs(10);

    /// Says what it was asked, and never answers `/hang`.
    #[derive(Debug)]
    struct Echo;

    impl Responder for Echo {
        fn respond(&self, asked: Asked) -> BoxFuture<'_, Result<Answer, HttpError>> {
            if asked.path == "/hang" {
                return std::future::pending().boxed();
            }
            let said = asked.headers.iter().map(|(n, v)| format!("{n}: {v}\n"));
            let head = format!("{} {}\n{}\n", asked.method, asked.path, said.collect::<String>());
            let body = [head.into_bytes(), asked.body].concat();
            let headers = vec![("set-cookie".to_owned(), "session=1; Path=/".to_owned())];
            std::future::ready(Ok(Answer { status: 200, headers, body, certificate: None })).boxed()
        }
    }

    fn client() -> Client {
        let domain = Domain::try_from("app.ccci.test".to_owned()).unwrap();
        Client::in_process(&domain, Arc::new(Echo)).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_of_ones_own_arrives_whole() {
        let client = client();
        let request =
            client.request(Method::POST, "/api?page=2").header("x-token", "t").body("one=1");
        let said = client.send(request, LIMIT).await.unwrap().text();
        for part in ["POST /api?page=2\n", "host: app.ccci.test\n", "x-token: t\n"] {
            assert!(said.contains(part), "{part} is not in {said}");
        }
        assert!(said.contains("content-length: 5\n") && said.ends_with("\none=1"), "{said}");
    }

    #[tokio::test(start_paused = true)]
    async fn cookies_are_sent_back() {
        let client = client();
        assert!(!client.get("/", LIMIT).await.unwrap().text().contains("cookie:"));
        assert!(client.get("/", LIMIT).await.unwrap().text().contains("cookie: session=1\n"));
    }

    #[tokio::test(start_paused = true)]
    async fn silence_ends_at_the_limit() {
        let error = client().get("/hang", LIMIT).await.unwrap_err();
        assert!(matches!(error, HttpError::TimedOut { limit: LIMIT, .. }), "{error}");
    }
}
