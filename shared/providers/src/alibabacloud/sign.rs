//! The signature of Alibaba Cloud's RPC style (HMAC-SHA1 over the query), with a key or the role of the machine.
//!
//! <https://www.alibabacloud.com/help/en/sdk/product-overview/rpc-mechanism>

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use extdns_auth::{AlibabaKey, uuid};
use jiff::Timestamp;

use crate::rest::identity::AlibabaIdentity;
use crate::rest::signing::{base64, canonical, encoded, hmac_sha1};
use crate::rest::{Outgoing, Signer};
use crate::{ProviderError, Transport};

/// Signs the calls of one API.
pub(super) struct Rpc {
    pub(super) version: &'static str,
    pub(super) region: String,
    pub(super) identity: Arc<AlibabaIdentity>,
}

impl Rpc {
    /// The parameters that every call has.
    fn common(&self, key: &AlibabaKey) -> Vec<(&'static str, String)> {
        let now = Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
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

#[async_trait]
impl Signer for Rpc {
    async fn prepare(&self, via: &Transport) -> Result<(), ProviderError> {
        self.identity.prepare(via).await
    }

    fn sign(&self, request: &mut Outgoing) -> Result<(), ProviderError> {
        let key = self.identity.key();
        let mut all: BTreeMap<String, String> = request.url.query_pairs().into_owned().collect();
        all.extend(self.common(&key).into_iter().map(|(name, value)| (name.to_owned(), value)));
        let signature = encoded(&signature(key.secret.text(), request.method.as_str(), &all));
        request.url.set_query(Some(&format!("{}&Signature={signature}", canonical(&all))));
        Ok(())
    }
}

/// The signature of these parameters.
pub(super) fn signature(secret: &str, method: &str, all: &BTreeMap<String, String>) -> String {
    let text = format!("{method}&%2F&{}", encoded(&canonical(all)));
    base64(hmac_sha1(format!("{secret}&"), text))
}
