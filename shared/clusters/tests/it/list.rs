//! Lists are whole or an error.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use extdns_clusters::{
    DroppedBy, FilterResult, ListScope, ObjectFilter, Projection, ReadErrorKind, Selector,
};
use extdns_testkit::http::{Reply, ScriptedServer};
use serde_json::json;
use tokio::sync::Notify;

use crate::support::{Ingress, Node, Service, at, connect, names, page, services, status};

const FIRST: &str = "/api/v1/services?limit=500";
const SECOND: &str = "/api/v1/services?limit=500&continue=two";

fn get(target: &str, reply: Reply) -> (&str, &str, Reply) {
    ("GET", target, reply)
}

/// What listing services from such a server says.
async fn failure(server: &ScriptedServer) -> String {
    let view = connect(&at(server)).await;
    let error = services(&view).await.unwrap_err().to_string();
    assert_eq!(view.lists()[0].objects, 0, "a list that failed has no objects");
    error
}

#[tokio::test]
async fn pages_follow_each_other_until_the_last() {
    let server = ScriptedServer::sequence([
        get(FIRST, page(&["b", "a"], "one/two=")),
        get("/api/v1/services?limit=500&continue=one%2Ftwo%3D", page(&["c"], "two")),
        get(SECOND, page(&[], "")),
    ]);
    let view = connect(&at(&server)).await;
    assert_eq!(services(&view).await.unwrap(), ["shop/b", "shop/a", "shop/c"]);
    let [count] = view.lists()[..] else { panic!("{:?}", view.lists()) };
    assert_eq!((count.resource, count.lists, count.objects), (Service::RESOURCE, 1, 3));
    for request in server.requests() {
        assert_eq!(request.header("accept"), Some("application/json"));
        assert_eq!(request.header("authorization"), None);
    }
}

#[tokio::test]
async fn a_page_that_leads_to_itself_is_an_error() {
    let server = ScriptedServer::sequence([
        get(FIRST, page(&["a"], "two")),
        get(SECOND, page(&["a"], "two")),
    ]);
    let error = failure(&server).await;
    assert!(error.contains("its pages lead in a circle (a continue token came back)"), "{error}");
}

#[tokio::test]
async fn what_is_no_namespace_is_not_asked_for() {
    let server = ScriptedServer::sequence([]);
    let view = connect(&at(&server)).await;
    for namespace in ["a/b", "..", "a?b", "ü", "a b"] {
        let error = names::<Service>(&view, namespace).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "read cluster \"lab\": list services in namespace {namespace:?}: that is no namespace; names have at most \
                 63 lower-case letters, digits and \"-\" (--namespace)"
            )
        );
    }
}

#[tokio::test]
async fn a_namespace_narrows_what_lives_in_namespaces() {
    let empty = |kind| Reply::json(200, &json!({ "kind": kind, "apiVersion": "v1", "items": [] }));
    let ingresses =
        json!({ "kind": "IngressList", "apiVersion": "networking.k8s.io/v1", "items": [] });
    let server = ScriptedServer::sequence([
        get("/api/v1/namespaces/shop/services?limit=500", empty("ServiceList")),
        get(
            "/apis/networking.k8s.io/v1/namespaces/shop/ingresses?limit=500",
            Reply::json(200, &ingresses),
        ),
        get("/api/v1/nodes?limit=500", empty("NodeList")),
    ]);
    let view = connect(&at(&server)).await;
    assert!(names::<Service>(&view, "shop").await.unwrap().is_empty());
    assert!(names::<Ingress>(&view, "shop").await.unwrap().is_empty());
    assert!(names::<Node>(&view, "shop").await.unwrap().is_empty());
}

#[tokio::test]
async fn filters_say_what_they_drop_and_hide_nothing() {
    let service = |name: &str, annotations: serde_json::Value| json!({ "metadata": { "name": name, "annotations": annotations } });
    let list = json!({ "kind": "ServiceList", "apiVersion": "v1", "items": [
        service("in", json!({ "dns": "yes" })),
        service("out", json!({})),
        service("other", json!({ "dns": "yes", "x/controller": "theirs" })),
    ] });
    let server = ScriptedServer::start(move |_| Reply::json(200, &list));
    let filter = ObjectFilter {
        annotations: Selector::annotations("dns=yes").unwrap(),
        controller_keys: vec!["x/controller".into()],
        ..ObjectFilter::default()
    };
    let scope = ListScope { namespace: None, filter: &filter };
    let view = connect(&at(&server)).await;
    let seen = view.fold(scope, Vec::new, |seen, service: Service, result| {
        seen.push((service.metadata.name.to_string(), result));
    });
    let expected = [
        ("in", FilterResult::Admitted),
        ("out", FilterResult::Dropped(DroppedBy::Annotations)),
        ("other", FilterResult::Dropped(DroppedBy::Controller)),
    ];
    assert_eq!(seen.await.unwrap(), expected.map(|(name, result)| (name.to_owned(), result)));
    assert_eq!(server.requests()[0].target(), FIRST, "the server filters nothing");
}

