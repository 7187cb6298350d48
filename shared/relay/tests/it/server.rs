//! The relay at work: over TLS, with a queue of SQS, with credentials that change.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use extdns_auth::documents::{Place, Reader};
use extdns_relay::queue::Window;
use extdns_relay::{
    Call, Current, Destination, Listener, LocalQueue, Queue, ReadSet, Relay, Service, TlsFiles,
};
use extdns_testkit::http::{Reply, ScriptedServer};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::oneshot;

use crate::support::*;

fn credentials_in(dir: &TempDir, document: &Value) -> Place {
    let path = dir.path().join("credentials.json");
    fs::write(&path, document.to_string()).expect("written");
    Place::Path(path)
}

async fn service(dir: &TempDir, destination: Destination) -> Service {
    let place = credentials_in(dir, &document());
    let window = Window::default();
    Service::start(relay(), place, Default::default(), destination, window)
        .await
        .expect("a service")
}

async fn status(service: &Service, sent: &Sent) -> u16 {
    let header = |name: &str| sent.headers.get(name).map(String::as_str);
    service.answer(&Call::new(sent.method, &sent.path, header, &sent.body)).await.status
}

fn to_prod(token: &str) -> Sent {
    Sent::to(format!("/admission/prod/{token}"), created().to_string())
}

/// A queue whose service answers like this.
async fn queue(reply: impl Fn() -> Reply + Send + Sync + 'static) -> (ScriptedServer, Destination) {
    let server = ScriptedServer::start(move |_| reply());
    let variables = BTreeMap::from([
        ("AWS_ENDPOINT_URL_SQS".to_owned(), format!("http://{}", server.address())),
        ("AWS_ACCESS_KEY_ID".to_owned(), "AKIATEST".to_owned()),
        ("AWS_SECRET_ACCESS_KEY".to_owned(), "secret-of-the-test".to_owned()),
    ]);
    let url = "https://sqs.eu-west-1.amazonaws.com/111122223333/extdns.fifo";
    let queue = Queue::open(url, Reader::of(&variables), Duration::from_secs(5)).await;
    (server, Destination::Queue(Box::new(queue.expect("a queue"))))
}

#[tokio::test]
async fn a_burst_of_changes_is_one_message_a_window() {
    let dir = TempDir::new().expect("a folder");
    let (server, destination) = queue(|| Reply::json(200, &json!({ "MessageId": "1" }))).await;
    let service = service(&dir, destination).await;
    for _ in 0..500 {
        assert_eq!(status(&service, &to_prod(PROD)).await, 200);
    }
    let requests = server.requests();
    assert!((1..=2).contains(&requests.len()), "a window may have ended meanwhile");
    let request = &requests[0];
    assert_eq!((request.method.as_str(), &*request.target()), ("POST", "/"));
    assert_eq!(request.header("x-amz-target"), Some("AmazonSQS.SendMessage"));
    assert_eq!(request.header("content-type"), Some("application/x-amz-json-1.0"));
    let signature = request.header("authorization").expect("a signature");
    assert!(signature.contains("/eu-west-1/sqs/aws4_request"), "{signature}");
    let sent = request.json();
    let body: Value =
        serde_json::from_str(sent["MessageBody"].as_str().expect("text")).expect("JSON");
    let window = body["window"].as_u64().expect("a number");
    assert_eq!(
        body,
        json!({ "reason": "change", "window": window, "cluster": "prod", "object": "services/shop/web" })
    );
    assert_eq!(
        sent,
        json!({
            "QueueUrl": "https://sqs.eu-west-1.amazonaws.com/111122223333/extdns.fifo",
            "MessageBody": sent["MessageBody"], "MessageGroupId": "sync",
            "MessageDeduplicationId": format!("window-{window}"),
        })
    );
}

#[tokio::test]
async fn a_queue_that_does_not_answer_keeps_no_object_from_being_stored() {
    let dir = TempDir::new().expect("a folder");
    let denied = json!({ "__type": "com.amazonaws.sqs#AccessDeniedException", "message": "no" });
    let (server, destination) = queue(move || Reply::json(403, &denied)).await;
    let service = service(&dir, destination).await;
    assert_eq!(status(&service, &to_prod(PROD)).await, 200);
    assert_eq!(status(&service, &to_prod(PROD)).await, 200);
    assert_eq!(server.requests().len(), 2, "what was not sent is tried again by the next change");
    // Who waits for it is told.
    assert_eq!(status(&service, &Sent::to("/trigger", "").bearing(BEARER)).await, 503);
}

#[tokio::test(start_paused = true)]
async fn credentials_are_read_again_and_what_was_taken_away_is_no_longer_valid() {
    const NEW: &str = "path-token-that-came-later";
    let dir = TempDir::new().expect("a folder");
    let service = service(&dir, Destination::Local(Arc::new(LocalQueue::default()))).await;
    assert_eq!(status(&service, &to_prod(NEW)).await, 401);
    credentials_in(&dir, &json!({ "cluster/prod": [NEW, PROD] }));
    assert_eq!(
        status(&service, &to_prod(NEW)).await,
        401,
        "not read for every call that is refused"
    );
    tokio::time::advance(Duration::from_secs(31)).await;
    assert_eq!(status(&service, &to_prod(NEW)).await, 200);
    assert_eq!(status(&service, &to_prod(PROD)).await, 200);

    credentials_in(&dir, &json!({ "cluster/prod": NEW }));
    assert_eq!(status(&service, &to_prod(PROD)).await, 200);
    tokio::time::advance(Duration::from_secs(301)).await;
    assert_eq!(status(&service, &to_prod(PROD)).await, 401);

    // A document that cannot be used changes nothing.
    credentials_in(&dir, &json!({ "cluster/prod": "short" }));
    tokio::time::advance(Duration::from_secs(301)).await;
    assert_eq!(status(&service, &to_prod(NEW)).await, 200);
}

