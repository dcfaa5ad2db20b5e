//! One way to make a client: route and trust given, no redirect, no hidden retry, a limit on each request. What is
//! asked goes over the network, or to something in this process.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use camino::Utf8PathBuf;
use reqwest::cookie::{CookieStore as _, Jar};
use reqwest::redirect::Policy;
use serde::{Deserialize, Serialize};
use thiserror::Error;

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
}

/// A client for one host, reached through the router.
#[derive(Clone, Debug)]
pub struct Client {
    way: Way,
    origin: Arc<str>,
}

/// Where requests go.
#[derive(Clone, Debug)]
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
        let inner = InProcess::new(responder).map_err(|source| ClientError::Build { source })?;
        Ok(Self {
            way: Way::InProcess(Arc::new(inner)),
            origin: format!("https://{domain}").into(),
        })
    }

    fn build(domain: &Domain, route: &Route, verify: bool) -> Result<Self, ClientError> {
        let jar = Arc::new(Jar::default());
        let mut builder = reqwest::Client::builder()
            .redirect(Policy::none())
            .retry(reqwest::retry::never())
            .cookie_provider(Arc::clone(&jar))
            .no_proxy()
            .tls_info(true)
            .connect_timeout(Duration::from_secs(5))
            .resolve(domain.as_str(), route.https);
        if !verify {
            builder = builder.tls_danger_accept_invalid_certs(true);
        } else if let Some(path) = &route.ca {
            let pem = std::fs::read(path)
                .map_err(|source| ClientError::ReadCa { path: path.clone(), source })?;
            let roots = reqwest::Certificate::from_pem_bundle(&pem)
                .map_err(|source| ClientError::Build { source })?;
            builder = builder.tls_certs_only(roots);
        }
        let inner = builder.build().map_err(|source| ClientError::Build { source })?;
        let origin = format!("https://{domain}:{}", route.https.port());
        Ok(Self { way: Way::Network(inner, jar), origin: origin.into() })
    }

    /// Returns `https://<domain>:<port>` (without a port in process), where requests go. The `Host` header carries the domain alone.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Returns `https://<domain>`: the origin of the app's own pages, whichever port the router has here.
    pub fn site(&self) -> String {
        format!("https://{}", self.host())
    }

    /// Returns the `cookie` header that a request to a path would carry; none without cookies, and in process.
    pub fn cookies(&self, path: &str) -> Option<String> {
        let Way::Network(_, jar) = &self.way else { return None };
        let url = format!("{}{path}", self.origin).parse().ok()?;
        Some(jar.cookies(&url)?.to_str().ok()?.to_owned())
    }

    fn host(&self) -> &str {
        self.origin.trim_start_matches("https://").split(':').next().unwrap_or_default()
    }

    /// Begins a request to a path, for methods, headers and bodies of one's own; end it with [`Client::send`].
    pub fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        let client = match &self.way {
            Way::Network(client, _) => client,
            Way::InProcess(inner) => inner.client(),
        };
        client
            .request(method, format!("{}{path}", self.origin))
            .header(reqwest::header::HOST, self.host())
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
