//! The source `contour-httpproxy`: the host names of Contour's HTTPProxies, those of their annotations and those that a
//! template gives, with the addresses of their load balancers.
//!
//! ```text
//! HTTPProxy  (projectcontour.io/v1)
//! ```
//!
//! Whether Contour calls a proxy valid does not matter: one with an address is served. A proxy that others include has no
//! host name, and so no record.

mod object;

use std::convert::Infallible;

use extdns_model::{KindName, ResourceKind};

use crate::annotations::Reads;
use crate::common::Common;
use crate::driver::{ObjectSource, Visit};
use crate::error::OptionsError;
use crate::records::{TargetGroups, Traits};
use crate::source::{Definition, NoFlags};
use crate::templates::{TemplateFault, Templates, Viewed, Views};
use object::HttpProxy;

#[derive(Clone, Debug)]
pub(crate) struct ContourSource;

impl ObjectSource for ContourSource {
    type Object = Viewed<HttpProxy>;
    type Waiting = Infallible;
    type Rule = Infallible;
    type Fault = TemplateFault;
    // These letters stand in ownership records.
    const KIND: ResourceKind = ResourceKind::new(&KindName::Labelled("HTTPProxy"));
    const READS: Reads = Reads::USUAL;

    fn visit(&self, proxy: Viewed<HttpProxy>, visit: &mut Visit<'_, Infallible>) {
        let annotations = visit.annotations(&proxy.metadata);
        let host = Some(&proxy.spec.virtualhost.fqdn).filter(|host| !host.is_empty());
        let mut names = visit.all_names(host.into_iter());
        names.extend(visit.hostnames(annotations));
        let given: TargetGroups = annotations.targets().collect();
        let targets = given.or_else(|| proxy.status.load_balancer.targets());
        let traits = Traits::read(annotations, &visit.by);
        let template = visit.template(proxy.view(), Self::NAME);
        visit.settle_templated(names, &targets, &traits, &template);
    }
}

impl Definition for ContourSource {
    const NAME: &'static str = "contour-httpproxy";
    const KINDS: &'static [&'static str] = &["HTTPProxy"];
    type Flags = NoFlags;

    fn read(_flags: &NoFlags, _common: &Common) -> Result<Self, OptionsError> {
        Ok(Self)
    }

    fn views(views: Views, templates: &Templates) -> Views {
        views.for_names::<HttpProxy>(templates)
    }
}
