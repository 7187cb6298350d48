//! An answer that does not say that it is complete is not complete; and one that does not come is not waited for without
//! end.

use std::sync::Arc;
use std::time::Duration;

use extdns_clusters::{Access, ClusterView, Projection, ReadErrorKind, Right};
use extdns_testkit::http::{Reply, ScriptedServer};
use extdns_testkit::kube::Login;
use extdns_testkit::kube_sim::{Effect, Fault, KubeSim};
use serde_json::json;
use tokio::sync::Notify;

use crate::support::{Service, at, cluster, connect, in_pages_of, names, services, status};

/// A simulator with five services, and a cluster that reads it in pages of two.
fn five() -> (KubeSim, extdns_clusters::Cluster) {
    let sim = KubeSim::builder().start();
    for name in ["a", "b", "c", "d", "e"] {
        let metadata = json!({ "name": name, "namespace": "shop" });
        sim.apply(json!({ "apiVersion": "v1", "kind": "Service", "metadata": metadata }));
    }
    let path = sim.write_kubeconfig(&sim.kubeconfig(Login::Custom(&json!({}))));
    (sim, in_pages_of(2, cluster(Access::kubeconfig(path))))
}

/// What is said of a list with a fault, which has no objects then.
async fn failure(fault: Fault) -> String {
    let (sim, cluster) = five();
    sim.fail(fault);
    let view = connect(&cluster).await;
    let read = services(&view).await;
    assert_eq!(view.lists()[0].objects, 0, "{read:?}");
    read.expect_err("the list is not complete").to_string()
}

#[tokio::test]
async fn a_list_that_does_not_say_that_it_is_complete_is_an_error() {
    const FOLLOW: &str = "the answer is not complete: it says that 3 more objects follow \
                          (remainingItemCount), but not where (continue); is a proxy or a cache";
    let table = [
        (
            Effect::Under(206),
            "the answer is not complete: HTTP 206 Partial Content in place of 200",
        ),
        (Effect::Under(203), "HTTP 203 Non Authoritative Information in place of 200; is a proxy"),
        (Effect::Under(204), "the answer is not complete: HTTP 204 No Content in place of 200"),
        (Effect::Remaining(3), FOLLOW),
        (Effect::Nameless, " has no name (metadata.name); is a proxy or a cache in between?"),
        (Effect::Doubled, "duplicate field `metadata`"),
    ];
    for (effect, expected) in table {
        for page in 1..=3 {
            let error = failure(Fault::new("services", effect.clone()).page(page)).await;
            assert!(error.contains(expected), "{effect:?}, page {page}: {error}");
            assert!(error.starts_with("read cluster \"lab\": "), "{error}");
        }
    }
}

