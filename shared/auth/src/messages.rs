//! What every error of this crate says.

use std::io;
use std::path::PathBuf;

use extdns_messages::Messages;

#[cfg(feature = "aws")]
use crate::AwsError;
use crate::{HttpError, HttpOptions, http_client};

#[test]
fn every_error_has_its_message() {
    let mut messages = Messages::default();
    let path = || PathBuf::from("/etc/ssl/corp.pem");
    let missing = io::Error::new(io::ErrorKind::NotFound, "No such file or directory");
    messages.show(HttpError::File { path: path(), source: missing });
    let client = |url: &str| {
        let request = reqwest::Client::new().get(url).build();
        request.expect_err("no address")
    };
    crate::install_crypto();
    messages.show(HttpError::Pem { path: path(), source: client("no address") });
    messages.show(HttpError::Client(client("no address")));
    #[cfg(feature = "aws")]
    {
        let reason = || "no credentials in the chain; set AWS_PROFILE or a role".to_owned();
        let identity = "profile \"prod\"".to_owned();
        messages.show(AwsError::Credentials { identity, reason: reason() });
        let what = "AWS_RETRY_MODE=\"odd\"".to_owned();
        messages.show(AwsError::Setting { what, reason: "is no mode; unset it".to_owned() });
        messages.show(AwsError::CaBundle { path: path(), reason: "no certificate".to_owned() });
        messages.show(AwsError::EksToken { cluster: "prod".to_owned(), reason: reason() });
    }
    #[cfg(not(feature = "aws"))]
    messages.leave_out("AwsError", "it is there with the feature aws only");
    // The page has them all; a build without AWS holds only the rest.
    #[cfg(feature = "aws")]
    messages.assert_complete(env!("CARGO_MANIFEST_DIR"));
    drop(http_client(&HttpOptions::default()));
}
