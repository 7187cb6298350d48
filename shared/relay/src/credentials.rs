//! Who may call.
//!
//! Three kinds of credentials are known, each with up to two values, so that one can be replaced while the other
//! is in use. All comparisons take the same time whatever is compared. No value is ever shown.

use std::collections::BTreeMap;
use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConstantTimeEq as _};

/// How many values of one kind are valid at a time.
const AT_A_TIME: usize = 2;
/// The least number of characters of a value.
const SHORTEST: usize = 20;
/// The start of a header `Authorization` with a token.
const BEARER: &str = "Bearer ";
/// The start of a signature.
const SHA256: &str = "sha256=";
/// What stands before the name of a cluster in the document.
const CLUSTER: &str = "cluster/";

/// The valid credentials.
#[derive(Default)]
pub struct Credentials {
    signing: Vec<Hmac<Sha256>>,
    bearer: Vec<Digest>,
    clusters: BTreeMap<String, Vec<Digest>>,
}

/// Tokens are compared by their hashes: those have one length.
type Digest = [u8; 32];

/// Why a document of credentials cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CredentialsError {
    /// It has another form.
    #[error(
        "the credentials are no JSON object of texts or lists of texts, like {{\"hmac\": \"KEY\", \"cluster/prod\": [\"NEW\", \"OLD\"]}}"
    )]
    Form,
    /// A key that means nothing.
    #[error("the credentials have a key {0:?}; the keys are hmac, bearer and cluster/NAME")]
    Key(String),
    /// No value, or too many.
    #[error(
        "the credentials have {1} values of {0:?}; one is valid, or two while one replaces the other"
    )]
    Count(String, usize),
    /// A value that can be guessed, or that no header or path can hold.
    #[error(
        "a value of {0:?} in the credentials is shorter than {SHORTEST} characters, or has others than letters, digits, '-', '_', '.' and '~'"
    )]
    Value(String),
    /// None at all.
    #[error("there are no credentials, so that every call would be refused")]
    Empty,
}

/// One value, or several.
#[derive(Deserialize)]
#[serde(untagged)]
enum Values {
    One(String),
    Several(Vec<String>),
}

impl Credentials {
    /// Reads a document of credentials, and keeps every value of it out of all output.
    ///
    /// # Errors
    /// When it has another form, or holds a value that can be guessed.
    pub fn read(document: &[u8]) -> Result<Self, CredentialsError> {
        // What the parser says could show a value.
        let document: BTreeMap<String, Values> =
            serde_json::from_slice(document).map_err(|_| CredentialsError::Form)?;
        let mut own = Self::default();
        for (key, values) in document {
            let values = match values {
                Values::One(value) => vec![value],
                Values::Several(values) => values,
            };
            values.iter().for_each(|value| extdns_auth::secrets::register(value));
            if values.is_empty() || values.len() > AT_A_TIME {
                return Err(CredentialsError::Count(key, values.len()));
            }
            if !values.iter().all(|value| is_strong(value)) {
                return Err(CredentialsError::Value(key));
            }
            own.take(&key, &values)?;
        }
        let none = own.signing.is_empty() && own.bearer.is_empty() && own.clusters.is_empty();
        if none { Err(CredentialsError::Empty) } else { Ok(own) }
    }

    fn take(&mut self, key: &str, values: &[String]) -> Result<(), CredentialsError> {
        let digests = || values.iter().map(|value| digest(value)).collect();
        match (key, key.strip_prefix(CLUSTER)) {
            ("hmac", _) => {
                let keys = values.iter().map(|value| Hmac::new_from_slice(value.as_bytes()));
                self.signing =
                    keys.collect::<Result<_, _>>().map_err(|_| CredentialsError::Form)?;
            }
            ("bearer", _) => self.bearer = digests(),
            (_, Some(cluster)) if !cluster.is_empty() => {
                self.clusters.insert(cluster.to_owned(), digests());
            }
            _ => return Err(CredentialsError::Key(key.to_owned())),
        }
        Ok(())
    }

    /// Whether a header `Authorization` holds a token that is valid for everything.
    pub(crate) fn is_bearer(&self, authorization: &str) -> bool {
        let token = authorization.strip_prefix(BEARER);
        token.is_some_and(|token| is_among(token, &self.bearer))
    }

