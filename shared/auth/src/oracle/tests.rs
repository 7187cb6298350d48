//! Keys, regions and machines. The signatures and sessions are tested with the provider that uses them.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use extdns_testkit::http::{Reply, ScriptedServer};
use reqwest::Method;
use reqwest::header::HeaderMap;

use super::*;

/// One key of a test, encrypted by OpenSSL 3.0 in six ways with one passphrase: `openssl rsa -traditional` with `-aes128`,
/// `-aes256` and `-des3`; `openssl pkcs8 -topk8` with `-v2 aes256`, `-v2 des3 -v2prf hmacWithSHA1` and `-scrypt`.
const KEYS: &str = include_str!("tests/keys.pem");
const PASSPHRASE: &str = "s3same-passphrase";

fn keys() -> Vec<String> {
    let begin = "-----BEGIN ";
    KEYS.split(begin).skip(1).map(|block| format!("{begin}{block}")).collect()
}

fn variables(own: &[(&str, &str)]) -> OracleVariables {
    let own = own.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    OracleVariables::of(&own.collect::<BTreeMap<_, _>>())
}

#[test]
fn encrypted_keys_are_opened_with_their_passphrase_and_sign() {
    let of = |pem: &str, passphrase: &str| OracleKey::of_pem("t/u/f".to_owned(), pem, passphrase);
    let first = of(&keys()[0], PASSPHRASE).expect("a key");
    let url: Url = "https://dns.example/20180115/zones".parse().expect("a URL");
    assert_eq!(keys().len(), 6);
    for pem in keys() {
        let key = of(&pem, PASSPHRASE).expect("a key");
        assert_eq!(key.public(), first.public());
        let (mut headers, now) =
            (HeaderMap::new(), UNIX_EPOCH + Duration::from_secs(1_700_000_000));
        key.sign((&Method::GET, &url), &mut headers, None, now).expect("signed");
        let header = headers["authorization"].to_str().expect("text").to_owned();
        let (_, signature) = header.rsplit_once("signature=\"").expect("a signature");
        let signature = STANDARD.decode(signature.trim_end_matches('"')).expect("base64");
        let (_, text) = signed_text((&Method::GET, &url), &headers, true);
        let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, first.public());
        public.verify(text.as_bytes(), &signature).expect("it fits");

        let missing = of(&pem, "").expect_err("no passphrase").to_string();
        assert!(missing.contains("give its passphrase"), "{missing}");
        let wrong = of(&pem, "wr0ng-passphrase").expect_err("another passphrase").to_string();
        assert!(wrong.contains("passphrase is wrong") && !wrong.contains("wr0ng"), "{wrong}");
    }
    let odd = keys()[0].replace("AES-128-CBC", "RC2-CBC");
    let error = of(&odd, PASSPHRASE).expect_err("an old cipher").to_string();
    assert!(error.contains("openssl pkcs8 -topk8"), "{error}");
    let none = of("no key", "").expect_err("none").to_string();
    assert!(none.contains("PEM data was not found in buffer"), "{none}");
    let other = "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n";
    assert!(of(other, "").expect_err("another kind").to_string().contains("no RSA key"));
}

#[test]
fn regions_have_the_domains_of_their_realms() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join(".oci")).expect("a folder");
    let of_file = r#"[{"realmKey":"oc98","realmDomainComponent":"file.cloud","regionKey":"FIL","regionIdentifier":"xx-file-1"}]"#;
    std::fs::write(folder.path().join(".oci/regions-config.json"), of_file).expect("a file");
    let of_variable = r#"{"realmKey":"oc99","realmDomainComponent":"own.cloud","regionKey":"XYZ","regionIdentifier":"xx-own-1"}"#;
    let home = folder.path().to_str().expect("a path");
    let own = variables(&[("HOME", home), ("OCI_REGION_METADATA", of_variable)]);
    for (asked, name, domain) in [
        ("us-ashburn-1", "us-ashburn-1", "oraclecloud.com"),
        ("FRA", "eu-frankfurt-1", "oraclecloud.com"),
        (" us-langley-1\n", "us-langley-1", "oraclegovcloud.com"),
        ("us-gov-phoenix-1", "us-gov-phoenix-1", "oraclegovcloud.com"),
        ("brs", "uk-gov-cardiff-1", "oraclegovcloud.uk"),
        ("ap-chiyoda-1", "ap-chiyoda-1", "oraclecloud8.com"),
        ("me-dcc-muscat-1", "me-dcc-muscat-1", "oraclecloud9.com"),
        ("ap-dcc-canberra-1", "ap-dcc-canberra-1", "oraclecloud10.com"),
        ("eu-dcc-milan-1", "eu-dcc-milan-1", "oraclecloud14.com"),
        ("eu-frankfurt-2", "eu-frankfurt-2", "oraclecloud.eu"),
        ("xyz", "xx-own-1", "own.cloud"),
        ("xx-own-1", "xx-own-1", "own.cloud"),
        ("fil", "xx-file-1", "file.cloud"),
        ("XX-New-1", "xx-new-1", "oraclecloud.com"),
    ] {
        let found = OracleRegion::find(asked, &own);
        assert_eq!((found.name.as_str(), found.domain.as_str()), (name, domain), "{asked}");
    }
}

