//! What the real API server answers, on a way that cuts it or slows it down: whole or an error, as a stream and
//! in pages.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use extdns_clusters::{Cluster, Limits};
use extdns_testkit::http::{Reply, ScriptedServer};
use extdns_testkit::kube::{ADMIN, KubeApi};
use http::Request;
use http_body_util::BodyExt as _;
use kube::client::Body;
use kube::config::{Config, KubeConfigOptions, Kubeconfig};
use serde_json::json;

use crate::support::{Service, at, connect, names};

const NAMESPACE: &str = "shop";
const LIST: &str = "/api/v1/namespaces/shop/services?limit=500";
/// It ends by itself, so that it can be recorded.
const STREAM: &str = "/api/v1/namespaces/shop/services?watch=true&sendInitialEvents=true&\
                      resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&timeoutSeconds=1";
/// Cuts before the end of an answer, and bytes there, where each is a cut.
const CUTS: usize = 20;
const END: usize = 30;

/// An answer as it came over the wire.
#[derive(Clone)]
struct Answer {
    status: u16,
    encoding: Option<String>,
    body: Vec<u8>,
}

impl Answer {
    fn reply(&self, body: &[u8]) -> Reply {
        let reply = Reply::new(self.status).header("content-type", "application/json");
        match &self.encoding {
            Some(encoding) => reply.header("content-encoding", encoding),
            None => reply,
        }
        .body(body.to_vec())
    }

    /// Where it is cut.
    fn cuts(&self) -> impl Iterator<Item = usize> + use<> {
        let length = self.body.len();
        (0..length - END).step_by(length / CUTS).chain(length - END..length)
    }
}

/// A stream and a list of forty services, which are together so large that the server compresses the list.
async fn recorded_or_skip(test: &str) -> Option<[Answer; 2]> {
    let api = KubeApi::start_or_skip(test).await?;
    let namespace = json!({ "name": NAMESPACE });
    api.apply(json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": namespace })).await;
    for number in 0..40 {
        let name = format!("web-{number:02}");
        let annotations = json!({ "note": name.repeat(700) });
        let metadata = json!({ "name": name, "namespace": NAMESPACE, "annotations": annotations });
        let spec = json!({ "type": "ExternalName", "externalName": "example.org" });
        api.apply(
            json!({ "apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec }),
        )
        .await;
    }
    let kubeconfig: Kubeconfig = serde_json::from_value(api.kubeconfig(ADMIN)).unwrap();
    let options = KubeConfigOptions::default();
    let mut config = Config::from_custom_kubeconfig(kubeconfig, &options).await.unwrap();
    config.disable_compression = true;
    let client = kube::Client::try_from(config).unwrap();
    Some([record(&client, STREAM).await, record(&client, LIST).await])
}

async fn record(client: &kube::Client, target: &str) -> Answer {
    let request = Request::get(target).header("accept-encoding", "gzip");
    let response = client.send(request.body(Body::empty()).unwrap()).await.unwrap();
    let (head, body) = response.into_parts();
    let encoding = head.headers.get("content-encoding");
    Answer {
        status: head.status.as_u16(),
        encoding: encoding.map(|value| value.to_str().unwrap().to_owned()),
        body: body.collect().await.unwrap().to_bytes().to_vec(),
    }
}

/// A server whose answers change from time to time, and a cluster at it.
struct Way {
    answers: Arc<Mutex<Box<dyn FnMut() -> Reply + Send>>>,
    server: ScriptedServer,
}

impl Way {
    fn start() -> Self {
        let answers: Arc<Mutex<Box<dyn FnMut() -> Reply + Send>>> =
            Arc::new(Mutex::new(Box::new(|| Reply::new(500))));
        let own = Arc::clone(&answers);
        let server = ScriptedServer::start(move |_| (own.lock().unwrap())());
        Self { answers, server }
    }

    fn answers(&self, next: impl FnMut() -> Reply + Send + 'static) {
        *self.answers.lock().unwrap() = Box::new(next);
    }

    /// Nothing is tried twice.
    fn cluster(&self, streams: bool) -> Cluster {
        let mut cluster = at(&self.server);
        let limits = cluster.api.limits;
        cluster.api.limits = Limits { streams, attempts: 1, restarts: 0, ..limits };
        cluster
    }
}

async fn count(cluster: &Cluster) -> Result<usize, String> {
    let read = names::<Service>(&connect(cluster).await, NAMESPACE).await;
    read.map(|names| names.len()).map_err(|error| error.to_string())
}

#[tokio::test]
async fn what_the_real_server_answers_is_whole_or_an_error() {
    let test = "what_the_real_server_answers_is_whole_or_an_error";
    let Some([stream, list]) = recorded_or_skip(test).await else { return };
    assert_eq!(list.encoding.as_deref(), Some("gzip"), "a large list is compressed");
    let way = Way::start();
    for (streams, answer) in [(true, &stream), (false, &list)] {
        assert_eq!(answer.status, 200);
        let cluster = way.cluster(streams);
        let whole = answer.clone();
        way.answers(move || whole.reply(&whole.body));
        assert_eq!(count(&cluster).await, Ok(40));
        for cut in answer.cuts() {
            for breaks in [true, false] {
                let whole = answer.clone();
                way.answers(move || {
                    if breaks {
                        whole.reply(&whole.body).cut_at(cut)
                    } else {
                        whole.reply(&whole.body[..cut])
                    }
                });
                let read = count(&cluster).await;
                assert!(read.is_err(), "streams: {streams}, cut at {cut}: {read:?}");
            }
        }
        // In pieces that together take longer than the time limit of a stream: an object shows that it moves.
        let mut cluster = way.cluster(streams);
        cluster.api.request_timeout =
            Some(Duration::from_millis(if streams { 400 } else { 10_000 }));
        let whole = answer.clone();
        way.answers(move || {
            let pieces: Vec<Vec<u8>> =
                whole.body.chunks(whole.body.len() / 15).map(<[u8]>::to_vec).collect();
            whole.reply(&[]).chunks(pieces, Duration::from_millis(40))
        });
        assert_eq!(count(&cluster).await, Ok(40), "slowly, streams: {streams}");
    }
}
