//! Servers that mean no good.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use extdns_model::ZoneIndex;
use extdns_providers::webhook::Webhook;
use extdns_providers::{ErrorKind, Reader as _};
use extdns_testkit::http::{Reply, ScriptedServer};
use serde_json::{Value, json};

use crate::webhook::support::{
    calls, desired_endpoint, impatient, limited, message, ok, server, webhook,
};

const TOO_LARGE: &str =
    "webhook response body exceeds the configured max size (--webhook-provider-max-body-size)";
const DEFAULT_LIMIT: usize = 32 << 20;
const PATHS: [&str; 3] = ["/", "/records", "/adjustendpoints"];

/// What a client makes of a server that answers this path so, and everything else well: how many
/// endpoints, or the error.
async fn outcome(server: &ScriptedServer, path: &str, limit: i64) -> Result<usize, String> {
    outcome_of(&limited(server.url(), limit), path).await
}

async fn outcome_of(provider: &Webhook, path: &str) -> Result<usize, String> {
    let count = match path {
        "/adjustendpoints" => {
            let adjusted = provider
                .adjust(vec![desired_endpoint("a.example.org", 0)], &ZoneIndex::default())
                .await;
            adjusted.map(|own| own.endpoints.len())
        }
        _ => provider.read().await.map(|own| own.records().count()),
    };
    count.map_err(|error| error.to_string())
}

fn answering(path: &str, reply: impl Fn() -> Reply + Send + Sync + 'static) -> ScriptedServer {
    let path = path.to_owned();
    ScriptedServer::start(move |request| match request.path.split('?').next().unwrap_or_default() {
        own if own == path => reply(),
        "/" => ok("{}"),
        _ => ok("[]"),
    })
}

/// A good answer of exactly so many bytes.
fn padded(path: &str, length: usize) -> Vec<u8> {
    let mut body = if path == "/" { "{}" } else { "[]" }.to_owned();
    body.push_str(&" ".repeat(length - body.len()));
    body.into_bytes()
}

#[tokio::test]
async fn a_body_may_have_exactly_the_limit() {
    for path in PATHS {
        for (limit, length, fits) in [
            (33_554_432, DEFAULT_LIMIT, true),
            (33_554_432, DEFAULT_LIMIT + 1, false),
            (100, 100, true),
            (100, 101, false),
            (1, 2, false),
            (i64::MAX, 101, true),
        ] {
            // Negotiation has to pass for a list to be asked for.
            if path != "/" && limit < 2 {
                continue;
            }
            // The large ones once each: with a length, or for the list of records without.
            let ways = [true, false].into_iter();
            let ways = ways.filter(|announced| length < 1000 || *announced == (path != "/records"));
            for announced in ways {
                let body = bytes::Bytes::from(padded(path, length));
                let server = answering(path, move || match announced {
                    true => ok(body.clone()),
                    false => ok("").chunks([body.clone()], Duration::ZERO),
                });
                let expected = if fits {
                    Ok(0)
                } else if path == "/" {
                    Err(format!("failed to connect to webhook: {TOO_LARGE}"))
                } else {
                    Err(TOO_LARGE.to_owned())
                };
                let found = outcome(&server, path, limit).await;
                assert_eq!(found, expected, "{path}: {length} of {limit}, announced: {announced}");
                assert_eq!(server.requests().iter().filter(|own| own.path == path).count(), 1);
            }
        }
    }
}

#[tokio::test]
async fn without_a_limit_only_the_filter_and_each_endpoint_have_one() {
    for limit in [0, -1] {
        for (path, fits) in [("/", false), ("/records", true), ("/adjustendpoints", true)] {
            let body = bytes::Bytes::from(padded(path, DEFAULT_LIMIT + 1));
            let server = answering(path, move || ok(body.clone()));
            assert_eq!(outcome(&server, path, limit).await.is_ok(), fits, "{path}");
        }
    }
    let long = format!("[{{\"dnsName\":\"{}\"}}]", "x".repeat(9 << 20));
    for limit in [0, 33_554_432] {
        let long = bytes::Bytes::from(long.clone());
        let server = answering("/records", move || ok(long.clone()));
        let error = outcome(&server, "/records", limit).await.expect_err("one endpoint");
        assert!(error.contains("element 1 has more than 8388608 bytes"), "{error}");
    }
}

