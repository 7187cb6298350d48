//! The places in which credentials are looked for.

use extdns_testkit::route53::{Operation, Route53Sim};

use crate::identity;

const FILE: &str = "[default]
aws_access_key_id = AKIADEFAULT
aws_secret_access_key = s
[one]
aws_access_key_id = AKIAONE
aws_secret_access_key = s
[two]
aws_access_key_id = AKIATWO
aws_secret_access_key = s
";

#[test]
fn r53_case_41_credentials() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("credentials");
    std::fs::write(&file, FILE).expect("written");
    let file = file.to_str().expect("text");
    let keys = [("AWS_ACCESS_KEY_ID", "AKIAENV"), ("AWS_SECRET_ACCESS_KEY", "s")];
    let find = |variables: &[(&str, &str)]| identity(dir.path(), variables);
    let of = |key: &str| format!("account {key} region us-east-1");

    assert_eq!(find(&keys), of("AKIAENV"));
    let shared = ("AWS_SHARED_CREDENTIALS_FILE", file);
    assert_eq!(find(&[shared]), of("AKIADEFAULT"));
    assert_eq!(find(&[shared, ("AWS_PROFILE", "two")]), of("AKIATWO"));
    assert_eq!(find(&[shared, ("PROBE_PROFILE", "one")]), of("AKIAONE"));
    assert_eq!(find(&[shared, ("PROBE_PROFILE", "two")]), of("AKIATWO"));
    let both = [keys[0], keys[1], shared, ("PROBE_PROFILE", "one")];
    assert_eq!(find(&both), of("AKIAONE"), "a profile that is named wins");
    let region = [keys[0], keys[1], ("AWS_REGION", "cn-north-1")];
    assert_eq!(find(&region), "account AKIAENV region cn-north-1");
    let given = [&region[..], &[("PROBE_REGION", "eu-west-1")]].concat();
    assert_eq!(find(&given), "account AKIAENV region eu-west-1");

    let missing = ("AWS_SHARED_CREDENTIALS_FILE", "/nowhere/credentials");
    assert_eq!(find(&[keys[0], keys[1], missing]), of("AKIAENV"), "nobody asked for it");
    let error = find(&[missing, ("PROBE_PROFILE", "one")]);
    assert!(error.starts_with("error instantiating AWS config: profile one"), "{error}");
    let error = find(&[keys[0], keys[1], ("AWS_CA_BUNDLE", "/nowhere/ca.pem")]);
    assert!(error.starts_with("error instantiating AWS config: AWS_CA_BUNDLE="), "{error}");
}

/// One call to STS, and the account of the role.
#[test]
fn r53_case_41_roles() {
    let sim = Route53Sim::start();
    let role = sim.account("222222222222").role("dns", Some("the-external-id"));
    let dir = tempfile::tempdir().expect("a folder");
    let url = sim.url();
    let base = [
        ("AWS_ACCESS_KEY_ID", "AKIAENV"),
        ("AWS_SECRET_ACCESS_KEY", "s"),
        ("AWS_ENDPOINT_URL", &*url),
        ("PROBE_ROLE", &*role),
    ];
    let with_id = [&base[..], &[("PROBE_EXTERNAL_ID", "the-external-id")]].concat();
    assert_eq!(identity(dir.path(), &with_id), "account 222222222222 region us-east-1");
    assert_eq!(sim.count(Operation::AssumeRole), 1);
    let requests = sim.requests();
    let body = String::from_utf8_lossy(&requests[0].body).into_owned();
    assert!(body.contains("RoleSessionName=external-dns"), "{body}");
    assert!(body.contains("ExternalId=the-external-id"), "{body}");

    let error = identity(dir.path(), &base);
    assert!(error.starts_with(&format!("error instantiating AWS config: role {role}")), "{error}");
    for part in ["AccessDenied: User: ", "request id", "give --aws-assume-role-external-id"] {
        assert!(error.contains(part), "{part} is missing in {error}");
    }
    assert!(!error.contains("Error {") && !error.contains("unhandled"), "{error}");
}

#[test]
fn a_name_in_place_of_the_arn_of_a_role_is_reported_before_anything_is_asked() {
    let dir = tempfile::tempdir().expect("a folder");
    for odd in ["dns", "arn:aws:iam::111122223333:user/dns", "arn:aws:iam::111122223333:role/a b"] {
        let error = identity(dir.path(), &[("PROBE_ROLE", odd)]);
        assert!(error.contains(&format!("role {odd:?} is no ARN of a role")), "{error}");
    }
}

