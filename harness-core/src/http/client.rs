//! One way to make a client: route and trust given, no redirect, no hidden retry, a limit on each request. What is
//! asked goes over the network, or to something in this process.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use reqwest::cookie::{CookieStore as _, Jar};
use reqwest::redirect::Policy;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use url::Url;

use super::in_process::{InProcess, Responder};
use super::{Answer, HttpError};
use crate::name::Domain;

/// Kept of a body, in bytes.
pub(super) const MAX_BODY: usize = 4 * 1024 * 1024;

/// How a domain is reached without a name server.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Route {
    /// Where the router answers HTTPS.
    pub https: SocketAddr,
    /// The certificate authority to trust, in PEM; none: the system's.
    pub ca: Option<Utf8PathBuf>,
}

/// The client could not be made.
#[derive(Debug, Error)]
pub enum ClientError {
    /// The certificate authority's file cannot be read.
    #[error("failed to read the certificate authority {path}")]
    ReadCa {
        /// The file.
        path: Utf8PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The certificate authority's file holds no certificate, or TLS cannot be set up.
    #[error("failed to set up the HTTP client")]
    Build {
        /// What went wrong.
        source: reqwest::Error,
    },
    /// The text is not the address of a server. It is not repeated: it may hold a password.
    #[error("expected an address like `https://host[:port][/path]`, seen one with {seen}")]
    Address {
        /// What is wrong with it.
        seen: String,
    },
}

/// A client for one host.
#[derive(Clone)]
pub struct Client {
    way: Way,
    /// Scheme, host and port that requests go to.
    origin: Arc<str>,
    /// Scheme, host and port as the other side's own pages name them.
    site: Arc<str>,
    /// What stands before every path.
    prefix: Arc<str>,
    made: Arc<Made>,
}

/// What it remembers is somebody's session, and is not shown.
impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Client({})", self.base())
    }
}

/// How a client was made, to make another one.
#[derive(Clone, Debug)]
enum Made {
    ForApp { domain: Domain, route: Route, verify: bool },
    InProcess { domain: Domain, responder: Arc<dyn Responder> },
    At { address: String, ca: Option<Utf8PathBuf> },
}

/// Where requests go.
#[derive(Clone)]
enum Way {
    /// To the router, by HTTPS, with what the client was told to remember.
    Network(reqwest::Client, Arc<Jar>),
    /// To something in this process.
    InProcess(Arc<InProcess>),
}

impl Client {
    /// Returns a client for an app's domain. It follows no redirect and keeps cookies.
    ///
    /// # Errors
    /// The certificate authority cannot be read, or TLS cannot be set up.
    pub fn for_app(domain: &Domain, route: &Route) -> Result<Self, ClientError> {
        Self::build(domain, route, true)
    }

    /// Returns a client that accepts any certificate: to look at the one that is shown, never to trust an answer.
    ///
    /// # Errors
    /// TLS cannot be set up.
    pub fn for_inspection(domain: &Domain, route: &Route) -> Result<Self, ClientError> {
        Self::build(domain, route, false)
    }

    /// Returns a client whose requests are answered in this process. It follows no redirect and keeps cookies.
    ///
    /// # Errors
    /// What makes requests cannot be set up.
    pub fn in_process(domain: &Domain, responder: Arc<dyn Responder>) -> Result<Self, ClientError> {
        let made = Made::InProcess { domain: domain.clone(), responder: Arc::clone(&responder) };
        let inner = InProcess::new(responder).map_err(|source| ClientError::Build { source })?;
        let origin: Arc<str> = format!("https://{domain}").into();
        let (site, prefix) = (Arc::clone(&origin), "".into());
        let (way, made) = (Way::InProcess(Arc::new(inner)), Arc::new(made));
        Ok(Self { way, origin, site, prefix, made })
    }

