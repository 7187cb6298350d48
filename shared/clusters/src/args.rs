//! The flags that say how a cluster is reached.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use ecow::EcoString;
use extdns_auth::documents::Place;
use extdns_model::{ClusterId, parse_go_duration};

use crate::aks::AksArgs;
use crate::connect::{Access, ApiOptions, Cluster};
#[cfg(feature = "aws")]
use crate::eks::EksArgs;
use crate::gke::GkeArgs;
use crate::kubeconfig::KubeconfigSource;

const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

/// How the one cluster of a run without a configuration file is reached.
#[derive(Clone, Debug, PartialEq, Eq, clap::Args)]
#[command(next_help_heading = "Kubernetes")]
#[group(skip)]
pub struct Args {
    /// URL of the Kubernetes API server, in place of the kubeconfig's
    #[arg(long, value_name = "URL", default_value = "", hide_default_value = true)]
    pub server: String,

    /// A kubeconfig: a path, ssm:NAME, s3://bucket/key or secretsManager:NAME [default: the files of the variable
    /// KUBECONFIG, else ~/.kube/config where it exists, else the service account of the pod]
    #[arg(long, value_name = "WHERE", default_value = "", hide_default_value = true)]
    pub kubeconfig: String,

    /// The context of the kubeconfig [default: its current-context]
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    pub context: String,

    /// Deprecated: use --kube-api-request-timeout. When it differs from 30s it wins over that one
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = parse_go_duration)]
    pub request_timeout: Duration,

    /// How long one request to the Kubernetes API may take, and how long a streamed list from one object to the next;
    /// 0s means no limit
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = parse_go_duration)]
    pub kube_api_request_timeout: Duration,

    /// Requests to the Kubernetes API per second
    #[arg(long, value_name = "N", default_value = "5", allow_negative_numbers = true)]
    pub kube_api_qps: i64,

    /// Requests to the Kubernetes API that may follow each other at once
    #[arg(long, value_name = "N", default_value = "10", allow_negative_numbers = true)]
    pub kube_api_burst: i64,

    /// Read objects from these files or folders of YAML or JSON, in place of a Kubernetes API; - for standard input
    /// (repeatable)
    #[arg(long, value_name = "PATH")]
    pub manifests: Vec<PathBuf>,

    /// A cluster of EKS.
    #[cfg(feature = "aws")]
    #[command(flatten)]
    pub eks: EksArgs,

    /// A cluster of GKE.
    #[command(flatten)]
    pub gke: GkeArgs,

    /// A cluster of AKS.
    #[command(flatten)]
    pub aks: AksArgs,
}

impl Args {
    /// What is wrong with the values, in upstream's words and order.
    #[must_use]
    pub fn validate(&self) -> Vec<String> {
        let rates =
            [("--kube-api-qps", self.kube_api_qps), ("--kube-api-burst", self.kube_api_burst)];
        let mut messages: Vec<String> = rates
            .into_iter()
            .filter(|(_, value)| *value <= 0)
            .map(|(flag, _)| format!("{flag} must be greater than 0"))
            .collect();
        messages.extend(self.contradictions());
        if !self.kubeconfig.is_empty() {
            messages.extend(place(&self.kubeconfig).err());
        }
        #[cfg(feature = "aws")]
        messages.extend(self.eks.validate());
        messages.extend(self.gke.validate());
        messages.extend(self.aks.validate());
        messages
    }

    /// The cluster that the flags name. Values that [`validate`](Self::validate) rejects count as their nearest
    /// valid ones.
    #[must_use]
    pub fn cluster(&self, id: ClusterId, name: impl Into<EcoString>) -> Cluster {
        Cluster {
            id,
            name: name.into(),
            access: self.access(),
            api: ApiOptions {
                server: Some(self.server.clone()).filter(|server| !server.is_empty()),
                request_timeout: Some(self.timeout()).filter(|timeout| !timeout.is_zero()),
                qps: at_least_one(self.kube_api_qps),
                burst: at_least_one(self.kube_api_burst),
                ..ApiOptions::default()
            },
        }
    }

