//! Profiles that take their credentials from elsewhere.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use extdns_testkit::http::{Reply, Request, ScriptedServer};
use serde_json::json;

use crate::identity;

/// A program that says this.
fn program(dir: &Path, text: &str) -> String {
    let path = dir.join("credentials.sh");
    std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).expect("written");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).expect("a program");
    path.display().to_string()
}

#[test]
fn a_program_of_a_profile_gives_credentials() {
    let dir = tempfile::tempdir().expect("a folder");
    let config = dir.path().join("config");
    let find = |text: &str, variables: &[(&str, &str)]| {
        let process = program(dir.path(), text);
        let file = format!(
            "[default]\ncredential_process = {process}\n[profile dns]\ncredential_process = {process}\n"
        );
        std::fs::write(&config, file).expect("written");
        let file = ("AWS_CONFIG_FILE", config.to_str().expect("text"));
        identity(dir.path(), &[&[file, ("PATH", "/usr/bin:/bin")], variables].concat())
    };
    let says = r#"echo '{"Version": 1, "AccessKeyId": "AKIAPROGRAM", "SecretAccessKey": "s"}'"#;
    let found = "account AKIAPROGRAM region us-east-1";
    assert_eq!(find(says, &[]), found, "of the default profile");
    assert_eq!(find(says, &[("AWS_PROFILE", "dns")]), found);
    assert_eq!(find(says, &[("PROBE_PROFILE", "dns")]), found, "of --aws-profile");
    for broken in ["exit 3", "echo '{}'", "echo no JSON"] {
        let error = find(broken, &[("PROBE_PROFILE", "dns")]);
        assert!(
            error.starts_with("error instantiating AWS config: profile dns: no credentials"),
            "{error}"
        );
        assert!(error.contains("check --aws-profile=dns"), "{error}");
    }
}

/// The file in which `aws sso login` leaves its token: its name is the SHA-1 of that of the session, or of the start URL.
fn log_in(dir: &Path, of: &str, until: &str) {
    let cache = dir.join(".aws/sso/cache");
    std::fs::create_dir_all(&cache).expect("a folder");
    let name: String = digest(&SHA1_FOR_LEGACY_USE_ONLY, of.as_bytes())
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let token = json!({ "accessToken": "the-token", "expiresAt": until, "region": "eu-west-1",
        "startUrl": "https://corp.awsapps.com/start" });
    std::fs::write(cache.join(format!("{name}.json")), token.to_string()).expect("written");
}

const START: &str = "https://corp.awsapps.com/start";
const SSO: &str = "[profile session]
sso_session = corp
sso_account_id = 222222222222
sso_role_name = dns
[sso-session corp]
sso_region = eu-west-1
sso_start_url = https://corp.awsapps.com/start
[profile older]
sso_region = eu-west-1
sso_start_url = https://corp.awsapps.com/start
sso_account_id = 222222222222
sso_role_name = dns
";

fn portal(request: &Request) -> Reply {
    assert_eq!((request.method.as_str(), &*request.path), ("GET", "/federation/credentials"));
    let mut asked = request.pairs();
    asked.sort();
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(asked, [pair("account_id", "222222222222"), pair("role_name", "dns")]);
    assert_eq!(request.header("x-amz-sso_bearer_token"), Some("the-token"));
    let credentials = json!({ "accessKeyId": "AKIASSO", "secretAccessKey": "s", "sessionToken": "t",
        "expiration": 4_102_444_800_000_u64 });
    Reply::json(200, &json!({ "roleCredentials": credentials }))
}

#[test]
fn a_profile_of_single_sign_on_gives_the_credentials_of_its_role() {
    let server = ScriptedServer::start(portal);
    let dir = tempfile::tempdir().expect("a folder");
    let config = dir.path().join("config");
    std::fs::write(&config, SSO).expect("written");
    let url = server.url();
    let base = [
        ("AWS_CONFIG_FILE", config.to_str().expect("text")),
        ("HOME", dir.path().to_str().expect("text")),
        ("AWS_ENDPOINT_URL_SSO", &*url),
    ];
    let find = |more: (&str, &str)| identity(dir.path(), &[&base[..], &[more]].concat());

    let error = find(("PROBE_PROFILE", "session"));
    let start = "error instantiating AWS config: profile session: no credentials";
    assert!(error.starts_with(start) && error.contains("aws sso login"), "{error}");

    log_in(dir.path(), "corp", "2099-01-01T00:00:00Z");
    log_in(dir.path(), START, "2099-01-01T00:00:00Z");
    for profile in ["session", "older"] {
        let found = "account 222222222222 region us-east-1";
        assert_eq!(find(("PROBE_PROFILE", profile)), found, "--aws-profile={profile}");
        assert_eq!(find(("AWS_PROFILE", profile)), found, "AWS_PROFILE={profile}");
    }
    assert_eq!(server.requests().len(), 4);

    log_in(dir.path(), "corp", "2020-01-01T00:00:00Z");
    let error = find(("PROBE_PROFILE", "session"));
    assert!(error.starts_with(start) && error.contains("aws sso login"), "{error}");
    assert_eq!(server.requests().len(), 4, "nobody is asked with a token that is too old");
}
