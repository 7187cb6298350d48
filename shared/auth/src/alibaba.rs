//! What a machine of Alibaba Cloud says of itself: the key of its RAM role, and its VPC.
//! <https://www.alibabacloud.com/help/en/ecs/user-guide/view-instance-metadata>

use std::fmt;

use serde::Deserialize;

use crate::call::{Clients, Fault, bytes};
use crate::secrets::{self, Secret};
use crate::{HttpClient, HttpError, HttpOptions};

const BASE: &str = "http://100.100.100.200/latest/meta-data";

/// A machine of Alibaba Cloud.
pub struct AlibabaMachine {
    client: HttpClient,
    base: String,
}

/// A key; one of a role has a token, and an end.
#[derive(Debug, Clone, Default)]
pub struct AlibabaKey {
    /// Its id.
    pub id: String,
    /// Its secret.
    pub secret: Secret,
    /// What goes with it where it is temporary.
    pub token: Option<String>,
    /// When it ends (RFC 3339).
    pub expires: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Given {
    access_key_id: String,
    access_key_secret: String,
    security_token: Option<String>,
    expiration: Option<String>,
}

impl AlibabaMachine {
    /// The machine that this runs on, or whose metadata are at this URL. Nothing is sent yet.
    ///
    /// # Errors
    /// When a file of the options cannot be used.
    pub fn new(base: Option<&str>, http: &HttpOptions) -> Result<Self, HttpError> {
        let base = base.unwrap_or(BASE).trim_end_matches('/').to_owned();
        Ok(Self { client: Clients::new(http)?.direct().clone(), base })
    }

    /// The key of its role, registered as a secret.
    ///
    /// # Errors
    /// When it has no role, or does not answer.
    pub async fn key(&self) -> Result<AlibabaKey, Fault> {
        let roles = "ram/security-credentials/";
        let role = self.text(roles).await?;
        let given = self.text(&format!("{roles}{role}")).await?;
        let given: Given = serde_json::from_str(&given)
            .map_err(|_| Fault::lasting("the key of the role is not what the metadata promise"))?;
        secrets::register(&given.access_key_secret);
        given.security_token.iter().for_each(|token| secrets::register(token));
        Ok(AlibabaKey {
            id: given.access_key_id,
            secret: given.access_key_secret.into(),
            token: given.security_token,
            expires: given.expiration,
        })
    }

    /// The id of its VPC.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn vpc(&self) -> Result<String, Fault> {
        self.text("vpc-id").await
    }

    async fn text(&self, path: &str) -> Result<String, Fault> {
        let body = bytes(self.client.get(format!("{}/{path}", self.base))).await;
        let hint = "give the machine a RAM role, or name a file with --alibaba-cloud-config-file";
        let body = body.map_err(|fault| fault.hint(hint))?;
        Ok(String::from_utf8_lossy(&body).trim().to_owned())
    }
}

impl fmt::Debug for AlibabaMachine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AlibabaMachine").field("base", &self.base).finish_non_exhaustive()
    }
}
