//! The source `gloo-proxy`: the domains of the Proxies that Gloo Edge makes of its VirtualServices, with the addresses of
//! the Service of the same name.
//!
//! ```text
//!                  same namespace and name
//!          Proxy -------------------------------> Service
//!         |     |    listeners' metadataStatic               annotation ingress
//!         |     +-------------------------------> Gateway -----------------------> Ingress
//!         |   virtual hosts' metadata, metadataStatic
//!         +---------------------------------------> VirtualService  (TTL and properties)
//! ```
//!
//! The annotation `target` of the Proxy stands in for its addresses, and the Ingresses for the Service. `--namespace` does not
//! count here, `--gloo-namespace` does. The records have no label of their object.

mod object;

use std::sync::Arc;

use async_trait::async_trait;
use clap::{ArgAction, Args};
use ecow::{EcoString, eco_format};
use extdns_clusters::{ClusterView, Pairs, ResourceType};
use extdns_model::{KindName, Name, Resource, ResourceKind};
use extdns_template::Object;

use crate::annotations::{Key, Reads};
use crate::common::Common;
use crate::context::Context;
use crate::driver::{ObjectSource, Visit, versions};
use crate::error::{OptionsError, SourceError};
use crate::joins::{ByName, INGRESS, JoinFault, Named, Stop, conclude, need};
use crate::needs::Row;
use crate::objects::{Ingress, Service, ServiceType};
use crate::records::{TargetGroups, Traits};
use crate::sink::Sink;
use crate::source::Definition;
use crate::templates::{Templates, Viewed, Views};
use object::{Gateway, Proxy, Ref, VirtualService};

/// The flags of the source `gloo-proxy`.
#[derive(Args, Clone, Debug)]
#[group(skip)]
pub(crate) struct Flags {
    /// The namespace of the proxies of Gloo (repeatable).
    #[arg(long, value_name = "NAMESPACE", action = ArgAction::Append, default_value = "gloo-system")]
    gloo_namespace: Vec<EcoString>,
}

pub(crate) struct GlooSource {
    context: Arc<Context>,
    namespaces: Vec<EcoString>,
}

/// Why a proxy is not looked at.
#[derive(Debug, thiserror::Error)]
#[error("its namespace is not among --gloo-namespace")]
pub(crate) struct NamespaceRule;

/// How a proxy names what it was made of.
const ORIGIN: Named =
    Named { how: "it was made of", remedy: "wait until Gloo has made the Proxy anew" };

/// How a proxy names its Service.
const SERVICE: Named = Named {
    how: "it has the addresses of",
    remedy: "make one, or give the Proxy targets (annotation target)",
};

/// A proxy that waits for what it is made of.
pub(crate) struct Waiting {
    proxy: Viewed<Proxy>,
    view: Option<Arc<Object>>,
    /// The names of each virtual host, with its VirtualServices.
    hosts: Vec<(Vec<Name>, Vec<Ref>)>,
}

/// What proxies are joined with; all of it in all namespaces.
struct Joins<'a> {
    context: &'a Context,
    view: &'a ClusterView,
    virtual_services: ByName<VirtualService>,
    gateways: ByName<Gateway>,
    ingresses: ByName<Viewed<Ingress>>,
    services: ByName<Viewed<Service>>,
}

impl Joins<'_> {
    /// The addresses of a proxy; none where its Service can never have one.
    async fn targets(&self, proxy: &Proxy) -> Result<Option<TargetGroups>, Stop> {
        let vocabulary = &self.context.vocabulary;
        let mut targets: TargetGroups =
            vocabulary.read(&proxy.metadata.annotations).targets().collect();
        if !targets.is_empty() {
            return Ok(Some(targets));
        }
        for of in proxy.gateways() {
            let gateway = self.gateways.require(self.view, of.key(), ORIGIN).await?;
            let annotations = vocabulary.read(&gateway.metadata.annotations);
            if let Some(ingress) = annotations.get(INGRESS).filter(|text| !text.is_empty()) {
                let found = self.ingresses.targets(self.view, ingress, &of.namespace).await;
                targets.extend(&found.map_err(|stop| stop.of(&*gateway))?);
            }
        }
        if targets.is_empty() { self.of_service(proxy).await } else { Ok(Some(targets)) }
    }

    async fn of_service(&self, proxy: &Proxy) -> Result<Option<TargetGroups>, Stop> {
        need::<Viewed<Service>>(self.view)?;
        let name = (proxy.metadata.namespace.as_str(), proxy.metadata.name.as_str());
        let service = self.services.require(self.view, name, SERVICE).await?;
        if service.spec.kind != ServiceType::LoadBalancer {
            tracing::warn!(
                proxy = %proxy.metadata.full_name(),
                "the Service of its name is not of type LoadBalancer, so it has no address"
            );
            return Ok(None);
        }
        Ok(Some(service.status.load_balancer.targets()))
    }

    /// What the annotations of VirtualServices say together; of two that say something else, the later one counts.
    async fn traits(&self, services: &[Ref], by: &Resource) -> Result<Traits, Stop> {
        let mut found = Vec::new();
        for of in services {
            found.push(self.virtual_services.require(self.view, of.key(), ORIGIN).await?);
        }
        let pairs: Pairs = found.iter().flat_map(|own| own.metadata.annotations.iter()).collect();
        Ok(Traits::read(self.context.vocabulary.read(&pairs), by))
    }

    /// What a proxy wants.
    async fn publish(
        &self,
        Waiting { proxy, view, hosts }: &Waiting,
        by: &Arc<Resource>,
        mut found: Sink,
    ) -> Result<Sink, Stop> {
        let targets = self.targets(proxy).await?;
        for (names, services) in hosts {
            let traits = self.traits(services, by).await?;
            if let Some(targets) = &targets {
                found.settle(names.clone(), targets, &traits, by);
            }
        }
        let templates = &self.context.common.templates;
        let has_record = !found.endpoints.is_empty();
        found.add_templated(has_record, (templates, view.clone(), GlooSource::NAME), by);
        Ok(found)
    }
}

