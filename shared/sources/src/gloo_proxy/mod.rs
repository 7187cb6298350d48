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

mod flags;
mod object;

use std::sync::Arc;

use async_trait::async_trait;
use ecow::{EcoString, eco_format};
use extdns_clusters::{ClusterView, Pairs, ReadError};
use extdns_model::{KindName, Name, Resource, ResourceKind};
use extdns_template::Object;

use crate::annotations::{Key, Reads};
use crate::ask::Ask;
use crate::common::Common;
use crate::context::Context;
use crate::driver::{ObjectSource, Visit};
use crate::error::{OptionsError, SourceError};
use crate::fault::{Effect, Fault};
use crate::joins::{ByName, INGRESS, JoinFault};
use crate::needs::Row;
use crate::objects::{Ingress, Service, ServiceType};
use crate::records::{TargetGroups, Traits};
use crate::sink::{Frozen, Sink};
use crate::source::Definition;
use crate::templates::{Templates, Viewed, Views};
use flags::{Flags, Options};
pub(crate) use object::Ref;
use object::{Gateway, Proxy, VirtualService};

pub(crate) struct GlooSource {
    context: Arc<Context>,
    namespaces: Vec<EcoString>,
}

/// Why a proxy is not looked at.
#[derive(Debug, thiserror::Error)]
#[error("its namespace is not among --gloo-namespace")]
pub(crate) struct NamespaceRule;

/// Something that a proxy names and that is not there: it is not known what the proxy wants then.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProxyFault {
    /// A VirtualService.
    #[error(
        "it was made of the VirtualService {0}, and there is none; wait until Gloo has made the Proxy anew"
    )]
    NoVirtualService(Ref),
    /// A Gateway.
    #[error(
        "it was made of the Gateway {0}, and there is none; wait until Gloo has made the Proxy anew"
    )]
    NoGateway(Ref),
    /// Its Service.
    #[error(
        "there is no Service of its name; make one, or give the Proxy targets (annotation target)"
    )]
    NoService,
    /// The Ingress of a Gateway.
    #[error("the Gateway {0}: {1}")]
    Gateway(Ref, JoinFault),
}

impl Fault for ProxyFault {
    fn effect(&self) -> Effect {
        Effect::FailsSource
    }
}

/// A proxy that waits for what it is made of.
pub(crate) struct Waiting {
    proxy: Viewed<Proxy>,
    view: Option<Arc<Object>>,
    /// The names of each virtual host, with its VirtualServices.
    hosts: Vec<(Vec<Name>, Vec<Ref>)>,
}

/// What proxies are joined with; all of it in all namespaces.
struct Joins<'a> {
    source: &'a GlooSource,
    view: &'a ClusterView,
    virtual_services: ByName<VirtualService>,
    gateways: ByName<Gateway>,
    ingresses: ByName<Viewed<Ingress>>,
    services: ByName<Viewed<Service>>,
}

/// What was found, or why the proxy is at fault.
type Found<T> = Result<Result<T, ProxyFault>, ReadError>;