/// A new certificate for `localhost` in the files; the client that trusts it.
fn certificate(dir: &Path) -> (TlsFiles, reqwest::Client) {
    extdns_auth::install_crypto();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let files = TlsFiles { cert: dir.join("tls.crt"), key: dir.join("tls.key") };
    fs::write(&files.cert, made.cert.pem()).expect("written");
    fs::write(&files.key, made.signing_key.serialize_pem()).expect("written");
    let root = reqwest::Certificate::from_pem(made.cert.pem().as_bytes()).expect("PEM");
    let client = reqwest::Client::builder().tls_certs_only([root]).pool_max_idle_per_host(0);
    (files, client.build().expect("a client"))
}

#[tokio::test]
async fn calls_are_taken_over_tls_and_a_new_certificate_needs_no_restart() {
    let dir = TempDir::new().expect("a folder");
    let (files, client) = certificate(dir.path());
    let queue = Arc::new(LocalQueue::default());
    let service = service(&dir, Destination::Local(Arc::clone(&queue))).await;
    let service = Arc::new(Current::new(service));
    let listener = Listener::bind("127.0.0.1:0", Some(files)).await.expect("a listener");
    let port = listener.address().expect("an address").port();
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = tokio::spawn(listener.serve(service, async { drop(stopped.await) }));
    let url = |path: &str| format!("https://localhost:{port}{path}");
    let review = || created().to_string();

    let answer = client.post(url(&format!("/admission/prod/{PROD}"))).body(review()).send().await;
    let answer = answer.expect("an answer");
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "application/json");
    let answer: Value =
        serde_json::from_slice(&answer.bytes().await.expect("a body")).expect("JSON");
    assert_eq!(answer["response"]["allowed"], true);
    tokio::time::timeout(Duration::from_secs(10), queue.asked()).await.expect("a run is asked for");

    let health = client.get(url("/healthz")).send().await.expect("an answer");
    assert_eq!(health.status(), 200);
    let wrong = client.post(url("/admission/prod")).body(review()).send().await.expect("an answer");
    assert_eq!(wrong.status(), 401);
    let large = client.post(url("/admission/prod")).body(vec![b' '; (3 << 20) + 1]).send().await;
    // The rest of the body is not read, so the client may fail to send it before it reads the answer.
    assert!(large.is_err() || large.is_ok_and(|answer| answer.status() == 413));

    let (_, renewed) = certificate(dir.path());
    let health = renewed.get(url("/healthz")).send().await.expect("the new certificate is shown");
    assert_eq!(health.status(), 200);
    assert!(client.get(url("/healthz")).send().await.is_err());

    stop.send(()).expect("it serves");
    tokio::time::timeout(Duration::from_secs(10), serving)
        .await
        .expect("an end")
        .expect("no panic");
}

#[tokio::test]
async fn files_that_cannot_be_used_are_named() {
    let dir = TempDir::new().expect("a folder");
    let (files, _) = certificate(dir.path());
    let swapped = TlsFiles { cert: files.key.clone(), key: files.cert.clone() };
    for (address, files, reason) in [
        ("127.0.0.1:99999", None, "--listen=127.0.0.1:99999"),
        ("127.0.0.1:0", Some(swapped), "holds no certificate"),
        ("127.0.0.1:0", Some(TlsFiles { key: dir.path().join("none"), ..files }), "none: "),
    ] {
        let error = Listener::bind(address, files).await.err().expect(address).to_string();
        assert!(error.contains(reason), "{error}");
    }
}

/// The settings of a process can change: other clusters, while a signature that was taken stays taken.
#[tokio::test]
async fn a_service_takes_the_place_of_another_one() {
    let dir = TempDir::new().expect("a folder");
    let queue = Arc::new(LocalQueue::default());
    let destination = || Destination::Local(Arc::clone(&queue));
    let current = Current::new(service(&dir, destination()).await);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a time");
    let signed = Sent::to("/trigger", "").signed(KEY, now.as_secs());
    assert_eq!(status(&current.get(), &signed).await, 202);
    assert_eq!(status(&current.get(), &to_prod(PROD)).await, 200);
    let place = credentials_in(&dir, &document());
    let reader = Default::default();
    let only_lab = Relay::new([("lab".to_owned(), ReadSet::new([], false))]);
    let other = Service::start(only_lab, place, reader, destination(), Window::default()).await;
    current.replace(other.expect("a service"));
    assert_eq!(status(&current.get(), &to_prod(PROD)).await, 404);
    assert_eq!(status(&current.get(), &signed).await, 401, "it was taken already");
}