#[async_trait]
impl ObjectSource for GlooSource {
    type Object = Viewed<Proxy>;
    type Waiting = Waiting;
    type Rule = NamespaceRule;
    type Fault = JoinFault;
    const KIND: ResourceKind = ResourceKind::new(&KindName::Unlabelled("proxy"));
    const READS: Reads = Reads { keys: &[Key::CONTROLLER, Key::TARGET], properties: false };

    fn context(&self) -> &Context {
        &self.context
    }

    fn namespace(&self) -> Option<&str> {
        None
    }

    fn requires(&self) -> Vec<(ResourceType, &'static [&'static str])> {
        vec![versions::<VirtualService>(), versions::<Gateway>()]
    }

    fn own_filter(&self) -> Option<EcoString> {
        Some(eco_format!("--gloo-namespace={}", self.namespaces.join(",")))
    }

    fn hides(&self, proxy: &Viewed<Proxy>) -> Option<NamespaceRule> {
        (!self.namespaces.contains(&proxy.metadata.namespace)).then_some(NamespaceRule)
    }

    fn visit(&self, proxy: Viewed<Proxy>, visit: &mut Visit<'_, Waiting>) {
        let hosts = proxy.virtual_hosts();
        let hosts =
            hosts.map(|host| (visit.all_names(host.names()), host.virtual_services().collect()));
        let hosts = hosts.collect();
        let view = proxy.view_as(visit.kind);
        visit.wait(Waiting { proxy, view, hosts });
    }

    async fn finish(
        &self,
        view: &ClusterView,
        waiting: Vec<(Arc<Resource>, Waiting)>,
        sink: &mut Sink,
    ) -> Result<(), SourceError> {
        let joins = Joins {
            context: &self.context,
            view,
            virtual_services: ByName::within(None),
            gateways: ByName::within(None),
            ingresses: ByName::within(None),
            services: ByName::within(None),
        };
        for (by, waiting) in waiting {
            let result = joins.publish(&waiting, &by, sink.sibling()).await;
            let names = waiting.hosts.into_iter().flat_map(|(names, _)| names);
            conclude(result, names.collect(), &by, sink)?;
        }
        Ok(())
    }
}

impl Definition for GlooSource {
    const NAME: &'static str = "gloo-proxy";
    const KINDS: &'static [&'static str] = &[];
    type Flags = Flags;
    type Options = Vec<EcoString>;

    fn options(flags: &Flags, _common: &Common) -> Result<Vec<EcoString>, OptionsError> {
        Ok(flags.gloo_namespace.clone())
    }

    fn needs(_namespaces: &Vec<EcoString>) -> Vec<Row> {
        let rows = [
            Row::list::<Viewed<Proxy>>("all its objects"),
            Row::join::<VirtualService>("proxies made of virtual services"),
            Row::join::<Gateway>("proxies made of gateways"),
            Row::join::<Viewed<Service>>("proxies of the same name"),
            Row::join::<Viewed<Ingress>>("gateways with the annotation ingress"),
        ];
        rows.map(|row| row.within(None)).into()
    }

    fn views(views: Views, templates: &Templates) -> Views {
        views.for_records::<Proxy>(templates)
    }

    fn new(namespaces: Vec<EcoString>, context: Arc<Context>) -> Self {
        Self { context, namespaces }
    }
}
