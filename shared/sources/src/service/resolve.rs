//! Load balancers that have only a host name, published by their addresses.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use ecow::EcoString;
use extdns_model::Resource;
use futures::StreamExt as _;

use crate::error::SourceError;
use crate::records::TargetGroups;
use crate::resolver::{ResolveError, Resolver};
use crate::sink::Sink;

use super::wanted::Wanted;

/// How many host names are looked up at the same time.
const PARALLEL: usize = 16;

/// What became of every host name.
#[derive(Default)]
pub(super) struct Answers(BTreeMap<EcoString, Result<Vec<IpAddr>, Failure>>);

struct Failure {
    /// The first service with the host name.
    of: Arc<Resource>,
    error: ResolveError,
}

/// Looks up the load balancers of services, each host name once.
pub(super) async fn look_up<'a>(
    resolver: &dyn Resolver,
    services: impl Iterator<Item = &'a Wanted>,
) -> Answers {
    let mut hosts: BTreeMap<EcoString, Arc<Resource>> = BTreeMap::new();
    for wanted in services {
        for entry in &wanted.service.status.load_balancer.ingress {
            if !entry.hostname.is_empty() {
                hosts.entry(entry.hostname.clone()).or_insert_with(|| Arc::clone(&wanted.resource));
            }
        }
    }
    let lookups = hosts.into_iter().map(|(host, of)| async move {
        let answer = resolver.lookup(&host).await.map_err(|error| {
            tracing::error!(resource = %of, %host, %error, "cannot look up a load balancer");
            Failure { of, error }
        });
        (host, answer)
    });
    Answers(futures::stream::iter(lookups).buffer_unordered(PARALLEL).collect().await)
}

impl Answers {
    /// Puts the endpoints of a service whose load balancer was looked up into the sink.
    pub(super) fn settle(&self, wanted: &Wanted, sink: &mut Sink) {
        let mut targets = TargetGroups::default();
        for entry in &wanted.service.status.load_balancer.ingress {
            if !entry.ip.is_empty() {
                targets.push(&entry.ip);
            }
            if let Some(Ok(addresses)) = self.0.get(&entry.hostname) {
                addresses.iter().for_each(|address| targets.push(&address.to_string()));
            }
        }
        let internal = wanted.service.spec.cluster_ip().into_iter().collect();
        wanted.settle(&targets, &internal, sink);
    }

    /// The first host name that may have addresses although none came back.
    pub(super) fn failure(self) -> Result<(), SourceError> {
        let mut temporary = self.0.into_iter().filter_map(|(host, answer)| match answer {
            Err(Failure { of, error }) if error != ResolveError::NotFound => {
                Some((host, of, error))
            }
            _ => None,
        });
        let Some((host, resource, source)) = temporary.next() else { return Ok(()) };
        let others = temporary.count();
        Err(SourceError::Resolve { host: host.into(), resource, others, source })
    }
}
