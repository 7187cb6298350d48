//! What the sources do to a cluster, and so which rights they need there.

use ecow::EcoString;
use extdns_clusters::{ClusterView, ReadError, ResourceType, Right};

use crate::crd::CrdKind;
use crate::options::GatherOptions;
use crate::service::ServiceType;
use crate::table::Entry;

/// Something that a source does to a cluster.
#[derive(Debug, Clone)]
pub struct Need {
    /// The source.
    pub source: &'static str,
    /// For which objects it does so: a fragment that reads after "for".
    pub purpose: &'static str,
    /// Whether it only writes what people look at: without the right no record is missing.
    pub is_courtesy: bool,
    deed: Deed,
    namespace: Option<EcoString>,
}

#[derive(Debug, Clone)]
enum Deed {
    List(ResourceType),
    ListKind(CrdKind),
    UpdateStatus(CrdKind),
}

/// One line of a source's entry in the table.
pub(crate) struct Row {
    what: fn(&GatherOptions) -> Deed,
    /// Whether these settings can come to it. Helpers are listed only when an object needs them, but
    /// the next object may.
    when: fn(&GatherOptions) -> bool,
    purpose: &'static str,
}

const fn always(what: fn(&GatherOptions) -> Deed, purpose: &'static str) -> Row {
    Row { what, when: |_| true, purpose }
}

/// What the source `crd` does.
pub(crate) const CRD: &[Row] = &[
    always(|options| Deed::ListKind(options.crd.clone()), "all its objects"),
    always(
        |options| Deed::UpdateStatus(options.crd.clone()),
        "the status that says they were seen",
    ),
];

/// What the source `ingress` does.
pub(crate) const INGRESS: &[Row] =
    &[always(|_| Deed::List(crate::ingress::INGRESSES), "all its objects")];

/// What the source `node` does.
pub(crate) const NODE: &[Row] = &[always(|_| Deed::List(crate::objects::NODES), "all its objects")];

/// What the source `pod` does.
pub(crate) const POD: &[Row] = &[
    always(|_| Deed::List(crate::pod::PODS), "all its objects"),
    always(|_| Deed::List(crate::objects::NODES), "pods with the annotation hostname"),
];

/// What the source `service` does.
pub(crate) const SERVICE: &[Row] = &[
    always(|_| Deed::List(crate::service::SERVICES), "all its objects"),
    Row {
        what: |_| Deed::List(crate::objects::ENDPOINT_SLICES),
        when: |options| options.service_types.contain(ServiceType::ClusterIp),
        purpose: "headless services",
    },
    Row {
        what: |_| Deed::List(crate::objects::PODS),
        when: |options| {
            let types = &options.service_types;
            types.contain(ServiceType::ClusterIp) || types.contain(ServiceType::NodePort)
        },
        purpose: "headless services, and NodePort services with externalTrafficPolicy Local",
    },
    Row {
        what: |_| Deed::List(crate::objects::NODES),
        when: |options| options.service_types.contain(ServiceType::NodePort),
        purpose: "NodePort services",
    },
];

impl GatherOptions {
    /// What the sources of a run do to each cluster. An applying run also writes the status of
    /// objects.
    #[must_use]
    pub fn needs(&self, applies: bool) -> Vec<Need> {
        let entries = self.sources.iter().filter_map(|name| Entry::find(name));
        let of_entry = |entry: &'static Entry| {
            entry.needs.iter().filter(|row| (row.when)(self)).map(move |row| {
                let deed = (row.what)(self);
                Need {
                    source: entry.name,
                    purpose: row.purpose,
                    is_courtesy: matches!(deed, Deed::UpdateStatus(_)),
                    deed,
                    namespace: self.namespace.clone(),
                }
            })
        };
        entries.flat_map(of_entry).filter(|need| applies || !need.is_courtesy).collect()
    }
}

impl Need {
    /// The right that it takes. A kind that only the settings name is looked up at the cluster.
    ///
    /// # Errors
    /// When the cluster does not serve the kind, or does not answer.
    pub async fn right(&self, view: &ClusterView) -> Result<Right, ReadError> {
        let namespace = self.namespace.as_deref();
        Ok(match &self.deed {
            Deed::List(resource) => Right::list(*resource, namespace),
            Deed::ListKind(kind) => Right::list(kind.find(view).await?, namespace),
            Deed::UpdateStatus(kind) => Right::update_status(kind.find(view).await?, namespace),
        })
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use extdns_clusters::{Access, ApiOptions, Cluster, Environment};
    use extdns_model::ClusterId;

    use crate::{Args, Options};

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        args: Args,
    }

    async fn rights(flags: &[&str], applies: bool) -> Vec<String> {
        let cli = Cli::try_parse_from(["test"].iter().chain(flags)).expect("valid flags");
        let options = Options::try_from(&cli.args).expect("valid options");
        let access = Access::Manifests(Vec::new());
        let api = ApiOptions::default();
        let cluster = Cluster { id: ClusterId(0), name: "test".into(), access, api };
        let view =
            cluster.connect(&Environment::default(), std::io::empty()).await.expect("a view");
        let mut rights = Vec::new();
        for need in options.gather.needs(applies) {
            let right = need.right(&view).await.expect("a right");
            rights.push(format!("{}: {right}", need.source));
        }
        rights
    }

    #[tokio::test]
    async fn helpers_are_needed_where_the_settings_can_come_to_them() {
        const SLICES: &str = "service: list endpointslices.discovery.k8s.io";
        let table: &[(&[&str], &[&str])] = &[
            (
                &["--source=service"],
                &["service: list services", SLICES, "service: list pods", "service: list nodes"],
            ),
            (
                &["--source=service", "--service-type-filter=LoadBalancer"],
                &["service: list services"],
            ),
            (
                &["--source=service", "--service-type-filter=NodePort"],
                &["service: list services", "service: list pods", "service: list nodes"],
            ),
            (
                &["--source=service", "--service-type-filter=ClusterIP", "--namespace=shop"],
                &[
                    "service: list services in namespace shop",
                    "service: list endpointslices.discovery.k8s.io in namespace shop",
                    "service: list pods in namespace shop",
                ],
            ),
            (
                &["--source=ingress", "--source=fake"],
                &["ingress: list ingresses.networking.k8s.io"],
            ),
            (&["--source=node", "--namespace=shop"], &["node: list nodes"]),
            (
                &["--source=pod", "--namespace=shop"],
                &["pod: list pods in namespace shop", "pod: list nodes"],
            ),
            (
                &["--source=crd", "--crd-source-apiversion=a.org/v1", "--crd-source-kind=Thing"],
                &["crd: list things.a.org"],
            ),
        ];
        for (flags, expected) in table {
            assert_eq!(rights(flags, false).await, *expected, "{flags:?}");
        }
    }

    #[tokio::test]
    async fn only_who_applies_writes_a_status() {
        assert_eq!(
            rights(&["--source=crd"], true).await,
            [
                "crd: list dnsendpoints.externaldns.k8s.io",
                "crd: update dnsendpoints/status.externaldns.k8s.io"
            ]
        );
        assert_eq!(rights(&["--source=crd"], false).await.len(), 1);
    }
}