/// Metadata of the second version wants a header, that of the first has none.
async fn region_of_machine(second: bool, name: &'static str) -> (OracleRegion, Vec<String>) {
    let server = ScriptedServer::start(move |request| {
        let (version, path) = request.path["/opc/".len()..].split_once('/').expect("a version");
        match (version, path) {
            ("v2", _) if !second => return Reply::new(404).body("no such version"),
            ("v2", _) => assert_eq!(request.header("authorization"), Some("Bearer Oracle")),
            _ => assert_eq!(request.header("authorization"), None),
        }
        match path {
            "instance/region" => Reply::new(200).body(format!("{name}\n")),
            "instance/regionInfo" if second => Reply::new(200).body(
                r#"{"realmKey":"oc97","realmDomainComponent":"machine.cloud","regionKey":"NEW","regionIdentifier":"xx-new-1"}"#,
            ),
            _ => Reply::new(404),
        }
    });
    let url = format!("{}/opc/v2/", server.url());
    let own = variables(&[("OCI_METADATA_BASE_URL", url.as_str())]);
    let found = OracleIdentity::find(&OracleWho::Machine, &own, &HttpOptions::default()).await;
    (found.expect("a machine").region, server.requests().into_iter().map(|it| it.path).collect())
}

#[tokio::test]
async fn a_machine_says_its_region_in_either_version_of_its_metadata() {
    let (region, asked) = region_of_machine(true, "iad").await;
    assert_eq!(region.name, "us-ashburn-1");
    assert_eq!(asked, ["/opc/v2/instance/region"]);
    let (region, asked) = region_of_machine(false, "iad").await;
    assert_eq!(region.name, "us-ashburn-1");
    assert_eq!(asked, ["/opc/v2/instance/region", "/opc/v1/instance/region"]);
    // The realm of a region that is in no table.
    let (region, asked) = region_of_machine(true, "new").await;
    assert_eq!((region.name.as_str(), region.domain.as_str()), ("xx-new-1", "machine.cloud"));
    assert_eq!(asked, ["/opc/v2/instance/region", "/opc/v2/instance/regionInfo"]);
    let (region, _) = region_of_machine(false, "xx-new-1").await;
    assert_eq!((region.name.as_str(), region.domain.as_str()), ("xx-new-1", "oraclecloud.com"));
}

#[tokio::test]
async fn elsewhere_there_is_no_machine_and_no_cluster() {
    let server = ScriptedServer::start(|_| Reply::new(403).body("not here"));
    let url = format!("{}/opc/v2", server.url());
    let own = variables(&[("OCI_METADATA_BASE_URL", url.as_str())]);
    let http = HttpOptions::default();
    let error = OracleIdentity::find(&OracleWho::Machine, &own, &http).await.expect_err("none");
    assert!(error.to_string().contains("need a machine of Oracle Cloud"), "{error}");
    assert!(!error.may_pass());
    let who = OracleWho::Account("iad".to_owned());
    let error = OracleIdentity::find(&who, &own, &http).await.expect_err("none");
    assert!(error.to_string().contains("KUBERNETES_SERVICE_HOST is not set"), "{error}");
}

#[tokio::test]
async fn both_clocks_are_named_where_a_machine_is_refused_for_its_own() {
    let theirs = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(3600));
    let shown = theirs.clone();
    let server = ScriptedServer::start(move |_| Reply::new(401).header("date", &theirs));
    let request = reqwest::Client::new().get(server.url());
    let fault = crate::call::json::<String>(request).await.expect_err("refused").to_string();
    assert!(fault.contains("the clock of this machine says"), "{fault}");
    assert!(fault.contains(&shown), "{fault}");
}
