//! The login of TransIP: a request that the key of an account signs, for a token.
//!
//! <https://api.transip.nl/rest/docs.html#header-authentication>

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::RSA_PKCS1_SHA512;
use extdns_auth::uuid;
use reqwest::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::json;

use crate::rest::signing::base64;
use crate::rest::{Auth, Outgoing, Rest, Signer, Token, TokenSource};
use crate::{ProviderError, Transport};

/// How long a token is good, as the service is told and as it is counted here. Neither clock takes part in that.
const LIFE: (&str, Duration) = ("30 minutes", Duration::from_secs(30 * 60));

/// The private key of an account.
#[derive(Clone)]
pub(super) struct Key {
    account: String,
    pem: String,
    pair: Arc<KeyPair>,
}

impl Key {
    /// The key of a PEM text, in PKCS#8 or PKCS#1; `None` if there is no such key of RSA.
    pub(super) fn of(account: &str, pem: &str) -> Option<Self> {
        let pair = match PrivateKeyDer::from_pem_slice(pem.as_bytes()).ok()? {
            PrivateKeyDer::Pkcs8(der) => KeyPair::from_pkcs8(der.secret_pkcs8_der()),
            PrivateKeyDer::Pkcs1(der) => KeyPair::from_der(der.secret_pkcs1_der()),
            _ => return None,
        };
        let pair = Arc::new(pair.ok()?);
        Some(Self { account: account.to_owned(), pem: pem.to_owned(), pair })
    }

    /// Tokens for this account. `client` makes the client that logs in.
    ///
    /// # Errors
    /// When the client cannot be made.
    pub(super) fn tokens(
        &self,
        reads_only: bool,
        client: impl FnOnce(Auth) -> Result<Rest, ProviderError>,
    ) -> Result<Auth, ProviderError> {
        let signer = Login { key: self.clone(), reads_only };
        let rest = client(Auth::signed(signer, vec![self.pem.clone()]))?;
        Ok(Auth::tokens(Tokens { rest, pem: self.pem.clone() }))
    }

    /// The signature of a body (RFC 8017, 8.2, with SHA-512); `None` if the key cannot sign.
    pub(super) fn signature(&self, body: &[u8]) -> Option<String> {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair.sign(&RSA_PKCS1_SHA512, &SystemRandom::new(), body, &mut signature).ok()?;
        Some(base64(signature))
    }
}

/// Writes the body of a login and signs it.
struct Login {
    key: Key,
    reads_only: bool,
}

impl Signer for Login {
    /// The nonce and the label are used once, so that each attempt has its own.
    fn sign(&self, request: &mut Outgoing) -> Result<(), ProviderError> {
        let nonce = uuid().replace('-', "");
        let body = json!({
            "login": self.key.account, "nonce": nonce, "label": format!("external-dns-{}", &nonce[..16]),
            "read_only": self.reads_only, "expiration_time": LIFE.0, "global_key": true,
        });
        let body = body.to_string();
        let signature = self.key.signature(body.as_bytes()).ok_or_else(|| {
            ProviderError::config("the key of --transip-keyfile cannot sign; make a new one")
        })?;
        request.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        request.body = Some(body.into());
        request.secret_header(HeaderName::from_static("signature"), signature, "--transip-keyfile")
    }
}

/// Logs in.
struct Tokens {
    rest: Rest,
    pem: String,
}

#[async_trait]
impl TokenSource for Tokens {
    async fn token(&self, via: &Transport) -> Result<Token, ProviderError> {
        let answer = self.rest.send(via, "get token", &self.rest.post(&["auth"])).await?;
        Ok(Token::new(answer.member::<String>("/token")?, Some(LIFE.1)))
    }

    fn secrets(&self) -> Vec<String> {
        vec![self.pem.clone()]
    }
}
