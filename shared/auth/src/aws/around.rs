//! Clients of the SDK that do something of their own with each call.

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

/// What is done in place of a call: it makes the call itself with the connector that it is given.
pub type Around = fn(&SharedHttpConnector, HttpRequest) -> HttpConnectorFuture;

/// A client whose calls are made by a function, with the connectors of another client.
#[must_use]
pub fn around(client: SharedHttpClient, call: Around) -> SharedHttpClient {
    SharedHttpClient::new(Client { client, call })
}

#[derive(Debug)]
struct Client {
    client: SharedHttpClient,
    call: Around,
}

#[derive(Debug)]
struct Connector {
    connector: SharedHttpConnector,
    call: Around,
}

impl HttpClient for Client {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let connector = self.client.http_connector(settings, components);
        SharedHttpConnector::new(Connector { connector, call: self.call })
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        (self.call)(&self.connector, request)
    }
}
