//! The certificate that a server shows.

use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use crate::kube::pki::Authority;

/// A certificate with its key, both PEM.
#[derive(Clone)]
pub struct Identity {
    /// The certificate, and those between it and its authority.
    pub certificate: String,
    /// Its private key.
    pub key: String,
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity").finish_non_exhaustive()
    }
}

impl Identity {
    /// A server at 127.0.0.1 and `localhost`, with the certificate of the authority that signed it (PEM).
    pub fn of_localhost() -> (Self, String) {
        let authority = Authority::new();
        let (certificate, key) = authority.server();
        (Self { certificate, key }, authority.certificate())
    }

    pub(super) fn acceptor(&self) -> TlsAcceptor {
        let chain = CertificateDer::pem_slice_iter(self.certificate.as_bytes())
            .collect::<Result<Vec<_>, _>>()
            .expect("certificates in PEM");
        let key = PrivateKeyDer::from_pem_slice(self.key.as_bytes()).expect("a key in PEM");
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .expect("a provider with the usual ciphers")
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .expect("a key that belongs to its certificate");
        TlsAcceptor::from(Arc::new(config))
    }
}
