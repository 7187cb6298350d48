//! Streamed lists are whole or an error, too; and where a server streams none, pages follow.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use extdns_clusters::{Access, Cluster, ClusterView, Limits, ReadErrorKind};
use extdns_testkit::http::{Reply, ScriptedServer};
use extdns_testkit::kube::Login;
use extdns_testkit::kube_sim::{Effect, Fault, KubeSim};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;

use crate::support::{Ingress, Service, at, cluster, connect, names, page, services, status};

const STREAM: &str = "/api/v1/services?watch=true&sendInitialEvents=true&\
                      resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";
const PAGE: &str = "/api/v1/services?limit=500";

/// A cluster at `server` whose lists are streamed.
fn streaming(server: &ScriptedServer) -> Cluster {
    let mut cluster = at(server);
    cluster.api.limits.streams = true;
    cluster
}

/// The same, where nothing is tried twice.
fn impatient(server: &ScriptedServer) -> Cluster {
    let mut cluster = streaming(server);
    let limits = cluster.api.limits;
    cluster.api.limits = Limits { attempts: 1, restarts: 0, ..limits };
    cluster
}

fn event(kind: &str, name: &str) -> String {
    let object = json!({ "metadata": { "name": name, "namespace": "shop" } });
    format!("{}\n", json!({ "type": kind, "object": object }))
}

fn added(name: &str) -> String {
    event("ADDED", name)
}

fn error(code: u16) -> String {
    let object = json!({ "kind": "Status", "code": code, "message": "it is over" });
    format!("{}\n", json!({ "type": "ERROR", "object": object }))
}

fn end() -> String {
    let annotations = json!({ "k8s.io/initial-events-end": "true" });
    let object = json!({ "kind": "Service", "apiVersion": "v1", "metadata": { "annotations": annotations } });
    format!("{}\n", json!({ "type": "BOOKMARK", "object": object }))
}

fn events(events: &[String]) -> Reply {
    Reply::new(200).header("content-type", "application/json").body(events.concat()).left_open()
}

fn ask(target: &str, reply: Reply) -> (&str, &str, Reply) {
    ("GET", target, reply)
}

/// A simulator with forty services.
fn forty() -> (KubeSim, Cluster) {
    let sim = KubeSim::builder().start();
    for number in 0..40 {
        let metadata = json!({ "name": format!("web-{number:02}"), "namespace": "shop" });
        sim.apply(json!({ "apiVersion": "v1", "kind": "Service", "metadata": metadata }));
    }
    let path = sim.write_kubeconfig(&sim.kubeconfig(Login::Custom(&json!({}))));
    (sim, cluster(Access::kubeconfig(path)))
}

#[tokio::test]
async fn a_list_is_one_request_and_ends_at_the_bookmark() {
    let whole = [added("b"), added("a"), end(), added("later")];
    let server =
        ScriptedServer::sequence([ask(STREAM, events(&whole)), ask(STREAM, events(&[end()]))]);
    let view = connect(&streaming(&server)).await;
    assert_eq!(services(&view).await.unwrap(), ["shop/b", "shop/a"]);
    assert!(services(&view).await.unwrap().is_empty());
    let [count] = view.lists()[..] else { panic!("{:?}", view.lists()) };
    assert_eq!((count.lists, count.objects), (2, 2));
    assert_eq!(server.requests()[0].header("accept"), Some("application/json"));
}

#[tokio::test]
async fn a_stream_that_is_cut_at_any_byte_is_an_error_and_never_a_smaller_cluster() {
    let names: Vec<String> = (0..40).map(|number| added(&format!("web-{number}"))).collect();
    let text = names.concat() + &end();
    for breaks in [true, false] {
        let (cut, whole) = (Arc::new(AtomicUsize::new(0)), text.clone());
        let at = Arc::clone(&cut);
        let server = ScriptedServer::start(move |request| {
            assert_eq!(request.target(), STREAM, "no pages follow");
            let at = at.load(Ordering::Relaxed);
            let reply = Reply::new(200);
            if breaks {
                reply.body(whole.clone()).cut_at(at)
            } else {
                reply.body(whole[..at].to_owned())
            }
        });
        let view = connect(&impatient(&server)).await;
        for end in 0..text.len() {
            cut.store(end, Ordering::Relaxed);
            let read = services(&view).await;
            let error = read.expect_err("a part is no list");
            assert!(
                matches!(*error.kind, ReadErrorKind::Truncated { .. }),
                "cut at {end}: {error}"
            );
        }
        assert_eq!(view.lists()[0].objects, 0);
    }
}

