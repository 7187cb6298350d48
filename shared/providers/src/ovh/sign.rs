//! The signature of OVHcloud, with the time of the service.
//!
//! <https://help.ovhcloud.com/csm/en-api-getting-started-ovhcloud-api?id=kb_article_view&sysparm_article=KB0042784>

use async_trait::async_trait;
use jiff::Timestamp;
use reqwest::header::HeaderName;
use tokio::sync::OnceCell;

use crate::rest::signing::{hex, sha1};
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
        let (method, url) = (&request.method, &request.url);
        let body = String::from_utf8_lossy(request.bytes());
        let text = format!("{secret}+{consumer}+{method}+{url}+{body}+{time}");
        format!("$1${}", hex(sha1(text)))
    }
}

fn now() -> i64 {
    Timestamp::now().as_second()
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
        headers.into_iter().try_for_each(|(name, value)| {
            request.secret_header(HeaderName::from_static(name), value, "a key of OVHcloud")
        })
    }
}
