//! The source `connector`: endpoints from a TCP server, in the encoding of Go (gob). One list is read, and nothing is
//! sent. There is neither TLS nor authentication.

mod endpoints;
mod gob;
mod stream;
#[cfg(test)]
mod tests;

use std::time::Duration;

use async_trait::async_trait;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::common::Common;
use crate::context::Run;
use crate::error::{OptionsError, SourceError};
use crate::merge::merge_endpoints;
use crate::sink::Sink;
use crate::source::{Definition, Source};
pub(crate) use gob::GobError;

/// How long the server may take to answer the call, and then to send its list.
const PATIENCE: Duration = Duration::from_secs(30);

/// The source, which is its flags.
#[derive(clap::Args, Clone, Debug)]
#[group(skip)]
pub(crate) struct Connector {
    /// Where the source connector gets its endpoints.
    #[arg(long, default_value = "localhost:8080", value_name = "HOST:PORT")]
    connector_source_server: String,
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
        let server = || self.connector_source_server.clone();
        let connection = |error| ConnectorError::Connection { server: server(), error };
        let late = |_| connection(std::io::ErrorKind::TimedOut.into());
        let dialled = timeout(PATIENCE, TcpStream::connect(&self.connector_source_server))
            .await
            .map_err(late)?;
        let stream = dialled.map_err(connection)?;
        let read = timeout(PATIENCE, stream::read(stream)).await;
        let read = read.unwrap_or(Err(GobError::Late(PATIENCE.as_secs())));
        read.map_err(|error| ConnectorError::Decode { server: server(), error })
    }
}

#[async_trait]
impl Source for Connector {
    async fn gather(&self, run: Run<'_>, sink: &mut Sink) -> Result<(), SourceError> {
        let list = self.read().await.map_err(SourceError::source)?;
        let mut found = sink.sibling();
        endpoints::put(&list, run.view.id(), &mut found).map_err(|error| {
            let server = self.connector_source_server.clone();
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
    type Flags = Self;

    fn read(flags: &Self, _common: &Common) -> Result<Self, OptionsError> {
        Ok(flags.clone())
    }
}