impl Joins<'_> {
    /// The addresses of a proxy; none where its Service can never have one.
    async fn targets(&self, proxy: &Proxy) -> Found<Option<TargetGroups>> {
        let vocabulary = &self.source.context.vocabulary;
        let given: TargetGroups = vocabulary.read(&proxy.metadata.annotations).targets().collect();
        if !given.is_empty() {
            return Ok(Ok(Some(given)));
        }
        let mut targets = TargetGroups::default();
        for of in proxy.gateways() {
            let Some(gateway) = self.gateways.get(self.view, (&of.namespace, &of.name)).await?
            else {
                return Ok(Err(ProxyFault::NoGateway(of.clone())));
            };
            let annotations = vocabulary.read(&gateway.metadata.annotations);
            let Some(ingress) = annotations.get(INGRESS).filter(|text| !text.is_empty()) else {
                continue;
            };
            match self.ingresses.targets(self.view, ingress, &of.namespace).await? {
                Ok(found) => targets.extend(&found),
                Err(fault) => return Ok(Err(ProxyFault::Gateway(of.clone(), fault))),
            }
        }
        if !targets.is_empty() {
            return Ok(Ok(Some(targets)));
        }
        self.of_service(proxy).await
    }

    async fn of_service(&self, proxy: &Proxy) -> Found<Option<TargetGroups>> {
        let name = (proxy.metadata.namespace.as_str(), proxy.metadata.name.as_str());
        let Some(service) = self.services.get(self.view, name).await? else {
            return Ok(Err(ProxyFault::NoService));
        };
        if service.spec.kind != ServiceType::LoadBalancer {
            tracing::warn!(
                proxy = %proxy.metadata.full_name(),
                "the Service of its name is not of type LoadBalancer, so it has no address"
            );
            return Ok(Ok(None));
        }
        Ok(Ok(Some(service.status.load_balancer.targets())))
    }

    /// What the annotations of VirtualServices say together; of two that say something else, the later one counts.
    async fn traits(&self, services: &[Ref], by: &Resource) -> Found<Traits> {
        let mut annotations: Vec<(EcoString, EcoString)> = Vec::new();
        for of in services {
            let name = (of.namespace.as_str(), of.name.as_str());
            let Some(service) = self.virtual_services.get(self.view, name).await? else {
                return Ok(Err(ProxyFault::NoVirtualService(of.clone())));
            };
            let own = service.metadata.annotations.iter();
            annotations.extend(own.map(|(key, value)| (key.into(), value.into())));
        }
        let pairs = annotations.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        let pairs: Pairs = pairs.collect();
        Ok(Ok(Traits::read(self.source.context.vocabulary.read(&pairs), by)))
    }

    /// Puts what a proxy wants into the sink.
    async fn publish(&self, waiting: &Waiting, by: &Arc<Resource>, sink: &mut Sink) -> Found<()> {
        let targets = match self.targets(&waiting.proxy).await? {
            Ok(targets) => targets,
            Err(fault) => return Ok(Err(fault)),
        };
        let before = sink.endpoints.len();
        for (names, services) in &waiting.hosts {
            let traits = match self.traits(services, by).await? {
                Ok(traits) => traits,
                Err(fault) => return Ok(Err(fault)),
            };
            match &targets {
                None => {}
                Some(targets) if targets.is_empty() => {
                    sink.unready(names.iter().cloned(), &traits, by);
                }
                Some(targets) => sink.publish(names, targets, &traits, by),
            }
        }
        let has_record = sink.endpoints.len() > before;
        if let Some(object) = &waiting.view {
            let templates = &self.source.context.common.templates;
            let ask = Ask { templates, object, source: GlooSource::NAME, by };
            ask.publish(has_record, &Traits::default(), sink);
        }
        Ok(Ok(()))
    }
}

#[async_trait]
impl ObjectSource for GlooSource {
    type Object = Viewed<Proxy>;
    type Waiting = Waiting;
    type Rule = NamespaceRule;
    type Fault = ProxyFault;
    const KIND: ResourceKind = ResourceKind::new(&KindName::Unlabelled("proxy"));
    const READS: Reads = Reads { keys: &[Key::CONTROLLER, Key::TARGET], properties: false };

    fn context(&self) -> &Context {
        &self.context
    }

    fn namespace(&self) -> Option<&str> {
        None
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
            source: self,
            view,
            virtual_services: ByName::within(None),
            gateways: ByName::within(None),
            ingresses: ByName::within(None),
            services: ByName::within(None),
        };
        for (by, waiting) in waiting {
            let mut found = sink.sibling();
            match joins.publish(&waiting, &by, &mut found).await? {
                Ok(()) => sink.absorb(found),
                Err(ProxyFault::NoService) if !view.holds::<Viewed<Service>>() => {
                    let names = waiting.hosts.into_iter().flat_map(|(names, _)| names);
                    sink.frozen.push(Frozen::of_manifests(Arc::clone(&by), names, &["Service"]));
                }
                Err(fault) => sink.fail(&by, &fault),
            }
        }
        Ok(())
    }
}

impl Definition for GlooSource {
    const NAME: &'static str = "gloo-proxy";
    const KINDS: &'static [&'static str] = &[];
    type Flags = Flags;
    type Options = Options;

    fn options(flags: &Flags, common: &Common) -> Result<Options, OptionsError> {
        Ok(Options::read(flags, common))
    }

    fn needs(options: &Options) -> Vec<Row> {
        let rows = [
            Row::list::<Viewed<Proxy>>("all its objects"),
            Row::join::<VirtualService>("proxies made of virtual services"),
            Row::join::<Gateway>("proxies made of gateways"),
            Row::join::<Viewed<Service>>("proxies of the same name"),
            Row::join::<Viewed<Ingress>>("gateways with the annotation ingress"),
        ];
        let everywhere = |row: Row| if options.is_namespaced { row.within(None) } else { row };
        rows.into_iter().map(everywhere).collect()
    }

    fn views(views: Views, templates: &Templates) -> Views {
        if templates.make_names() { views.with::<Proxy>(&templates.fields(true)) } else { views }
    }

    fn new(options: Options, context: Arc<Context>) -> Self {
        Self { context, namespaces: options.namespaces }
    }
}