#[tokio::test]
async fn endless_bodies() {
    let element = "element 1 has more than 8388608 bytes";
    let cases = [
        ("/", " ", 0, TOO_LARGE),
        ("/", "{\"x\":\"", 1 << 20, TOO_LARGE),
        ("/records", " ", 1 << 20, TOO_LARGE),
        ("/records", "[{},", 1 << 20, "element 2: "),
        ("/records", "[[", 0, element),
        ("/records", "[\"x", 0, element),
        ("/records", "[{\"dnsName\":\"x", 0, element),
        ("/records", "[{\"dnsName\":\"x", 33_554_432, element),
        ("/records", "[{\"dnsName\":\"x", 1 << 20, TOO_LARGE),
        ("/adjustendpoints", "[ ", 0, element),
        ("/adjustendpoints", "[\"\\\"", 0, element),
    ];
    for (path, start, limit, expected) in cases {
        // The beginning and its last letter many times, again and again.
        let last = start.chars().last().expect("a letter").to_string();
        let pieces = Arc::new(Mutex::new(Some(start)));
        let server = answering(path, move || {
            let start = pieces.lock().expect("a lock").take().expect("asked once");
            ok(format!("{start}{}", last.repeat(1 << 16))).endless_body()
        });
        let error = outcome(&server, path, limit).await.expect_err("no end");
        assert!(error.contains(expected), "{path} {start:?} of {limit}: {error}");
    }
}