#[tokio::test]
async fn pages_that_go_in_a_circle_end() {
    for page in 1..=3 {
        let error = failure(Fault::new("services", Effect::Circle).page(page)).await;
        assert!(
            error.contains("its pages lead in a circle (a continue token came back)"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn empty_pages_without_end_are_an_error_and_a_few_are_none() {
    let (sim, cluster) = five();
    sim.fail(Fault::new("services", Effect::EmptyPage));
    let error = services(&connect(&cluster).await).await.unwrap_err().to_string();
    assert!(
        error.contains("8 pages in a row hold no object, and each names a next one"),
        "{error}"
    );
    assert_eq!(sim.calls("list", "services"), 8);

    let (sim, cluster) = five();
    sim.fail(Fault::new("services", Effect::EmptyPage).times(3));
    assert_eq!(services(&connect(&cluster).await).await.unwrap().len(), 5);
}

#[tokio::test]
async fn a_part_of_another_document_is_no_document() {
    let (sim, cluster) = five();
    for path in ["/api", "/apis", "/version"] {
        sim.fail(Fault::new(path, Effect::Under(206)).verb("get"));
    }
    let view = connect(&cluster).await;
    let part = "the answer is not complete: HTTP 206 Partial Content in place of 200";
    for error in [
        view.has(&Service::RESOURCE).await.unwrap_err(),
        view.find_kind("a.org", "v1", "Thing").await.unwrap_err(),
        view.date().await.unwrap_err(),
    ] {
        assert!(error.to_string().contains(part), "{error}");
    }
    let reviews = "selfsubjectaccessreviews";
    sim.fail(Fault::new(reviews, Effect::Under(206)).verb("create").times(1));
    let right = Right::list(Service::RESOURCE, None);
    let error = view.may(&right).await.unwrap_err().to_string();
    assert!(error.contains(part), "{error}");
    assert!(view.may(&right).await.unwrap());
}

/// What a server of one answer says to the questions of `doctor`.
async fn examined(reply: impl Fn() -> Reply + Send + Sync + 'static) -> [Result<(), String>; 3] {
    let server = ScriptedServer::start(move |_| reply());
    let mut cluster = at(&server);
    cluster.api.limits.attempts = 1;
    let view = connect(&cluster).await;
    let right = Right::list(Service::RESOURCE, None);
    let text = |error: extdns_clusters::ReadError| error.to_string();
    [
        view.date().await.map(|_| ()).map_err(text),
        view.may(&right).await.map(|_| ()).map_err(text),
        view.try_list(&right).await.map_err(text),
    ]
}

#[tokio::test]
async fn what_is_no_api_server_answers_no_question() {
    let html = |code: u16| {
        move || Reply::new(code).header("content-type", "text/html").body("<html>Sign in</html>")
    };
    for code in [200, 403, 404, 500] {
        for answer in examined(html(code)).await {
            assert!(answer.is_err(), "{code}: {answer:?}");
        }
    }
    let other = || Reply::json(200, &json!({ "kind": "PodList", "status": { "allowed": true } }));
    for answer in examined(other).await {
        let error = answer.unwrap_err();
        assert!(error.contains("the answer is not that of a Kubernetes API but "), "{error}");
    }
    // A server that keeps its version to itself is one all the same; whether it lists is seen by asking for a list.
    let [date, may, list] =
        examined(|| status(403, "services is forbidden: User \"me\" cannot")).await;
    assert_eq!(date, Ok(()));
    assert!(may.unwrap_err().contains("HTTP 403"));
    assert!(list.unwrap_err().contains("list services: forbidden; add "));
}

#[tokio::test]
async fn whether_a_namespace_exists_is_known_or_not_and_never_an_error() {
    let (sim, cluster) = five();
    let view = connect(&cluster).await;
    assert_eq!(view.has_namespace("shop").await, Some(true));
    assert_eq!(view.has_namespace("shpo").await, Some(false));
    let html = Effect::Foreign { status: 404, content_type: "text/html", body: "<html></html>" };
    for effect in [Effect::Forbidden, Effect::Unauthorized, Effect::Status(500), html] {
        sim.heal();
        sim.fail(Fault::new("namespaces", effect.clone()).verb("get"));
        assert_eq!(view.has_namespace("shpo").await, None, "{effect:?}");
    }
}

/// The error of a list at a server that goes silent.
async fn silence(effect: Effect, timeout: Option<Duration>) -> ReadErrorKind {
    let (sim, mut cluster) = five();
    sim.fail(Fault::new("services", effect));
    cluster.api.request_timeout = timeout;
    cluster.api.limits.silence = Duration::from_millis(50);
    *services(&connect(&cluster).await).await.unwrap_err().kind
}

#[tokio::test]
async fn a_server_that_goes_silent_is_left_without_a_request_timeout_too() {
    let held = || Effect::Held(Arc::new(Notify::new()));
    for effect in [Effect::Stall(40), held()] {
        let error = silence(effect, None).await;
        assert!(matches!(error, ReadErrorKind::Silent { .. }), "{error}");
        assert_eq!(
            error.to_string(),
            "GET /api/v1/services: the server sent nothing for 50ms; see whether it, or a proxy in between, is \
             overloaded or hangs"
        );
    }
    for effect in [Effect::Stall(40), held()] {
        let error = silence(effect, Some(Duration::from_millis(60))).await;
        assert!(matches!(error, ReadErrorKind::Timeout { .. }), "{error}");
    }
    // What comes slowly comes.
    let slow = Effect::Slow { pieces: 4, pause: Duration::from_millis(5) };
    let (sim, mut cluster) = five();
    sim.fail(Fault::new("services", slow));
    cluster.api.request_timeout = None;
    cluster.api.limits.silence = Duration::from_secs(5);
    assert_eq!(names::<Service>(&connect(&cluster).await, "shop").await.unwrap().len(), 5);
}

#[tokio::test]
async fn what_a_server_echoes_is_shown_without_the_credential() {
    const SECRET: &str = "s3cr3t-that-is-echoed";
    let sim = KubeSim::builder().start();
    let login = json!({ "token": SECRET });
    let path = sim.write_kubeconfig(&sim.kubeconfig(Login::Custom(&login)));
    let mut cluster = cluster(Access::kubeconfig(path));
    cluster.api.limits.attempts = 1;
    let view: ClusterView = connect(&cluster).await;
    let right = Right::list(Service::RESOURCE, None);
    for code in [200, 206, 400, 401, 403, 404, 409, 410, 500] {
        sim.heal();
        for (resource, verb) in [
            ("services", "list"),
            ("selfsubjectaccessreviews", "create"),
            ("/version", "get"),
            ("/api", "get"),
        ] {
            sim.fail(Fault::new(resource, Effect::Echo(code)).verb(verb));
        }
        let text = |error: extdns_clusters::ReadError| format!("{error} {error:?}");
        let said = [
            services(&view).await.map(|_| ()).map_err(text),
            view.may(&right).await.map(|_| ()).map_err(text),
            view.try_list(&right).await.map_err(text),
            view.date().await.map(|_| ()).map_err(text),
            view.has(&Service::RESOURCE).await.map(|_| ()).map_err(text),
        ];
        for answer in said {
            let text = format!("{answer:?}");
            assert!(!text.contains(SECRET) && !text.contains("s3cr3t"), "{code}: {text}");
        }
    }
}
