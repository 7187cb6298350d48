//! The authorities that the system trusts. Their file has hundreds of certificates, so it is read
//! when the first certificate is verified: a run that speaks no TLS never reads it.

use std::sync::{Arc, OnceLock};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use rustls_platform_verifier::Verifier;

/// TLS for HTTP/1.1 that trusts what the system trusts.
pub(crate) fn client_config() -> Result<ClientConfig, Error> {
    let crypto = CryptoProvider::get_default().cloned();
    let crypto = crypto.unwrap_or_else(|| Arc::new(aws_lc_rs::default_provider()));
    let roots = SystemRoots { crypto: Arc::clone(&crypto), verifier: OnceLock::new() };
    let mut config = ClientConfig::builder_with_provider(crypto)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(roots))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// Verifies as the platform does, from the first certificate on.
#[derive(Debug)]
struct SystemRoots {
    crypto: Arc<CryptoProvider>,
    verifier: OnceLock<Result<Verifier, Error>>,
}

impl SystemRoots {
    fn verifier(&self) -> Result<&Verifier, Error> {
        let load = || Verifier::new(Arc::clone(&self.crypto));
        self.verifier.get_or_init(load).as_ref().map_err(Error::clone)
    }
}

impl ServerCertVerifier for SystemRoots {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.verifier()?.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        )
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier()?.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier()?.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.crypto.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_authorities_of_the_system_are_read_for_the_first_certificate_only() {
        let crypto = Arc::new(aws_lc_rs::default_provider());
        let roots = SystemRoots { crypto, verifier: OnceLock::new() };
        assert!(!roots.supported_verify_schemes().is_empty());
        assert!(roots.verifier.get().is_none());
        let name = ServerName::try_from("dns.example.org").expect("a host");
        let none = CertificateDer::from(Vec::new());
        let answer = roots.verify_server_cert(&none, &[], &name, &[], UnixTime::now());
        assert!(answer.is_err());
        assert!(roots.verifier.get().is_some());
    }
}
