//! The signature of OVHcloud, with the time of the service.
//!
//! <https://help.ovhcloud.com/csm/en-api-getting-started-ovhcloud-api?id=kb_article_view&sysparm_article=KB0042784>

use std::time::{SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use reqwest::header::{HeaderName, HeaderValue};
use tokio::sync::OnceCell;

use crate::rest::{Outgoing, Rest, Signer};
use crate::{ProviderError, Transport};

/// Signs with the keys of one application and one consumer.
pub(super) struct Signature {
    application: String,
    secret: String,
    consumer: String,
    clock: Rest,
    /// How many seconds the clock of the service is ahead of ours.
    ahead: OnceCell<i64>,
}

impl Signature {
    /// The keys: of the application, its secret, of the consumer. The client asks for the time.
    pub(super) fn new([application, secret, consumer]: [&str; 3], clock: Rest) -> Self {
        let [application, secret, consumer] = [application, secret, consumer].map(str::to_owned);
        Self { application, secret, consumer, clock, ahead: OnceCell::new() }
    }

    /// The signature at this time, in seconds since 1970.
    pub(super) fn value(&self, request: &Outgoing, time: i64) -> String {
        let Self { secret, consumer, .. } = self;
        let Outgoing { method, url, body, .. } = request;
        let body = body.as_deref().map(String::from_utf8_lossy).unwrap_or_default();
        let text = format!("{secret}+{consumer}+{method}+{url}+{body}+{time}");
        let hash = digest(&SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes());
        let hex: String = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        format!("$1${hex}")
    }
}

fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    i64::try_from(now).unwrap_or(i64::MAX)
}

#[async_trait]
impl Signer for Signature {
    async fn prepare(&self, via: &Transport) -> Result<(), ProviderError> {
        let ask = || async {
            let request = self.clock.get(&["auth", "time"]);
            let theirs: i64 = self.clock.send(via, "read clock", &request).await?.json()?;
            Ok(theirs.saturating_sub(now()))
        };
        self.ahead.get_or_try_init(ask).await.map(drop)
    }

    fn sign(&self, request: &mut Outgoing) -> Result<(), ProviderError> {
        let time = now().saturating_add(self.ahead.get().copied().unwrap_or_default());
        let headers = [
            ("x-ovh-application", self.application.clone()),
            ("x-ovh-consumer", self.consumer.clone()),
            ("x-ovh-timestamp", time.to_string()),
            ("x-ovh-signature", self.value(request, time)),
        ];
        for (name, value) in headers {
            let mut value = HeaderValue::try_from(value).map_err(|_| {
                ProviderError::config(
                    "a key of OVHcloud holds a character that no header can carry; look for a line end",
                )
            })?;
            value.set_sensitive(true);
            request.headers.insert(HeaderName::from_static(name), value);
        }
        Ok(())
    }
}
