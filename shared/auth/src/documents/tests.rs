use std::collections::BTreeMap;

use super::*;

const BOUND: usize = 1 << 20;

async fn read_text(place: &str, reader: &Reader, stdin: &str) -> Result<String, String> {
    let place: Place = place.parse().expect("a place");
    let document = read(&place, reader, stdin.as_bytes(), BOUND).await;
    let document = document.map_err(|error| error.to_string())?;
    Ok(String::from_utf8(document).expect("text"))
}

#[tokio::test]
async fn a_file_is_written_whole_and_read() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("report.json");
    let place = Place::Path(path.clone());
    for text in ["{}", "[]"] {
        let written = write(&place, &Reader::default(), "application/json", text.into()).await;
        written.expect("written");
        let shown = path.display().to_string();
        assert_eq!(read_text(&shown, &Reader::default(), "").await.as_deref(), Ok(text));
    }
    assert_eq!(std::fs::read_dir(dir.path()).expect("a folder").count(), 1, "nothing beside it");
}

#[tokio::test]
async fn standard_input_is_read_to_its_end_and_up_to_the_bound() {
    let reader = Reader::default();
    assert_eq!(read_text("-", &reader, "a: b\n").await.as_deref(), Ok("a: b\n"));
    let error = read(&Place::Stdin, &reader, &b"12345"[..], 4).await.expect_err("too large");
    assert_eq!(error.to_string(), "read -: it is larger than 4 bytes");
    assert!(read(&Place::Stdin, &reader, &b"1234"[..], 4).await.is_ok());
}

#[tokio::test]
async fn a_place_that_is_only_read_is_not_written() {
    let secret = Place::Secret("lab".to_owned());
    let error = write(&secret, &Reader::default(), "text/plain", Vec::new()).await.expect_err("no");
    assert_eq!(
        error.to_string(),
        "write secretsManager:lab: only files and objects of S3 are written; give a path or s3://bucket/key"
    );
}

#[cfg(feature = "aws")]
mod aws {
    use extdns_testkit::http::{Reply, ScriptedServer};
    use extdns_testkit::moto::{Moto, REGION};
    use serde_json::{Value, json};

    use super::*;
    use crate::{AwsOptions, AwsVariables};

    fn reader(variables: &[(&str, &str)]) -> AwsOptions {
        let variables = variables.iter().map(|(name, value)| (name.to_string(), value.to_string()));
        let variables = AwsVariables::of(&variables.collect::<BTreeMap<_, _>>());
        AwsOptions { variables, ..AwsOptions::default() }
    }

    fn of_moto(moto: &Moto) -> AwsOptions {
        let variables = moto.variables();
        let variables: Vec<_> = variables.iter().map(|(name, value)| (*name, &**value)).collect();
        reader(&variables)
    }

    /// All services at `url`.
    fn at(url: &str) -> AwsOptions {
        reader(&[
            ("AWS_ENDPOINT_URL", url),
            ("AWS_ACCESS_KEY_ID", "AKIATEST"),
            ("AWS_SECRET_ACCESS_KEY", "s3cr3t-of-documents"),
            ("AWS_REGION", REGION),
            ("AWS_EC2_METADATA_DISABLED", "true"),
        ])
    }

    #[tokio::test]
    async fn a_document_that_aws_keeps_is_read() {
        let Some(moto) = Moto::start_or_skip("a_document_that_aws_keeps_is_read").await else {
            return;
        };
        let parameter = ["--name", "/dns/conf", "--type", "SecureString", "--value", "a: \"ü\"\n"];
        moto.aws(&[&["ssm", "put-parameter"], &parameter[..]].concat());
        let secret = ["--name", "lab", "--secret-string", "kind: Config\n"];
        let made = moto.aws(&[&["secretsmanager", "create-secret"], &secret[..]].concat());
        let arn = format!("secretsManager:{}", made["ARN"].as_str().expect("an ARN"));
        let binary = ["--name", "raw", "--secret-binary", "kind: Raw\n"];
        moto.aws(&[&["secretsmanager", "create-secret"], &binary[..]].concat());
        let bucket = ["--bucket", "conf", "--create-bucket-configuration"];
        let region = format!("LocationConstraint={REGION}");
        moto.aws(&[&["s3api", "create-bucket"], &bucket[..], &[&region]].concat());

        let reader = of_moto(&moto);
        let object = "s3://conf/deep/a b+ü.yaml";
        let place = object.parse().expect("a place");
        write(&place, &reader, "application/yaml", "x: 1\n".into()).await.expect("written");
        let table = [
            ("ssm:/dns/conf", "a: \"ü\"\n"),
            ("ssm:/dns/conf:1", "a: \"ü\"\n"),
            ("secretsManager:lab", "kind: Config\n"),
            (&*arn, "kind: Config\n"),
            ("secretsManager:raw", "kind: Raw\n"),
            (object, "x: 1\n"),
        ];
        for (place, text) in table {
            assert_eq!(read_text(place, &reader, "").await.as_deref(), Ok(text), "{place}");
        }
        let none = [
            ("ssm:/dns/none", "there is none of this name in eu-west-1 of account"),
            ("secretsManager:none", "there is none of this name in eu-west-1 of account"),
            ("s3://conf/none", "the bucket has no such object; check the key"),
            ("s3://nobucket/none", "there is no such bucket; check its name"),
        ];
        for (place, words) in none {
            let error = read_text(place, &reader, "").await.expect_err(place);
            assert!(error.starts_with(&format!("read {place}: {words}")), "{error}");
        }
        let error = super::read(&place, &reader, io(), 4).await.expect_err("5 bytes").to_string();
        assert_eq!(error, format!("read {object}: it is larger than 4 bytes"));
    }

