//! Every form of credentials, over servers that check what is sent.

use std::collections::BTreeMap;
use std::path::Path;

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use extdns_testkit::http::{Reply, Request, ScriptedServer};
use serde_json::{Value, json};

use super::*;

const SCOPES: &[&str] = &["scope-a", "scope-b"];

/// Credentials with these variables; `{url}` in them is that of the server, `{folder}` that of files.
fn identity(variables: &[(&str, &str)]) -> Result<GoogleIdentity, GoogleError> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let variables: BTreeMap<String, String> = variables.iter().map(owned).collect();
    GoogleIdentity::find(GoogleVariables::of(&variables), SCOPES, &HttpOptions::default())
}

/// Credentials in a file.
fn in_file(file: &Value, more: &[(&str, &str)]) -> Result<GoogleIdentity, GoogleError> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("credentials.json");
    std::fs::write(&path, file.to_string()).expect("written");
    let path = path.display().to_string();
    let variables: Vec<_> =
        [("GOOGLE_APPLICATION_CREDENTIALS", path.as_str())].iter().chain(more).copied().collect();
    identity(&variables)
}

/// A metadata server on this machine that is not there.
const NO_METADATA: (&str, &str) = ("GCE_METADATA_HOST", "metadata.invalid");

fn form(request: &Request) -> BTreeMap<String, String> {
    assert_eq!(request.header("content-type"), Some("application/x-www-form-urlencoded"));
    form_urlencoded::parse(&request.body).into_owned().collect()
}

fn given(token: &str) -> Reply {
    Reply::json(200, &json!({ "access_token": token, "expires_in": 3600, "token_type": "Bearer" }))
}

fn key() -> (KeyPair, String) {
    let key = KeyPair::generate(KeySize::Rsa2048).expect("a key");
    let der: Pkcs8V1Der<'_> = key.as_der().expect("DER");
    let pem = format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        BASE64_STANDARD.encode(der.as_ref())
    );
    (key, pem)
}

fn of_key(pem: &str, url: &str) -> Value {
    json!({ "type": "service_account", "client_email": "dns@p.iam.gserviceaccount.com",
        "private_key": pem, "private_key_id": "k1", "token_uri": format!("{url}/token"),
        "project_id": "of-the-key", "client_id": "1", "auth_uri": "https://unused" })
}

#[tokio::test]
async fn a_service_account_exchanges_what_its_key_signs() {
    let server = ScriptedServer::start(|request| {
        assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/token"));
        given("a-token-of-the-key")
    });
    let (key, pem) = key();
    let identity = in_file(&of_key(&pem, &server.url()), &[]).expect("credentials");
    let token = identity.fetch().await.expect("a token");
    assert_eq!(token.text, "a-token-of-the-key");
    assert_eq!(token.lasts, Some(Duration::from_secs(3600)));
    let form = form(&server.requests()[0]);
    assert_eq!(form["grant_type"], "urn:ietf:params:oauth:grant-type:jwt-bearer");
    let (text, signature) = form["assertion"].rsplit_once('.').expect("a signature");
    let decode = |part: &str| BASE64_URL_SAFE_NO_PAD.decode(part).expect("base64");
    let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.public_key());
    public.verify(text.as_bytes(), &decode(signature)).expect("the signature is right");
    let (header, claims) = text.split_once('.').expect("two parts");
    let json = |part: &str| serde_json::from_slice::<Value>(&decode(part)).expect("JSON");
    assert_eq!(json(header), json!({ "alg": "RS256", "typ": "JWT", "kid": "k1" }));
    let claims = json(claims);
    assert_eq!(claims["iss"], "dns@p.iam.gserviceaccount.com");
    assert_eq!(claims["scope"], "scope-a scope-b");
    assert_eq!(claims["aud"], format!("{}/token", server.url()));
    let seconds = |name: &str| claims[name].as_u64().expect("seconds");
    assert_eq!(seconds("exp") - seconds("iat"), 3600);
    // Neither the key nor the token is in any output from now on.
    let line = pem.lines().nth(1).expect("the key");
    let shown = secrets::redact(line);
    assert!(!shown.contains(&line[..20]), "{shown}");
    assert_eq!(secrets::redact("a-token-of-the-key"), secrets::REDACTED);
}

