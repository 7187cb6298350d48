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
use extdns_model::{Endpoint, KindName, RecordType, Resource, ResourceKind, Targets, Ttl};

use crate::common::Common;
use crate::context::Run;
use crate::error::{OptionsError, SourceError};
use crate::merge::merge_endpoints;
use crate::sink::Sink;
use crate::source::{Definition, Source};
pub(crate) use api::ApiError;
use api::{Api, Domain, Route};
use flags::{Flags, Options};

const KIND: ResourceKind = ResourceKind::new(&KindName::Unlabelled("route"));

/// The time to live of its records, in seconds.
const TTL: i64 = 300;

#[derive(Clone, Debug)]
pub(crate) struct CloudFoundry(Options);

impl CloudFoundry {
    /// All names with a route.
    async fn names(&self) -> Result<Vec<String>, ApiError> {
        let api = Api::log_in(&self.0).await?;
        let mut names = Vec::new();
        // Shared domains are not among them.
        for Domain { metadata, entity: domain } in api.list("/v2/private_domains").await? {
            let routes = format!("/v2/routes?q=domain_guid%3A{}", metadata.guid);
            for Route { entity: route } in api.list(&routes).await? {
                // A route without a host is the domain itself, which can be no alias.
                if !route.host.is_empty() {
                    names.push(format!("{}.{}", route.host, domain.name));
                }
            }
        }
        Ok(names)
    }
}

#[async_trait]
impl Source for CloudFoundry {
    async fn gather(&self, run: Run<'_>, sink: &mut Sink) -> Result<(), SourceError> {
        let names = self.names().await.map_err(SourceError::source)?;
        let (ttl, mut endpoints) = (Ttl::from_seconds(TTL), Vec::new());
        for text in names {
            let name = text.as_str().into();
            let by =
                Arc::new(Resource { cluster: run.view.id(), kind: KIND, namespace: None, name });
            if let Some(name) = sink.name(&text, &by) {
                let targets = Targets::from_iter([self.0.target()]);
                let endpoint = Endpoint::new(name, RecordType::Cname, ttl, targets);
                endpoints.push(endpoint.wanted_by(by));
            }
        }
        sink.endpoints.extend(merge_endpoints(endpoints));
        Ok(())
    }
}

impl Definition for CloudFoundry {
    const NAME: &'static str = "cloudfoundry";
    const KINDS: &'static [&'static str] = &[];
    type Flags = Flags;

    fn read(flags: &Flags, common: &Common) -> Result<Self, OptionsError> {
        Options::read(flags, common.sources.contains(&Self::NAME)).map(Self)
    }
}