#[tokio::test]
async fn a_stream_that_was_cut_is_begun_again_without_what_it_had() {
    let server = ScriptedServer::sequence([
        ask(STREAM, Reply::new(200).body(added("a"))),
        ask(STREAM, status(503, "starting")),
        ask(STREAM, events(&[added("a"), error(410)])),
        ask(STREAM, events(&[added("b"), error(504)])),
        ask(STREAM, events(&[added("c"), end()])),
    ]);
    assert_eq!(services(&connect(&streaming(&server)).await).await.unwrap(), ["shop/c"]);
}

#[tokio::test]
async fn a_stream_that_always_ends_with_an_error_is_an_error() {
    let table = [
        (
            410,
            4,
            "list services: the server's snapshot expired 4 times before the list was complete",
        ),
        (500, 4, "GET /api/v1/services: HTTP 500: it is over"),
        (409, 1, "GET /api/v1/services: HTTP 409: it is over"),
        (401, 1, "authenticate: the API server refuses "),
    ];
    for (code, requests, expected) in table {
        let server = ScriptedServer::start(move |_| events(&[added("a"), error(code)]));
        let text = services(&connect(&streaming(&server)).await).await.unwrap_err().to_string();
        assert!(text.contains(expected), "{code}: {text}");
        assert_eq!(server.requests().len(), requests, "{code}");
    }
}

#[tokio::test]
async fn a_server_that_streams_no_lists_is_asked_once_and_then_in_pages() {
    let refusals: [fn() -> Reply; 6] = [
        || {
            status(
                422,
                "sendInitialEvents: Forbidden: unless the WatchList feature gate is enabled",
            )
        },
        || status(400, "unknown parameter"),
        || status(403, "services is forbidden: User \"me\" cannot watch resource \"services\""),
        || status(405, "the server does not allow this method on the requested resource"),
        || Reply::new(501),
        || events(&[error(422)]),
    ];
    for refusal in refusals {
        let server = ScriptedServer::sequence([
            ask(STREAM, refusal()),
            ask(PAGE, page(&["a"], "two")),
            ask("/api/v1/services?limit=500&continue=two", page(&["b"], "")),
            ask(PAGE, page(&["c"], "")),
        ]);
        let view = connect(&streaming(&server)).await;
        assert_eq!(services(&view).await.unwrap(), ["shop/a", "shop/b"]);
        assert_eq!(services(&view).await.unwrap(), ["shop/c"]);
    }
}

#[tokio::test]
async fn other_refusals_hold_for_pages_too() {
    let table = [
        (status(401, "Unauthorized"), "authenticate: "),
        (status(403, "forbidden: User \"system:anonymous\" cannot watch"), "authenticate: "),
        (page(&[], "").status(206), "HTTP 206 Partial Content in place of 200"),
    ];
    for (refusal, expected) in table {
        let server = ScriptedServer::sequence([ask(STREAM, refusal)]);
        let text = services(&connect(&streaming(&server)).await).await.unwrap_err().to_string();
        assert!(text.contains(expected), "{text}");
    }
}

