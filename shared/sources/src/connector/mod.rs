//! The source `connector`: endpoints from a TCP server, in the encoding of Go (gob). One list is read, and nothing is
//! sent. There is neither TLS nor authentication.

mod endpoints;
mod gob;
mod stream;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use extdns_clusters::ClusterView;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::common::Common;
use crate::context::Context;
use crate::error::{OptionsError, SourceError};
use crate::merge::merge_endpoints;
use crate::needs::Row;
use crate::sink::Sink;
use crate::source::{Definition, Source};
pub(crate) use gob::GobError;

/// How long the server may take to answer the call, and then to send its list.
const PATIENCE: Duration = Duration::from_secs(30);

/// The flags of the source `connector`.
#[derive(clap::Args, Clone, Debug)]
#[group(skip)]
pub(crate) struct Flags {
    /// Where the source connector gets its endpoints.
    #[arg(long, default_value = "localhost:8080", value_name = "HOST:PORT")]
    connector_source_server: String,
}

pub(crate) struct Connector {
    server: String,
}

/// Why a server gave no list of endpoints.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectorError {
    /// It cannot be reached.
    #[error("connect to {server} (--connector-source-server): {error}")]
    Connection {
        /// The server.
        server: String,
        /// Why not.
        error: std::io::Error,
    },
    /// It says something else.
    #[error("decode what {server} (--connector-source-server) sends: {error}")]
    Decode {
        /// The server.
        server: String,
        /// What is wrong.
        error: GobError,
    },
}

impl Connector {
    async fn read(&self) -> Result<gob::Value, ConnectorError> {
        let server = || self.server.clone();
        let connection = |error| ConnectorError::Connection { server: server(), error };
        let late = |_| connection(std::io::ErrorKind::TimedOut.into());
        let dialled = timeout(PATIENCE, TcpStream::connect(&self.server)).await.map_err(late)?;
        let stream = dialled.map_err(connection)?;
        let read = timeout(PATIENCE, stream::read(stream)).await;
        let read = read.unwrap_or(Err(GobError::Late(PATIENCE.as_secs())));
        read.map_err(|error| ConnectorError::Decode { server: server(), error })
    }
}

#[async_trait]
impl Source for Connector {
    async fn gather(&self, view: &ClusterView, sink: &mut Sink) -> Result<(), SourceError> {
        let list = self.read().await.map_err(SourceError::source)?;
        let mut found = sink.sibling();
        endpoints::put(&list, view.id(), &mut found).map_err(|error| {
            let server = self.server.clone();
            SourceError::source(ConnectorError::Decode { server, error })
        })?;
        found.endpoints = merge_endpoints(found.endpoints);
        sink.absorb(found);
        Ok(())
    }
}

impl Definition for Connector {
    const NAME: &'static str = "connector";
    const KINDS: &'static [&'static str] = &[];
    type Flags = Flags;
    type Options = String;

    fn options(flags: &Flags, _common: &Common) -> Result<String, OptionsError> {
        Ok(flags.connector_source_server.clone())
    }

    fn needs(_server: &String) -> Vec<Row> {
        Vec::new()
    }

    fn new(server: String, _context: Arc<Context>) -> Self {
        Self { server }
    }
}
