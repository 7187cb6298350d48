//! The certificate authority of one test server.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose,
};
use serde_json::{Value, json};

/// Signs the certificates of the server and of its clients.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
        params.distinguished_name.push(DnType::CommonName, "test authority");
        Self(CertifiedIssuer::self_signed(params, new_key()).expect("constants make a certificate"))
    }

    /// The authority's own certificate, PEM.
    pub(crate) fn certificate(&self) -> String {
        self.0.pem()
    }

    /// Certificate and key of the server, PEM.
    pub(crate) fn server(&self) -> (String, String) {
        let names = ["127.0.0.1", "localhost", "server.example.test"].map(str::to_owned);
        let params = CertificateParams::new(names).expect("constants make a certificate");
        // The gateway of an etcd calls the server behind it, with the certificate of that server.
        let usages = [ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        self.sign(params, "kube-apiserver", usages.into())
    }

    pub(crate) fn client(&self, user: &str, group: &str) -> ClientCertificate {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::OrganizationName, group);
        let (certificate, key) = self.sign(params, user, vec![ExtendedKeyUsagePurpose::ClientAuth]);
        ClientCertificate { certificate, key }
    }

    fn sign(
        &self,
        mut params: CertificateParams,
        name: &str,
        usages: Vec<ExtendedKeyUsagePurpose>,
    ) -> (String, String) {
        params.distinguished_name.push(DnType::CommonName, name);
        params.extended_key_usages = usages;
        let key = new_key();
        let certificate =
            params.signed_by(&key, &self.0).expect("a name that fits into a certificate");
        (certificate.pem(), key.serialize_pem())
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Authority")
    }
}

/// What a client shows instead of a token.
#[derive(Clone, Debug)]
pub struct ClientCertificate {
    /// The certificate, PEM.
    pub certificate: String,
    /// Its private key, PEM.
    pub key: String,
}

impl ClientCertificate {
    /// The `user` of a kubeconfig, with both as data.
    pub(crate) fn user(&self) -> Value {
        json!({
            "client-certificate-data": STANDARD.encode(&self.certificate),
            "client-key-data": STANDARD.encode(&self.key),
        })
    }
}

/// A private key and its public key, PEM.
pub(crate) fn key_pair() -> (String, String) {
    let key = new_key();
    (key.serialize_pem(), key.public_key_pem())
}

fn new_key() -> KeyPair {
    KeyPair::generate().expect("the machine has random numbers")
}