    /// Whether a signature is that of timestamp and body.
    pub(crate) fn is_signature(&self, signature: &str, timestamp: &str, body: &[u8]) -> bool {
        let Some(signature) = signature.strip_prefix(SHA256).and_then(from_hex) else {
            return false;
        };
        let signs = |key: &Hmac<Sha256>| {
            let mut own = key.clone();
            own.update(timestamp.as_bytes());
            own.update(b".");
            own.update(body);
            Choice::from(u8::from(own.verify_slice(&signature).is_ok()))
        };
        // Every key is tried: the time does not tell which one it was.
        self.signing.iter().map(signs).fold(Choice::from(0), |any, one| any | one).into()
    }

    /// The clusters whose token this is.
    pub(crate) fn clusters_of(&self, token: &str) -> Vec<&str> {
        let own = self.clusters.iter().filter(|(_, tokens)| is_among(token, tokens));
        own.map(|(cluster, _)| cluster.as_str()).collect()
    }

    /// The clusters that have a token.
    pub fn clusters(&self) -> impl Iterator<Item = &str> {
        self.clusters.keys().map(String::as_str)
    }
}

/// How many there are of each kind.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("signing", &self.signing.len())
            .field("bearer", &self.bearer.len())
            .field("clusters", &self.clusters.keys())
            .finish()
    }
}

fn digest(token: &str) -> Digest {
    Sha256::digest(token.as_bytes()).into()
}

fn is_among(token: &str, valid: &[Digest]) -> bool {
    let digest = digest(token);
    valid.iter().map(|own| own.ct_eq(&digest)).fold(Choice::from(0), |any, one| any | one).into()
}

/// Whether a value is long enough, and stays as it is in a path.
fn is_strong(value: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    value.len() >= SHORTEST && value.bytes().all(plain)
}

/// The 32 bytes of 64 hexadecimal digits.
fn from_hex(text: &str) -> Option<Digest> {
    let digits = text.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let digit =
            |at: usize| char::from(pair[at]).to_digit(16).and_then(|n| u8::try_from(n).ok());
        *byte = digit(0)? << 4 | digit(1)?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(document: &str) -> String {
        Credentials::read(document.as_bytes()).expect_err(document).to_string()
    }

    #[test]
    fn two_values_are_valid_at_a_time_and_three_are_not() {
        let [one, two, three] = ["1", "2", "3"].map(|end| format!("token-of-twenty-chars{end}"));
        let document = format!(r#"{{"bearer": ["{one}", "{two}"]}}"#);
        let own = Credentials::read(document.as_bytes()).expect("credentials");
        assert!(own.is_bearer(&format!("Bearer {one}")) && own.is_bearer(&format!("Bearer {two}")));
        for wrong in
            [format!("Bearer {three}"), format!("bearer {one}"), one.clone(), String::new()]
        {
            assert!(!own.is_bearer(&wrong), "{wrong}");
        }
        assert!(
            refusal(&format!(r#"{{"bearer": ["{one}", "{two}", "{three}"]}}"#))
                .contains("3 values")
        );
        assert!(refusal(r#"{"bearer": []}"#).contains("0 values"));
    }

    #[test]
    fn a_signature_is_over_timestamp_and_body() {
        // echo -n '1767225600.{}' | openssl dgst -sha256 -hmac key-of-twenty-chars-x
        let signature = "sha256=1c175ed422b551aee72be11a27d2696729ee6a8ebfd86cf20c74a2ca431c5d52";
        let own = Credentials::read(br#"{"hmac": "key-of-twenty-chars-x"}"#).expect("credentials");
        assert!(own.is_signature(signature, "1767225600", b"{}"), "of openssl");
        assert!(!own.is_signature(signature, "1767225601", b"{}"));
        assert!(!own.is_signature(signature, "1767225600", b"{ }"));
        assert!(!own.is_signature(&signature[7..], "1767225600", b"{}"));
        assert!(!own.is_signature("sha256=zz", "1767225600", b"{}"));
    }

    #[test]
    fn what_is_wrong_with_a_document_is_said_without_its_values() {
        for (document, reason) in [
            ("", "no JSON object"),
            (r#"["a-secret-of-twenty-chars"]"#, "no JSON object"),
            (r#"{"hmac": 7}"#, "no JSON object"),
            (r#"{"hmca": "a-secret-of-twenty-chars"}"#, "a key \"hmca\""),
            (r#"{"cluster/": "a-secret-of-twenty-chars"}"#, "a key \"cluster/\""),
            (r#"{"cluster/a": "a-short-secret"}"#, "shorter than 20 characters"),
            (r#"{"cluster/a": "a-secret/of-twenty-chars"}"#, "others than letters"),
            ("{}", "no credentials"),
        ] {
            let error = refusal(document);
            assert!(error.contains(reason) && !error.contains("secret"), "{document}: {error}");
        }
    }
}
