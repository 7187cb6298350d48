//! What answers mean.

use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderValue, RETRY_AFTER};

use super::*;
use crate::Limit;

#[tokio::test]
async fn a_request_says_who_asks_for_what() {
    let server = ScriptedServer::start(|_| Reply::json(200, &json!({ "id": 7 })));
    let (rest, via) = client(&server, Auth::bearer("t0k3n-of-mine"));
    let rest = rest.always("org", Some("a b")).always("none", None::<String>);
    let request = rest.post(&["zones", "a/../b?c", "@", "*.x"]).query("q", "1&2");
    let request = request.json(&json!({ "name": "ü" })).expect("JSON");
    let answer = rest.send(&via, "write", &request).await.expect("an answer");
    assert_eq!(answer.json::<Value>().expect("JSON"), json!({ "id": 7 }));
    assert_eq!(
        server.requests()[0].text(),
        "POST /api/zones/a%2F..%2Fb%3Fc/@/*.x?q=1%262&org=a+b\n\
         accept: application/json\n\
         authorization: Bearer t0k3n-of-mine\n\
         content-length: 13\n\
         content-type: application/json\n\
         user-agent: ExternalDNS/0.1.0\n\
         \n{\"name\":\"ü\"}"
    );
}

#[tokio::test]
async fn failures_by_status() {
    use ErrorKind::{
        Config, Conflict, Lost, Quota, RecordGone, Rejected, Throttled, Transient, Unauthorised,
        ZoneGone,
    };
    let none = Vec::new;
    let throttled =
        |seconds: Option<u64>| Throttled { retry_after: seconds.map(Duration::from_secs) };
    // status, retry-after, text, kind of a read, kind of a write
    let table = [
        (206, None, "", Transient, Lost),
        (301, None, "", Config, Config),
        (307, None, "", Config, Config),
        (400, None, "bad", Rejected(none()), Rejected(none())),
        (400, None, "it exists already", Conflict(none()), Conflict(none())),
        (400, Some("3"), "please slow down", throttled(Some(3)), throttled(Some(3))),
        (401, None, "", Unauthorised, Unauthorised),
        (402, None, "", Quota, Quota),
        (403, None, "", Unauthorised, Unauthorised),
        (403, None, "quotaExceeded: records of the zone", Quota, Quota),
        (403, None, "rateLimitExceeded: quota of queries", Unauthorised, Unauthorised),
        (404, None, "", ZoneGone, RecordGone),
        (409, None, "", Transient, Conflict(none())),
        (422, None, "", Rejected(none()), Rejected(none())),
        (429, None, "", throttled(None), throttled(None)),
        (429, Some("0.5"), "", throttled(Some(1)), throttled(Some(1))),
        (500, None, "", Transient, Lost),
        (502, Some("1"), "", Transient, Lost),
        (503, None, "", Transient, Transient),
        (503, Some("2"), "", throttled(Some(2)), throttled(Some(2))),
        (504, None, "", Transient, Lost),
    ];
    for (status, wait, text, of_read, of_write) in table {
        let body = json!({ "error": { "code": "E1", "text": text } });
        let mut headers = HeaderMap::new();
        headers.extend(wait.map(|wait| (RETRY_AFTER, HeaderValue::from_static(wait))));
        let status = reqwest::StatusCode::from_u16(status).expect("a status");
        let said = crate::rest::answer::said(&SERVICE, body.to_string().as_bytes());
        assert_eq!(said, format!("E1: {text}").trim_end_matches(": "));
        for (method, expected) in [(Method::GET, of_read), (Method::PUT, of_write)] {
            let kind = crate::rest::answer::kind_of(&SERVICE, &method, status, &said, &headers);
            assert_eq!(kind, expected, "{method} {status} {text}");
        }
    }
}