    /// Returns a client for a server that the system's own name resolution finds, at any address like
    /// `http(s)://host[:port][/path]`; a path there stands before every path that is asked for. The certificate
    /// authority is a file in PEM; none: the system's. It follows no redirect and keeps cookies.
    ///
    /// # Errors
    /// The text is no such address, the certificate authority cannot be read, or TLS cannot be set up.
    pub fn at(address: &str, ca: Option<&Utf8Path>) -> Result<Self, ClientError> {
        let url = read_address(address)?;
        let site: Arc<str> = url.origin().ascii_serialization().into();
        let prefix = url.path().trim_end_matches('/').into();
        let (builder, jar) = builder();
        let builder = trusting(builder, ca)?;
        let inner = builder.build().map_err(|source| ClientError::Build { source })?;
        let made = Made::At { address: address.to_owned(), ca: ca.map(Utf8Path::to_owned) };
        let (way, made) = (Way::Network(inner, jar), Arc::new(made));
        Ok(Self { way, origin: Arc::clone(&site), site, prefix, made })
    }

    fn build(domain: &Domain, route: &Route, verify: bool) -> Result<Self, ClientError> {
        let (builder, jar) = builder();
        let builder = builder.resolve(domain.as_str(), route.https);
        let builder = if verify {
            trusting(builder, route.ca.as_deref())?
        } else {
            builder.tls_danger_accept_invalid_certs(true)
        };
        let inner = builder.build().map_err(|source| ClientError::Build { source })?;
        let origin = format!("https://{domain}:{}", route.https.port()).into();
        let (site, prefix) = (format!("https://{domain}").into(), "".into());
        let made = Made::ForApp { domain: domain.clone(), route: route.clone(), verify };
        let (way, made) = (Way::Network(inner, jar), Arc::new(made));
        Ok(Self { way, origin, site, prefix, made })
    }

    /// Returns scheme, host and port that requests go to: `https://<domain>:<port>` of an app (without a port in
    /// process). The `Host` header carries those of [`Client::site`].
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Returns `https://<domain>`: the origin of the app's own pages, whichever port the router has here.
    pub fn site(&self) -> &str {
        &self.site
    }

    /// Returns the address below which every path is: the site with the path that stands before all others, without a
    /// slash at its end.
    pub fn base(&self) -> String {
        format!("{}{}", self.site, self.prefix)
    }

    /// Returns another client for the same place, which has no cookies: somebody whom it has never seen.
    ///
    /// # Errors
    /// As when this one was made.
    pub fn stranger(&self) -> Result<Self, ClientError> {
        let other = match &*self.made {
            Made::ForApp { domain, route, verify } => Self::build(domain, route, *verify),
            Made::InProcess { domain, responder } => {
                Self::in_process(domain, Arc::clone(responder))
            }
            Made::At { address, ca } => Self::at(address, ca.as_deref()),
        };
        Ok(Self { prefix: Arc::clone(&self.prefix), ..other? })
    }

    /// Returns the same client, cookies included, for paths from the root on.
    #[must_use]
    pub fn from_root(&self) -> Self {
        Self { prefix: "".into(), ..self.clone() }
    }

    /// Returns the path and query, from the root on, of an address that is on this client's site; none of any other.
    pub fn path_of(&self, url: &Url) -> Option<String> {
        if url.origin().ascii_serialization() != *self.site {
            return None;
        }
        let path = url.path();
        Some(url.query().map_or_else(|| path.to_owned(), |query| format!("{path}?{query}")))
    }

    /// Returns the `cookie` header that a request to a path would carry; none without cookies, and in process.
    pub fn cookies(&self, path: &str) -> Option<String> {
        let Way::Network(_, jar) = &self.way else { return None };
        let url = self.url(path).parse().ok()?;
        Some(jar.cookies(&url)?.to_str().ok()?.to_owned())
    }

    /// Returns what the `Host` header carries.
    fn host(&self) -> &str {
        self.site.split_once("://").map_or(&*self.site, |(_, host)| host)
    }

    fn url(&self, path: &str) -> String {
        format!("{}{}{path}", self.origin, self.prefix)
    }

