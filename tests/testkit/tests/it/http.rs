//! What the scripted server does, seen from the wire.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use extdns_testkit::http::{Reply, ScriptedServer};
use serde_json::json;
use tokio::sync::Notify;

const BOUND: Duration = Duration::from_secs(20);

fn send(server: &ScriptedServer, request: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream.set_read_timeout(Some(BOUND)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    stream
}

/// The whole answer but its `date`.
fn answer(mut stream: TcpStream) -> String {
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text.split_inclusive("\r\n").filter(|line| !line.starts_with("date: ")).collect()
}

fn get(server: &ScriptedServer, target: &str) -> String {
    answer(send(server, &format!("GET {target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")))
}

/// The message with which dropping the server fails.
fn complaint(server: ScriptedServer) -> String {
    let panic = catch_unwind(AssertUnwindSafe(|| drop(server))).expect_err("a complaint");
    panic.downcast_ref::<String>().expect("a formatted message").clone()
}

#[test]
fn answers_what_the_handler_says_and_keeps_the_request_whole() {
    let count = AtomicUsize::new(0);
    let server = ScriptedServer::start(move |request| {
        assert_eq!(request.json(), json!({ "name": "a" }));
        Reply::json(201, &json!({ "count": count.fetch_add(1, Ordering::Relaxed) }))
            .header("retry-after", "3")
    });
    let request = "POST /zones%2F1?name=a%20b&name=c+d&empty= HTTP/1.1\r\nhost: x\r\nx-b: 2\r\nx-a: 1\r\n\
                   content-length: 12\r\nconnection: close\r\n\r\n{\"name\":\"a\"}";
    for count in 0..2 {
        assert_eq!(
            answer(send(&server, request)),
            format!(
                "HTTP/1.1 201 Created\r\ncontent-type: application/json\r\nretry-after: 3\r\nconnection: close\r\n\
                 content-length: 11\r\n\r\n{{\"count\":{count}}}"
            )
        );
    }
    let seen = server.requests();
    assert_eq!(seen.len(), 2);
    assert_eq!(
        seen[0].pairs(),
        [("name", "a b"), ("name", "c d"), ("empty", "")].map(|(k, v)| (k.into(), v.into()))
    );
    assert_eq!(seen[0].header("X-A"), Some("1"));
    let text = "POST /zones%2F1?name=a%20b&name=c+d&empty=\nconnection: close\ncontent-length: 12\nx-a: 1\nx-b: 2\n\
                \n{\"name\":\"a\"}";
    assert_eq!(seen[1].text(), text);
    assert_eq!(server.transcript(), format!("--- 1\n{text}\n--- 2\n{text}\n"));
}

#[test]
fn a_sequence_answers_in_order() {
    let server = ScriptedServer::sequence([
        ("GET", "/zones?page=1", Reply::new(200).body("one")),
        ("GET", "/zones?page=2", Reply::new(429).header("retry-after", "1")),
    ]);
    assert!(get(&server, "/zones?page=1").ends_with("\r\n\r\none"));
    assert!(
        get(&server, "/zones?page=2")
            .starts_with("HTTP/1.1 429 Too Many Requests\r\nretry-after: 1\r\n")
    );
}

#[test]
fn a_sequence_complains_of_what_it_did_not_expect_and_of_what_is_missing() {
    let server =
        ScriptedServer::sequence([("GET", "/a", Reply::new(200)), ("PUT", "/b", Reply::new(200))]);
    assert!(get(&server, "/other").starts_with("HTTP/1.1 501 "));
    let complaint = complaint(server);
    for part in ["/other", "/a", "never asked for: GET /a", "never asked for: PUT /b"] {
        assert!(complaint.contains(part), "{part} is missing in {complaint}");
    }
}

#[test]
fn a_sequence_complains_of_a_request_after_its_end() {
    let server = ScriptedServer::sequence([("GET", "/a", Reply::new(200))]);
    get(&server, "/a");
    get(&server, "/b");
    assert!(complaint(server).contains("a request after the last step: GET /b"));
}

#[test]
fn a_panic_in_the_handler_fails_the_test() {
    let server = ScriptedServer::start(|_| panic!("not this one"));
    get(&server, "/");
    assert_eq!(complaint(server), "scripted server: not this one");
}

#[test]
fn a_cut_body_is_announced_whole() {
    let server =
        ScriptedServer::start(|_| Reply::new(200).header("x-a", "1").body("0123456789").cut_at(4));
    assert_eq!(get(&server, "/"), "HTTP/1.1 200 OK\r\nx-a: 1\r\ncontent-length: 10\r\n\r\n0123");
}

#[test]
fn hanging_up_answers_nothing() {
    let server = ScriptedServer::start(|_| Reply::hang_up());
    assert_eq!(get(&server, "/"), "");
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn chunks_are_sent_one_by_one() {
    let server =
        ScriptedServer::start(|_| Reply::new(200).chunks(["ab", "cde"], Duration::from_millis(1)));
    assert_eq!(
        get(&server, "/"),
        "HTTP/1.1 200 OK\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n"
    );
}

#[test]
fn endless_answers_go_on_until_the_client_hangs_up() {
    let server = ScriptedServer::start(|request| match request.path.as_str() {
        "/headers" => Reply::new(200).endless_headers(),
        _ => Reply::new(200).body("x".repeat(1000)).endless_body(),
    });
    for target in ["/headers", "/body"] {
        let mut stream = send(&server, &format!("GET {target} HTTP/1.1\r\nhost: x\r\n\r\n"));
        let mut text = vec![0; 1_000_000];
        stream.read_exact(&mut text).unwrap();
        let head_ends = text.windows(4).any(|window| window == b"\r\n\r\n");
        assert_eq!(head_ends, target == "/body", "{target}");
    }
    assert_eq!(server.requests().len(), 2);
    // Dropping the server while an answer goes on ends it.
    let mut stream = send(&server, "GET /body HTTP/1.1\r\nhost: x\r\n\r\n");
    stream.read_exact(&mut [0; 10]).unwrap();
    drop(server);
    let end = stream.read_to_end(&mut Vec::new());
    assert!(end.is_ok() || end.is_err_and(|error| error.kind() == ErrorKind::ConnectionReset));
}

#[test]
fn a_held_answer_waits_for_its_notice() {
    let go = Arc::new(Notify::new());
    let held = Arc::clone(&go);
    let server = ScriptedServer::start(move |request| match request.path.as_str() {
        "/held" => Reply::new(200).held_until(Arc::clone(&held)),
        _ => Reply::new(204),
    });
    let mut waiting = send(&server, "GET /held HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    while server.requests().is_empty() {
        std::thread::yield_now();
    }
    // The server goes on with others, while the held one has got nothing.
    assert!(get(&server, "/").starts_with("HTTP/1.1 204 "));
    waiting.set_nonblocking(true).unwrap();
    assert_eq!(waiting.read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
    waiting.set_nonblocking(false).unwrap();
    go.notify_one();
    assert!(answer(waiting).starts_with("HTTP/1.1 200 "));
}