#[tokio::test]
async fn a_list_in_place_of_a_stream_is_taken_for_what_it_is() {
    let server =
        ScriptedServer::sequence([ask(STREAM, page(&["a"], "")), ask(PAGE, page(&["b"], ""))]);
    let view = connect(&streaming(&server)).await;
    assert_eq!(services(&view).await.unwrap(), ["shop/a"]);
    assert_eq!(services(&view).await.unwrap(), ["shop/b"]);

    let server = ScriptedServer::sequence([
        ask(STREAM, page(&["a"], "two")),
        ask("/api/v1/services?limit=500&continue=two", page(&["b"], "")),
    ]);
    assert_eq!(services(&connect(&streaming(&server)).await).await.unwrap(), ["shop/a", "shop/b"]);

    let partial = json!({ "kind": "ServiceList", "apiVersion": "v1", "items": [], "metadata": { "remainingItemCount": 3 } });
    let html = Reply::new(200).header("content-type", "text/html").body("<html>Sign in</html>");
    let table = [
        (Reply::json(200, &partial), "3 more objects follow (remainingItemCount)"),
        (
            Reply::json(200, &json!({ "kind": "PodList", "apiVersion": "v1", "items": [] })),
            "a v1 PodList where",
        ),
        (html, "HTML or XML"),
    ];
    for (reply, expected) in table {
        let server = ScriptedServer::sequence([ask(STREAM, reply)]);
        let text = services(&connect(&streaming(&server)).await).await.unwrap_err().to_string();
        assert!(text.contains(expected), "{text}");
    }
}

#[tokio::test]
async fn a_list_that_changes_while_it_is_streamed_is_read_in_pages() {
    for change in ["MODIFIED", "DELETED"] {
        let server = ScriptedServer::sequence([
            ask(STREAM, events(&[added("a"), added("b"), event(change, "a"), end()])),
            ask(PAGE, page(&["b"], "")),
            ask(STREAM, events(&[added("b"), end()])),
        ]);
        let view = connect(&streaming(&server)).await;
        assert_eq!(services(&view).await.unwrap(), ["shop/b"], "{change}");
        assert_eq!(services(&view).await.unwrap(), ["shop/b"], "the next list is streamed again");
    }
}

#[tokio::test]
async fn a_stream_may_take_any_time_as_long_as_objects_come() {
    let server = ScriptedServer::start(|_| {
        let lines: Vec<String> =
            (0..10).map(|number| added(&number.to_string())).chain([end()]).collect();
        Reply::new(200).chunks(lines, Duration::from_millis(40))
    });
    let mut cluster = impatient(&server);
    cluster.api.request_timeout = Some(Duration::from_millis(300));
    assert_eq!(services(&connect(&cluster).await).await.unwrap().len(), 10);
}

#[tokio::test]
async fn a_stream_that_stands_still_is_left_for_pages() {
    let (sim, mut cluster) = forty();
    sim.fail(Fault::new("services", Effect::Stall(300)).verb("watch"));
    cluster.api.request_timeout = Some(Duration::from_millis(500));
    let view = connect(&cluster).await;
    assert_eq!(services(&view).await.unwrap().len(), 40);
    assert_eq!((sim.calls("watch", "services"), sim.calls("list", "services")), (1, 1));

    // Bytes alone are no progress.
    let server = ScriptedServer::start(|request| match request.target().as_str() {
        STREAM => Reply::new(200).chunks(
            vec!["{\"type\":\"ADDED\""; 1].into_iter().chain([" "; 500]),
            Duration::from_millis(10),
        ),
        _ => page(&["a"], ""),
    });
    let mut cluster = impatient(&server);
    cluster.api.request_timeout = Some(Duration::from_millis(200));
    assert_eq!(services(&connect(&cluster).await).await.unwrap(), ["shop/a"]);
}

/// What is said of a streamed list with a fault, which has no objects then.
async fn failure(effect: Effect) -> String {
    let (sim, mut cluster) = forty();
    let limits = cluster.api.limits;
    cluster.api.limits = Limits { attempts: 1, restarts: 0, ..limits };
    sim.fail(Fault::new("services", effect));
    let view: ClusterView = connect(&cluster).await;
    let read = services(&view).await;
    assert_eq!(view.lists()[0].objects, 0, "{read:?}");
    assert_eq!(sim.calls("list", "services"), 0, "{read:?}");
    read.expect_err("the list is not complete").to_string()
}