    fn io() -> std::io::Empty {
        std::io::empty()
    }

    fn denied(code: &str) -> Reply {
        Reply::json(
            400,
            &json!({ "__type": format!("com.amazonaws#{code}"), "message": "you may not" }),
        )
    }

    #[tokio::test]
    async fn what_is_denied_names_the_permission_that_is_missing() {
        let table = [
            (
                "ssm:conf",
                "AccessDeniedException: you may not (HTTP 400); allow ssm:GetParameter on it, and kms:Decrypt where",
            ),
            (
                "secretsManager:conf",
                "AccessDeniedException: you may not (HTTP 400); allow secretsmanager:GetSecretValue on it, and kms:Decrypt",
            ),
        ];
        let server = ScriptedServer::start(|_| denied("AccessDeniedException"));
        for (place, words) in table {
            let error = read_text(place, &at(&server.url()), "").await.expect_err(place);
            assert!(error.starts_with(&format!("read {place}: {words}")), "{error}");
            assert!(!error.contains("s3cr3t"), "{error}");
        }
        let body = "<Error><Code>AccessDenied</Code><Message>you may not</Message></Error>";
        let server = ScriptedServer::start(move |_| Reply::new(403).body(body));
        let error = read_text("s3://conf/x", &at(&server.url()), "").await.expect_err("denied");
        assert_eq!(
            error,
            "read s3://conf/x: AccessDenied: you may not (HTTP 403); allow s3:GetObject on it (without s3:ListBucket \
             an object that is not there looks the same)"
        );
        assert_eq!(server.requests().len(), 1, "what is denied is not asked for again");
    }

    #[tokio::test]
    async fn a_call_is_signed_for_its_service_and_region() {
        let value = json!({ "Parameter": { "Value": "x" } });
        let server = ScriptedServer::start(move |_| Reply::json(200, &value));
        read_text("ssm:conf", &at(&server.url()), "").await.expect("read");
        let arn = "ssm:arn:aws:ssm:us-west-2:111122223333:parameter/conf";
        read_text(arn, &at(&server.url()), "").await.expect("read");
        let requests = server.requests();
        for (request, region) in requests.iter().zip([REGION, "us-west-2"]) {
            assert_eq!((request.method.as_str(), &*request.target()), ("POST", "/"));
            assert_eq!(request.header("x-amz-target"), Some("AmazonSSM.GetParameter"));
            assert_eq!(request.header("content-type"), Some("application/x-amz-json-1.1"));
            let signature = request.header("authorization").expect("signed");
            let scope = format!("/{region}/ssm/aws4_request");
            assert!(signature.contains("Credential=AKIATEST/"), "{signature}");
            assert!(signature.contains(&scope), "{signature}");
            let question: Value = serde_json::from_slice(&request.body).expect("JSON");
            assert_eq!(question["WithDecryption"], true);
        }
    }

    #[tokio::test]
    async fn a_service_that_is_busy_is_asked_again_and_a_moved_bucket_in_its_region() {
        let calls = std::sync::atomic::AtomicU32::new(0);
        let server = ScriptedServer::start(move |request| {
            let call = calls.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let signature = request.header("authorization").unwrap_or_default();
            match call {
                0 => Reply::new(503).body("<Error><Code>SlowDown</Code></Error>"),
                1 => Reply::new(301).header("x-amz-bucket-region", "us-west-2"),
                _ if signature.contains("/us-west-2/s3/") => Reply::new(200).body("x: 1\n"),
                _ => Reply::new(400).body(signature.to_owned()),
            }
        });
        let text = read_text("s3://conf/x", &at(&server.url()), "").await;
        assert_eq!(text.as_deref(), Ok("x: 1\n"));
        assert_eq!(server.requests().len(), 3);
    }

    #[tokio::test]
    async fn the_endpoint_of_one_service_is_its_variables() {
        let value = json!({ "Parameter": { "Value": "x" } });
        let server = ScriptedServer::start(move |_| Reply::json(200, &value));
        let mut options = at("http://127.0.0.1:1");
        let mut variables: BTreeMap<String, String> = BTreeMap::new();
        for (name, value) in [
            ("AWS_ENDPOINT_URL", "http://127.0.0.1:1"),
            ("AWS_ENDPOINT_URL_SSM", &server.url()),
            ("AWS_ACCESS_KEY_ID", "AKIATEST"),
            ("AWS_SECRET_ACCESS_KEY", "s3cr3t-of-documents"),
            ("AWS_REGION", REGION),
        ] {
            variables.insert(name.to_owned(), value.to_owned());
        }
        options.variables = AwsVariables::of(&variables);
        assert_eq!(read_text("ssm:conf", &options, "").await.as_deref(), Ok("x"));
        let error = read_text("secretsManager:conf", &options, "").await.expect_err("no server");
        let start = "read secretsManager:conf: secretsmanager:GetSecretValue: ";
        assert!(error.starts_with(start), "{error}");
    }
}