/// Charts and templates leave variables empty; the SDK would panic over some of them.
#[test]
fn a_variable_that_is_empty_counts_as_not_set() {
    let sim = Route53Sim::start();
    let role = sim.account("222222222222").role("dns", None);
    let dir = tempfile::tempdir().expect("a folder");
    let url = sim.url();
    let base = [
        ("AWS_ACCESS_KEY_ID", "AKIAENV"),
        ("AWS_SECRET_ACCESS_KEY", "s"),
        ("AWS_ENDPOINT_URL", &*url),
        ("PROBE_ROLE", &*role),
    ];
    const EMPTY: [&str; 12] = [
        "AWS_CA_BUNDLE",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "AWS_DEFAULT_REGION",
        "AWS_ENDPOINT_URL_ROUTE_53",
        "AWS_ENDPOINT_URL_STS",
        "AWS_MAX_ATTEMPTS",
        "AWS_PROFILE",
        "AWS_REGION",
        "AWS_RETRY_MODE",
        "AWS_SESSION_TOKEN",
        "AWS_USE_FIPS_ENDPOINT",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
    ];
    let all = [&base[..], &EMPTY.map(|name| (name, ""))[..]].concat();
    assert_eq!(identity(dir.path(), &all), "account 222222222222 region us-east-1");
    let no_url = [&base[..2], &[("AWS_ENDPOINT_URL", "")]].concat();
    assert_eq!(identity(dir.path(), &no_url), "account AKIAENV region us-east-1");
}

#[test]
fn a_variable_that_the_sdk_cannot_take_is_an_error_that_names_it() {
    let dir = tempfile::tempdir().expect("a folder");
    let base = [("AWS_ACCESS_KEY_ID", "AKIAENV"), ("AWS_SECRET_ACCESS_KEY", "s")];
    for odd in [
        ("AWS_RETRY_MODE", "odd"),
        ("AWS_MAX_ATTEMPTS", "0"),
        ("AWS_ENDPOINT_URL", "localhost"),
        ("AWS_ENDPOINT_URL_ROUTE_53", "http://"),
        ("AWS_REGION", "eu west"),
        ("AWS_ACCESS_KEY_ID", "AK\nIA"),
        ("AWS_SESSION_TOKEN", "a\nb"),
    ] {
        let error = identity(dir.path(), &[&base[..], &[odd]].concat());
        let start = format!("error instantiating AWS config: {}", odd.0);
        assert!(error.starts_with(&start), "{error}");
    }
}

/// What stands in the files is as odd as what stands in variables.
#[test]
fn a_profile_with_odd_settings_is_an_error_or_passes_but_never_a_panic() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("config");
    let path = file.to_str().expect("text");
    let keys = "aws_access_key_id = AKIAFILE\naws_secret_access_key = s\n";
    let cases = [
        ("retry_mode = odd\nmax_attempts = none\n", "account AKIAFILE region us-east-1"),
        ("region =\n", "account AKIAFILE region us-east-1"),
        ("region = eu west\n", "error instantiating AWS config: region \"eu west\" is no name"),
        ("aws_session_token = a\u{7f}b\n", "session token has a blank, a line break"),
    ];
    for (text, expected) in cases {
        for profile in ["", "default"] {
            std::fs::write(&file, format!("[default]\n{keys}{text}")).expect("written");
            let found =
                identity(dir.path(), &[("AWS_CONFIG_FILE", path), ("PROBE_PROFILE", profile)]);
            assert!(found.contains(expected), "{found}");
        }
    }
    std::fs::write(&file, "no profile at all = [").expect("written");
    let error = identity(dir.path(), &[("AWS_CONFIG_FILE", path)]);
    assert!(error.starts_with("error instantiating AWS config: default credentials"), "{error}");
}

/// What no message may hold: words of the SDK, of its HTTP client and of programmers.
fn assert_plain(error: &str) {
    let words =
        ["IMDS", "provider", "dispatch", "service error", "unhandled", "Error(", "{", "io error"];
    for word in words {
        assert!(!error.contains(word), "{word:?} in {error}");
    }
}

