use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use extdns_testkit::moto;
use extdns_testkit::process::{set_up, skip};
use secrecy::ExposeSecret as _;

use super::EksTokens;

/// 2026-08-22T10:15:00Z.
const NOW: u64 = 1_787_393_700;

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

fn config(region: &str, credentials: SharedCredentialsProvider) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(region.to_owned()))
        .credentials_provider(credentials)
        // Where our own calls go, which a token must not name.
        .endpoint_url("http://127.0.0.1:1")
        .build()
}

fn keys(session: Option<&str>) -> SharedCredentialsProvider {
    let session = session.map(str::to_owned);
    SharedCredentialsProvider::new(Credentials::new(
        "AKIDEXAMPLE",
        "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
        session,
        None,
        "test",
    ))
}

async fn ours(region: &str, session: Option<&str>, cluster: &str) -> String {
    let tokens = EksTokens::new(&config(region, keys(session)), cluster).await.expect("tokens");
    tokens.token_at(at(NOW)).await.expect("a token").expose_secret().to_owned()
}

/// What the AWS CLI makes at the same time.
fn theirs(tools: &Path, region: &str, session: Option<&str>, cluster: &str) -> String {
    let faked = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/moto/faked_time");
    let mut variables = vec![
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned()),
        ("PYTHONPATH", faked.to_owned()),
        ("FAKED_TIME", NOW.to_string()),
    ];
    variables.extend(session.map(|session| ("AWS_SESSION_TOKEN", session.to_owned())));
    let arguments = ["--region", region, "eks", "get-token", "--cluster-name", cluster];
    let answer = moto::aws(tools, &arguments, &variables);
    assert_eq!(answer["status"]["expirationTimestamp"], "2026-08-22T10:29:00Z", "the faked time");
    answer["status"]["token"].as_str().expect("a token").to_owned()
}

/// The start of the URL in a token, and its query, in which the order means nothing.
fn parts(token: &str) -> (String, BTreeMap<String, String>) {
    let url = BASE64_URL_SAFE_NO_PAD
        .decode(token.strip_prefix("k8s-aws-v1.").expect("the prefix"))
        .expect("base64url without padding");
    let url = String::from_utf8(url).expect("a URL");
    let (base, query) = url.split_once('?').expect("a query");
    let pairs: Vec<(String, String)> =
        form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let query: BTreeMap<_, _> = pairs.iter().cloned().collect();
    assert_eq!(query.len(), pairs.len(), "each key once: {pairs:?}");
    (base.to_owned(), query)
}

/// Same host, same query, and so the same signature.
#[tokio::test]
async fn r53_case_44_the_token_is_that_of_the_aws_cli() {
    let Some(tools) = set_up("moto").await else {
        return skip("r53_case_44_the_token_is_that_of_the_aws_cli", "awscli");
    };
    let session = "IQoJb3JpZ2luX2VjEJr//////////wEaCWV1LXdlc3QtMSJHMEUCIQ==+/=";
    let cases = [
        ("eu-west-1", None, "prod-eu"),
        ("us-east-1", Some(session), "prod"),
        ("cn-north-1", Some(session), "Prod_1"),
        ("us-gov-west-1", None, "0123456789"),
    ];
    for (region, session, cluster) in cases {
        let ours = parts(&ours(region, session, cluster).await);
        let theirs = parts(&theirs(&tools, region, session, cluster));
        assert_eq!(ours, theirs, "{region}");
    }
}

/// The keys that the API server takes, and no others.
#[tokio::test]
async fn r53_case_44_the_parts_of_a_token() {
    let (base, query) = parts(&ours("eu-west-1", Some("session"), "prod").await);
    assert_eq!(base, "https://sts.eu-west-1.amazonaws.com/");
    let signature = query["X-Amz-Signature"].clone();
    let expected = [
        ("Action", "GetCallerIdentity"),
        ("Version", "2011-06-15"),
        ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"),
        ("X-Amz-Credential", "AKIDEXAMPLE/20260822/eu-west-1/sts/aws4_request"),
        ("X-Amz-Date", "20260822T101500Z"),
        ("X-Amz-Expires", "60"),
        ("X-Amz-Security-Token", "session"),
        ("X-Amz-Signature", &*signature),
        ("X-Amz-SignedHeaders", "host;x-k8s-aws-id"),
    ];
    let expected = expected.map(|(key, value)| (key.to_owned(), value.to_owned()));
    assert_eq!(query, BTreeMap::from(expected));
    let (_, other) = parts(&ours("eu-west-1", Some("session"), "staging").await);
    assert_ne!(other["X-Amz-Signature"], signature, "a token is for one cluster");
}

/// Credentials of a session that ends so many seconds after each time that they are asked for.
#[derive(Debug)]
struct Sessions {
    asked: AtomicU64,
    expiry: Option<u64>,
}

impl ProvideCredentials for Sessions {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        let asked = self.asked.fetch_add(1, Ordering::Relaxed);
        let key = format!("AKID{asked}");
        let expiry = self.expiry.map(at);
        future::ProvideCredentials::ready(Ok(Credentials::new(key, "s", None, expiry, "test")))
    }
}

/// A token is used for ten of its 15 minutes, and not beyond the session that signed it.
#[tokio::test]
async fn r53_case_44_tokens_are_renewed_before_they_end() {
    let table = [
        (None, 599, false),
        (None, 600, true),
        (Some(NOW + 3600), 600, true),
        (Some(NOW + 300), 299, false),
        (Some(NOW + 300), 300, true),
    ];
    for (expiry, seconds, renewed) in table {
        let sessions =
            SharedCredentialsProvider::new(Sessions { asked: AtomicU64::new(0), expiry });
        let tokens = EksTokens::new(&config("eu-west-1", sessions), "prod").await.expect("tokens");
        let first = tokens.token_at(at(NOW)).await.expect("a token");
        let later = tokens.token_at(at(NOW + seconds)).await.expect("a token");
        let changed = first.expose_secret() != later.expose_secret();
        assert_eq!(changed, renewed, "{expiry:?} after {seconds} s");
        let (_, query) = parts(later.expose_secret());
        let key = if renewed { "AKID1/" } else { "AKID0/" };
        assert!(query["X-Amz-Credential"].starts_with(key), "{query:?}");
    }
}

#[tokio::test]
async fn what_cannot_be_signed_is_an_error() {
    let tokens = EksTokens::new(&config("eu-west-1", keys(None)), "a\nb").await.expect("tokens");
    let error = tokens.token().await.expect_err("no header").to_string();
    assert!(error.starts_with("signing a token for EKS cluster \"a\\nb\": "), "{error}");
    assert!(!error.contains("wJalr"), "{error}");
    let error = EksTokens::new(&config("no host!", keys(None)), "prod").await.expect_err("no host");
    assert!(error.to_string().contains("region"), "{error}");
}
