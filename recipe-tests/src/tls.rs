//! The client's side of TLS on a port of the app. Main functions: [`client`], [`handshake`].

use std::io;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use harness_core::chain::Chain;
use harness_core::name::Domain;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use rustls_platform_verifier::BuilderVerifierExt as _;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::stream::TlsTrust;

/// Returns a client's configuration; the authority is a file of PEM, or the system's.
pub(crate) fn client(
    trust: TlsTrust,
    authority: Option<&Utf8PathBuf>,
) -> Result<ClientConfig, String> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(unable)?;
    let builder = match (trust, authority) {
        (TlsTrust::AnyCertificate, _) => {
            let verifier = Arc::new(AnyCertificate { provider });
            builder.dangerous().with_custom_certificate_verifier(verifier)
        }
        (TlsTrust::Verified, Some(file)) => builder.with_root_certificates(roots(file)?),
        (TlsTrust::Verified, None) => builder.with_platform_verifier().map_err(unable)?,
    };
    Ok(builder.with_no_client_auth())
}

/// Agrees on TLS as one who wants to speak to the domain.
pub(crate) async fn handshake(
    config: ClientConfig,
    domain: &Domain,
    stream: TcpStream,
) -> io::Result<TlsStream<TcpStream>> {
    let name = ServerName::try_from(domain.as_str().to_owned()).map_err(io::Error::other)?;
    TlsConnector::from(Arc::new(config)).connect(name, stream).await
}

/// Returns the certificate that the server showed.
pub(crate) fn certificate(stream: &TlsStream<TcpStream>) -> Option<Vec<u8>> {
    Some(stream.get_ref().1.peer_certificates()?.first()?.as_ref().to_vec())
}

fn roots(file: &Utf8Path) -> Result<RootCertStore, String> {
    let unreadable = |e: &dyn std::error::Error| {
        format!("failed to read the certificate authority {file}: {}", Chain(e))
    };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(file).map_err(|e| unreadable(&e))? {
        let certificate = certificate.map_err(|e| unreadable(&e))?;
        roots.add(certificate).map_err(|e| unreadable(&e))?;
    }
    Ok(roots)
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn unable(error: Error) -> String {
    format!("failed to set up TLS: {}", Chain(&error))
}

/// Accepts any certificate, and has its owner prove that it is theirs.
#[derive(Debug)]
struct AnyCertificate {
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, cert, dss, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
