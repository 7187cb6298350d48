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
use extdns_clusters::Pairs;
use extdns_model::{KindName, Name, Resource, ResourceKind};

use crate::annotations::{Key, Reads};
use crate::common::Common;
use crate::context::{Context, Run};
use crate::driver::{ObjectSource, Visit};
use crate::error::OptionsError;
use crate::joins::{ByName, Found, INGRESS, Join, JoinFault, Named, Stop};
use crate::needs::{OWN_OBJECTS, Row};
use crate::objects::{Ingress, Service, ServiceType};
use crate::records::{TargetGroups, Traits};
use crate::sink::Sink;
use crate::source::Definition;
use crate::templates::{Templates, Viewed, Views};
use object::{Gateway, Proxy, VirtualHost, VirtualService};

/// The source, which is its flags.
#[derive(Args, Clone, Debug)]
#[group(skip)]
pub(crate) struct GlooSource {
    /// The namespace of the proxies of Gloo (repeatable).
    #[arg(long, value_name = "NAMESPACE", action = ArgAction::Append, default_value = "gloo-system")]
    gloo_namespace: Vec<EcoString>,
}

/// How a proxy names what it was made of.
const ORIGIN: Named = Named::new("it was made of", "wait until Gloo has made the Proxy anew");

/// How a proxy names its Service.
const SERVICE: Named = Named::new(
    "it has the addresses of",
    "make one, or give the Proxy targets (annotation target)",
);

/// A proxy that waits for what it is made of.
pub(crate) struct Waiting {
    proxy: Viewed<Proxy>,
    /// The names of each virtual host.
    names: Vec<Vec<Name>>,
}

/// What proxies are joined with; all of it in all namespaces.
struct Joins<'a> {
    context: &'a Context,
    objects: ByName<'a>,
}

impl Joins<'_> {
    /// The addresses of a proxy; none where its Service can never have one.
    async fn targets(&self, proxy: &Proxy) -> Result<Option<TargetGroups>, Stop> {
        let vocabulary = &self.context.vocabulary;
        let given = vocabulary.read(&proxy.metadata.annotations);
        let mut targets: TargetGroups = given.targets().collect();
        if !targets.is_empty() {
            return Ok(Some(targets));
        }
        for key in proxy.gateways() {
            let gateway: Found<Gateway> = self.objects.require(key, ORIGIN).await?;
            let ingress = vocabulary.read(&gateway.metadata.annotations).get(INGRESS);
            if let Some(ingress) = ingress.filter(|text| !text.is_empty()) {
                let found = self.objects.ingress(ingress, key.0).await;
                targets.extend(&found.map_err(|stop| stop.of(&*gateway))?);
            }
        }
        if targets.is_empty() { self.of_service(proxy).await } else { Ok(Some(targets)) }
    }

    async fn of_service(&self, proxy: &Proxy) -> Result<Option<TargetGroups>, Stop> {
        let service =
            self.objects.require::<Viewed<Service>>(proxy.metadata.key(), SERVICE).await?;
        if service.spec.kind == ServiceType::LoadBalancer {
            return Ok(Some(service.status.load_balancer.targets()));
        }
        tracing::warn!(proxy = %proxy.metadata.full_name(), "the Service of its name is not of type LoadBalancer, so it has no address");
        Ok(None)
    }

    /// What the annotations of VirtualServices say together; of two that say something else, the later one counts.
    async fn traits(&self, host: &VirtualHost, by: &Resource) -> Result<Traits, Stop> {
        let found: Vec<Found<VirtualService>> =
            self.objects.require_all(host.virtual_services(), ORIGIN).await?;
        let pairs: Pairs = found.iter().flat_map(|own| own.metadata.annotations.iter()).collect();
        Ok(Traits::read(self.context.vocabulary.read(&pairs), by))
    }
}

#[async_trait]
impl Join<Waiting> for Joins<'_> {
    async fn publish(
        &mut self,
        Waiting { proxy, names }: &Waiting,
        by: &Arc<Resource>,
        found: &mut Sink,
    ) -> Result<(), Stop> {
        let targets = self.targets(proxy).await?;
        for (host, names) in proxy.virtual_hosts().zip(names) {
            let traits = self.traits(host, by).await?;
            if let Some(targets) = &targets {
                found.settle(names.clone(), targets, &traits, by);
            }
        }
        let template = (&self.context.common.templates, proxy.view(), GlooSource::NAME);
        found.add_templated(!found.endpoints.is_empty(), template, by);
        Ok(())
    }

    fn names(&self, waiting: Waiting) -> Vec<Name> {
        waiting.names.into_iter().flatten().collect()
    }
}

#[async_trait]
impl ObjectSource for GlooSource {
    type Object = Viewed<Proxy>;
    type Waiting = Waiting;
    type Rule = &'static str;
    type Fault = JoinFault;
    const KIND: ResourceKind = ResourceKind::new(&KindName::Unlabelled("proxy"));
    const READS: Reads = Reads { keys: &[Key::CONTROLLER, Key::TARGET], properties: false };

    fn row(&self) -> Row {
        Row::list::<Viewed<Proxy>>(OWN_OBJECTS).within(None)
    }

    fn other_rows(&self) -> Vec<Row> {
        let rows = [
            Row::require::<VirtualService>("proxies made of virtual services"),
            Row::require::<Gateway>("proxies made of gateways"),
            Row::join::<Viewed<Service>>("proxies of the same name"),
            Row::join::<Viewed<Ingress>>("gateways with the annotation ingress"),
        ];
        rows.map(|row| row.within(None)).into()
    }

    fn own_filter(&self) -> Option<EcoString> {
        Some(eco_format!("--gloo-namespace={}", self.gloo_namespace.join(",")))
    }

    fn hides(&self, proxy: &Viewed<Proxy>, _context: &Context) -> Option<&'static str> {
        let is_asked = self.gloo_namespace.contains(&proxy.metadata.namespace);
        (!is_asked).then_some("its namespace is not among --gloo-namespace")
    }

    fn visit(&self, proxy: Viewed<Proxy>, visit: &mut Visit<'_, Waiting>) {
        let names = proxy.virtual_hosts().map(|host| visit.all_names(host.names())).collect();
        visit.wait(Waiting { proxy, names });
    }

    fn join<'a>(&'a self, run: Run<'a>) -> Option<Box<dyn Join<Waiting> + 'a>> {
        let objects = ByName::within(run.view, None);
        Some(Box::new(Joins { context: run.context, objects }))
    }
}

impl Definition for GlooSource {
    const NAME: &'static str = "gloo-proxy";
    const KINDS: &'static [&'static str] = &[];
    type Flags = Self;

    fn read(flags: &Self, _common: &Common) -> Result<Self, OptionsError> {
        Ok(flags.clone())
    }

    fn views(views: Views, templates: &Templates) -> Views {
        views.for_records::<Proxy>(templates)
    }
}
