//! How a client proves who it is.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use reqwest::header::HeaderValue;

use super::*;

const SECRET: &str = "s3cr3t-t0ken";

#[tokio::test]
async fn credentials_on_the_wire() {
    let table = [
        (Auth::none(), "", ""),
        (Auth::bearer(SECRET), "authorization: Bearer s3cr3t-t0ken\n", ""),
        (Auth::scheme("Apikey", SECRET), "authorization: Apikey s3cr3t-t0ken\n", ""),
        (Auth::header("x-api-key", SECRET), "x-api-key: s3cr3t-t0ken\n", ""),
        (Auth::basic("me", SECRET), "authorization: Basic bWU6czNjcjN0LXQwa2Vu\n", ""),
        (Auth::query("token", SECRET), "", "?token=s3cr3t-t0ken"),
    ];
    for (auth, header, query) in table {
        let server = ScriptedServer::start(|_| Reply::new(200));
        let (rest, via) = client(&server, auth);
        rest.send(&via, "read", &rest.get(&["x"])).await.expect("an answer");
        let text = server.requests()[0].text();
        assert!(text.starts_with(&format!("GET /api/x{query}\n")), "{text}");
        assert!(text.contains(header), "{text}");
    }
}

#[tokio::test]
async fn no_error_holds_a_secret() {
    let echo = |request: &Seen| {
        let text = format!("{} is not welcome", request.text());
        Reply::json(403, &json!({ "error": { "text": text } }))
    };
    let ways = [Auth::bearer(SECRET), Auth::query("token", SECRET), Auth::header("x-key", SECRET)];
    for auth in ways {
        let shown = format!("{auth:?}");
        let server = ScriptedServer::start(echo);
        let (rest, via) = client(&server, auth);
        let error = rest.send(&via, "read", &rest.get(&["x"])).await.expect_err("refused");
        assert!(!error.message.contains(SECRET) && error.message.contains("[redacted]"), "{error}");
        assert!(!format!("{shown} {rest:?}").contains(SECRET));
    }
    let server = ScriptedServer::start(|_| Reply::hang_up());
    let (rest, via) = client(&server, Auth::query("token", SECRET));
    let error = rest.send(&via, "read", &rest.get(&["x"])).await.expect_err("no answer");
    assert!(!error.message.contains(SECRET) && !error.message.contains("token"), "{error}");
}

#[tokio::test]
async fn credentials_that_no_header_carries_are_an_error() {
    let server = ScriptedServer::start(|_| Reply::new(200));
    let (rest, via) = client(&server, Auth::bearer("two\nlines"));
    let error = rest.send(&via, "read", &rest.get(&["x"])).await.expect_err("no header");
    assert_eq!(error.kind, ErrorKind::Config);
    assert!(!error.message.contains("two"), "{error}");
}

/// Signs with the length of what it signs.
struct Lengths(AtomicU32);

impl Signer for Lengths {
    fn sign(&self, request: &mut Outgoing) -> Result<(), ProviderError> {
        let nonce = self.0.fetch_add(1, Ordering::SeqCst);
        let body = request.body.as_ref().map_or(0, |body| body.len());
        let target = format!("{}?{}", request.url.path(), request.url.query().unwrap_or_default());
        let text = format!("{nonce};{} {target};{body}", request.method);
        let value = HeaderValue::try_from(text)
            .map_err(|error| ProviderError::config(error.to_string()))?;
        request.headers.insert("x-signature", value);
        Ok(())
    }
}

#[tokio::test]
async fn a_signature_is_made_for_every_attempt_over_what_is_sent() {
    let server = ScriptedServer::sequence([
        ("PUT", "/api/x?a=1&org=o", Reply::new(429).header("retry-after", "0")),
        ("PUT", "/api/x?a=1&org=o", Reply::new(200)),
    ]);
    let (rest, _) = client(&server, Auth::signed(Lengths(AtomicU32::new(1)), Vec::new()));
    let capabilities = Capabilities {
        attempts: 2,
        mutating_operations: &["write"],
        ..Capabilities::new("example")
    };
    let via = rest.transport(&capabilities);
    let rest = rest.always("org", Some("o"));
    let request = rest.put(&["x"]).query("a", 1).json(&json!([])).expect("JSON");
    rest.send(&via, "write", &request).await.expect("done at last");
    let signatures: Vec<_> = server
        .requests()
        .iter()
        .map(|request| request.header("x-signature").unwrap_or_default().to_owned())
        .collect();
    assert_eq!(signatures, ["1;PUT /api/x?a=1&org=o;2", "2;PUT /api/x?a=1&org=o;2"]);
}

