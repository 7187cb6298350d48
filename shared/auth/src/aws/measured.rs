//! The requests of the SDK are measured as those of all others.

use aws_smithy_runtime_api::client::http::{
    HttpConnector as _, HttpConnectorFuture, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use reqwest::Url;

use crate::requests::{Begun, UNKNOWN};

/// Makes a call and measures it.
pub(super) fn measured(
    connector: &SharedHttpConnector,
    request: HttpRequest,
) -> HttpConnectorFuture {
    let url = Url::parse(request.uri()).ok();
    let begun = url.map(|url| Begun::new(request.method(), &url, url.path(), UNKNOWN));
    let answer = connector.call(request);
    HttpConnectorFuture::new(async move {
        let result = answer.await;
        if let Some(begun) = begun {
            begun.end(result.as_ref().ok().map(|response| response.status().as_u16()));
        }
        result
    })
}
