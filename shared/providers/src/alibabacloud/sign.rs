//! The signature of Alibaba Cloud's RPC style (HMAC-SHA1 over the query), with a key or the role of the machine.
//!
//! <https://www.alibabacloud.com/help/en/sdk/product-overview/rpc-mechanism>

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use extdns_auth::{secrets, uuid};
use serde::Deserialize;

use crate::rest::{Outgoing, Rest, Signer};
use crate::{ProviderError, Transport};

/// How long before its end a temporary key is fetched anew.
const EARLY: Duration = Duration::from_secs(600);

/// A key; one of a role has a token, and an end.
#[derive(Clone, Default, Deserialize)]
pub(super) struct Key {
    #[serde(rename = "AccessKeyId")]
    pub(super) id: String,
    #[serde(rename = "AccessKeySecret")]
    pub(super) secret: String,
    #[serde(rename = "SecurityToken")]
    pub(super) token: Option<String>,
    #[serde(rename = "Expiration")]
    pub(super) expires: Option<String>,
}

impl Key {
    fn is_good(&self) -> bool {
        let at = |text: &String| text.parse::<jiff::Timestamp>().ok().map(SystemTime::from);
        match self.expires.as_ref().map(at) {
            None => true,
            Some(at) => at.is_some_and(|at| at > SystemTime::now() + EARLY),
        }
    }
}

/// Signs the calls of one API.
pub(super) struct Rpc {
    version: &'static str,
    region: String,
    /// The metadata of the machine, where the key is that of its role.
    metadata: Option<Rest>,
    key: Mutex<Option<Key>>,
}

impl Rpc {
    pub(super) fn of_key(version: &'static str, region: &str, key: Key) -> Self {
        Self { version, region: region.to_owned(), metadata: None, key: Mutex::new(Some(key)) }
    }

    pub(super) fn of_role(version: &'static str, region: &str, metadata: Rest) -> Self {
        let region = region.to_owned();
        Self { version, region, metadata: Some(metadata), key: Mutex::new(None) }
    }

    fn key(&self) -> Option<Key> {
        self.key.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The parameters that every call has.
    fn common(&self, key: &Key) -> Vec<(&'static str, String)> {
        let now = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let mut all = vec![
            ("Version", self.version.to_owned()),
            ("Format", "JSON".to_owned()),
            ("AccessKeyId", key.id.clone()),
            ("SignatureMethod", "HMAC-SHA1".to_owned()),
            ("SignatureVersion", "1.0".to_owned()),
            ("SignatureType", String::new()),
            ("SignatureNonce", uuid()),
            ("Timestamp", now),
            ("RegionId", self.region.clone()),
        ];
        all.extend(key.token.clone().map(|token| ("SecurityToken", token)));
        all
    }
}

/// The name of a role is text, its key is JSON.
pub(super) async fn metadata(
    rest: &Rest,
    via: &Transport,
    path: &[&str],
) -> Result<String, ProviderError> {
    let answer = rest.send(via, "read metadata", &rest.get(path)).await?;
    Ok(String::from_utf8_lossy(answer.body()).trim().to_owned())
}

#[async_trait]
impl Signer for Rpc {
    async fn prepare(&self, via: &Transport) -> Result<(), ProviderError> {
        let Some(rest) = &self.metadata else { return Ok(()) };
        if self.key().is_some_and(|key| key.is_good()) {
            return Ok(());
        }
        let roles = ["ram", "security-credentials"];
        let role = metadata(rest, via, &[roles[0], roles[1], ""]).await?;
        let request = rest.get(&[roles[0], roles[1], &role]);
        let key: Key = rest.send(via, "read metadata", &request).await?.json()?;
        [Some(&key.secret), key.token.as_ref()]
            .into_iter()
            .flatten()
            .for_each(|it| secrets::register(it));
        *self.key.lock().unwrap_or_else(PoisonError::into_inner) = Some(key);
        Ok(())
    }

    fn sign(&self, request: &mut Outgoing) -> Result<(), ProviderError> {
        let key = self.key().unwrap_or_default();
        let mut all: BTreeMap<String, String> = request.url.query_pairs().into_owned().collect();
        all.extend(self.common(&key).into_iter().map(|(name, value)| (name.to_owned(), value)));
        let signature = encoded(&signature(&key.secret, request.method.as_str(), &all));
        request.url.set_query(Some(&format!("{}&Signature={signature}", canonical(&all))));
        Ok(())
    }
}

/// The signature of these parameters.
pub(super) fn signature(secret: &str, method: &str, all: &BTreeMap<String, String>) -> String {
    let text = format!("{method}&%2F&{}", encoded(&canonical(all)));
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, format!("{secret}&").as_bytes());
    STANDARD.encode(hmac::sign(&key, text.as_bytes()))
}

fn canonical(all: &BTreeMap<String, String>) -> String {
    let pairs = all.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value)));
    pairs.collect::<Vec<_>>().join("&")
}

/// Percent-encoded but for the unreserved characters (RFC 3986, 2.3).
fn encoded(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut out, byte| {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                out.push(byte.into())
            }
            other => {
                // Writing to a text cannot fail.
                let _ = write!(out, "%{other:02X}");
            }
        }
        out
    })
}