#[tokio::test]
async fn endless_errors_are_reported_as_errors() {
    for (path, expected) in [
        ("/", "failed to connect to webhook: unexpected status code 404"),
        ("/records", "failed to get records with code 404"),
        ("/adjustendpoints", "failed to AdjustEndpoints with code 404"),
    ] {
        let server = answering(path, || Reply::new(404).body("x".repeat(4096)).endless_body());
        let error = outcome(&server, path, 0).await.expect_err(path);
        assert!(error.starts_with(&format!("{expected}; ")), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn endless_headers() {
    for path in PATHS {
        let server = answering(path, || Reply::new(200).endless_headers());
        let error = outcome(&server, path, 0).await.expect_err("no end");
        assert!(error.contains("no answer from the webhook provider: "), "{path}: {error}");
        let tries = server.requests().iter().filter(|own| own.path == path).count();
        assert_eq!(tries, 5, "{path}");
    }
}

type Answer = Box<dyn Fn() -> Reply + Send + Sync>;

/// Whatever a server repeats of the URL, or of a place that it redirects to.
#[tokio::test]
async fn no_secret_of_a_url_is_shown() {
    let secrets = ["pass-of-url-1", "value-of-url-2", "pass-of-redirect-3", "value-of-redirect-4"];
    let echo = format!("{}?x={}", secrets[0], secrets[1]);
    let replies: [(&str, Answer); 3] = [
        ("/", {
            let echo = echo.clone();
            Box::new(move || Reply::new(200).header("content-type", &echo).body("{}"))
        }),
        ("/records", Box::new(move || ok(format!("[{{\"dnsName\":[\"{echo}\"]}}]")))),
        ("/adjustendpoints", {
            let location = format!("http://u:{}@127.0.0.1:1/?y={}", secrets[2], secrets[3]);
            Box::new(move || Reply::new(307).header("location", &location))
        }),
    ];
    for (path, reply) in replies {
        let server = answering(path, reply);
        let url = server.url().replace("http://", &format!("http://user:{}@", secrets[0]));
        let provider = webhook(format!("{url}?opaque={}", secrets[1]));
        let error = outcome_of(&provider, path).await.expect_err(path);
        for secret in secrets {
            assert!(!error.contains(secret), "{path}: {error}");
        }
    }
}

#[tokio::test]
async fn a_drip_ends_with_the_timeout_and_is_not_waited_for_again() {
    for path in PATHS {
        let drip = || ok("").chunks(std::iter::repeat_n(" ", 10_000), Duration::from_millis(20));
        let server = answering(path, drip);
        let provider = impatient(server.url(), Duration::from_millis(200));
        let start = std::time::Instant::now();
        let error = match path {
            "/adjustendpoints" => message(provider.adjust(vec![], &ZoneIndex::default()).await),
            _ => message(provider.read().await),
        };
        assert!(error.contains("timed out"), "{path}: {error}");
        assert!(start.elapsed() < Duration::from_secs(3), "{path}: {:?}", start.elapsed());
        assert_eq!(server.requests().iter().filter(|own| own.path == path).count(), 1, "{path}");
    }
}

/// Every member with a value of every type that is not its own: an error that names the place, for
/// both lists. The same member with `null` counts as absent.
#[tokio::test]
async fn wrong_types() {
    let texts = [json!(1), json!(1.5), json!(true), json!([]), json!({})];
    let lists = [json!(1), json!("x"), json!(true), json!({}), json!([1]), json!([[]])];
    let numbers = [json!("300"), json!(1.5), json!(1e30), json!(u64::MAX), json!(true), json!([])];
    let objects = [json!(1), json!("x"), json!(["x"]), json!({ "a": 1 }), json!({ "a": {} })];
    let properties = [
        json!(1),
        json!("x"),
        json!({ "a": "b" }),
        json!(["x"]),
        json!([[]]),
        json!([{ "name": 1 }]),
        json!([{ "value": {} }]),
    ];
    let members: [(&str, &[Value]); 7] = [
        ("dnsName", &texts),
        ("recordType", &texts),
        ("setIdentifier", &texts),
        ("targets", &lists),
        ("recordTTL", &numbers),
        ("labels", &objects),
        ("providerSpecific", &properties),
    ];
    let good = json!({ "dnsName": "a.example.org", "recordType": "A", "targets": ["192.0.2.1"] });
    let body = Arc::new(Mutex::new(String::new()));
    let answered = Arc::clone(&body);
    let server = server(move |_| ok(answered.lock().expect("a lock").clone()));
    let provider = webhook(server.url());
    for (member, values) in members {
        for value in values.iter().chain([&Value::Null]) {
            let mut wrong = good.clone();
            wrong["dnsName"] = json!("b.example.org");
            wrong[member] = value.clone();
            *body.lock().expect("a lock") = json!([good, wrong]).to_string();
            for path in ["/records", "/adjustendpoints"] {
                let found = outcome_of(&provider, path).await;
                if value.is_null() {
                    assert!(found.is_ok(), "{member}: {found:?}");
                    continue;
                }
                let error = found.expect_err("a wrong type");
                let start = format!(
                    "the webhook provider's answer to {path} is no list of endpoints: element 2: invalid "
                );
                assert!(error.starts_with(&start), "{member} {value}: {error}");
            }
        }
    }
}

/// A list with a record twice is not complete; of a member that comes twice it is not known which one
/// holds.
#[tokio::test]
async fn an_answer_that_says_a_thing_twice_is_an_error() {
    let a = r#"{"dnsName":"a.example.org","recordType":"A","targets":["192.0.2.1"]}"#;
    let other = a.replace("192.0.2.1", "192.0.2.2");
    let upper = a.replace("a.example", "A.Example");
    for (body, expected) in [
        (format!("[{a},{a}]"), Some("lists a.example.org A twice")),
        (format!("[{a},{other},{upper}]"), Some("lists A.Example.org A twice")),
        (format!("[{a},{other}]"), None),
        (a.replace('}', r#","targets":[]}"#), Some("duplicate field `targets`")),
        (a.replace('}', r#","DNSNAME":"b.example.org"}"#), Some("duplicate field `dnsName`")),
        (
            a.replace('}', r#","providerSpecific":[{"name":"x","Name":"y"}]}"#),
            Some("duplicate field `name`"),
        ),
    ] {
        let body = if body.starts_with('[') { body } else { format!("[{body}]") };
        let answered = body.clone();
        let server = answering("/records", move || ok(answered.clone()));
        match (outcome(&server, "/records", 0).await, expected) {
            (Ok(count), None) => assert_eq!(count, 2, "{body}"),
            (Err(error), Some(part)) => assert!(error.contains(part), "{body}: {error}"),
            (found, _) => panic!("{body}: {found:?}"),
        }
    }
}

/// A part of an answer (206) is no answer, for every request.
#[tokio::test]
async fn a_part_of_an_answer_is_an_error() {
    for path in PATHS {
        let server = answering(path, move || {
            Reply::new(206)
                .header("content-type", extdns_testkit::webhook_sim::MEDIA_TYPE)
                .body(if path == "/" { "{}" } else { "[]" })
        });
        let error = outcome(&server, path, 0).await.expect_err(path);
        assert!(error.contains("206"), "{path}: {error}");
    }
}

#[tokio::test]
async fn answers_that_are_no_list() {
    let bodies = [
        "",
        " ",
        "{}",
        "\"x\"",
        "1",
        "true",
        "<html>",
        "[",
        "[{}",
        "[{},",
        "[{},]",
        "nul",
        "[null]",
        "[[]]",
        "[1]",
        "[\"x\"]",
        "[] []",
        "[{]}",
        "[{}}]",
        "\u{feff}[]",
        "[{\"dnsName\":}]",
    ];
    for body in bodies {
        for path in ["/records", "/adjustendpoints"] {
            let server = answering(path, move || ok(body));
            let error = outcome(&server, path, 0).await.expect_err(body);
            assert!(error.contains("is no list of endpoints: "), "{body:?}: {error}");
        }
    }
    let deep = format!("[{{\"x\":{}{}}}]", "[".repeat(100_000), "]".repeat(100_000));
    let server = answering("/records", move || ok(deep.clone()));
    assert_eq!(outcome(&server, "/records", 0).await, Ok(0), "skipped, without a name");
    let bytes: &[u8] = b"[{\"dnsName\":\"\xff\xfe\"}]";
    let server = answering("/records", move || ok(bytes));
    assert!(outcome(&server, "/records", 0).await.is_err());
}

#[tokio::test]
async fn kinds_are_final() {
    let server = server(|_| ok("{}"));
    let error = webhook(server.url()).read().await.expect_err("no list");
    assert_eq!(error.kind, ErrorKind::Rejected(Vec::new()));
    assert_eq!(calls(&server, "GET", "/records"), 1);
    let server = answering("/records", || ok("[ ]"));
    let error = limited(server.url(), 2).read().await.expect_err("three bytes");
    assert!(matches!(error.kind, ErrorKind::Limit(_)), "{error:?}");
}

/// A server that answers before it has read the request: 413 and never reads it, or 200 at once and
/// the list when it has the whole list of desired endpoints.
#[tokio::test]
async fn answers_that_come_early() {
    for status in [413, 200] {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("bound");
        let (done, wait) = std::sync::mpsc::channel::<()>();
        let server = std::thread::spawn(move || -> std::io::Result<()> {
            let (mut stream, _) = listener.accept()?;
            let mut reader = BufReader::new(stream.try_clone()?);
            let (mut line, mut length) = (String::new(), 0);
            while line != "\r\n" {
                line.clear();
                reader.read_line(&mut line)?;
                if let Some(value) = line.strip_prefix("content-length: ") {
                    length = value.trim().parse().expect("a number");
                }
            }
            let answer = if status == 200 { 2 } else { 0 };
            write!(stream, "HTTP/1.1 {status} Early\r\ncontent-length: {answer}\r\n\r\n")?;
            if status == 200 {
                std::io::copy(&mut reader.take(length), &mut std::io::sink())?;
                stream.write_all(b"[]")?;
            }
            // The connection stays open.
            let _ = wait.recv();
            Ok(())
        });
        // More than the buffers of a connection take.
        let long = "x".repeat(2000);
        let desired: Vec<_> =
            (0..8000).map(|n| desired_endpoint(&format!("{long}{n}"), n)).collect();
        let provider = impatient(format!("http://{address}"), Duration::from_secs(20));
        match provider.adjust(desired, &ZoneIndex::default()).await {
            Ok(adjusted) => assert_eq!((status, adjusted.notes.len()), (200, 8000)),
            Err(error) => {
                let start = "failed to AdjustEndpoints with code 413; ";
                assert!(error.to_string().starts_with(start), "{error}");
                assert_eq!(status, 413);
            }
        }
        drop(done);
        server.join().expect("no panic").expect("a connection");
    }
}
