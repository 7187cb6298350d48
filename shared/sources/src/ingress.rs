//! The source `ingress`: names of rules, TLS hosts and annotations of `networking.k8s.io/v1`
//! Ingresses, with the addresses of their load balancers.

use std::sync::Arc;

use async_trait::async_trait;
use ecow::EcoString;
use extdns_clusters::{ClusterView, Metadata, Projection, ResourceType, Verdict, nullable};
use extdns_model::{ClusterId, Name, Resource, ResourceKind};
use serde::Deserialize;

use crate::annotations::{Annotations, Key};
use crate::error::SourceError;
use crate::merge;
use crate::objects::{LoadBalancerStatus, projection};
use crate::records::{TargetGroups, Traits};
use crate::source::{Context, Sink, Source, resource};
use crate::trace::HiddenBy;

/// Says the class of an ingress that has no `ingressClassName`.
pub(crate) const CLASS_ANNOTATION: &str = "kubernetes.io/ingress.class";

/// What is read of an Ingress.
#[derive(Debug, Deserialize)]
struct Ingress {
    #[serde(default)]
    metadata: Metadata,
    #[serde(default, deserialize_with = "nullable")]
    spec: Spec,
    #[serde(default, deserialize_with = "nullable")]
    status: LoadBalancerStatus,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Spec {
    #[serde(deserialize_with = "nullable")]
    ingress_class_name: EcoString,
    #[serde(deserialize_with = "nullable")]
    rules: Vec<Rule>,
    #[serde(deserialize_with = "nullable")]
    tls: Vec<Tls>,
}

#[derive(Debug, Deserialize)]
struct Rule {
    #[serde(default, deserialize_with = "nullable")]
    host: EcoString,
}

#[derive(Debug, Deserialize)]
struct Tls {
    #[serde(default, deserialize_with = "nullable")]
    hosts: Vec<EcoString>,
}

projection!(Ingress: "networking.k8s.io", "ingresses", true);

/// What the source lists.
pub(crate) const INGRESSES: ResourceType = <Ingress as Projection>::RESOURCE;

/// Which of its names an ingress publishes (`ingress-hostname-source`).
#[derive(Clone, Copy, PartialEq, Eq)]
enum HostnameSource {
    All,
    Defined,
    Annotated,
    /// A value that is none of the above.
    Nothing,
}

impl HostnameSource {
    fn of(annotations: Annotations<'_>) -> Self {
        match annotations.get(Key::IngressHostnameSource) {
            None => Self::All,
            Some(value) if value.eq_ignore_ascii_case("defined-hosts-only") => Self::Defined,
            Some(value) if value.eq_ignore_ascii_case("annotation-only") => Self::Annotated,
            Some(_) => Self::Nothing,
        }
    }
}

pub(crate) struct IngressSource(Arc<Context>);

impl IngressSource {
    pub(crate) fn new(context: &Arc<Context>) -> Self {
        Self(Arc::clone(context))
    }

    fn visit(&self, sink: &mut Sink, cluster: ClusterId, ingress: &Ingress, verdict: Verdict) {
        let resource = || resource(cluster, ResourceKind::Ingress, &ingress.metadata);
        let hidden = HiddenBy::verdict(verdict).or_else(|| self.class_objects(ingress));
        if !sink.admits(hidden, resource) {
            return;
        }
        let annotations = self.0.vocabulary.read(&ingress.metadata.annotations);
        sink.outdated_annotations += annotations.outdated();
        let by = resource();
        let names = self.names(sink, ingress, annotations, &by);
        if names.is_empty() {
            return;
        }
        let targets = targets(ingress, annotations);
        if targets.is_empty() {
            return sink.unready(names, &by);
        }
        let traits = Traits::read(annotations, &by);
        for name in &names {
            sink.endpoints.extend(targets.endpoints(name, &traits, &by));
        }
    }

