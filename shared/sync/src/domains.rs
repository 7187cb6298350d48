//! The names that a cluster may publish: what it wants besides is dropped and reported.

use extdns_model::DomainFilter;
use extdns_sources::{DropReason, Dropped, Sink};

/// Drops what lies outside these domains from what a cluster wants.
pub(crate) fn confine(domains: &DomainFilter, sink: &mut Sink) {
    if domains.is_open() {
        return;
    }
    let outside = sink.endpoints.extract_if(.., |endpoint| !domains.matches(&endpoint.set.name));
    let dropped = outside.map(|endpoint| Dropped {
        resources: endpoint.attribution.resources().to_vec(),
        name: Some(endpoint.set.name.as_str().into()),
        rtype: Some(endpoint.set.rtype),
        reason: DropReason::Source(OUTSIDE.into()),
    });
    sink.dropped.extend(dropped);
    sink.unready.retain(|unready| domains.matches(&unready.name));
    sink.assumed.retain(|assumed| domains.matches(&assumed.name));
}

const OUTSIDE: &str = "its cluster may not publish names outside its domains; add the domain to the cluster's \
                       domains, or change the name";

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use extdns_model::{Endpoint, Name, RecordType, Resource, ResourceKind, Ttl, Unready};

    use super::*;

    #[test]
    fn what_lies_outside_the_domains_of_a_cluster_is_dropped_and_reported() {
        let resource = Arc::new(Resource {
            cluster: Default::default(),
            kind: ResourceKind::SERVICE,
            namespace: Some("shop".into()),
            name: "web".into(),
        });
        let names = ["www.eu.example.org", "eu.example.org", "www.example.org", "eu.example.com"];
        let sink = || {
            let endpoint = |name: &&str| {
                let targets = ["192.0.2.1"].into_iter().collect();
                Endpoint::new(Name::as_listed(name), RecordType::A, Ttl::UNSET, targets)
                    .wanted_by(Arc::clone(&resource))
            };
            let unready = |name: &&str| Unready {
                name: Name::as_listed(name),
                resource: Arc::clone(&resource),
            };
            let mut sink = Sink::default();
            sink.endpoints.extend(names.iter().map(endpoint));
            sink.unready.extend(names.iter().map(unready));
            sink
        };
        let mut confined = sink();
        confine(&DomainFilter::lists(["eu.example.org"], Vec::<&str>::new()), &mut confined);
        let left: Vec<_> = confined.endpoints.iter().map(|it| it.set.name.as_str()).collect();
        assert_eq!(left, names[..2]);
        assert_eq!(confined.unready.len(), 2);
        let told: Vec<String> = confined.dropped.iter().map(ToString::to_string).collect();
        assert_eq!(told.len(), 2);
        assert!(told[0].starts_with("service/shop/web: A record \"www.example.org\""), "{told:?}");
        assert!(told[0].contains("may not publish names outside its domains"), "{told:?}");

        let mut open = sink();
        confine(&DomainFilter::default(), &mut open);
        assert!(open.endpoints.len() == 4 && open.dropped.is_empty());
    }
}
