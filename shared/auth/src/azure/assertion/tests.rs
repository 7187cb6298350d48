use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256};
use rustls::pki_types::alg_id;
use serde_json::Value;

use super::*;

/// A PEM file with a certificate and its key, and the public key.
pub(in super::super) fn pem(algorithm: &'static rcgen::SignatureAlgorithm) -> (String, Vec<u8>) {
    crate::install_crypto();
    let key = KeyPair::generate_for(algorithm).expect("a key");
    let certificate = CertificateParams::new(["client.test".to_owned()]).expect("a name");
    let certificate = certificate.self_signed(&key).expect("signed");
    let pem = format!("{}{}", certificate.pem(), key.serialize_pem());
    (pem, rcgen::PublicKeyData::der_bytes(&key).to_vec())
}

/// The parts of an assertion, after its signature was verified with the public key.
pub(in super::super) fn verified(assertion: &str, public: &[u8]) -> (Value, Value) {
    let (signed, signature) = assertion.rsplit_once('.').expect("a signature");
    let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).expect("base64");
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    let algorithms = provider.signature_verification_algorithms.all.iter();
    let mut pss = algorithms.filter(|own| own.signature_alg_id() == alg_id::RSA_PSS_SHA256);
    let algorithm = pss.next().expect("PS256");
    algorithm.verify_signature(public, signed.as_bytes(), &signature).expect("verified");
    let part = |text: &str| {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).expect("base64");
        serde_json::from_slice(&bytes).expect("JSON")
    };
    let (header, claims) = signed.split_once('.').expect("two parts");
    (part(header), part(claims))
}

#[test]
fn an_assertion_is_signed_with_the_key_of_the_certificate() {
    let (pem, public) = pem(&PKCS_RSA_SHA256);
    let thumbprint = {
        let der = CertificateDer::from_pem_slice(pem.as_bytes()).expect("a certificate");
        BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(&der))
    };
    for with_chain in [false, true] {
        let certificate = Certificate::of(pem.as_bytes(), with_chain).expect("usable");
        let one = certificate.assertion("client-1", "https://login.test/t/token").expect("signed");
        let (header, claims) = verified(&one, &public);
        assert_eq!((&header["alg"], &header["typ"]), (&json!("PS256"), &json!("JWT")));
        assert_eq!(header["x5t#S256"], thumbprint);
        assert_eq!(header["x5c"].as_array().map(Vec::len), with_chain.then_some(1));
        assert_eq!(claims["aud"], "https://login.test/t/token");
        assert_eq!((&claims["iss"], &claims["sub"]), (&json!("client-1"), &json!("client-1")));
        let lasts = claims["exp"].as_u64().zip(claims["nbf"].as_u64());
        assert_eq!(lasts.map(|(end, start)| end - start), Some(600));
        let other =
            certificate.assertion("client-1", "https://login.test/t/token").expect("signed");
        assert_ne!(verified(&other, &public).1["jti"], claims["jti"]);
    }
}

#[test]
fn a_file_that_cannot_be_used_says_how_one_is_made() {
    let (rsa, _) = pem(&PKCS_RSA_SHA256);
    let (other, _) = pem(&PKCS_ECDSA_P256_SHA256);
    let certificate = rsa.split_inclusive("-----END CERTIFICATE-----\n").next().expect("one");
    let table = [
        ("\u{0}pfx", "it has no certificate; make a PEM file"),
        (certificate, "it has no private key that is not encrypted; make a PEM file"),
        (&other, "its key is no RSA key"),
    ];
    for (pem, expected) in table {
        let error = Certificate::of(pem.as_bytes(), false).expect_err("unusable");
        assert!(error.starts_with(expected), "{error}");
    }
    let error = Certificate::read(Path::new("/nowhere/client.pem"), false).expect_err("missing");
    assert!(error.contains("No such file"), "{error}");
}
