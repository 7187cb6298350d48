//! The HTTP client of the SDK, whose requests are measured as those of all others.

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use reqwest::Url;

use crate::requests::{Begun, UNKNOWN};

/// A client that measures what another one does.
#[derive(Debug)]
pub(super) struct Measured(pub(super) SharedHttpClient);

#[derive(Debug)]
struct MeasuredConnector(SharedHttpConnector);

impl HttpClient for Measured {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let connector = self.0.http_connector(settings, components);
        SharedHttpConnector::new(MeasuredConnector(connector))
    }
}

impl HttpConnector for MeasuredConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let url = Url::parse(request.uri()).ok();
        let begun = url.map(|url| Begun::new(request.method(), &url, url.path(), UNKNOWN));
        let answer = self.0.call(request);
        HttpConnectorFuture::new(async move {
            let result = answer.await;
            if let Some(begun) = begun {
                begun.end(result.as_ref().ok().map(|response| response.status().as_u16()));
            }
            result
        })
    }
}
