//! The authorities that the system trusts. Their file has hundreds of certificates, so it is read
//! when the first certificate is verified: a run that speaks no TLS never reads it.
//!
//! An image with the program alone has no such file. So Mozilla's authorities are in the program too.

use std::env;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use rustls_platform_verifier::Verifier;

/// Where systems keep the authorities that they trust, in one file: Debian, Fedora, openSUSE, Alpine.
const BUNDLES: [&str; 5] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// Mozilla's authorities, to be trusted where the system has no bundle of its own; none where it has one.
///
/// They stand for the bundle in the image of ExternalDNS, and so follow the rule of Go for it: `SSL_CERT_FILE` or
/// `SSL_CERT_DIR` adds to them, and both together name all that is trusted. Both variables are read by every TLS client of the
/// process; here only whether they are set counts.
pub(crate) fn built_in_roots() -> &'static [CertificateDer<'static>] {
    let is_set = |name| env::var_os(name).is_some();
    let all_named = is_set("SSL_CERT_FILE") && is_set("SSL_CERT_DIR");
    let has_bundle = || BUNDLES.iter().any(|file| Path::new(file).exists());
    if all_named || has_bundle() { &[] } else { webpki_root_certs::TLS_SERVER_ROOT_CERTS }
}

/// What is built in together with what a variable names, for a client that takes all authorities as one list; `None`
/// where the client is right to trust the system.
#[must_use]
pub fn all_roots() -> Option<Vec<CertificateDer<'static>>> {
    let built_in = built_in_roots();
    let named = || rustls_native_certs::load_native_certs().certs;
    (!built_in.is_empty()).then(|| named().into_iter().chain(built_in.iter().cloned()).collect())
}

/// Verifies certificates of servers: trusts what the system trusts, or what is built in, and these authorities.
///
/// # Errors
/// When there is no authority at all, or one of `extra` is none.
pub fn verifier(
    extra: Vec<CertificateDer<'static>>,
    crypto: Arc<CryptoProvider>,
) -> Result<Verifier, Error> {
    Verifier::new_with_extra_roots(
        extra.into_iter().chain(built_in_roots().iter().cloned()),
        crypto,
    )
}

/// TLS for HTTP/1.1 that trusts what the system trusts.
pub(crate) fn client_config() -> Result<ClientConfig, Error> {
    let crypto = crypto();
    let roots = SystemRoots { crypto: Arc::clone(&crypto), verifier: OnceLock::new() };
    let mut config = ClientConfig::builder_with_provider(crypto)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(roots))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// TLS for HTTP/1.1 to servers whose certificate has this name, whatever the host of the URL is: signed by an authority of
/// the file or of the system, with the client's own certificate and key where there are some. The error says what cannot be
/// used.
pub(crate) fn named(
    name: &str,
    ca: Option<&Path>,
    identity: Option<&(PathBuf, PathBuf)>,
) -> Result<ClientConfig, String> {
    let unusable = |error: Error| error.to_string();
    let name = ServerName::try_from(name.to_owned())
        .map_err(|error| format!("{name:?} is no name of a server: {error}"))?;
    let crypto = crypto();
    let extra = ca.map_or_else(|| Ok(Vec::new()), certificates)?;
    let verifier = verifier(extra, Arc::clone(&crypto)).map_err(unusable)?;
    let builder = ClientConfig::builder_with_provider(crypto)
        .with_safe_default_protocol_versions()
        .map_err(unusable)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Named { name, verifier }));
    let mut config = match identity {
        None => builder.with_no_client_auth(),
        Some((certificate, key)) => {
            let own = private_key(key)?;
            builder.with_client_auth_cert(certificates(certificate)?, own).map_err(unusable)?
        }
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

fn crypto() -> Arc<CryptoProvider> {
    let crypto = CryptoProvider::get_default().cloned();
    crypto.unwrap_or_else(|| Arc::new(aws_lc_rs::default_provider()))
}

/// The certificates of a PEM file.
///
/// # Errors
/// When the file cannot be read, or holds none; the text names it.
pub fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    match read {
        Ok(certificates) if certificates.is_empty() => Err(no_pem(path, &"it has no certificate")),
        read => read.map_err(|error| no_pem(path, &error)),
    }
}

/// The private key of a PEM file.
///
/// # Errors
/// When the file cannot be read, or holds none; the text names it.
pub fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, String> {
    PrivateKeyDer::from_pem_file(path).map_err(|error| no_pem(path, &error))
}

fn no_pem(path: &Path, error: &dyn std::fmt::Display) -> String {
    let path = path.display();
    format!("{path} holds no usable PEM certificate or key: {error}")
}

/// Verifies that a certificate has a name that the user gave.
#[derive(Debug)]
struct Named {
    name: ServerName<'static>,
    verifier: Verifier,
}

impl ServerCertVerifier for Named {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Self { name, verifier } = self;
        verifier.verify_server_cert(end_entity, intermediates, name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.supported_verify_schemes()
    }
}

/// Verifies as the platform does, from the first certificate on.
#[derive(Debug)]
struct SystemRoots {
    crypto: Arc<CryptoProvider>,
    verifier: OnceLock<Result<Verifier, Error>>,
}

impl SystemRoots {
    fn verifier(&self) -> Result<&Verifier, Error> {
        let load = || verifier(Vec::new(), Arc::clone(&self.crypto));
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
    fn what_is_built_in_can_be_trusted() {
        let mut store = rustls::RootCertStore::empty();
        for root in webpki_root_certs::TLS_SERVER_ROOT_CERTS {
            store.add(root.clone()).expect("an authority");
        }
        assert!(store.len() > 100, "{}", store.len());
    }

    #[test]
    fn a_file_without_certificates_is_named() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let error = named("dns.example.org", Some(file.path()), None).expect_err("no authority");
        let path = file.path().display().to_string();
        assert!(error.starts_with(&path) && error.ends_with("it has no certificate"), "{error}");
    }

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
