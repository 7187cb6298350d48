//! What every error of the crate says.

use std::time::Duration;

use extdns_messages::Messages;

use crate::{CredentialsError, ListenError, QueueError};

#[test]
fn every_error_has_its_message() {
    let mut messages = Messages::default();
    let key = || "hmac".to_owned();
    messages
        .show(CredentialsError::Form)
        .show(CredentialsError::Key("hmca".to_owned()))
        .show(CredentialsError::Count(key(), 3))
        .show(CredentialsError::Value(key()))
        .show(CredentialsError::Empty);
    messages
        .show(ListenError::Address {
            address: ":99999".to_owned(),
            problem: "invalid port value".to_owned(),
        })
        .show(ListenError::Tls {
            path: "tls.crt".into(),
            problem: "holds no certificate as PEM".to_owned(),
        });
    let url = || "https://sqs.eu-west-1.amazonaws.com/111122223333/extdns.fifo".to_owned();
    messages
        .show(QueueError::Url("extdns".to_owned()))
        .show(QueueError::Identity { url: url(), problem: "there are no credentials".to_owned() })
        .show(QueueError::Refused { url: url(), problem: "AccessDenied: no (HTTP 403)".to_owned() })
        .show(QueueError::Late { url: url(), bound: Duration::from_millis(1500) });
    messages.assert_complete(env!("CARGO_MANIFEST_DIR"));
}
