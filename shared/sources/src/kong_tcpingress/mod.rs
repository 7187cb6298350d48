//! The source `kong-tcpingress`: the host names of the rules of Kong's TCPIngresses, and those of their annotations, with
//! the addresses of their load balancers. It renders no templates.
//!
//! ```text
//! TCPIngress  (configuration.konghq.com/v1beta1)
//! ```

mod object;

use std::convert::Infallible;

use extdns_model::{KindName, ResourceKind};

use crate::annotations::Reads;
use crate::common::Common;
use crate::driver::{ObjectSource, Visit};
use crate::error::OptionsError;
use crate::records::{TargetGroups, Traits};
use crate::source::{Definition, NoFlags};
use object::TcpIngress;

#[derive(Clone, Debug)]
pub(crate) struct KongSource;

impl ObjectSource for KongSource {
    type Object = TcpIngress;
    type Waiting = Infallible;
    type Rule = Infallible;
    type Fault = Infallible;
    const KIND: ResourceKind = ResourceKind::new(&KindName::Labelled("tcpingress"));
    const READS: Reads = Reads::USUAL;

    fn visit(&self, ingress: TcpIngress, visit: &mut Visit<'_, Infallible>) {
        let annotations = visit.annotations(&ingress.metadata);
        let mut names = visit.hostnames(annotations);
        let hosts = ingress.spec.rules.iter().map(|rule| &rule.host);
        names.extend(visit.all_names(hosts.filter(|host| !host.is_empty())));
        let given: TargetGroups = annotations.targets().collect();
        let targets = given.or_else(|| ingress.status.load_balancer.targets());
        let traits = Traits::read(annotations, &visit.by);
        visit.settle(names, &targets, &traits);
    }
}

impl Definition for KongSource {
    const NAME: &'static str = "kong-tcpingress";
    const KINDS: &'static [&'static str] = &["tcpingress"];
    type Flags = NoFlags;

    fn read(_flags: &NoFlags, _common: &Common) -> Result<Self, OptionsError> {
        Ok(Self)
    }
}
