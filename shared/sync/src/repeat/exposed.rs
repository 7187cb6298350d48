//! Metrics and health over HTTP.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};

use crate::report::Metrics;
use crate::rounds::Stop;
use crate::serve::{Answer, Server, Times};

/// How long whoever asks may take.
const TIMES: Times = Times { head: Duration::from_secs(10), idle: Duration::from_secs(60) };
/// The text format of Prometheus.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What serves until the process is told to stop.
type Serving = Box<dyn FnOnce(Stop) -> BoxFuture<'static, ()> + Send>;

/// Opens the address of the metrics.
///
/// # Errors
/// When it cannot be used.
pub(crate) async fn open(address: &str, metrics: Arc<Mutex<Metrics>>) -> io::Result<Serving> {
    let server = Server::bind(address, TIMES).await?;
    tracing::info!("serving metrics and health on {}", server.address()?);
    Ok(Box::new(move |stop| {
        let handler = move |request: hyper::Request<_>| {
            let answer = answer(request.uri().path(), &metrics);
            std::future::ready(answer)
        };
        server.serve(handler, stop).boxed()
    }))
}

/// The answer to any method.
fn answer(path: &str, metrics: &Mutex<Metrics>) -> Answer {
    match path {
        "/healthz" => text(StatusCode::OK, "text/plain; charset=utf-8", "OK".to_owned()),
        "/metrics" => {
            let page = metrics.lock().unwrap_or_else(PoisonError::into_inner).page();
            text(StatusCode::OK, TEXT, page)
        }
        _ => text(
            StatusCode::NOT_FOUND,
            "text/plain; charset=utf-8",
            "404 page not found\n".to_owned(),
        ),
    }
}

fn text(status: StatusCode, content_type: &'static str, body: String) -> Answer {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