#[tokio::test]
async fn a_users_login_is_refreshed() {
    let server = ScriptedServer::start(|_| given("a-token-of-the-user"));
    let login = json!({ "type": "authorized_user", "client_id": "c", "client_secret": "c-secret",
        "refresh_token": "1//refresh", "token_uri": format!("{}/token", server.url()),
        "quota_project_id": "counted" });
    for (kind, uri) in
        [("authorized_user", "token_uri"), ("external_account_authorized_user", "token_url")]
    {
        let mut login = login.clone();
        login["type"] = kind.into();
        let url = login.as_object_mut().expect("an object").remove("token_uri").expect("a URL");
        login[uri] = url;
        let identity = in_file(&login, &[]).expect("credentials");
        assert_eq!(identity.quota_project(), Some("counted"));
        assert_eq!(identity.fetch().await.expect("a token").text, "a-token-of-the-user");
    }
    let form = form(&server.requests()[0]);
    let expected = [
        ("client_id", "c"),
        ("client_secret", "c-secret"),
        ("grant_type", "refresh_token"),
        ("refresh_token", "1//refresh"),
    ];
    assert!(form.iter().map(|(name, value)| (name.as_str(), value.as_str())).eq(expected));
    let identity = in_file(&login, &[("GOOGLE_CLOUD_QUOTA_PROJECT", "other")]).expect("one");
    assert_eq!(identity.quota_project(), Some("other"));
}

/// A server that exchanges subject tokens, and gives tokens of service accounts.
fn exchange() -> ScriptedServer {
    ScriptedServer::start(|request| match request.path.as_str() {
        "/sts" => given("a-federated-token"),
        "/subject" => {
            assert_eq!(request.header("x-own"), Some("value"));
            Reply::json(200, &json!({ "jwt": "subject-of-the-url" }))
        }
        "/v1/projects/-/serviceAccounts/dns@p:generateAccessToken" => {
            let authorization = request.header("authorization").expect("a token");
            assert!(authorization.starts_with("Bearer a-"), "{authorization}");
            Reply::json(
                200,
                &json!({ "accessToken": "a-token-of-the-account", "expireTime": "2030-01-01T00:00:00Z" }),
            )
        }
        "/token" => given("a-token-of-the-key"),
        path => panic!("{path}"),
    })
}

fn workload(url: &str, source: Value) -> Value {
    json!({ "type": "external_account", "audience": "//iam.googleapis.com/pool",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": format!("{url}/sts"), "credential_source": source })
}

#[tokio::test]
async fn a_workload_exchanges_its_own_token() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("token");
    std::fs::write(&file, "subject-of-the-file\n").expect("written");
    let server = exchange();
    let url = server.url();
    let own = json!({ "url": format!("{url}/subject"), "headers": { "x-own": "value" },
        "format": { "type": "json", "subject_token_field_name": "jwt" } });
    let printed = json!({ "version": 1, "success": true, "id_token": "subject-of-the-program",
        "token_type": "urn:ietf:params:oauth:token-type:id_token" });
    let program = folder.path().join("program.json");
    std::fs::write(&program, printed.to_string()).expect("written");
    let program = json!({ "executable": { "command": format!("cat {}", program.display()) } });
    let may_run = ("GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES", "1");
    let cases = [
        (json!({ "file": file }), "subject-of-the-file"),
        (own, "subject-of-the-url"),
        (program.clone(), "subject-of-the-program"),
    ];
    for (source, subject) in cases {
        let identity = in_file(&workload(&url, source), &[may_run]).expect("credentials");
        let token = identity.fetch().await.expect(subject);
        assert_eq!(token.text, "a-federated-token");
        let requests = server.requests();
        let form = form(requests.last().expect("one"));
        assert_eq!(form["subject_token"], subject);
        assert_eq!(form["scope"], "scope-a scope-b");
        assert_eq!(form["audience"], "//iam.googleapis.com/pool");
        assert_eq!(form["grant_type"], "urn:ietf:params:oauth:grant-type:token-exchange");
        assert_eq!(form["subject_token_type"], "urn:ietf:params:oauth:token-type:jwt");
        assert_eq!(form["requested_token_type"], "urn:ietf:params:oauth:token-type:access_token");
    }
    let certificate = json!({ "certificate": { "use_default_certificate_config": true } });
    let identity = in_file(&workload(&url, certificate), &[]).expect("credentials");
    let error = identity.fetch().await.expect_err("no certificate").to_string();
    assert!(error.contains("an X.509 certificate, which cannot be used; make the file"), "{error}");
    let identity = in_file(&workload(&url, program), &[]).expect("credentials");
    let error = identity.fetch().await.expect_err("programs are not allowed").to_string();
    assert!(error.contains("set GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES=1"), "{error}");
}

#[tokio::test]
async fn a_service_account_is_impersonated() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("token");
    std::fs::write(&file, "subject-of-the-file").expect("written");
    let server = exchange();
    let account =
        format!("{}/v1/projects/-/serviceAccounts/dns@p:generateAccessToken", server.url());
    let mut of_workload = workload(&server.url(), json!({ "file": file }));
    of_workload["service_account_impersonation_url"] = account.as_str().into();
    of_workload["service_account_impersonation"] = json!({ "token_lifetime_seconds": 600 });
    let of_key = json!({ "type": "impersonated_service_account", "delegates": ["d@p"],
        "service_account_impersonation_url": account,
        "source_credentials": of_key(&key().1, &server.url()) });
    for (file, lifetime, delegates) in
        [(of_workload, 600, json!([])), (of_key, 3600, json!(["d@p"]))]
    {
        let identity = in_file(&file, &[]).expect("credentials");
        assert!(identity.who().starts_with("service account dns@p by "), "{}", identity.who());
        let token = identity.fetch().await.expect("a token");
        assert_eq!(token.text, "a-token-of-the-account");
        assert_eq!(token.lasts, Some(Duration::from_secs(lifetime)));
        let requests = server.requests();
        let [.., first, second] = &requests[..] else { panic!("two calls") };
        let cloud = "https://www.googleapis.com/auth/cloud-platform";
        if first.path == "/sts" {
            assert_eq!(form(first)["scope"], cloud);
        }
        let expected = json!({ "scope": ["scope-a", "scope-b"],
            "lifetime": format!("{lifetime}s"), "delegates": delegates });
        assert_eq!(second.json(), expected);
    }
}

