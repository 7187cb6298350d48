//! What every error of this crate says.

use std::path::Path;

use extdns_messages::Messages;
use extdns_testkit::http::{Reply, ScriptedServer};

use crate::digitalocean::{self, DigitaloceanArgs};
use crate::webhook::wire::array::ArrayError;
use crate::webhook::{Webhook, WebhookArgs};
use crate::zonefile::{Zonefile, ZonefileArgs};
use crate::{
    Capabilities, Context, Deadline, Environment, Limit, ProviderError, Reader as _, Transport,
    gandi,
};

#[tokio::test(start_paused = true)]
async fn every_error_has_its_message() {
    let mut messages = Messages::default();
    for error in array_errors() {
        messages.show(error);
    }
    let mut errors = zonefile_errors();
    errors.push(out_of_time().await);
    errors.extend(hanging().await);
    errors.push(Webhook::new(&webhook("localhost:8888"), &Context::default()).expect_err("no URL"));
    for reply in [refusing, of_another_type] {
        let server = ScriptedServer::start(move |_| reply());
        let provider =
            Webhook::new(&webhook(&server.url()), &Context::default()).expect("a provider");
        errors.push(provider.read().await.expect_err("refused"));
    }
    errors.extend(rest_errors());
    #[cfg(feature = "aws")]
    errors.extend(aws::errors());
    for error in errors {
        messages.show(error);
    }
    // The page has them all; a build without AWS holds only the rest.
    #[cfg(feature = "aws")]
    messages.assert_complete(env!("CARGO_MANIFEST_DIR"));
}

/// What the client says after "the webhook provider's answer to .. is no list of endpoints".
fn array_errors() -> [ArrayError; 4] {
    let source = serde_json::from_str::<String>("7").expect_err("no text");
    [
        ArrayError::Element { number: 3, source },
        ArrayError::TooLarge { number: 3 },
        ArrayError::NoArray,
        ArrayError::Incomplete,
    ]
}