    /// Warns of a flag that will go, once for a run.
    pub fn warn_of_deprecated(&self) {
        if self.request_timeout != DEFAULT_TIMEOUT {
            tracing::warn!(
                "--request-timeout is deprecated, use --kube-api-request-timeout; it wins over that one"
            );
        }
    }

    /// A cluster is reached in one way.
    fn contradictions(&self) -> Vec<String> {
        let ways = [
            ("--manifests", !self.manifests.is_empty(), true),
            #[cfg(feature = "aws")]
            ("--eks-cluster", self.eks.is_given(), true),
            ("--gke-cluster", self.gke.is_given(), true),
            ("--aks-cluster", self.aks.is_given(), true),
            // The server of a kubeconfig can be another.
            ("--kubeconfig", !self.kubeconfig.is_empty(), false),
            ("--context", !self.context.is_empty(), false),
            ("--server", !self.server.is_empty(), false),
        ];
        let given: Vec<_> = ways.into_iter().filter(|(_, given, _)| *given).collect();
        let mut messages = Vec::new();
        for (index, (flag, _, alone)) in given.iter().enumerate() {
            if *alone {
                messages.extend(given[index + 1..].iter().map(|(other, ..)| {
                    format!("{flag} and {other} are mutually exclusive arguments")
                }));
            }
        }
        messages
    }

    fn access(&self) -> Access {
        #[cfg(feature = "aws")]
        if let Some(eks) = self.eks.cluster() {
            return Access::Eks(eks);
        }
        if let Some(gke) = self.gke.cluster() {
            return Access::Gke(gke);
        }
        if let Some(aks) = self.aks.cluster() {
            return Access::Aks(aks);
        }
        if !self.manifests.is_empty() {
            return Access::Manifests(self.manifests.clone());
        }
        let context = Some(self.context.clone()).filter(|context| !context.is_empty());
        if self.kubeconfig.is_empty() {
            return Access::Default { context };
        }
        let place =
            place(&self.kubeconfig).unwrap_or_else(|_| Place::Path((&self.kubeconfig).into()));
        Access::Kubeconfig { from: KubeconfigSource::Place(place), context }
    }

    fn timeout(&self) -> Duration {
        if self.request_timeout == DEFAULT_TIMEOUT {
            return self.kube_api_request_timeout;
        }
        self.request_timeout
    }
}

/// The place of a kubeconfig.
fn place(text: &str) -> Result<Place, String> {
    match text.parse() {
        Ok(Place::Stdin) => {
            Err("--kubeconfig is not read from standard input; give a path".to_owned())
        }
        Ok(place) => Ok(place),
        Err(error) => Err(format!("--kubeconfig: {error}")),
    }
}

