//! TLS to name servers (RFC 9103): version 1.3 and the protocol name `dot`.

use std::io;
use std::path::Path;
use std::sync::Arc;

use extdns_auth::HttpOptions;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::ProviderError;

/// The protocol that client and server agree on (RFC 7858).
const PROTOCOL: &[u8] = b"dot";

/// How connections are secured.
pub(super) struct Tls(Arc<ClientConfig>);

impl Tls {
    /// With the files of the options, and the authorities of the system.
    ///
    /// # Errors
    /// When a file is missing or holds something else.
    pub(super) fn new(options: &HttpOptions, accept_any: bool) -> Result<Self, ProviderError> {
        let crypto = Arc::new(aws_lc_rs::default_provider());
        let verifier: Arc<dyn ServerCertVerifier> = if accept_any {
            Arc::new(AcceptAny(Arc::clone(&crypto)))
        } else {
            let extra = options.ca.as_deref().map_or_else(|| Ok(Vec::new()), certificates)?;
            Arc::new(extdns_auth::verifier(extra, Arc::clone(&crypto)).map_err(unusable)?)
        };
        let builder = ClientConfig::builder_with_provider(crypto)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .map_err(unusable)?
            .dangerous()
            .with_custom_certificate_verifier(verifier);
        let mut config = match &options.identity {
            None => builder.with_no_client_auth(),
            Some((certificate, key)) => {
                let own = extdns_auth::private_key(key).map_err(ProviderError::config)?;
                builder.with_client_auth_cert(certificates(certificate)?, own).map_err(unusable)?
            }
        };
        config.alpn_protocols = vec![PROTOCOL.to_vec()];
        Ok(Self(Arc::new(config)))
    }

    /// A secured connection to this host, whose certificate must have its name.
    pub(super) async fn connect(
        &self,
        host: &str,
        stream: TcpStream,
    ) -> io::Result<TlsStream<TcpStream>> {
        let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
        TlsConnector::from(Arc::clone(&self.0)).connect(name, stream).await
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, ProviderError> {
    extdns_auth::certificates(path).map_err(ProviderError::config)
}

fn unusable(error: Error) -> ProviderError {
    ProviderError::config(format!("failed to set up TLS: {error}"))
}

/// `--rfc2136-skip-tls-verify`.
#[derive(Debug)]
struct AcceptAny(Arc<CryptoProvider>);

impl ServerCertVerifier for AcceptAny {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let known = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, known)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let known = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, known)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
