//! Every credential over a server that checks the whole request, and what is said where one is missing or
//! wrong.

use std::collections::BTreeMap;
use std::io::Write as _;

use extdns_testkit::http::{Reply, Request, ScriptedServer};
use rcgen::PKCS_RSA_SHA256;
use serde_json::{Value, json};

use super::*;

const TENANT: &str = "11111111-2222-3333-4444-555555555555";

fn variables(all: &[(&str, &str)]) -> AzureVariables {
    let all: BTreeMap<String, String> =
        all.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    AzureVariables::of(&all)
}

fn file(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(text.as_bytes()).expect("written");
    file
}

/// `azure.json` for a cloud at this URL, with these fields.
fn stack(url: &str, own: &Value) -> tempfile::NamedTempFile {
    let mut fields = json!({ "cloud": "AzureStackCloud", "activeDirectoryAuthorityHost": format!("{url}/"),
        "resourceManagerEndpoint": url, "resourceManagerAudience": "https://management.test/",
        "tenantId": TENANT, "subscriptionId": "sub-1", "resourceGroup": "dns", "location": "here" });
    for (name, value) in own.as_object().into_iter().flatten() {
        fields[name] = value.clone();
    }
    file(&fields.to_string())
}

fn find(file: &tempfile::NamedTempFile, own: &[(&str, &str)]) -> Result<AzureIdentity, AzureError> {
    AzureIdentity::find(&AzureOptions {
        file: Some(file.path().to_owned()),
        variables: variables(own),
        ..AzureOptions::default()
    })
}

fn from_variables(own: &[(&str, &str)]) -> Result<AzureIdentity, AzureError> {
    AzureIdentity::find(&AzureOptions { variables: variables(own), ..AzureOptions::default() })
}

fn given(text: &str) -> Reply {
    Reply::json(200, &json!({ "access_token": text, "token_type": "Bearer", "expires_in": 3599 }))
}

/// What the server was sent for a token of these settings: method, target, and the form in its body.
async fn asked(own: Value, variables: &[(&str, &str)]) -> (String, BTreeMap<String, String>) {
    let server = ScriptedServer::start(|_| given("t0ken-of-azure"));
    let identity = find(&stack(&server.url(), &own), variables).expect("an identity");
    let token = identity.token(&identity.cloud.audience).await.expect("a token");
    assert_eq!(token.text, "t0ken-of-azure");
    assert_eq!(token.lasts, Some(Duration::from_secs(3599)));
    let request = server.requests().remove(0);
    let form = form_urlencoded::parse(&request.body).into_owned().collect();
    (format!("{} {}", request.method, request.target()), form)
}