#[tokio::test]
async fn an_expired_list_begins_again_without_what_it_had() {
    let server = ScriptedServer::sequence([
        get(FIRST, page(&["a", "b"], "two")),
        get(SECOND, status(410, "The provided continue parameter is too old")),
        get(FIRST, page(&["b", "c"], "two")),
        get(SECOND, page(&["d"], "")),
    ]);
    let view = connect(&at(&server)).await;
    assert_eq!(services(&view).await.unwrap(), ["shop/b", "shop/c", "shop/d"]);
    assert_eq!(view.lists()[0].objects, 3);
}

#[tokio::test]
async fn a_list_that_expires_for_ever_is_an_error() {
    let server = ScriptedServer::start(|request| match request.query.as_deref() {
        Some("limit=500") => page(&["a"], "two"),
        _ => status(410, "The provided continue parameter is too old"),
    });
    assert_eq!(
        failure(&server).await,
        "read cluster \"lab\": list services: the server's snapshot expired 4 times before the list was complete; \
         is the server overloaded?"
    );
    assert_eq!(server.requests().len(), 8, "the list, and three times again");
}

#[tokio::test]
async fn a_busy_server_is_asked_again() {
    let server = ScriptedServer::sequence([
        get(FIRST, status(429, "slow down").header("retry-after", "0")),
        get(FIRST, status(503, "starting")),
        get(FIRST, Reply::hang_up()),
        get(FIRST, page(&["a"], "two")),
        get(SECOND, status(500, "etcd")),
        get(SECOND, page(&["b"], "")),
    ]);
    let view = connect(&at(&server)).await;
    assert_eq!(services(&view).await.unwrap(), ["shop/a", "shop/b"]);
}

#[tokio::test]
async fn the_servers_wait_is_kept_but_not_for_longer_than_a_request_may_take() {
    // An hour is asked for, a tenth of a second is what a request may take.
    let server = ScriptedServer::sequence([
        get(FIRST, status(429, "slow down").header("retry-after", "3600")),
        get(FIRST, page(&["a"], "")),
    ]);
    let mut cluster = at(&server);
    cluster.api.request_timeout = Some(Duration::from_millis(100));
    let view = connect(&cluster).await;
    let start = Instant::now();
    assert_eq!(services(&view).await.unwrap(), ["shop/a"]);
    assert!(start.elapsed() >= Duration::from_millis(100), "our own backoff is 1 ms");
}

#[tokio::test]
async fn a_server_that_stays_busy_is_an_error() {
    let server = ScriptedServer::start(|_| status(429, "slow\ndown"));
    assert_eq!(
        failure(&server).await,
        "read cluster \"lab\": GET /api/v1/services: HTTP 429: slow down"
    );
    assert_eq!(server.requests().len(), 5);
}

#[tokio::test]
async fn an_answer_that_is_cut_is_asked_for_again() {
    let whole = json!({ "kind": "ServiceList", "apiVersion": "v1", "items": [{ "metadata": { "name": "a" } }] });
    let server = ScriptedServer::sequence([
        get(FIRST, Reply::json(200, &whole).cut_at(70)),
        get(FIRST, Reply::json(200, &whole)),
    ]);
    let view = connect(&at(&server)).await;
    assert_eq!(services(&view).await.unwrap(), ["a"]);
}

#[tokio::test]
async fn an_answer_that_is_cut_every_time_is_never_a_short_list() {
    let second = || {
        let whole = json!({ "kind": "ServiceList", "apiVersion": "v1", "items": [{ "metadata": { "name": "b" } }] });
        Reply::json(200, &whole).cut_at(70)
    };
    let server = ScriptedServer::start(move |request| match request.query.as_deref() {
        Some("limit=500") => page(&["a"], "two"),
        _ => second(),
    });
    let error = failure(&server).await;
    assert!(
        error.starts_with(
            "read cluster \"lab\": GET /api/v1/services: the answer was cut off after 70 bytes ("
        ),
        "{error}"
    );
    assert_eq!(server.requests().len(), 8, "the list, and three times again");
}

