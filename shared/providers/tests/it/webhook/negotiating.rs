//! `GET /`: the media type and the domain filter.

use extdns_model::{DomainFilter, ZoneIndex};
use extdns_providers::webhook::Webhook;
use extdns_providers::{Context, ErrorKind, Reader as _};
use extdns_testkit::http::{Reply, ScriptedServer};
use extdns_testkit::webhook_sim::{Failure, MEDIA_TYPE, WebhookSim};
use serde_json::json;

use crate::webhook::support::{Status, args, calls, message, ok, webhook, with_body};

/// A server whose answer to a negotiation is this.
fn answering(reply: impl Fn() -> Reply + Send + Sync + 'static) -> ScriptedServer {
    ScriptedServer::start(move |request| match request.path.as_str() {
        "/" => reply(),
        _ => ok("[]"),
    })
}

#[tokio::test(start_paused = true)]
async fn statuses() {
    let status = Status::default();
    let replied = status.clone();
    let server = answering(move || replied.reply().header("content-type", MEDIA_TYPE).body("{}"));
    let provider = webhook(server.url());
    for code in with_body(200) {
        status.set(code);
        let before = calls(&server, "GET", "/");
        let read = provider.read().await;
        let (tries, expected) = match code {
            // A part of an answer is none.
            200..=299 if code != 206 => (1, None),
            206 | 300..=499 => (1, Some(format!("unexpected status code {code}"))),
            _ => (5, Some(format!("server error: status code {code}"))),
        };
        let expected = expected.map(|text| format!("failed to connect to webhook: {text}"));
        let error = read.err().map(|error| error.to_string());
        // The remedy comes behind.
        let error = error.map(|text| text.split("; ").next().unwrap_or_default().to_owned());
        assert_eq!(error, expected, "{code}");
        assert_eq!(calls(&server, "GET", "/") - before, tries, "{code}");
    }
}

#[tokio::test]
async fn statuses_without_a_body_hold_no_filter() {
    for (status, expected) in [
        (204, "failed to unmarshal response body of DomainFilter: "),
        (205, "failed to unmarshal response body of DomainFilter: "),
        (304, "unexpected status code 304"),
    ] {
        let server = answering(move || Reply::new(status).header("content-type", MEDIA_TYPE));
        let error = message(webhook(server.url()).read().await);
        assert!(error.starts_with(&format!("failed to connect to webhook: {expected}")), "{error}");
    }
}

#[tokio::test]
async fn kinds_of_refusals() {
    let cases = [
        (401, ErrorKind::Unauthorised),
        (403, ErrorKind::Unauthorised),
        (404, ErrorKind::Config),
        (429, ErrorKind::Config),
    ];
    for (status, kind) in cases {
        let server = answering(move || Reply::new(status));
        let error = webhook(server.url()).read().await.expect_err("refused");
        assert_eq!(error.kind, kind, "{status}");
    }
}

#[tokio::test]
async fn media_types_are_compared_exactly() {
    let cases = [
        (Some(MEDIA_TYPE), true),
        (None, false),
        (Some(""), false),
        (Some("application/json"), false),
        (Some("text/html; charset=utf-8"), false),
        (Some("application/external.dns.webhook+json; version=1"), false),
        (Some("application/external.dns.webhook+json;version=2"), false),
        (Some("application/external.dns.webhook+json;version=1;charset=utf-8"), false),
        (Some("application/external.dns.webhook+json"), false),
        (Some("Application/external.dns.webhook+json;version=1"), false),
    ];
    for (media_type, good) in cases {
        let server = answering(move || {
            let reply = Reply::new(200).body("{}");
            media_type.map_or(reply, |own| Reply::new(200).body("{}").header("content-type", own))
        });
        let read = webhook(server.url()).read().await;
        let shown = media_type.filter(|own| !own.is_empty()).unwrap_or("none");
        let expected = (!good).then(|| {
            format!(
                "failed to connect to webhook: wrong content type returned from server: {shown}"
            )
        });
        let error = read.err().map(|error| error.to_string());
        let error = error.map(|text| text.split("; is ").next().unwrap_or_default().to_owned());
        assert_eq!(error, expected, "{media_type:?}");
        assert_eq!(calls(&server, "GET", "/"), 1, "{media_type:?}: it is final");
    }
}

#[tokio::test]
async fn other_answers_need_no_media_type() {
    let sim = WebhookSim::builder().start();
    for path in ["/records", "/adjustendpoints"] {
        let method = if path == "/records" { "GET" } else { "POST" };
        sim.fail(method, path, 1, Failure::ContentType("text/plain"));
    }
    let provider = webhook(sim.url());
    assert!(provider.read().await.is_ok());
    assert!(provider.adjust(Vec::new(), &ZoneIndex::default()).await.is_ok());
}