/// What is missing for a provider of a JSON API.
fn rest_errors() -> Vec<ProviderError> {
    let none = Context::default();
    let args = DigitaloceanArgs { digitalocean_api_page_size: 50 };
    let odd = Environment::from([("DO_TOKEN", "t0ken"), ("DIGITALOCEAN_API_URL", "localhost")]);
    let odd = Context { environment: odd, ..Context::default() };
    [
        digitalocean::provider(&args, &none).err(),
        digitalocean::provider(&args, &odd).err(),
        gandi::provider(&none).err(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn webhook(url: &str) -> WebhookArgs {
    WebhookArgs {
        webhook_provider_url: url.to_owned(),
        webhook_provider_read_timeout: std::time::Duration::ZERO,
        webhook_provider_write_timeout: std::time::Duration::ZERO,
        webhook_provider_max_body_size: 0,
    }
}

fn refusing() -> Reply {
    Reply::new(401)
}

fn of_another_type() -> Reply {
    Reply::new(200).header("content-type", "text/html").body("<html>")
}

fn zonefile_errors() -> Vec<ProviderError> {
    let folder = tempfile::tempdir().expect("a folder");
    let twins = folder.path().join("twins");
    std::fs::create_dir(&twins).expect("a folder");
    for name in ["example.org.zone", "EXAMPLE.org.zone"] {
        std::fs::write(twins.join(name), "").expect("a file");
    }
    let refused = |dir: Option<&Path>, create: &[&str]| {
        let args = ZonefileArgs {
            zonefile_dir: dir.map(Path::to_owned),
            zonefile_create: create.iter().map(|&zone| zone.to_owned()).collect(),
        };
        let error = Zonefile::new(&args, &Context::default()).expect_err("refused");
        let shown = folder.path().display().to_string();
        ProviderError { message: error.message.replace(&shown, "/var/lib/dns"), ..error }
    };
    vec![
        refused(None, &[]),
        refused(Some(&folder.path().join("zones")), &[]),
        refused(Some(&twins), &[]),
        refused(Some(folder.path()), &["example/org"]),
    ]
}

async fn out_of_time() -> ProviderError {
    let via = Transport::new(&Capabilities::new("zonefile"));
    let late = via.until(Deadline::within(std::time::Duration::ZERO));
    late.call("write zone file", async || Ok(())).await.expect_err("no time")
}

/// A call that is never answered: bounded by itself, and by the run.
async fn hanging() -> [ProviderError; 2] {
    let via = Transport::new(&Capabilities {
        mutating_operations: &["create record"],
        ..Capabilities::new("example")
    });
    let hang = || std::future::pending::<Result<(), ProviderError>>();
    let own_bound = via.call("list records", hang).await.expect_err("no answer");
    let brief = via.until(Deadline::within(std::time::Duration::from_secs(1)));
    let of_the_run = brief.call("create record", hang).await.expect_err("no answer");
    [own_bound, of_the_run]
}

#[test]
fn every_limit_has_its_words() {
    let table = [
        (Limit::Changes(1000), "1000 changes in a call"),
        (Limit::Values(1000), "1000 values in a call"),
        (Limit::Bytes(32_000), "32000 bytes in a call"),
        (Limit::Other("size of an answer"), "size of an answer"),
    ];
    for (limit, words) in table {
        match limit {
            Limit::Changes(_) | Limit::Values(_) | Limit::Bytes(_) | Limit::Other(_) => {}
        }
        assert_eq!(limit.to_string(), words);
    }
}

#[cfg(feature = "aws")]
mod aws {
    use std::io;

    use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
    use aws_smithy_runtime_api::client::result::{ConnectorError, SdkError};
    use aws_smithy_runtime_api::http::StatusCode;
    use aws_smithy_types::body::SdkBody;

    use crate::ProviderError;
    use crate::aws::error::explain;

    const WRITE: &str = "ChangeResourceRecordSets";
    const PLACE: &str = " of zone example.org (Z1, profile default)";

    /// One answer of Route 53 for each kind, and silence.
    const ANSWERS: [(u16, &str, &str); 12] = [
        (400, "Throttling", "Rate exceeded"),
        (503, "ServiceUnavailable", ""),
        (403, "AccessDenied", "User: arn:aws:iam::111111111111:user/dns is not authorized"),
        (403, "ExpiredToken", "The security token included in the request is expired"),
        (403, "InvalidClientTokenId", "The security token included in the request is invalid."),
        (403, "SignatureDoesNotMatch", "The request signature does not match"),
        (404, "NoSuchHostedZone", "No hosted zone found with ID: Z1"),
        (400, "LimitsExceeded", "Limits Exceeded: MAX_RRSETS_BY_ZONE=10000"),
        (413, "", ""),
        (
            400,
            "InvalidChangeBatch",
            "[Tried to create resource record set [name='a.example.org.', type='A'] but it already exists]",
        ),
        (
            400,
            "InvalidChangeBatch",
            "[Invalid Resource Record: 'ARRDATAIllegalIPv4Address' encountered with 'a.example.org']",
        ),
        (400, "InvalidInput", "Invalid request: Value for field 'TTL' failed"),
    ];

    pub(super) fn errors() -> Vec<ProviderError> {
        let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
        let broken = io::Error::from(io::ErrorKind::ConnectionReset);
        let silence = [refused, broken].into_iter().map(|error| {
            let error = SdkError::dispatch_failure(ConnectorError::io(error.into()));
            explain::<io::Error>(WRITE, PLACE, &error).error
        });
        ANSWERS.iter().map(|answer| answered(*answer)).chain(silence).collect()
    }

    fn answered((status, code, message): (u16, &str, &str)) -> ProviderError {
        let body = match code {
            "" => String::new(),
            _ => format!(
                "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>\
                 <RequestId>r-1</RequestId></ErrorResponse>"
            ),
        };
        let status = StatusCode::try_from(status).expect("a status");
        let response = HttpResponse::new(status, SdkBody::from(body));
        let error = SdkError::service_error(io::Error::other(code.to_owned()), response);
        explain(WRITE, PLACE, &error).error
    }
}