    /// The class filter: `ingressClassName` decides alone where it is set.
    fn class_objects(&self, ingress: &Ingress) -> Option<HiddenBy> {
        let wanted = &self.0.options.ingress_classes;
        if wanted.is_empty() {
            return None;
        }
        let class = match ingress.spec.ingress_class_name.as_str() {
            "" => ingress.metadata.annotations.get(CLASS_ANNOTATION),
            class => Some(class),
        };
        let is_wanted = class.is_some_and(|class| wanted.iter().any(|wanted| wanted == class));
        (!is_wanted).then(|| HiddenBy::Class { class: class.map(EcoString::from) })
    }

    fn names(
        &self,
        sink: &mut Sink,
        ingress: &Ingress,
        annotations: Annotations<'_>,
        by: &Arc<Resource>,
    ) -> Vec<Name> {
        let mut names = Vec::new();
        let source = HostnameSource::of(annotations);
        if sink.is_tracing() {
            self.note_unread(sink, ingress, annotations, by);
        }
        if matches!(source, HostnameSource::All | HostnameSource::Defined) {
            let hosts = self.defined(&ingress.spec);
            names.extend(hosts.filter_map(|host| sink.name(host, by)));
        }
        if matches!(source, HostnameSource::All | HostnameSource::Annotated) {
            names.extend(sink.names(annotations, Key::Hostname, by));
        }
        names
    }

    /// Notes the names of the places that are not read.
    fn note_unread(
        &self,
        sink: &mut Sink,
        ingress: &Ingress,
        annotations: Annotations<'_>,
        by: &Arc<Resource>,
    ) {
        let (options, source) = (&self.0.options, HostnameSource::of(annotations));
        let unread = |place, ignored: Option<HiddenBy>| match source {
            HostnameSource::All => ignored,
            source if source == place => ignored,
            _ => Some(HiddenBy::HostnameSource),
        };
        let rules = options.ignore_ingress_rules.then_some(HiddenBy::IgnoredRules);
        if let Some(hidden) = unread(HostnameSource::Defined, rules) {
            let hosts = ingress.spec.rules.iter().map(|rule| &rule.host);
            hosts.for_each(|host| sink.note(host, by, Some(hidden.clone())));
        }
        let tls = options.ignore_ingress_tls.then_some(HiddenBy::IgnoredTls);
        if let Some(hidden) = unread(HostnameSource::Defined, tls) {
            let hosts = ingress.spec.tls.iter().flat_map(|tls| &tls.hosts);
            hosts.for_each(|host| sink.note(host, by, Some(hidden.clone())));
        }
        if let Some(hidden) = unread(HostnameSource::Annotated, None) {
            let hosts = annotations.list(Key::Hostname);
            hosts.for_each(|host| sink.note(&host, by, Some(hidden.clone())));
        }
    }

    /// The hosts of the rules, then those of the TLS section.
    fn defined<'a>(&self, spec: &'a Spec) -> impl Iterator<Item = &'a EcoString> {
        let options = &self.0.options;
        let rules: &[Rule] = if options.ignore_ingress_rules { &[] } else { &spec.rules };
        let tls: &[Tls] = if options.ignore_ingress_tls { &[] } else { &spec.tls };
        let hosts =
            rules.iter().map(|rule| &rule.host).chain(tls.iter().flat_map(|tls| &tls.hosts));
        hosts.filter(|host| !host.is_empty())
    }
}

fn targets(ingress: &Ingress, annotations: Annotations<'_>) -> TargetGroups {
    let given: TargetGroups = annotations.targets().collect();
    if given.is_empty() { ingress.status.load_balancer.targets() } else { given }
}

#[async_trait]
impl Source for IngressSource {
    fn name(&self) -> &'static str {
        "ingress"
    }

    async fn gather(&self, view: &ClusterView, sink: &mut Sink) -> Result<(), SourceError> {
        let mut found = view
            .fold(
                self.0.scope(),
                || sink.sibling(),
                |sink: &mut Sink, ingress: Ingress, verdict| {
                    self.visit(sink, view.id(), &ingress, verdict);
                },
            )
            .await?;
        merge::by_resource(&mut found.endpoints);
        found.endpoints = merge::merge_endpoints(found.endpoints);
        sink.absorb(found);
        Ok(())
    }
}
