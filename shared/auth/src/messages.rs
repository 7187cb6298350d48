//! What every error of this crate says.

use std::io;
use std::path::PathBuf;

use extdns_messages::Messages;

#[cfg(feature = "aws")]
use crate::AwsError;
#[cfg(feature = "aws")]
use crate::aws_api::AwsCallError;
use crate::call::Fault;
use crate::documents::{self, Place, Reader};
use crate::{AzureError, GoogleError, HttpError, HttpOptions, OracleError, Tried, http_client};

#[tokio::test]
async fn every_error_has_its_message() {
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
    messages.show(HttpError::Tls("\"a b\" is no name of a server: invalid dns name".to_owned()));
    let file = PathBuf::from("/etc/key.json");
    let reason = "its type is \"x\"; service_account can be used".to_owned();
    messages.show(GoogleError::File { path: file, reason });
    let place = "the environment (GOOGLE_APPLICATION_CREDENTIALS)";
    messages.show(GoogleError::Missing(Tried::default().place(
        place,
        "not set",
        "set it to a path",
    )));
    let tried = Tried::of("project").place("--google-project", "not given", "give it");
    messages.show(GoogleError::Project(tried));
    let (who, reason) = ("service account dns@p".to_owned(), "HTTP 400: invalid_grant".to_owned());
    messages.show(GoogleError::Token { who, reason, may_pass: false });
    let reason = "container.googleapis.com answers HTTP 403: you may not".to_owned();
    messages.show(GoogleError::Call { reason, status: Some(403), may_pass: false });
    messages.leave_out("GoogleError::Http", "it says what HttpError says");
    messages.leave_out("Fault", "it is a part of what the errors of a caller say");
    #[cfg(feature = "aws")]
    {
        let tried = Tried::default()
            .place("the environment (AWS_ACCESS_KEY_ID)", "not set", "set it to an access key")
            .place("the role of this machine", "this machine has none", "run on EC2");
        let reason = || tried.to_string();
        let identity = "profile \"prod\"".to_owned();
        messages.show(AwsError::Credentials { identity, reason: reason() });
        let what = "AWS_RETRY_MODE=\"odd\"".to_owned();
        messages.show(AwsError::Setting { what, reason: "is no mode; unset it".to_owned() });
        messages.show(AwsError::CaBundle { path: path(), reason: "no certificate".to_owned() });
        messages.show(AwsError::EksToken { cluster: "prod".to_owned(), reason: reason() });
        messages.show(AwsCallError::Refused {
            status: 400,
            code: "AccessDeniedException".to_owned(),
            message: "you may not".to_owned(),
            request_id: Some("r-1".to_owned()),
        });
        messages.show(AwsCallError::TooLarge { bound: 4096 });
        messages.show(AwsCallError::Unanswered("connection refused".to_owned()));
        messages.show(AwsCallError::Unsent(reason()));
    }
    #[cfg(not(feature = "aws"))]
    for error in ["AwsError", "AwsCallError"] {
        messages.leave_out(error, "it is there with the feature aws only");
    }
    let who = || "the secret of application app-1".to_owned();
    messages.show(AzureError::Setting("unknown cloud name: X; use AzurePublicCloud".to_owned()));
    let place = "the environment (AZURE_CLIENT_SECRET)";
    messages.show(AzureError::Missing(Tried::default().place(place, "not set", "set it")));
    let reason = "management.azure.com answers HTTP 403: you may not".to_owned();
    messages.show(AzureError::Call { reason, status: Some(403), may_pass: false });
    messages
        .show(AzureError::Refused { who: who(), reason: "HTTP 401: no such secret".to_owned() });
    messages.show(AzureError::Unanswered {
        who: who(),
        reason: "HTTP 503: busy".to_owned(),
        retry_after: None,
    });
    messages.show(OracleError::Setting("there is no session key".to_owned()));
    let fault = Fault::lasting("auth.iad.oraclecloud.com answers HTTP 401: no such group");
    messages.show(OracleError::Call { what: "a token for the machine", fault });
    messages.show("s3://conf".parse::<Place>().expect_err("no key"));
    let place = Place::Path("/nowhere/conf.yaml".into());
    messages
        .show(documents::read(&place, &Reader::default(), io::empty(), 9).await.expect_err("none"));
    // The page has them all; a build without AWS holds only the rest.
    #[cfg(feature = "aws")]
    messages.assert_complete(env!("CARGO_MANIFEST_DIR"));
    drop(http_client(&HttpOptions::default()));
}