    /// Begins a request to a path, for methods, headers and bodies of one's own; end it with [`Client::send`].
    pub fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        let client = match &self.way {
            Way::Network(client, _) => client,
            Way::InProcess(inner) => inner.client(),
        };
        client.request(method, self.url(path)).header(reqwest::header::HOST, self.host())
    }

    /// Asks for a path.
    ///
    /// # Errors
    /// There was no whole answer within the limit.
    pub async fn get(&self, path: &str, limit: Duration) -> Result<Answer, HttpError> {
        self.send(self.request(reqwest::Method::GET, path), limit).await
    }

    /// Sends a request and reads the whole answer.
    ///
    /// # Errors
    /// There was no whole answer within the limit.
    pub async fn send(
        &self,
        request: reqwest::RequestBuilder,
        limit: Duration,
    ) -> Result<Answer, HttpError> {
        let url = &self.origin;
        let sent = async {
            match &self.way {
                Way::Network(..) => over_the_network(url, request, limit).await,
                Way::InProcess(inner) => inner.send(url, request).await,
            }
        };
        tokio::time::timeout(limit, sent)
            .await
            .unwrap_or_else(|_| Err(HttpError::TimedOut { url: url.to_string(), limit }))
    }
}

/// Begins a client that goes over the network; what it is told to remember is beside it.
fn builder() -> (reqwest::ClientBuilder, Arc<Jar>) {
    let jar = Arc::new(Jar::default());
    let builder = reqwest::Client::builder()
        .redirect(Policy::none())
        .retry(reqwest::retry::never())
        .cookie_provider(Arc::clone(&jar))
        .no_proxy()
        .tls_info(true)
        .connect_timeout(Duration::from_secs(5));
    (builder, jar)
}

/// Lets a client trust a certificate authority alone; none: those that the system trusts.
fn trusting(
    builder: reqwest::ClientBuilder,
    ca: Option<&Utf8Path>,
) -> Result<reqwest::ClientBuilder, ClientError> {
    let Some(path) = ca else { return Ok(builder) };
    let pem = std::fs::read(path)
        .map_err(|source| ClientError::ReadCa { path: path.to_owned(), source })?;
    let roots = reqwest::Certificate::from_pem_bundle(&pem)
        .map_err(|source| ClientError::Build { source })?;
    Ok(builder.tls_certs_only(roots))
}

fn read_address(address: &str) -> Result<Url, ClientError> {
    let refused = |seen: String| ClientError::Address { seen };
    let url = Url::parse(address).map_err(|e| refused(e.to_string()))?;
    let is_http = matches!(url.scheme(), "http" | "https") && url.has_host();
    let wrong = [
        (!is_http, format!("the scheme `{}`", url.scheme())),
        (!url.username().is_empty() || url.password().is_some(), "credentials".to_owned()),
        (url.query().is_some(), "a query".to_owned()),
        (url.fragment().is_some(), "a fragment".to_owned()),
    ];
    match wrong.into_iter().find(|(is, _)| *is) {
        Some((_, seen)) => Err(refused(seen)),
        None => Ok(url),
    }
}

async fn over_the_network(
    url: &str,
    request: reqwest::RequestBuilder,
    limit: Duration,
) -> Result<Answer, HttpError> {
    let mut response = request.send().await.map_err(|e| classify(url, limit, &e))?;
    let certificate = response.extensions().get::<reqwest::tls::TlsInfo>();
    let certificate = certificate.and_then(|t| t.peer_certificate()).map(<[u8]>::to_vec);
    let status = response.status().as_u16();
    let headers = response.headers().iter();
    let headers =
        headers.map(|(n, v)| (n.to_string(), String::from_utf8_lossy(v.as_bytes()).into_owned()));
    let headers = headers.collect();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|e| classify(url, limit, &e))? {
        body.extend_from_slice(&chunk);
        if body.len() > MAX_BODY {
            body.truncate(MAX_BODY);
            break;
        }
    }
    Ok(Answer { status, headers, body, certificate })
}

fn classify(url: &str, limit: Duration, error: &reqwest::Error) -> HttpError {
    let reason = crate::chain::Chain(error).to_string();
    let url = url.to_owned();
    if error.is_timeout() {
        HttpError::TimedOut { url, limit }
    } else if reason.contains("certificate") || reason.contains("TLS") || reason.contains("tls") {
        HttpError::Tls { url, reason }
    } else if error.is_connect() {
        HttpError::Connect { url, reason }
    } else {
        HttpError::Broken { url, reason }
    }
}

#[cfg(test)]
#[path = "client_tests.rs"]
mod tests;
