//! The source `cloudfoundry`: the routes of Cloud Foundry under its private domains, each an alias of the API's host.
//! ExternalDNS up to v0.13 had it.
//!
//! ```text
//! GET <api>/v2/info --> POST <token endpoint>/oauth/token --> GET <api>/v2/private_domains --> GET <api>/v2/routes
//! ```
//!
//! The API is the v2 of the Cloud Controller (<https://v2-apidocs.cloudfoundry.org/>). No cluster is read, and no filter or
//! template counts. A list that cannot be read in full is an error, since its routes would be deleted otherwise.

mod api;
mod flags;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use async_trait::async_trait;
use ecow::eco_format;
use extdns_clusters::ClusterView;
use extdns_model::{Endpoint, KindName, RecordType, Resource, ResourceKind, Targets, Ttl};

use crate::common::Common;
use crate::context::Context;
use crate::error::{OptionsError, SourceError};
use crate::merge::merge_endpoints;
use crate::needs::Row;
use crate::sink::Sink;
use crate::source::{Definition, Source};
pub(crate) use api::ApiError;
use api::{Api, Login};
#[cfg(test)]
pub(crate) use flags::CloudFoundryFlagError;
use flags::{Flags, Options};

const KIND: ResourceKind = ResourceKind::new(&KindName::Unlabelled("route"));

/// The time to live of its records, in seconds.
const TTL: i64 = 300;

pub(crate) struct CloudFoundry(Options);

impl CloudFoundry {
    /// All names with a route.
    async fn names(&self) -> Result<Vec<String>, ApiError> {
        let Options { endpoint, username, password, .. } = &self.0;
        let login = Login { username, password };
        let api = Api::log_in(endpoint, login).await?;
        let mut names = Vec::new();
        for domain in api.private_domains().await? {
            let hosts = api.hosts(&domain).await?;
            // A route without a host is the domain itself, which can be no alias.
            let hosts = hosts.iter().filter(|host| !host.is_empty());
            names.extend(hosts.map(|host| format!("{host}.{}", domain.name)));
        }
        Ok(names)
    }
}

#[async_trait]
impl Source for CloudFoundry {
    async fn gather(&self, view: &ClusterView, sink: &mut Sink) -> Result<(), SourceError> {
        let names = self.names().await.map_err(SourceError::source)?;
        let mut found = sink.sibling();
        let ttl = Ttl::from_seconds(TTL);
        for text in names {
            let name = eco_format!("{text}");
            let by = Arc::new(Resource { cluster: view.id(), kind: KIND, namespace: None, name });
            if let Some(name) = found.name(&text, &by) {
                let targets = Targets::from_iter([self.0.target()]);
                let endpoint = Endpoint::new(name, RecordType::Cname, ttl, targets);
                found.endpoints.push(endpoint.wanted_by(by));
            }
        }
        found.endpoints = merge_endpoints(found.endpoints);
        sink.absorb(found);
        Ok(())
    }
}

impl Definition for CloudFoundry {
    const NAME: &'static str = "cloudfoundry";
    const KINDS: &'static [&'static str] = &[];
    type Flags = Flags;
    type Options = Options;

    fn options(flags: &Flags, common: &Common) -> Result<Options, OptionsError> {
        Options::read(flags, common.sources.contains(&Self::NAME))
    }

    fn needs(_options: &Options) -> Vec<Row> {
        Vec::new()
    }

    fn new(options: Options, _context: Arc<Context>) -> Self {
        Self(options)
    }
}
