//! `--compatibility`: services that other systems publish, by the annotations of those.

use ecow::EcoString;
use extdns_model::Name;

use crate::annotations::Annotations;
use crate::common::{Compatibility, kops};
use crate::context::Context;
use crate::objects::Node;
use crate::records::TargetGroups;

use super::index::Index;
use crate::objects::{Service, ServiceType};

/// The name that mate publishes.
const MATE: &str = "zalando.org/dnsname";
/// The names that Molecule's route53-kubernetes publishes, of services with a label.
const MOLECULE: &str = "domainName";
const MOLECULE_LABEL: (&str, &str) = ("dns", "route53");
/// Nodes with this label have the addresses of NodePort services in kOps.
const KOPS_ROLE: &str = "node-role.kubernetes.io/node";

/// Names that another system publishes, and which addresses they get.
#[derive(Clone, Debug)]
pub(super) struct Foreign {
    pub(super) names: Vec<Name>,
    from: From,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum From {
    LoadBalancer,
    ExternalAddresses,
    InternalAddresses,
}

impl Foreign {
    /// What another system would publish of a service: its texts, and where their targets come from.
    pub(super) fn read(
        context: &Context,
        service: &Service,
        annotations: Annotations<'_>,
        mut name: impl FnMut(&str) -> Option<Name>,
    ) -> Option<Self> {
        let list = |key| annotations.other_list(key).map(EcoString::from).collect::<Vec<_>>();
        let (texts, from) = match context.common.compatibility? {
            Compatibility::Mate => (
                annotations.other(MATE).map(EcoString::from).into_iter().collect(),
                From::LoadBalancer,
            ),
            Compatibility::Molecule => {
                let (label, value) = MOLECULE_LABEL;
                if service.metadata.labels.get(label) != Some(value) {
                    return None;
                }
                (list(MOLECULE), From::LoadBalancer)
            }
            Compatibility::Kops => {
                let (external, internal) = (list(kops::EXTERNAL), list(kops::INTERNAL));
                match service.spec.kind {
                    ServiceType::LoadBalancer => {
                        ([external, internal].concat(), From::LoadBalancer)
                    }
                    ServiceType::NodePort if internal.is_empty() => {
                        (external, From::ExternalAddresses)
                    }
                    ServiceType::NodePort if external.is_empty() => {
                        (internal, From::InternalAddresses)
                    }
                    _ => return None,
                }
            }
        };
        let names: Vec<Name> = texts.iter().filter_map(|text| name(text)).collect();
        (!names.is_empty()).then_some(Self { names, from })
    }

    /// Whether the addresses are those of nodes.
    pub(super) fn needs_nodes(&self) -> bool {
        self.from != From::LoadBalancer
    }

    /// The addresses that the names get.
    pub(super) fn targets(
        &self,
        service: &Service,
        index: &Index,
        context: &Context,
    ) -> TargetGroups {
        let nodes =
            || index.nodes().iter().filter(|node| node.metadata.labels.get(KOPS_ROLE).is_some());
        match self.from {
            From::LoadBalancer => service.status.load_balancer.targets(),
            From::InternalAddresses => nodes().flat_map(|node| node.internal()).collect(),
            From::ExternalAddresses => {
                let exposed = |node: &Node| {
                    let addresses =
                        node.internal_v6().filter(|_| context.common.expose_internal_v6);
                    addresses.map(EcoString::from).collect::<Vec<_>>()
                };
                let external = nodes().flat_map(|node| node.external()).map(EcoString::from);
                external.chain(nodes().flat_map(|node| exposed(node))).collect()
            }
        }
    }
}
