//! The source `openshift-route`: the host name under which a router of OpenShift has admitted a Route, the names of its
//! annotation and those that a template gives, with the name of the router as their target.
//!
//! ```text
//! Route  (route.openshift.io/v1)  --status.ingress--> host, and the host name of the first router that admits it
//! ```
//!
//! `spec.host` only asks for a name: a router may not give it.

mod object;

use std::convert::Infallible;

use clap::Args;
use ecow::EcoString;
use extdns_model::{KindName, ResourceKind};

use crate::annotations::Reads;
use crate::common::{Common, non_empty};
use crate::driver::{ObjectSource, Visit};
use crate::error::OptionsError;
use crate::records::{TargetGroups, Traits};
use crate::source::Definition;
use crate::templates::{TemplateFault, Templates, Viewed, Views};
use object::Route;

/// The flags of the source `openshift-route`.
#[derive(Args, Clone, Debug)]
#[group(skip)]
pub(crate) struct Flags {
    /// Take names and targets of OpenShift Routes from this router only; empty means the first that admits a Route.
    #[arg(long, default_value = "", hide_default_value = true, value_name = "NAME")]
    openshift_router_name: String,
}

#[derive(Clone, Debug)]
pub(crate) struct OpenshiftSource {
    router: Option<EcoString>,
}

impl ObjectSource for OpenshiftSource {
    type Object = Viewed<Route>;
    type Waiting = Infallible;
    type Rule = Infallible;
    type Fault = TemplateFault;
    const KIND: ResourceKind = ResourceKind::new(&KindName::Labelled("route"));
    const READS: Reads = Reads::USUAL;

    fn visit(&self, route: Viewed<Route>, visit: &mut Visit<'_, Infallible>) {
        let annotations = visit.annotations(&route.metadata);
        let admitted = route.admitted(self.router.as_deref());
        let host = admitted.map(|router| &router.host).filter(|host| !host.is_empty());
        let mut names = visit.all_names(host.into_iter());
        names.extend(visit.hostnames(annotations));
        let given: TargetGroups = annotations.targets().collect();
        let router = || admitted.map(|router| &router.canonical_hostname);
        let targets = given.or_else(|| router().into_iter().collect());
        let traits = Traits::read(annotations, &visit.by);
        let template = visit.template(route.view(), Self::NAME);
        visit.settle_templated(names, &targets, &traits, &template);
    }
}

impl Definition for OpenshiftSource {
    const NAME: &'static str = "openshift-route";
    const KINDS: &'static [&'static str] = &["route"];
    type Flags = Flags;

    fn read(flags: &Flags, _common: &Common) -> Result<Self, OptionsError> {
        Ok(Self { router: non_empty(&flags.openshift_router_name) })
    }

    fn views(views: Views, templates: &Templates) -> Views {
        views.for_names::<Route>(templates)
    }
}