#[tokio::test]
async fn what_shows_that_a_stream_is_not_complete_is_an_error() {
    let table = [
        (Effect::Under(206), "HTTP 206 Partial Content in place of 200"),
        (Effect::Unmarked, "the stream ended before it had said that the list is complete"),
        (Effect::Nameless, "Service number 40 has no name (metadata.name)"),
        (Effect::Doubled, "duplicate field `metadata`"),
        (Effect::Ended(410), "the server's snapshot expired"),
        (Effect::Ended(500), "HTTP 500: Internal error occurred"),
        (Effect::Cut(4000), "the answer was cut off after "),
        (Effect::Expired, "the server's snapshot expired"),
        (Effect::HangUp, "GET /api/v1/services: "),
        (Effect::NotServed, "services: not served"),
    ];
    for (effect, expected) in table {
        let error = failure(effect.clone()).await;
        assert!(error.contains(expected), "{effect:?}: {error}");
    }
}

#[tokio::test]
async fn changes_in_the_simulator_lead_to_pages() {
    let (sim, cluster) = forty();
    sim.fail(Fault::new("services", Effect::Changed("DELETED")));
    assert_eq!(services(&connect(&cluster).await).await.unwrap().len(), 40);
    assert_eq!(sim.calls("list", "services"), 1);
}

#[tokio::test]
async fn compressed_answers_are_read_as_others() {
    let (sim, mut cluster) = forty();
    sim.fail(Fault::new("services", Effect::Gzip));
    assert_eq!(services(&connect(&cluster).await).await.unwrap().len(), 40);
    assert_eq!(sim.requests()[0].header("accept-encoding"), Some("gzip"));
    cluster.api.limits.streams = false;
    assert_eq!(services(&connect(&cluster).await).await.unwrap().len(), 40);
    assert_eq!((sim.calls("watch", "services"), sim.calls("list", "services")), (1, 1));
}

fn packed(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn a_compressed_answer_that_is_cut_is_no_smaller_list() {
    let list = page(&["a", "b", "c"], "");
    let stream = [added("a"), added("b"), added("c"), end()].concat();
    for (streams, packed) in [(false, packed(list.content())), (true, packed(stream.as_bytes()))] {
        let (cut, whole) = (Arc::new(AtomicUsize::new(0)), packed.clone());
        let at_byte = Arc::clone(&cut);
        let server = ScriptedServer::start(move |_| {
            let part = whole[..at_byte.load(Ordering::Relaxed)].to_vec();
            Reply::new(200).header("content-encoding", "gzip").body(part)
        });
        let mut cluster = impatient(&server);
        cluster.api.limits.streams = streams;
        let view = connect(&cluster).await;
        for end in 0..packed.len() {
            cut.store(end, Ordering::Relaxed);
            // The bookmark ends a stream; what gzip writes behind it is not needed.
            if let Ok(read) = services(&view).await {
                assert!(streams && read.len() == 3, "cut at {end} of {}: {read:?}", packed.len());
            }
        }
        cut.store(packed.len(), Ordering::Relaxed);
        assert_eq!(services(&view).await.unwrap().len(), 3);
    }
}

#[tokio::test]
async fn a_missing_right_to_watch_costs_pages_and_a_missing_right_to_list_is_reported() {
    let server = ScriptedServer::start(|_| {
        status(403, "ingresses.networking.k8s.io is forbidden: User \"me\" cannot do that")
    });
    let view = connect(&streaming(&server)).await;
    let error = names::<Ingress>(&view, "").await.unwrap_err();
    assert!(matches!(*error.kind, ReadErrorKind::Forbidden { verb: "list", .. }), "{error}");
    assert_eq!(server.requests().len(), 2);
    assert!(names::<Service>(&view, "").await.is_err());
    assert_eq!(server.requests().len(), 3, "that it streams nothing to us is known");
}