fn at_least_one(value: i64) -> NonZeroU32 {
    let value = u32::try_from(value.max(0)).unwrap_or(u32::MAX);
    NonZeroU32::new(value).unwrap_or(NonZeroU32::MIN)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use clap::Parser;
    use extdns_model::ClusterId;

    use super::Args;
    use crate::connect::{Access, ApiOptions, Cluster};
    use crate::kubeconfig::KubeconfigSource;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        args: Args,
    }

    fn parse(args: &[&str]) -> Args {
        Cli::parse_from(std::iter::once(&"x").chain(args)).args
    }

    fn cluster(args: &[&str]) -> Cluster {
        parse(args).cluster(ClusterId(0), "default")
    }

    #[test]
    fn the_defaults_are_upstreams() {
        let cluster = cluster(&[]);
        assert!(matches!(cluster.access, Access::Default { context: None }));
        let ApiOptions { server, request_timeout, qps, burst, .. } = cluster.api;
        assert_eq!(server, None);
        assert_eq!(request_timeout, Some(Duration::from_secs(30)));
        assert_eq!((qps.get(), burst.get()), (5, 10));
    }

    #[test]
    fn the_deprecated_timeout_wins_when_it_is_not_its_default() {
        let table: &[(&[&str], Option<u64>)] = &[
            (&["--kube-api-request-timeout=1m"], Some(60)),
            (&["--request-timeout=30s", "--kube-api-request-timeout=1m"], Some(60)),
            (&["--request-timeout=90s", "--kube-api-request-timeout=1m"], Some(90)),
            (&["--request-timeout=0"], None),
            (&["--kube-api-request-timeout=0s"], None),
        ];
        for (args, seconds) in table {
            assert_eq!(
                cluster(args).api.request_timeout,
                seconds.map(Duration::from_secs),
                "{args:?}"
            );
        }
    }

    #[test]
    fn a_rate_of_nothing_is_refused() {
        let args = parse(&["--kube-api-qps=0", "--kube-api-burst=-1"]);
        assert_eq!(
            args.validate(),
            ["--kube-api-qps must be greater than 0", "--kube-api-burst must be greater than 0"]
        );
        assert!(parse(&[]).validate().is_empty());
    }

    #[test]
    fn manifests_and_an_api_exclude_each_other() {
        let args = parse(&["--manifests=x", "--kubeconfig=y", "--context=c", "--server=z"]);
        let flags = ["--kubeconfig", "--context", "--server"];
        let expected =
            flags.map(|flag| format!("--manifests and {flag} are mutually exclusive arguments"));
        assert_eq!(args.validate(), expected);
    }

    #[test]
    #[cfg(feature = "aws")]
    fn a_cluster_of_eks_is_reached_in_no_other_way() {
        let table: &[(&[&str], &[&str])] = &[
            (&["--kubeconfig=x", "--server=y"], &[]),
            (
                &[
                    "--eks-cluster=a",
                    "--eks-region=eu-west-1",
                    "--eks-assume-role=arn:aws:iam::111122223333:role/reader",
                ],
                &[],
            ),
            (
                &["--eks-cluster=a", "--kubeconfig=x", "--server=y"],
                &[
                    "--eks-cluster and --kubeconfig are mutually exclusive arguments",
                    "--eks-cluster and --server are mutually exclusive arguments",
                ],
            ),
            (
                &["--eks-cluster=a", "--manifests=x"],
                &["--manifests and --eks-cluster are mutually exclusive arguments"],
            ),
            (
                &[
                    "--eks-region=eu-west-1",
                    "--eks-assume-role=arn:aws:iam::111122223333:role/reader",
                ],
                &["--eks-region needs --eks-cluster", "--eks-assume-role needs --eks-cluster"],
            ),
            (
                &["--eks-cluster=a", "--eks-external-id=x"],
                &["--eks-external-id needs --eks-assume-role"],
            ),
        ];
        for (flags, messages) in table {
            assert_eq!(parse(flags).validate(), *messages, "{flags:?}");
        }
    }

    #[test]
    fn the_flags_of_gke() {
        let flags = ["--gke-cluster=a", "--gke-location=europe-west1", "--gke-project=p"];
        let some = |text: &str| Some(text.to_owned());
        match cluster(&flags).access {
            Access::Gke(gke) => assert_eq!(
                gke,
                crate::Gke { name: "a".into(), location: some("europe-west1"), project: some("p") }
            ),
            other => panic!("{other:?}"),
        }
        let table: &[(&[&str], &[&str])] = &[
            (&flags, &[]),
            (
                &flags[1..],
                &["--gke-location needs --gke-cluster", "--gke-project needs --gke-cluster"],
            ),
            (
                &["--gke-cluster=a", "--kubeconfig=x"],
                &["--gke-cluster and --kubeconfig are mutually exclusive arguments"],
            ),
            (
                &["--gke-cluster=projects/p/locations/l/clusters/a"],
                &[
                    "--gke-cluster takes the name of a cluster and not its path; give --gke-cluster=a \
                   --gke-location=l --gke-project=p",
                ],
            ),
        ];
        for (flags, messages) in table {
            assert_eq!(parse(flags).validate(), *messages, "{flags:?}");
        }
    }

    #[test]
    fn the_flags_of_aks() {
        let flags = [
            "--aks-cluster=a",
            "--aks-resource-group=g",
            "--aks-subscription-id=s",
            "--aks-config-file=/f",
        ];
        let some = |text: &str| Some(text.to_owned());
        match cluster(&flags).access {
            Access::Aks(aks) => assert_eq!(
                aks,
                crate::Aks {
                    name: "a".into(),
                    resource_group: some("g"),
                    subscription: some("s"),
                    file: Some("/f".into()),
                }
            ),
            other => panic!("{other:?}"),
        }
        let id = "--aks-cluster=/subscriptions/s/resourcegroups/g/providers/Microsoft.ContainerService/managedClusters/a";
        let table: &[(&[&str], &[&str])] = &[
            (&flags, &[]),
            (
                &flags[1..],
                &[
                    "--aks-resource-group needs --aks-cluster",
                    "--aks-subscription-id needs --aks-cluster",
                    "--aks-config-file needs --aks-cluster",
                ],
            ),
            (
                &["--aks-cluster=a", "--gke-cluster=b"],
                &["--gke-cluster and --aks-cluster are mutually exclusive arguments"],
            ),
            (
                &[id],
                &[
                    "--aks-cluster takes the name of a cluster and not its id; give --aks-cluster=a \
                   --aks-resource-group=g --aks-subscription-id=s",
                ],
            ),
        ];
        for (flags, messages) in table {
            assert_eq!(parse(flags).validate(), *messages, "{flags:?}");
        }
    }

    #[test]
    #[cfg(feature = "aws")]
    fn the_flags_of_eks() {
        let expected = crate::Eks { name: "a".into(), region: None, assume_role: None };
        match cluster(&["--eks-cluster=a"]).access {
            Access::Eks(eks) => assert_eq!(eks, expected),
            other => panic!("{other:?}"),
        }
        match cluster(&[
            "--eks-cluster=a",
            "--eks-region=r",
            "--eks-assume-role=arn:aws:iam::111122223333:role/reader",
            "--eks-external-id=e-1",
        ])
        .access
        {
            Access::Eks(eks) => assert_eq!(
                eks,
                crate::Eks {
                    region: Some("r".into()),
                    assume_role: Some(extdns_auth::AwsRole {
                        arn: "arn:aws:iam::111122223333:role/reader".into(),
                        external_id: Some("e-1".into()),
                    }),
                    ..expected
                }
            ),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_kubeconfig_is_a_place_with_a_context() {
        let table: &[(&[&str], Option<&str>, Option<&str>)] = &[
            (&["--context=lab"], None, Some("lab")),
            (&["--kubeconfig=a/config"], Some("a/config"), None),
            (
                &["--kubeconfig=secretsManager:lab", "--context=x"],
                Some("secretsManager:lab"),
                Some("x"),
            ),
            (&["--kubeconfig=s3://conf/lab", "--context="], Some("s3://conf/lab"), None),
        ];
        for (flags, place, context) in table {
            let (found, own) = match cluster(flags).access {
                Access::Default { context } => (None, context),
                Access::Kubeconfig { from: KubeconfigSource::Place(place), context } => {
                    (Some(place.to_string()), context)
                }
                other => panic!("{other:?}"),
            };
            assert_eq!((found.as_deref(), own.as_deref()), (*place, *context), "{flags:?}");
        }
        let odd = [
            ("--kubeconfig=-", "--kubeconfig is not read from standard input; give a path"),
            (
                "--kubeconfig=ssm:",
                "--kubeconfig: \"ssm:\" names no document: the name of the parameter is missing behind ssm:",
            ),
        ];
        for (flag, message) in odd {
            assert_eq!(parse(&[flag]).validate(), [message]);
        }
    }

    #[test]
    fn manifests_stand_for_a_cluster() {
        let cluster = cluster(&["--manifests=a.yaml", "--manifests", "-"]);
        match cluster.access {
            Access::Manifests(paths) => {
                assert_eq!(paths, ["a.yaml", "-"].map(std::path::PathBuf::from))
            }
            other => panic!("{other:?}"),
        }
    }
}