fn form(own: &[(&str, &str)]) -> BTreeMap<String, String> {
    let usual =
        [("grant_type", "client_credentials"), ("scope", "https://management.test//.default")];
    let all = usual.iter().chain(own);
    all.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn token_path() -> String {
    format!("POST /{TENANT}/oauth2/v2.0/token")
}

#[tokio::test]
async fn a_client_secret_of_the_file_or_of_the_environment() {
    let expected = form(&[("client_id", "app-1"), ("client_secret", "s3cr3t-of-app")]);
    let table: [(Value, &[(&str, &str)]); 4] = [
        (json!({ "aadClientId": "app-1", "aadClientSecret": "s3cr3t-of-app" }), &[]),
        // Names in any case, and before a managed identity.
        (
            json!({ "AADCLIENTID": "app-1", "aadclientsecret": "s3cr3t-of-app", "useManagedIdentityExtension": true }),
            &[],
        ),
        (json!({}), &[("AZURE_CLIENT_ID", "app-1"), ("AZURE_CLIENT_SECRET", "s3cr3t-of-app")]),
        (
            json!({ "aadClientId": "app-1" }),
            &[("AZURE_CLIENT_ID", "app-2"), ("AZURE_CLIENT_SECRET", "s3cr3t-of-app")],
        ),
    ];
    for (own, variables) in table {
        let shown = own.to_string();
        assert_eq!(asked(own, variables).await, (token_path(), expected.clone()), "{shown}");
    }
}

#[tokio::test]
async fn a_client_certificate_signs_an_assertion_for_the_token_endpoint() {
    let (pem, public) = assertion::tests::pem(&PKCS_RSA_SHA256);
    let pem = file(&pem);
    let path = pem.path().to_str().expect("a path");
    let by_file = (json!({ "aadClientId": "app-1", "aadClientCertPath": path }), vec![]);
    let by_variables =
        (json!({}), vec![("AZURE_CLIENT_ID", "app-1"), ("AZURE_CLIENT_CERTIFICATE_PATH", path)]);
    for (own, variables) in [by_file, by_variables] {
        let (target, form) = asked(own, &variables).await;
        assert_eq!(target, token_path());
        assert_eq!(form["client_id"], "app-1");
        assert_eq!(
            form["client_assertion_type"],
            "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
        );
        let (_, claims) = assertion::tests::verified(&form["client_assertion"], &public);
        let audience = claims["aud"].as_str().expect("text");
        assert!(audience.ends_with(&format!("/{TENANT}/oauth2/v2.0/token")), "{audience}");
        assert_eq!(form.get("client_secret"), None);
    }
}

#[tokio::test]
async fn workload_identity_sends_the_token_of_the_service_account_as_it_is_now() {
    let service_account = file("first.token.of-pod\n");
    let path = service_account.path().to_str().expect("a path");
    let server = ScriptedServer::start(|_| given("t0ken-of-azure"));
    let own = json!({ "useWorkloadIdentityExtension": true });
    let by_pod = [
        ("AZURE_CLIENT_ID", "app-1"),
        ("AZURE_TENANT_ID", "another"),
        ("AZURE_FEDERATED_TOKEN_FILE", path),
    ];
    let identity = find(&stack(&server.url(), &own), &by_pod).expect("an identity");
    for token in ["first.token.of-pod", "second.token.of-pod"] {
        std::fs::write(path, token).expect("written");
        identity.token("https://management.test/").await.expect("a token");
        let request = server.requests().pop().expect("one");
        assert_eq!(format!("{} {}", request.method, request.target()), token_path());
        let sent: BTreeMap<_, _> = form_urlencoded::parse(&request.body).into_owned().collect();
        let assertion = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
        let own = [
            ("client_id", "app-1"),
            ("client_assertion_type", assertion),
            ("client_assertion", token),
        ];
        assert_eq!(sent, form(&own));
    }
    // The pod alone says it, in the cloud of its authority.
    let authority = ("AZURE_AUTHORITY_HOST", "https://login.microsoftonline.us/");
    let identity =
        from_variables(&[by_pod[0], by_pod[1], by_pod[2], authority]).expect("an identity");
    assert_eq!(identity.cloud.endpoint, "https://management.usgovcloudapi.net");
    assert_eq!(identity.who(), format!("workload identity app-1 with {path}"));
}

#[tokio::test]
async fn a_managed_identity_comes_from_the_metadata_server_or_from_the_app() {
    let server = ScriptedServer::start(|_| {
        Reply::json(
            200,
            &json!({ "access_token": "t0ken-of-azure", "expires_in": "86399", "token_type": "Bearer" }),
        )
    });
    let url = server.url();
    let host = [("AZURE_POD_IDENTITY_AUTHORITY_HOST", url.as_str())];
    let endpoint = format!("{url}/msi/token");
    let app = [("IDENTITY_ENDPOINT", endpoint.as_str()), ("IDENTITY_HEADER", "h3ader-of-app")];
    let machine = "/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2Fmanagement.test%2F";
    let of_app = "/msi/token?api-version=2019-08-01&resource=https%3A%2F%2Fmanagement.test%2F";
    type Variables<'a> = &'a [(&'a str, &'a str)];
    let table: [(Value, Variables<'_>, String); 5] = [
        (json!({ "useManagedIdentityExtension": true }), &host, machine.to_owned()),
        (
            json!({ "useManagedIdentityExtension": true, "userAssignedIdentityID": "id-1" }),
            &host,
            format!("{machine}&client_id=id-1"),
        ),
        // As Kubernetes writes it on a node of AKS.
        (
            json!({ "aadClientId": "msi", "aadClientSecret": "msi", "useManagedIdentityExtension": true }),
            &host,
            machine.to_owned(),
        ),
        (json!({ "useManagedIdentityExtension": true }), &app, of_app.to_owned()),
        (json!({}), &app, of_app.to_owned()),
    ];
    for (own, variables, expected) in table {
        let identity = find(&stack(&url, &own), variables).expect("an identity");
        let token = identity.token(&identity.cloud.audience).await.expect("a token");
        assert_eq!(token.lasts, Some(Duration::from_secs(86_399)));
        let request = server.requests().pop().expect("one");
        assert_eq!((request.method.as_str(), request.target()), ("GET", expected.clone()));
        let header = if expected.starts_with("/msi") {
            ("x-identity-header", "h3ader-of-app")
        } else {
            ("metadata", "true")
        };
        assert_eq!(request.header(header.0), Some(header.1));
    }
    let options =
        AzureOptions { user_assigned: Some("id-2".to_owned()), ..AzureOptions::default() };
    let identity = AzureIdentity::find(&options).expect("an identity");
    assert_eq!(identity.who(), "the managed identity with the client id id-2");
}

#[test]
fn flags_win_over_the_file_and_the_file_over_the_environment() {
    let environment = [
        ("AZURE_SUBSCRIPTION_ID", "sub-9"),
        ("AZURE_RESOURCE_GROUP", "group-9"),
        ("IDENTITY_ENDPOINT", "x"),
    ];
    let file = file("subscriptionId: sub-1\nresourceGroup: \"\"\nuserAssignedIdentityID: id-1\n");
    let options = AzureOptions {
        file: Some(file.path().to_owned()),
        variables: variables(&environment),
        ..AzureOptions::default()
    };
    let identity = AzureIdentity::find(&options).expect("YAML is read too");
    assert_eq!(identity.subscription.as_deref(), Some("sub-1"));
    assert_eq!(identity.resource_group.as_deref(), Some("group-9"));
    assert_eq!(identity.who(), "the managed identity with the client id id-1");
    let flags = AzureOptions {
        subscription: Some("sub-2".to_owned()),
        resource_group: Some("group-2".to_owned()),
        user_assigned: Some("id-2".to_owned()),
        ..options
    };
    let identity = AzureIdentity::find(&flags).expect("an identity");
    assert_eq!(identity.subscription.as_deref(), Some("sub-2"));
    assert_eq!(identity.resource_group.as_deref(), Some("group-2"));
    assert_eq!(identity.who(), "the managed identity with the client id id-2");
}

#[test]
fn clouds_and_their_names() {
    let table = [
        (
            "",
            "https://login.microsoftonline.com",
            "https://management.azure.com",
            "https://management.core.windows.net/",
        ),
        (
            "AzureCloud",
            "https://login.microsoftonline.com",
            "https://management.azure.com",
            "https://management.core.windows.net/",
        ),
        (
            "AZUREPUBLICCLOUD",
            "https://login.microsoftonline.com",
            "https://management.azure.com",
            "https://management.core.windows.net/",
        ),
        (
            "AzureUSGovernment",
            "https://login.microsoftonline.us",
            "https://management.usgovcloudapi.net",
            "https://management.core.usgovcloudapi.net",
        ),
        (
            "azureusgovernmentcloud",
            "https://login.microsoftonline.us",
            "https://management.usgovcloudapi.net",
            "https://management.core.usgovcloudapi.net",
        ),
        (
            "AzureChinaCloud",
            "https://login.chinacloudapi.cn",
            "https://management.chinacloudapi.cn",
            "https://management.core.chinacloudapi.cn",
        ),
    ];
    for (name, authority, endpoint, audience) in table {
        let file = file(&json!({ "cloud": name, "useManagedIdentityExtension": true }).to_string());
        let cloud = find(&file, &[]).expect("known").cloud;
        assert_eq!(
            (&*cloud.authority, &*cloud.endpoint, &*cloud.audience),
            (authority, endpoint, audience),
            "{name}"
        );
    }
    let own = |own: Value| find(&file(&own.to_string()), &[]).expect_err("unusable").to_string();
    let unknown = own(json!({ "cloud": "AzureGermanCloud", "useManagedIdentityExtension": true }));
    assert!(
        unknown.starts_with("unknown cloud name: AZUREGERMANCLOUD; use AzurePublicCloud"),
        "{unknown}"
    );
    let stack = own(json!({ "cloud": "AzureStackCloud" }));
    assert!(
        stack.starts_with("the cloud AzureStackCloud needs activeDirectoryAuthorityHost in "),
        "{stack}"
    );
    let plain = own(
        json!({ "cloud": "AzureStackCloud", "activeDirectoryAuthorityHost": "http://login.test" }),
    );
    assert!(plain.contains("must be an https URL"), "{plain}");
}

/// Upstream needs the file in any case.
#[test]
fn without_the_file_variables_and_flags_are_enough() {
    let environment = [
        ("AZURE_TENANT_ID", "tenant-1"),
        ("AZURE_CLIENT_ID", "app-1"),
        ("AZURE_CLIENT_SECRET", "s3cr3t-of-app"),
        ("AZURE_SUBSCRIPTION_ID", "sub-1"),
    ];
    let options = AzureOptions {
        file: Some("/nowhere/azure.json".into()),
        variables: variables(&environment),
        resource_group: Some("group-1".to_owned()),
        ..AzureOptions::default()
    };
    let identity = AzureIdentity::find(&options).expect("an identity");
    assert_eq!(identity.subscription.as_deref(), Some("sub-1"));
    assert_eq!(identity.resource_group.as_deref(), Some("group-1"));
}

#[test]
fn what_is_missing_is_named_with_every_place_that_was_looked_at() {
    let message = |own: &[(&str, &str)]| from_variables(own).expect_err("nothing").to_string();
    let missing =
        AzureOptions { file: Some("/nowhere/azure.json".into()), ..AzureOptions::default() };
    let missing = AzureIdentity::find(&missing).expect_err("nothing").to_string();
    let absent = "/nowhere/azure.json: there is no such file;";
    let place = |number: u8, text: &str| {
        let text = format!("({number}) {text}");
        assert!(missing.contains(&text), "{text}: {missing}");
    };
    assert!(
        missing.starts_with(
            "authenticating to Azure: no credentials in any of 9 places: (1) aadClientId and aadClientSecret in "
        ),
        "{missing}"
    );
    for (number, fields) in [
        (1, "aadClientId and aadClientSecret"),
        (2, "aadClientCertPath"),
        (3, "useWorkloadIdentityExtension"),
        (4, "useManagedIdentityExtension"),
        (9, "userAssignedIdentityID"),
    ] {
        place(number, &format!("{fields} in {absent}"));
    }
    for (number, name) in [
        (5, "AZURE_CLIENT_SECRET"),
        (6, "AZURE_CLIENT_CERTIFICATE_PATH"),
        (7, "AZURE_FEDERATED_TOKEN_FILE"),
    ] {
        let of_client = format!("the environment (AZURE_TENANT_ID, AZURE_CLIENT_ID and {name})");
        place(number, &format!("{of_client}: not set; "));
    }
    place(8, "the environment (IDENTITY_ENDPOINT): not set; ");
    let no_client = message(&[("AZURE_CLIENT_SECRET", "s3cr3t-of-app")]);
    assert!(
        no_client.contains("and AZURE_CLIENT_SECRET): AZURE_CLIENT_ID is not set; "),
        "{no_client}"
    );
    let half = message(&[("AZURE_CLIENT_ID", "app-1"), ("AZURE_CLIENT_SECRET", "s3cr3t-of-app")]);
    assert_eq!(
        half,
        "AZURE_CLIENT_SECRET needs tenantId in azure.json, or the variable AZURE_TENANT_ID"
    );
    let no_pod = find(&file(r#"{"useWorkloadIdentityExtension":true}"#), &[])
        .expect_err("no pod")
        .to_string();
    assert!(no_pod.contains("needs AZURE_FEDERATED_TOKEN_FILE; label the pod"), "{no_pod}");
    let broken = find(&file("{ \"aadClientSecret\": \"s3cr3t-of-app\", "), &[])
        .expect_err("broken")
        .to_string();
    assert!(
        broken.contains("it is no JSON or YAML object") && !broken.contains("s3cr3t"),
        "{broken}"
    );
    let certificate = find(
        &file(r#"{"tenantId":"t","aadClientId":"app-1","aadClientCertPath":"/nowhere/c.pem"}"#),
        &[],
    );
    let certificate = certificate.expect_err("no file").to_string();
    assert!(
        certificate
            .starts_with("the file of aadClientCertPath, /nowhere/c.pem, cannot be used: No such"),
        "{certificate}"
    );
}

#[tokio::test]
async fn a_refusal_names_the_credential_and_the_remedy() {
    let entra = |code: &str, text: &str| {
        json!({ "error": "invalid_client", "error_codes": [1],
        "error_description": format!("{code}: {text} Trace ID: 1-2-3 Correlation ID: 4 Timestamp: now") })
    };
    let secret = json!({ "aadClientId": "app-1", "aadClientSecret": "s3cr3t-of-app" });
    let machine = json!({ "useManagedIdentityExtension": true });
    let table = [
        (
            &secret,
            401,
            entra("AADSTS7000215", "Invalid client secret provided."),
            false,
            ") was refused: HTTP 401: AADSTS7000215: Invalid client secret provided.; give the value of the secret \
             (not its id) as aadClientSecret or AZURE_CLIENT_SECRET",
        ),
        (
            &secret,
            400,
            entra("AADSTS900023", "Specified tenant"),
            false,
            "check tenantId or AZURE_TENANT_ID",
        ),
        (
            &secret,
            400,
            entra("AADSTS90002", "Tenant not found."),
            false,
            "; check tenantId or AZURE_TENANT_ID, and cloud",
        ),
        (
            &secret,
            429,
            json!({ "error": "slow down" }),
            true,
            "no token came for the secret of application app-1 (aadClientSecret in ",
        ),
        (&secret, 503, Value::Null, true, "HTTP 503: no reason is given"),
        (&secret, 200, json!({ "hello": "proxy" }), true, "HTTP 200: no reason is given"),
        (
            &machine,
            400,
            json!({ "error": "invalid_request", "error_description": "Identity not found" }),
            false,
            "a token for the managed identity that the system assigned was refused: HTTP 400: Identity not found; \
             assign the managed identity to this machine, or correct its client id",
        ),
        (&machine, 410, json!({ "error": "gone" }), true, "HTTP 410: gone"),
    ];
    for (own, status, body, may_pass, expected) in table {
        let server =
            ScriptedServer::start(move |_| Reply::json(status, &body).header("retry-after", "7"));
        let url = server.url();
        let host = [("AZURE_POD_IDENTITY_AUTHORITY_HOST", url.as_str())];
        let identity = find(&stack(&url, own), &host).expect("an identity");
        let error = identity.token("https://management.test/").await.expect_err("refused");
        let found =
            matches!(&error, AzureError::Unanswered { retry_after, .. } if retry_after.is_some());
        assert_eq!(found, may_pass, "{error:?}");
        let error = error.to_string();
        assert!(error.contains(expected), "{error}");
        assert!(!error.contains("Trace ID") && !error.contains("s3cr3t"), "{error}");
    }
}

#[tokio::test]
async fn where_nobody_answers_it_says_what_else_there_is() {
    let server = ScriptedServer::start(|_| Reply::hang_up());
    let url = server.url();
    let host = [("AZURE_POD_IDENTITY_AUTHORITY_HOST", url.as_str())];
    let identity =
        find(&stack(&url, &json!({ "useManagedIdentityExtension": true })), &host).expect("one");
    let error = identity.token("https://management.test/").await.expect_err("nobody").to_string();
    assert!(
        error.contains("the metadata server answers on virtual machines of Azure alone"),
        "{error}"
    );
}

fn of_secret() -> Value {
    json!({ "aadClientId": "app-1", "aadClientSecret": "s3cr3t-of-app" })
}

/// Which tokens are given: one after the other, with the time for which they hold.
fn tokens(seconds: u64) -> impl Fn(&Request) -> Option<Reply> {
    let number = std::sync::atomic::AtomicU64::new(1);
    move |request| {
        let is_asked = request.path == format!("/{TENANT}/oauth2/v2.0/token");
        is_asked.then(|| {
            let number = number.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let text = format!("t0ken-{number}");
            Reply::json(200, &json!({ "access_token": text, "expires_in": seconds }))
        })
    }
}

#[tokio::test]
async fn a_token_for_an_audience_is_kept_until_shortly_before_its_end() {
    for (seconds, last) in [(3600, "t0ken-1"), (30, "t0ken-3")] {
        let given = tokens(seconds);
        let server = ScriptedServer::start(move |request| given(request).expect("a token"));
        let identity = find(&stack(&server.url(), &of_secret()), &[]).expect("an identity");
        let tokens = identity.tokens("an-application");
        for _ in 0..2 {
            tokens.token().await.expect("a token");
        }
        assert_eq!(tokens.token().await.expect("a token"), last, "{seconds}");
        for request in server.requests() {
            let form: BTreeMap<_, _> = form_urlencoded::parse(&request.body).into_owned().collect();
            assert_eq!(form["scope"], "an-application/.default");
        }
    }
}

#[tokio::test]
async fn resources_are_read_page_by_page_with_one_token() {
    let given = tokens(3600);
    let server = ScriptedServer::start(move |request| {
        given(request).unwrap_or_else(|| {
            assert_eq!(request.header("authorization"), Some("Bearer t0ken-1"));
            let next = format!("http://{}/list?skip=2", request.header("host").expect("a host"));
            match (request.method.as_str(), request.target().as_str()) {
                ("GET", "/list?api-version=1") => {
                    Reply::json(200, &json!({ "value": ["a", "b"], "nextLink": next }))
                }
                ("GET", "/list?skip=2") => Reply::json(200, &json!({ "value": ["c"] })),
                ("GET", "/elsewhere") => {
                    let next = "https://elsewhere.test/list";
                    Reply::json(200, &json!({ "value": [], "nextLink": next }))
                }
                ("POST", "/act") => {
                    assert_eq!(request.header("content-length"), Some("0"));
                    Reply::json(200, &json!("done"))
                }
                _ => {
                    Reply::json(403, &json!({ "error": { "code": "X", "message": "you may not" } }))
                }
            }
        })
    });
    let identity = find(&stack(&server.url(), &of_secret()), &[]).expect("an identity");
    let all: Vec<String> = identity.resources("list?api-version=1").await.expect("a list");
    assert_eq!(all, ["a", "b", "c"]);
    assert_eq!(identity.act::<String>("act").await.expect("done"), "done");
    let error = identity.resources::<String>("elsewhere").await.expect_err("not followed");
    assert_eq!(error.to_string(), "the next page of the list lies on another server");
    let error = identity.resource::<String>("secret").await.expect_err("refused");
    assert_eq!(error.to_string(), "127.0.0.1 answers HTTP 403: you may not");
    assert_eq!((error.status(), error.may_pass()), (Some(403), false));
    let asked = server.requests().iter().filter(|it| it.path.ends_with("/token")).count();
    assert_eq!(asked, 1);
}