#[test]
fn without_credentials_every_place_is_listed_with_what_would_be_right() {
    let dir = tempfile::tempdir().expect("a folder");
    let error = identity(dir.path(), &[]);
    assert_plain(&error);
    let config = dir.path().join("no-config");
    let expected = format!(
        "error instantiating AWS config: default credentials: no credentials in any of 5 places: (1) the environment \
         (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY): not set; set both to an access key, and AWS_SESSION_TOKEN too \
         if the key has an end. (2) the profile default in {} and ~/.aws/credentials: neither file can be read; write \
         an access key or a role there, or name another profile with AWS_PROFILE. (3) the role of a service account \
         (AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE): not set; give the service account of the pod a role (on EKS \
         with the annotation eks.amazonaws.com/role-arn), whose trust policy names the service account. (4) the role \
         of a container (AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or AWS_CONTAINER_CREDENTIALS_FULL_URI): not set; \
         associate a role with the service account (EKS Pod Identity) or with the task (ECS). (5) the role of this \
         machine: switched off by AWS_EC2_METADATA_DISABLED; run on a machine of EC2 with an instance profile",
        config.display()
    );
    assert_eq!(error, expected);
}

/// One place has something that cannot be used: it says what, and the others say that they have nothing.
#[test]
fn a_place_that_fails_says_why_in_plain_words() {
    let dir = tempfile::tempdir().expect("a folder");
    let config = dir.path().join("config");
    let source =
        "[default]\nrole_arn = arn:aws:iam::111122223333:role/dns\nsource_profile = gone\n";
    std::fs::write(&config, source).expect("written");
    let config = config.to_str().expect("text");
    let refusing = "http://127.0.0.1:1";
    let role = ("AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/dns");
    let table: [(&[(&str, &str)], &str); 6] = [
        (&[("AWS_ACCESS_KEY_ID", "AKIA")], "AWS_SECRET_ACCESS_KEY is not set; set both"),
        (
            &[("AWS_CONFIG_FILE", config)],
            "~/.aws/credentials: it has no credentials, or takes them from a profile that is not there; write",
        ),
        (&[role], "AWS_WEB_IDENTITY_TOKEN_FILE is not set; give the service account"),
        (
            &[role, ("AWS_WEB_IDENTITY_TOKEN_FILE", "/nowhere/token")],
            "AWS_WEB_IDENTITY_TOKEN_FILE): No such file or directory (os error 2); give the service account",
        ),
        (
            &[("AWS_CONTAINER_CREDENTIALS_FULL_URI", refusing)],
            "AWS_CONTAINER_CREDENTIALS_FULL_URI): Connection refused (os error 111); associate a role",
        ),
        (
            &[
                ("AWS_EC2_METADATA_DISABLED", "false"),
                ("AWS_EC2_METADATA_SERVICE_ENDPOINT", refusing),
            ],
            "this machine has none, or is none of EC2; run on a machine",
        ),
    ];
    for (variables, expected) in table {
        let error = identity(dir.path(), variables);
        assert_plain(&error);
        assert!(
            error.contains("no credentials in any of 5 places: (1) the environment"),
            "{error}"
        );
        assert!(error.contains(expected), "{expected} is missing in {error}");
    }
}

#[test]
fn a_profile_without_credentials_and_a_role_without_them_say_what_is_missing() {
    let dir = tempfile::tempdir().expect("a folder");
    let error = identity(dir.path(), &[("PROBE_PROFILE", "nope")]);
    assert_plain(&error);
    let text = "profile nope: no credentials in the profile nope in";
    assert!(error.contains(text) && error.contains("check --aws-profile=nope"), "{error}");
    let role = ("PROBE_ROLE", "arn:aws:iam::111122223333:role/dns");
    let error = identity(dir.path(), &[role]);
    assert_plain(&error);
    assert!(error.contains("role/dns: no credentials in any of 5 places"), "{error}");
    let keys = [("AWS_ACCESS_KEY_ID", "AKIA"), ("AWS_SECRET_ACCESS_KEY", "s")];
    let url = ("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:1");
    let error = identity(dir.path(), &[keys[0], keys[1], role, url]);
    assert_plain(&error);
    assert!(error.contains("the role could not be assumed: Connection refused"), "{error}");
}