#[tokio::test]
async fn the_metadata_server_gives_a_token_and_the_project() {
    let server = ScriptedServer::start(|request| {
        assert_eq!(request.header("metadata-flavor"), Some("Google"));
        match request.target().as_str() {
            "/computeMetadata/v1/instance/service-accounts/default/token?scopes=scope-a,scope-b" => {
                given("a-token-of-the-machine")
            }
            "/computeMetadata/v1/project/project-id" => Reply::new(200).body("of-the-machine\n"),
            target => panic!("{target}"),
        }
    });
    let host = server.url().replace("http://", "");
    let machine = [("GCE_METADATA_HOST", host.as_str()), ("GOOGLE_CLOUD_PROJECT", "of-a-variable")];
    let identity = identity(&machine).expect("credentials");
    assert_eq!(identity.fetch().await.expect("a token").text, "a-token-of-the-machine");
    assert_eq!(
        identity.project("--google-project", "").await.expect("a project"),
        "of-the-machine"
    );
}

#[tokio::test]
async fn the_project_is_looked_for_in_every_place() {
    let key = of_key(&key().1, "https://token.example");
    let variable = ("GOOGLE_CLOUD_PROJECT", "of-a-variable");
    let both = in_file(&key, &[NO_METADATA, variable]).expect("credentials");
    assert_eq!(both.project("--google-project", "").await.expect("a project"), "of-a-variable");
    let file = in_file(&key, &[NO_METADATA]).expect("credentials");
    assert_eq!(file.project("--google-project", "").await.expect("a project"), "of-the-key");
    assert_eq!(file.project("--google-project", "given").await.expect("a project"), "given");
    let error = identity(&[NO_METADATA])
        .expect("lazy")
        .project("--google-project", "")
        .await
        .expect_err("none");
    let expected = "failed to auto-detect the project id: no project in any of 4 places: (1) --google-project: not \
                    given; give it the id of the project. (2) the metadata server metadata.invalid: metadata.invalid \
                    is not known here, so this is not Google Cloud; run on Google Cloud. (3) the environment \
                    (GOOGLE_CLOUD_PROJECT): not set; set it to the id of the project. (4) project_id of a file of \
                    credentials: not there; use the key of a service account of the project";
    assert_eq!(error.to_string(), expected);
}

#[tokio::test]
async fn without_credentials_every_place_is_named() {
    let home = tempfile::tempdir().expect("a folder");
    let home = home.path().display().to_string();
    let nobody = identity(&[NO_METADATA, ("HOME", &home)]).expect("nothing is asked yet");
    let error = nobody.fetch().await.expect_err("none");
    assert_eq!(
        error.to_string(),
        format!(
            "authenticating to Google: no credentials in any of 3 places: (1) the environment \
             (GOOGLE_APPLICATION_CREDENTIALS): not set; set it to the path of a file with a service account's key or \
             a workload identity. (2) {home}/.config/gcloud/application_default_credentials.json: not there; run \
             gcloud auth application-default login. (3) the metadata server metadata.invalid: metadata.invalid is \
             not known here, so this is not Google Cloud; run on Google Cloud, with a service account for the \
             machine or the pod"
        )
    );
    assert!(!error.may_pass());
    // The user's login comes before the metadata server.
    let folder = Path::new(&home).join(".config/gcloud");
    std::fs::create_dir_all(&folder).expect("a folder");
    let login = json!({ "type": "authorized_user", "client_id": "c", "client_secret": "c-secret",
        "refresh_token": "1//refresh" });
    std::fs::write(folder.join("application_default_credentials.json"), login.to_string())
        .expect("written");
    let user = identity(&[NO_METADATA, ("HOME", &home)]).expect("a login");
    assert!(user.who().starts_with("the user who logged in"), "{}", user.who());
}