#[tokio::test]
async fn domain_filters() {
    let lists = |include: &[&str], exclude: &[&str]| DomainFilter::lists(include, exclude);
    let regex = |include, exclude| {
        DomainFilter::regex(("regexInclude", include), ("regexExclude", exclude)).expect("a filter")
    };
    let cases = [
        (json!({}), DomainFilter::default()),
        (json!(null), DomainFilter::default()),
        (json!({ "include": null, "exclude": null }), DomainFilter::default()),
        (json!({ "include": ["example.org"] }), lists(&["example.org"], &[])),
        (json!({ "exclude": ["x.example.org"] }), lists(&[], &["x.example.org"])),
        (
            json!({ "include": ["Ex.ORG."], "exclude": [".a.org", ""] }),
            lists(&["ex.org"], &[".a.org"]),
        ),
        (json!({ "Include": ["example.org"] }), lists(&["example.org"], &[])),
        // As the published description has it.
        (json!({ "filters": ["example.org"] }), lists(&["example.org"], &[])),
        (json!({ "filters": ["a.org"], "include": ["b.org"] }), lists(&["b.org"], &[])),
        (json!({ "regexInclude": "\\.org$" }), regex("\\.org$", "")),
        (json!({ "regexInclude": "\\.org$", "regexExclude": "^x" }), regex("\\.org$", "^x")),
    ];
    for (text, expected) in cases {
        let sim = WebhookSim::builder().domain_filter(text.clone()).start();
        let inventory = webhook(sim.url()).read().await.expect("readable");
        assert_eq!(format!("{:?}", inventory.filter), format!("{expected:?}"), "{text}");
    }
    let wrong = [
        (
            json!({ "include": ["a"], "regexInclude": "b" }),
            "cannot have both domain list and regex",
        ),
        (json!({ "regexInclude": "(" }), "invalid regexInclude: "),
        (json!({ "regexExclude": "(" }), "invalid regexExclude: "),
        (json!(["a.org"]), "invalid type: sequence, expected a map"),
        (json!({ "include": "a.org" }), "invalid type: string \"a.org\", expected a sequence"),
    ];
    for (text, expected) in wrong {
        let sim = WebhookSim::builder().domain_filter(text.clone()).start();
        let error = message(webhook(sim.url()).read().await);
        let start =
            "failed to connect to webhook: failed to unmarshal response body of DomainFilter: ";
        assert!(error.starts_with(&format!("{start}{expected}")), "{text}: {error}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_may_pass_is_tried_again() {
    for failure in [Failure::HangUp, Failure::Status(503)] {
        let sim = WebhookSim::builder().start();
        sim.fail("GET", "/", 4, failure);
        assert!(webhook(sim.url()).read().await.is_ok(), "{failure:?}");
        assert_eq!(sim.calls("GET", "/"), 5, "{failure:?}");
    }
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr();
    let error = message(webhook(format!("http://{}", free.expect("bound"))).read().await);
    assert!(error.starts_with("failed to connect to webhook: no answer from "), "{error}");
    assert!(error.contains("Connection refused"), "{error}");
}

#[tokio::test]
async fn urls() {
    for (path, expected) in [("", "/"), ("/", "/"), ("/base", "/base/"), ("/base/", "/base/")] {
        let records = format!("{expected}records");
        let server = ScriptedServer::sequence([
            ("GET", expected, ok("{}")),
            ("GET", records.as_str(), ok("[]")),
        ]);
        webhook(format!("{}{path}", server.url())).read().await.expect("readable");
    }
    for url in ["", "localhost:8888", "ftp://localhost", "http://", "http://u:s3cr3t@:x", "/x"] {
        let error = Webhook::new(&args(url.to_owned()), &Context::default()).expect_err(url);
        assert_eq!(error.kind, ErrorKind::Config, "{url}");
        assert!(error.to_string().starts_with("--webhook-provider-url "), "{error}");
        assert!(!error.to_string().contains("s3cr3t"), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_password_of_the_url_is_sent_and_never_shown() {
    let server = answering(Reply::hang_up);
    let url = server.url().replace("http://", "http://user:s3cr3t@");
    let error = message(webhook(url).read().await);
    assert!(!error.contains("s3cr3t"), "{error}");
    assert_eq!(server.requests()[0].header("authorization"), Some("Basic dXNlcjpzM2NyM3Q="));
}