/// Tokens `t1`, `t2` .., each good for so long.
#[derive(Clone)]
struct Tokens(Arc<AtomicU32>, Option<Duration>);

#[async_trait]
impl TokenSource for Tokens {
    async fn token(&self, via: &Transport) -> Result<Token, ProviderError> {
        via.call("get token", async || {
            let number = self.0.fetch_add(1, Ordering::SeqCst) + 1;
            Ok(Token::new(format!("t{number}"), self.1))
        })
        .await
    }

    fn secrets(&self) -> Vec<String> {
        vec![SECRET.to_owned()]
    }
}

fn bearers(server: &ScriptedServer) -> Vec<String> {
    let header = |request: &Seen| request.header("authorization").unwrap_or_default().to_owned();
    server.requests().iter().map(header).collect()
}

#[tokio::test]
async fn a_token_is_kept_until_shortly_before_its_end() {
    let hour = Duration::from_secs(3600);
    for (lasts, expected) in [
        (None, ["t1", "t1"]),
        (Some(hour), ["t1", "t1"]),
        (Some(Duration::from_secs(59)), ["t1", "t2"]),
    ] {
        let server = ScriptedServer::start(|_| Reply::new(200));
        let source = Tokens(Arc::default(), lasts);
        let (rest, via) = client(&server, Auth::tokens(source));
        for _ in 0..2 {
            rest.send(&via, "read", &rest.get(&["x"])).await.expect("an answer");
        }
        let expected = expected.map(|token| format!("Bearer {token}"));
        assert_eq!(bearers(&server), expected, "{lasts:?}");
    }
}

#[tokio::test]
async fn a_token_that_is_refused_is_renewed_once() {
    let server = ScriptedServer::start(|request| match request.header("authorization") {
        Some("Bearer t2") => Reply::new(200),
        _ => Reply::new(401),
    });
    let (rest, via) = client(&server, Auth::tokens(Tokens(Arc::default(), None)));
    rest.send(&via, "write", &rest.post(&["x"])).await.expect("done");
    rest.send(&via, "write", &rest.post(&["x"])).await.expect("done");
    assert_eq!(bearers(&server), ["Bearer t1", "Bearer t2", "Bearer t2"]);

    let server = ScriptedServer::start(|_| Reply::new(403));
    let (rest, via) = client(&server, Auth::tokens(Tokens(Arc::default(), None)));
    let error = rest.send(&via, "write", &rest.post(&["x"])).await.expect_err("no rights");
    assert_eq!(error.kind, ErrorKind::Unauthorised);
    assert_eq!(bearers(&server), ["Bearer t1", "Bearer t2"]);
}

/// A session that is a token and a cookie.
struct Session;

#[async_trait]
impl TokenSource for Session {
    async fn token(&self, _: &Transport) -> Result<Token, ProviderError> {
        Ok(Token::new("t1", None).with_cookie(Some("session=c00kie; Path=/; HttpOnly")))
    }

    fn secrets(&self) -> Vec<String> {
        vec![SECRET.to_owned()]
    }
}

#[tokio::test]
async fn the_cookie_of_a_session_goes_with_its_token() {
    let server = ScriptedServer::start(|_| Reply::new(200));
    let (rest, via) = client(&server, Auth::tokens_after("Basic ", Session));
    rest.send(&via, "read", &rest.get(&["x"])).await.expect("an answer");
    assert_eq!(bearers(&server), ["Basic t1"]);
    assert_eq!(server.requests()[0].header("cookie"), Some("session=c00kie"));
    // Without one, no header is sent.
    let (rest, via) = client(&server, Auth::tokens(Tokens(Arc::default(), None)));
    rest.send(&via, "read", &rest.get(&["x"])).await.expect("an answer");
    assert_eq!(server.requests()[1].header("cookie"), None);
}
