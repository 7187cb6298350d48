//! The source `traefik-proxy`: the hosts in the rules of Traefik's routers, and those of their annotations. The routers have no
//! address: their targets are those of the annotation `target` alone.
//!
//! ```text
//! IngressRoute, IngressRouteTCP, IngressRouteUDP  (traefik.io/v1alpha1, and traefik.containo.us/v1alpha1 on demand)
//! ```

mod flags;
mod object;
mod rule;

use std::convert::Infallible;

use async_trait::async_trait;
use extdns_clusters::ResourceType;
use extdns_model::ResourceKind;

use crate::annotations::Reads;
use crate::common::Common;
use crate::context::Run;
use crate::driver::{ObjectSource, Visit, gather_all};
use crate::error::{OptionsError, SourceError};
use crate::merge::merge_objects;
use crate::needs::{Kind, OWN_OBJECTS, Row};
use crate::records::{TargetGroups, Traits};
use crate::sink::Sink;
use crate::source::{Definition, Source};
use crate::templates::{TemplateFault, Templates, Viewed, Views};
use flags::Flags;
#[cfg(test)]
pub(crate) use flags::NoGroupError;
use object::{LEGACY, Router, RouterKind};
use rule::hosts;

#[derive(Clone, Debug)]
pub(crate) struct TraefikSource(Vec<OneKind>);

/// The routers of one kind in one group.
#[derive(Clone, Debug)]
struct OneKind {
    kind: RouterKind,
    group: &'static str,
}

#[async_trait]
impl ObjectSource for OneKind {
    type Object = Viewed<Router>;
    type Waiting = Infallible;
    type Rule = Infallible;
    type Fault = TemplateFault;
    const KIND: ResourceKind = ResourceKind::new(RouterKind::ALL[0].label);
    const READS: Reads = Reads::USUAL;

    fn row(&self) -> Row {
        let of = Kind::Known(self.kind.of(self.group), &[]);
        let row = match self.kind.has_rules {
            true => Row::list_as::<Viewed<Router>>(of, OWN_OBJECTS),
            false => Row::list_kind(of, OWN_OBJECTS),
        };
        if self.group == LEGACY { row.of_flag("--traefik-enable-legacy") } else { row }
    }

    fn label_kind(&self, _resource: &ResourceType) -> ResourceKind {
        ResourceKind::new(self.kind.label)
    }

    fn visit(&self, router: Viewed<Router>, visit: &mut Visit<'_, Infallible>) {
        let annotations = visit.annotations(&router.metadata);
        let mut names = visit.hostnames(annotations);
        let rules = router.spec.routes.iter().filter(|_| self.kind.has_rules);
        names.extend(visit.all_names(rules.flat_map(|route| hosts(&route.rule))));
        let targets: TargetGroups = annotations.targets().collect();
        let traits = Traits::read(annotations, &visit.by);
        visit.sink.publish(&names, &targets, &traits, &visit.by);
        let has_record = !names.is_empty() && !targets.is_empty();
        let template = visit.template(router.view_as(visit.kind), TraefikSource::NAME);
        visit.sink.add_templated(has_record, template, &visit.unlabelled());
    }
}

#[async_trait]
impl Source for TraefikSource {
    async fn gather(&self, run: Run<'_>, sink: &mut Sink) -> Result<(), SourceError> {
        let mut found = sink.sibling();
        let outcome = gather_all(&self.0, run, &mut found).await;
        // An object can be there in both groups.
        found.endpoints = merge_objects(found.endpoints);
        sink.absorb(found);
        outcome
    }

    fn needs(&self) -> Vec<Row> {
        self.0.iter().map(ObjectSource::row).collect()
    }
}

impl Definition for TraefikSource {
    const NAME: &'static str = "traefik-proxy";
    const KINDS: &'static [&'static str] = &["ingressroute", "ingressroutetcp", "ingressrouteudp"];
    type Flags = Flags;

    fn read(flags: &Flags, common: &Common) -> Result<Self, OptionsError> {
        let kinds = flags.kinds(common, Self::NAME)?;
        Ok(Self(kinds.into_iter().map(|(kind, group)| OneKind { kind, group }).collect()))
    }

    fn deprecation(flags: &Flags) -> Option<&'static str> {
        flags.deprecation()
    }

    fn views(views: Views, templates: &Templates) -> Views {
        views.for_records::<Router>(templates)
    }
}