#[tokio::test]
async fn a_file_that_cannot_be_used_says_what_would_be_right() {
    let table = [
        (json!("text"), "its type is \"\"; service_account, authorized_user, external_account, "),
        (json!({ "type": "gdch_service_account" }), "its type is \"gdch_service_account\"; "),
        (json!({ "type": "service_account" }), "missing field `client_email`; make it again"),
        (
            json!({ "type": "service_account", "universe_domain": "partner.example" }),
            "its universe_domain is \"partner.example\"; credentials of googleapis.com alone can be used",
        ),
    ];
    for (file, expected) in table {
        let error = in_file(&file, &[]).expect_err("unusable").to_string();
        assert!(error.starts_with("the Google credentials in /"), "{error}");
        assert!(error.contains(expected), "{error}");
    }
    let error = identity(&[("GOOGLE_APPLICATION_CREDENTIALS", "/nowhere.json")]).expect_err("none");
    assert!(error.to_string().contains("/nowhere.json cannot be used: No such file"), "{error}");
}

#[tokio::test]
async fn a_refusal_says_who_was_refused_and_what_helps() {
    let pem = key().1;
    let refused = || {
        Reply::json(400, &json!({ "error": "invalid_grant", "error_description": "Invalid JWT" }))
    };
    type Answer = fn() -> Reply;
    let table: [(Answer, bool, &str); 4] = [
        (|| Reply::json(400, &json!({})), false, "answers HTTP 400: {}; the key may be deleted"),
        (|| Reply::new(503).body("busy"), true, "answers HTTP 503: busy"),
        (|| Reply::hang_up(), true, "no answer: "),
        (|| Reply::new(200).body("<html>"), false, "the answer is not what the API promises"),
    ];
    for (reply, may_pass, expected) in table {
        let server = ScriptedServer::start(move |_| reply());
        let identity = in_file(&of_key(&pem, &server.url()), &[]).expect("credentials");
        let error = identity.fetch().await.expect_err("refused");
        assert_eq!(error.may_pass(), may_pass, "{error}");
        let text = error.to_string();
        assert!(
            text.starts_with(
                "getting an access token for service account dns@p.iam.gserviceaccount.com (/"
            ),
            "{text}"
        );
        assert!(text.contains(expected), "{text}");
    }
    let server = ScriptedServer::start(move |_| refused());
    let identity = in_file(&of_key(&pem, &server.url()), &[]).expect("credentials");
    let error = identity.fetch().await.expect_err("refused").to_string();
    assert!(
        error.contains("HTTP 400: invalid_grant: Invalid JWT; the key may be deleted"),
        "{error}"
    );
    let odd = in_file(&of_key("no key", &server.url()), &[]).expect("credentials");
    let error = odd.fetch().await.expect_err("no key").to_string();
    assert!(error.contains("its private_key is no RSA key in PEM; make a new key"), "{error}");
    let plain = in_file(&of_key(&pem, "http://token.example"), &[]).expect("credentials");
    let error = plain.fetch().await.expect_err("not https").to_string();
    assert!(error.contains("its URL of token.example is not https"), "{error}");
}

/// Of a machine without a service account the server says so.
#[tokio::test]
async fn a_machine_without_a_service_account_is_told_from_no_machine() {
    let server = ScriptedServer::start(|_| Reply::new(404).body("not found"));
    let host = server.url().replace("http://", "");
    let identity = identity(&[("GCE_METADATA_HOST", &host)]).expect("credentials");
    let error = identity.fetch().await.expect_err("no account").to_string();
    assert!(
        error.contains("HTTP 404: not found; the machine or pod has no service account"),
        "{error}"
    );
}

#[tokio::test]
async fn a_token_is_kept_until_shortly_before_its_end() {
    for (seconds, calls) in [(3600, 1), (30, 3)] {
        let server = ScriptedServer::start(move |_| {
            Reply::json(200, &json!({ "access_token": "a-token-to-keep", "expires_in": seconds }))
        });
        let identity = in_file(&of_key(&key().1, &server.url()), &[]).expect("credentials");
        for _ in 0..3 {
            assert_eq!(identity.token().await.expect("a token"), "a-token-to-keep");
        }
        assert_eq!(server.requests().len(), calls, "{seconds}");
    }
}
