//! The sources `f5-virtualserver` and `f5-transportserver`: the hosts of F5's virtual servers, with the address that the
//! controller has set up for them.
//!
//! ```text
//! VirtualServer, TransportServer  (cis.f5.com/v1)
//! ```
//!
//! A server without an address in its status is not set up, whatever its spec and annotations say: its names wait.

mod object;

use std::convert::Infallible;
use std::marker::PhantomData;

use ecow::EcoString;
use extdns_model::{KindName, ResourceKind};

use crate::annotations::{Annotations, Key, Reads};
use crate::common::Common;
use crate::driver::{ObjectSource, Visit};
use crate::error::OptionsError;
use crate::records::{TargetGroups, Traits};
use crate::source::{Definition, NoFlags};
use crate::templates::{TemplateFault, Templates, Viewed, Views};
use object::{Server, TransportServer, VirtualServer};

#[derive(Clone, Debug)]
pub(crate) struct F5Source<K>(PhantomData<fn() -> K>);

/// How a source of servers of one kind is called.
pub(crate) trait Named: Server {
    const SOURCE: &'static str;
    /// The kind in labels.
    const LABEL: &'static KindName;
    /// The same among those of all sources.
    const LABELS: &'static [&'static str];
}

impl Named for VirtualServer {
    const SOURCE: &'static str = "f5-virtualserver";
    const LABEL: &'static KindName = &KindName::Labelled("f5-virtualserver");
    const LABELS: &'static [&'static str] = &["f5-virtualserver"];
}

impl Named for TransportServer {
    const SOURCE: &'static str = "f5-transportserver";
    const LABEL: &'static KindName = &KindName::Labelled("f5-transportserver");
    const LABELS: &'static [&'static str] = &["f5-transportserver"];
}

/// The first that there is: the annotation, the address that is asked for, the address that was set up. Nothing before the
/// last of them is there.
fn targets(server: &impl Server, annotations: Annotations<'_>) -> TargetGroups {
    let Some(set_up) = server.status().address() else { return TargetGroups::default() };
    let asked = Some(&server.spec().virtual_server_address).filter(|text| !text.is_empty());
    let given: TargetGroups = annotations.targets().collect();
    given.or_else(|| [asked.unwrap_or(set_up)].into_iter().collect())
}

impl<K: Named> ObjectSource for F5Source<K> {
    type Object = Viewed<K>;
    type Waiting = Infallible;
    type Rule = Infallible;
    type Fault = TemplateFault;
    const KIND: ResourceKind = ResourceKind::new(K::LABEL);
    const READS: Reads =
        Reads { keys: &[Key::CONTROLLER, Key::TARGET, Key::TTL], properties: false };

    fn visit(&self, server: Viewed<K>, visit: &mut Visit<'_, Infallible>) {
        let annotations = visit.annotations(server.metadata());
        let hosts = std::iter::once(&server.spec().host).chain(server.aliases());
        let names = visit.all_names(hosts.filter(|host: &&EcoString| !host.is_empty()));
        let targets = targets(&*server, annotations);
        let traits = Traits::only_ttl(annotations, &visit.by);
        let before = visit.sink.endpoints.len();
        visit.settle(names, &targets, &traits);
        let has_record = visit.sink.endpoints.len() > before;
        let by = visit.unlabelled();
        let template = visit.template(server.view_as(visit.kind), K::SOURCE);
        visit.sink.add_templated(has_record, template, &by);
        if visit.sink.endpoints.len() == before {
            tracing::warn!(
                "F5 {} {} is missing a valid IP address, skipping endpoint creation.",
                K::RESOURCE.kind,
                server.metadata().full_name()
            );
        }
    }
}

impl<K: Named> Definition for F5Source<K> {
    const NAME: &'static str = K::SOURCE;
    const KINDS: &'static [&'static str] = K::LABELS;
    type Flags = NoFlags;

    fn read(_flags: &NoFlags, _common: &Common) -> Result<Self, OptionsError> {
        Ok(Self(PhantomData))
    }

    fn views(views: Views, templates: &Templates) -> Views {
        views.for_records::<K>(templates)
    }
}

pub(crate) type VirtualServerSource = F5Source<VirtualServer>;
pub(crate) type TransportServerSource = F5Source<TransportServer>;
