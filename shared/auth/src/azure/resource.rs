//! Calls of Azure Resource Manager, other than those of the providers.
//! <https://learn.microsoft.com/rest/api/azure/>

use reqwest::Method;
use reqwest::header::CONTENT_LENGTH;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{AzureError, AzureIdentity};
use crate::call::{self, Fault};

/// A page of a list.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page<T> {
    value: Vec<T>,
    next_link: Option<String>,
}

impl AzureIdentity {
    /// What a resource is. The path begins at the subscription, without a `/` in front, and has the version of the API in
    /// its query.
    ///
    /// # Errors
    /// As [`token`](Self::token), and when the call is refused or not answered.
    pub async fn resource<T: DeserializeOwned>(&self, path: &str) -> Result<T, AzureError> {
        self.manage(Method::GET, &self.url(path)).await
    }

    /// What an action on a resource answers, which takes nothing.
    ///
    /// # Errors
    /// As [`resource`](Self::resource).
    pub async fn act<T: DeserializeOwned>(&self, path: &str) -> Result<T, AzureError> {
        self.manage(Method::POST, &self.url(path)).await
    }

    /// All resources of a list. A next page that lies on another server is not asked for: the token would go there.
    ///
    /// # Errors
    /// As [`resource`](Self::resource).
    pub async fn resources<T: DeserializeOwned>(&self, path: &str) -> Result<Vec<T>, AzureError> {
        let mut all = Vec::new();
        let mut next = Some(self.url(path));
        while let Some(url) = next {
            if !url.starts_with(&self.url("")) {
                let reason = "the next page of the list lies on another server".to_owned();
                return Err(AzureError::Call { reason, status: None, may_pass: false });
            }
            let Page { value, next_link } = self.manage(Method::GET, &url).await?;
            all.extend(value);
            next = next_link.filter(|link| !link.is_empty());
        }
        Ok(all)
    }

    fn url(&self, path: &str) -> String {
        format!("{}/{path}", self.cloud.endpoint)
    }

    async fn manage<T: DeserializeOwned>(
        &self,
        method: Method,
        url: &str,
    ) -> Result<T, AzureError> {
        let token = self.of_manager().await?;
        let answer = match self.clients.for_url(url) {
            Ok(client) => {
                let mut request = client.request(method.clone(), url).bearer_auth(token);
                if method == Method::POST {
                    // The service refuses one without a length.
                    request = request.header(CONTENT_LENGTH, 0);
                }
                call::json(request).await
            }
            Err(fault) => Err(fault),
        };
        answer.map_err(|Fault { reason, may_pass, status }| {
            let status = status.map(|status| status.as_u16());
            AzureError::Call { reason, status, may_pass }
        })
    }
}
