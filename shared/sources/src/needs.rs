//! What the sources do to a cluster, and so which rights they need there.

use ecow::EcoString;
use extdns_clusters::{ClusterView, ReadError, ResourceType, Right};

/// Something that a source does to a cluster.
#[derive(Debug, Clone)]
pub struct Need {
    /// The source.
    pub source: &'static str,
    /// For which objects it does so: a fragment that reads after "for".
    pub purpose: &'static str,
    /// Whether it only writes what people look at: without the right no record is missing.
    pub is_courtesy: bool,
    verb: Verb,
    kind: Kind,
    namespace: Option<EcoString>,
}

/// What a source can come to do to the objects of one kind.
pub(crate) struct Row {
    verb: Verb,
    kind: Kind,
    purpose: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verb {
    List,
    UpdateStatus,
}

/// A kind of object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// One whose place in the API everybody knows.
    Known(ResourceType),
    /// One that only the settings name; the cluster says where it serves it.
    Named { group: EcoString, version: EcoString, kind: EcoString },
}

impl From<ResourceType> for Kind {
    fn from(resource: ResourceType) -> Self {
        Self::Known(resource)
    }
}

impl Kind {
    /// A kind that only the settings name.
    pub(crate) fn named(group: &str, version: &str, kind: &str) -> Self {
        Self::Named { group: group.into(), version: version.into(), kind: kind.into() }
    }

    /// Where the cluster serves it.
    ///
    /// # Errors
    /// When the cluster does not serve the kind, or does not answer.
    pub(crate) async fn find(&self, view: &ClusterView) -> Result<ResourceType, ReadError> {
        match self {
            Self::Known(resource) => Ok(*resource),
            Self::Named { group, version, kind } => view.find_kind(group, version, kind).await,
        }
    }
}

impl Row {
    /// Lists the objects of a kind.
    pub(crate) fn list(kind: impl Into<Kind>, purpose: &'static str) -> Self {
        Self { verb: Verb::List, kind: kind.into(), purpose }
    }

    /// Updates the status of objects.
    pub(crate) fn update_status(kind: impl Into<Kind>, purpose: &'static str) -> Self {
        Self { verb: Verb::UpdateStatus, kind: kind.into(), purpose }
    }

    /// The need of a source.
    pub(crate) fn of(self, source: &'static str, namespace: Option<EcoString>) -> Need {
        let Self { verb, kind, purpose } = self;
        Need { source, purpose, is_courtesy: verb == Verb::UpdateStatus, verb, kind, namespace }
    }
}

impl Need {
    /// The right that it takes. A kind that only the settings name is looked up at the cluster.
    ///
    /// # Errors
    /// When the cluster does not serve the kind, or does not answer.
    pub async fn right(&self, view: &ClusterView) -> Result<Right, ReadError> {
        let namespace = self.namespace.as_deref();
        let resource = self.kind.find(view).await?;
        Ok(match self.verb {
            Verb::List => Right::list(resource, namespace),
            Verb::UpdateStatus => Right::update_status(resource, namespace),
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