#[tokio::test]
async fn what_a_failure_says() {
    let long = "x".repeat(400);
    let shown = format!("Example: GET /api/things: HTTP 422: {}..", "x".repeat(300));
    let table = [
        (403, r#"{"error":{"code":7,"text":"no"}}"#, "HTTP 403: 7: no; ask for the role dns"),
        (422, r#"{"error":{"text":"bad\nname"}}"#, "HTTP 422: bad name"),
        (422, "<h1>\r\n  Oh</h1>", "HTTP 422: <h1> Oh</h1>"),
        (404, "", "HTTP 404"),
        (422, &long, &shown),
    ];
    for (status, body, expected) in table {
        let body = body.to_owned();
        let error = read(move || Reply::new(status).body(body.clone())).await.expect_err("refused");
        assert!(error.message.ends_with(expected), "{status}: {error}");
        assert!(error.message.starts_with("Example: GET /api/things: HTTP"), "{error}");
    }
}

#[tokio::test]
async fn answers_that_are_none() {
    let body = "x".repeat(4097);
    let (too_large, endless) = (body.clone(), body.clone());
    let limit = ErrorKind::Limit(Limit::Other("size of an answer"));
    let error = read(move || Reply::new(200).body(too_large.clone())).await.expect_err("large");
    assert_eq!(error.kind, limit, "{error}");
    let error = read(move || Reply::new(200).body(endless.clone()).endless_body()).await;
    assert_eq!(error.expect_err("endless").kind, limit);
    let error = read(|| Reply::new(200).body("[1,2,3]").cut_at(3)).await.expect_err("cut");
    assert_eq!(error.kind, ErrorKind::Lost, "{error}");
    let error = read(Reply::hang_up).await.expect_err("none");
    assert_eq!(error.kind, ErrorKind::Lost, "{error}");
    let page = read(|| Reply::new(200).body("<html>")).await.expect("an answer");
    let error = page.json::<Value>().expect_err("no JSON");
    assert_eq!(error.kind, ErrorKind::Transient, "{error}");
}

#[tokio::test]
async fn a_server_that_is_not_there_did_nothing() {
    let server = ScriptedServer::start(|_| Reply::new(200));
    let (rest, via) = client(&server, Auth::none());
    drop(server);
    let error = rest.send(&via, "write", &rest.delete(&["x"])).await.expect_err("nobody");
    assert_eq!(error.kind, ErrorKind::Transient, "{error}");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let server = ScriptedServer::start(|_| Reply::new(302).header("location", "/api/other"));
    let (rest, via) = client(&server, Auth::bearer("s3cr3t-t0ken"));
    let error = rest.send(&via, "write", &rest.post(&["x"])).await.expect_err("moved");
    assert_eq!(error.kind, ErrorKind::Config, "{error}");
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn the_base_is_a_url_and_is_never_shown() {
    for base in ["api.example.com", "ftp://x", "user:hidden@host", ""] {
        let rest = Rest::new(&SERVICE, Some(base), Auth::none(), &HttpOptions::default());
        let error = rest.expect_err(base);
        assert_eq!(error.kind, ErrorKind::Config);
        assert!(!error.message.contains("hidden"), "{error}");
    }
}

#[tokio::test]
async fn a_clock_that_is_wrong_is_named_with_that_of_the_service() {
    use std::time::SystemTime;
    for (ahead, told) in [(-3600, true), (3600, true), (5, false)] {
        let now = SystemTime::now();
        let hour = Duration::from_secs(i64::unsigned_abs(ahead));
        let theirs = if ahead < 0 { now - hour } else { now + hour };
        let theirs = httpdate::fmt_http_date(theirs);
        let date = theirs.clone();
        let said = json!({ "error": { "text": "the signature is wrong" } });
        let error = read(move || Reply::json(401, &said).header("date", &date)).await;
        let error = error.expect_err("a failure");
        assert_eq!(error.kind, ErrorKind::Unauthorised);
        let both = "ask for the role dns; the clock of this machine says ";
        assert_eq!(error.message.contains(both), told, "{error}");
        assert_eq!(
            error.message.contains(&format!("that of the service {theirs}:")),
            told,
            "{error}"
        );
    }
}