#[tokio::test]
async fn text_that_ends_early_is_noticed_where_the_connection_does_not_tell() {
    let server = ScriptedServer::start(|_| {
        Reply::new(200).body(r#"{"kind":"ServiceList","apiVersion":"v1","items":[{"#)
    });
    let error = failure(&server).await;
    assert!(error.contains("the answer was cut off after 50 bytes (EOF while parsing"), "{error}");
    assert_eq!(server.requests().len(), 4, "the list, and three times again");
}

#[tokio::test]
async fn a_login_page_is_no_empty_list() {
    let html = || {
        Reply::new(200)
            .header("content-type", "text/html; charset=utf-8")
            .body("<html>Sign in</html>")
    };
    let server = ScriptedServer::start(move |_| html());
    assert_eq!(
        failure(&server).await,
        "read cluster \"lab\": GET /api/v1/services: the answer is not that of a Kubernetes API but HTML or XML (content type \
         text/html; charset=utf-8); is the server URL right, and no proxy or login page in between?"
    );
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn another_kind_is_no_empty_list() {
    let pods = json!({ "kind": "PodList", "apiVersion": "v1", "items": [] });
    let server = ScriptedServer::start(move |_| Reply::json(200, &pods));
    let error = failure(&server).await;
    assert!(
        error.contains(
            "not that of a Kubernetes API but a v1 PodList where a v1 ServiceList was asked for"
        ),
        "{error}"
    );
}

#[tokio::test]
async fn an_object_of_another_form_is_named() {
    let list = json!({ "kind": "ServiceList", "apiVersion": "v1", "items": [
        { "metadata": { "name": "good", "namespace": "shop" } },
        { "metadata": { "name": "bad", "namespace": "shop", "labels": ["x"] } },
    ] });
    let server = ScriptedServer::start(move |_| Reply::json(200, &list));
    let error = failure(&server).await;
    assert!(
        error.starts_with("read cluster \"lab\": decode Service shop/bad: invalid type: sequence"),
        "{error}"
    );
}

#[tokio::test]
async fn a_missing_rule_is_written_out() {
    let server = ScriptedServer::start(|request| {
        let at = request.path.trim_start_matches("/apis/networking.k8s.io/v1/");
        status(403, &format!("ingresses is forbidden: User \"reader\" cannot list resource ({at})"))
    });
    let view = connect(&at(&server)).await;
    let table = [
        (
            "",
            "read cluster \"lab\": list ingresses.networking.k8s.io: forbidden; add {apiGroups: [\"networking.k8s.io\"], \
             resources: [\"ingresses\"], verbs: [\"list\"]} to a ClusterRole that is bound to \"reader\"",
        ),
        (
            "shop",
            "read cluster \"lab\": list ingresses.networking.k8s.io: forbidden; add {apiGroups: [\"networking.k8s.io\"], \
             resources: [\"ingresses\"], verbs: [\"list\"]} to a Role in namespace \"shop\" that is bound to \"reader\"",
        ),
    ];
    for (namespace, expected) in table {
        assert_eq!(names::<Ingress>(&view, namespace).await.unwrap_err().to_string(), expected);
    }
    let error = services(&view).await.unwrap_err();
    assert!(matches!(
        *error.kind,
        ReadErrorKind::Forbidden { verb: "list", group: "", plural: "services", .. }
    ));
}

#[tokio::test]
async fn a_request_has_an_end() {
    let never = Arc::new(Notify::new());
    let held = Arc::clone(&never);
    let server = ScriptedServer::start(move |_| page(&["a"], "").held_until(Arc::clone(&held)));
    let mut cluster = at(&server);
    cluster.api.request_timeout = Some(Duration::from_millis(50));
    let error = services(&connect(&cluster).await).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "read cluster \"lab\": GET /api/v1/services: no complete answer within 50ms; raise \
         --kube-api-request-timeout, or see whether the server is overloaded"
    );
    assert_eq!(server.requests().len(), 1, "the user said how long to wait, and that was it");
}

#[tokio::test]
async fn a_body_that_trickles_counts_against_the_time_limit() {
    let server = ScriptedServer::start(|_| {
        Reply::new(200).chunks(vec!["{"; 1000], Duration::from_millis(20))
    });
    let mut cluster = at(&server);
    cluster.api.request_timeout = Some(Duration::from_millis(100));
    let error = services(&connect(&cluster).await).await.unwrap_err();
    assert!(matches!(*error.kind, ReadErrorKind::Timeout { .. }), "{error}");
}

#[tokio::test]
async fn a_page_that_is_too_large_is_asked_for_in_smaller_ones() {
    let server = ScriptedServer::start(|request| {
        let limit: usize = request.pairs()[0].1.parse().unwrap();
        match request.pairs().get(1) {
            Some(_) => page(&["last"], ""),
            None => page(&vec!["long-name"; limit], "two"),
        }
    });
    let mut cluster = at(&server);
    cluster.api.limits.answer_bytes = 20_000;
    let names = services(&connect(&cluster).await).await.unwrap();
    let targets: Vec<String> = server.requests().iter().map(|request| request.target()).collect();
    assert_eq!(
        targets,
        [
            "/api/v1/services?limit=500",
            "/api/v1/services?limit=250",
            "/api/v1/services?limit=125",
            "/api/v1/services?limit=125&continue=two"
        ]
    );
    assert_eq!(names.len(), 126);
}

#[tokio::test]
async fn an_answer_without_end_is_left() {
    let server =
        ScriptedServer::start(|_| Reply::new(200).body("[".repeat(1 << 16)).endless_body());
    let mut cluster = at(&server);
    cluster.api.limits.answer_bytes = 1 << 20;
    let error = services(&connect(&cluster).await).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "read cluster \"lab\": GET /api/v1/services: the answer is larger than 1048576 \
         bytes, more than one object may have; is the server URL right?"
    );
}

