//! Which certificate a client gets: the server's own for its apps' names, the default one for all others.

use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use thiserror::Error;

use super::certificates::Pair;

/// Why a server configuration could not be made.
#[derive(Debug, Error)]
pub enum TlsError {
    /// A PEM text does not hold what it should.
    #[error("failed to read the {what}: expected a PEM section")]
    Pem {
        /// Which text.
        what: &'static str,
        /// What the reader said.
        #[source]
        source: pem::Error,
    },
    /// Certificate and key cannot be used.
    #[error("failed to use a certificate with its key")]
    Unusable(#[source] rustls::Error),
}

/// Returns the configuration of a server that shows `server` for names directly under `suffix` and `default` for all
/// others. It speaks HTTP/1.1 only.
///
/// # Errors
/// A pair is not a certificate with its key.
pub fn server_config(
    suffix: &str,
    server: &Pair,
    default: &Pair,
) -> Result<rustls::ServerConfig, TlsError> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let resolver = BySuffix {
        suffix: suffix.to_ascii_lowercase(),
        server: Arc::new(certified(&provider, server)?),
        default: Arc::new(certified(&provider, default)?),
    };
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Unusable)?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(resolver));
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

fn certified(
    provider: &rustls::crypto::CryptoProvider,
    pair: &Pair,
) -> Result<CertifiedKey, TlsError> {
    let certificate = CertificateDer::from_pem_slice(pair.certificate.as_bytes())
        .map_err(|source| TlsError::Pem { what: "certificate", source })?;
    let key = PrivateKeyDer::from_pem_slice(pair.key.as_bytes())
        .map_err(|source| TlsError::Pem { what: "private key", source })?;
    CertifiedKey::from_der(vec![certificate], key, provider).map_err(TlsError::Unusable)
}

#[derive(Debug)]
struct BySuffix {
    suffix: String,
    server: Arc<CertifiedKey>,
    default: Arc<CertifiedKey>,
}

impl ResolvesServerCert for BySuffix {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let ours = hello.server_name().is_some_and(|name| is_covered(name, &self.suffix));
        Some(Arc::clone(if ours { &self.server } else { &self.default }))
    }
}

/// Returns whether a wildcard certificate for the suffix holds for a name: one label before it, or none.
fn is_covered(name: &str, suffix: &str) -> bool {
    let name = name.to_ascii_lowercase();
    match name.strip_suffix(suffix) {
        None => false,
        Some("") => true,
        Some(before) => {
            before.strip_suffix('.').is_some_and(|label| !label.is_empty() && !label.contains('.'))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::router::certificates::{Certificates, default_certificate};

    #[test]
    fn a_wildcard_covers_one_label() {
        for (name, covered) in [
            ("a.ccci.test", true),
            ("A.CCCI.test", true),
            ("ccci.test", true),
            ("a.b.ccci.test", false),
            ("notccci.test", false),
            ("a.other.test", false),
            (".ccci.test", false),
        ] {
            assert_eq!(is_covered(name, "ccci.test"), covered, "{name}");
        }
    }

    #[test]
    fn generated_certificates_make_a_server() {
        let now = "2026-11-21T10:00:00Z".parse().unwrap();
        let made = Certificates::generate("ccci.test", now).unwrap();
        server_config("ccci.test", &made.server, &default_certificate(now).unwrap()).unwrap();
    }

    #[test]
    fn a_key_of_another_certificate_is_refused() {
        let now = "2026-11-21T10:00:00Z".parse().unwrap();
        let default = default_certificate(now).unwrap();
        let mixed = Pair { key: default_certificate(now).unwrap().key, ..default.clone() };
        assert!(matches!(server_config("ccci.test", &mixed, &default), Err(TlsError::Unusable(_))));
    }
}