#[tokio::test]
async fn requests_keep_to_the_rate() {
    let pages = AtomicUsize::new(0);
    let server = ScriptedServer::start(move |_| match pages.fetch_add(1, Ordering::Relaxed) {
        3 => page(&["d"], ""),
        earlier => page(&["a"], &earlier.to_string()),
    });
    let mut cluster = at(&server);
    cluster.api.qps = NonZeroU32::new(20).unwrap();
    cluster.api.burst = NonZeroU32::new(2).unwrap();
    let view = connect(&cluster).await;
    let start = Instant::now();
    services(&view).await.unwrap();
    // Two at once, then one every 50 ms.
    assert!(start.elapsed() >= Duration::from_millis(99), "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_shared_list_is_read_once_and_only_when_asked_for() {
    let list = json!({ "kind": "NodeList", "apiVersion": "v1", "items": [{ "metadata": { "name": "n1" } }] });
    let server = ScriptedServer::start(move |_| Reply::json(200, &list));
    let view = connect(&at(&server)).await;
    assert!(view.lists().is_empty() && server.requests().is_empty());
    let clone = view.clone();
    let (first, second) =
        tokio::join!(view.shared::<Node>(None), clone.shared::<Node>(Some("shop")));
    let (first, second) = (first.unwrap(), second.unwrap());
    assert!(Arc::ptr_eq(&first, &second), "nodes live outside namespaces");
    assert_eq!(first[0].metadata.name, "n1");
    assert_eq!((server.requests().len(), view.lists()[0].lists), (1, 1));
}

#[tokio::test]
async fn a_shared_list_that_failed_is_tried_again() {
    let list = json!({ "kind": "NodeList", "apiVersion": "v1", "items": [] });
    let server = ScriptedServer::sequence([
        get("/api/v1/nodes?limit=500", status(403, "no")),
        get("/api/v1/nodes?limit=500", Reply::json(200, &list)),
    ]);
    let view = connect(&at(&server)).await;
    assert!(view.shared::<Node>(None).await.is_err());
    assert!(view.shared::<Node>(None).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named() {
    let mut cluster = {
        let server = ScriptedServer::start(|_| Reply::new(500));
        at(&server)
    };
    cluster.api.limits.attempts = 2;
    let error = services(&connect(&cluster).await).await.unwrap_err().to_string();
    assert!(
        error.starts_with(
            "read cluster \"lab\": GET /api/v1/services: client error (Connect): tcp connect error"
        ),
        "{error}"
    );
    assert!(error.contains("Connection refused"), "{error}");
}

#[test]
fn a_long_list_costs_less_memory_than_one_page() {
    const PAGES: usize = 8;
    // A page is several times what a connection reads ahead (400 KiB).
    let note = "x".repeat(16_000);
    let items: Vec<serde_json::Value> = (0..500)
        .map(|number| json!({ "metadata": { "name": format!("service-{number}"), "annotations": { "note": note } } }))
        .collect();
    let body = |next: &str| {
        let metadata = json!({ "continue": next });
        json!({ "kind": "ServiceList", "apiVersion": "v1", "metadata": metadata, "items": items })
            .to_string()
    };
    let bodies: Vec<String> = (1..=PAGES)
        .map(|number| if number == PAGES { body("") } else { body(&number.to_string()) })
        .collect();
    let size = bodies[0].len() as u64;
    let asked = AtomicUsize::new(0);
    let server = ScriptedServer::start(move |_| {
        Reply::new(200).body(bodies[asked.fetch_add(1, Ordering::Relaxed)].clone())
    });
    let cluster = at(&server);
    // The server has a thread of its own, so what is counted is ours.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let view = runtime.block_on(connect(&cluster));
    let filter = ObjectFilter::default();
    let mut seen = 0;
    let used = allocation_counter::measure(|| {
        let scope = ListScope { namespace: None, filter: &filter };
        let count = |seen: &mut usize, _: Service, _| *seen += 1;
        seen = runtime.block_on(view.fold(scope, || 0, count)).unwrap();
    });
    assert_eq!(seen, 500 * PAGES);
    // Not even one page: the next object, and what the connection has read ahead.
    assert!(used.bytes_max < size / 2, "{size}: {used:?}");
}
