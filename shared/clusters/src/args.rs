//! The flags that say how a cluster is reached.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use ecow::EcoString;
use extdns_model::{ClusterId, parse_go_duration};

use crate::connect::{Access, ApiOptions, Cluster};
#[cfg(feature = "aws")]
use crate::eks::EksArgs;

const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

/// How the one cluster of a run without a configuration file is reached.
#[derive(Clone, Debug, PartialEq, Eq, clap::Args)]
#[command(next_help_heading = "Kubernetes")]
#[group(skip)]
pub struct Args {
    /// URL of the Kubernetes API server, in place of the kubeconfig's
    #[arg(long, value_name = "URL", default_value = "", hide_default_value = true)]
    pub server: String,

    /// Path of a kubeconfig file [default: ~/.kube/config where it exists, else the service account of the pod]
    #[arg(long, value_name = "FILE", default_value = "", hide_default_value = true)]
    pub kubeconfig: String,

    /// Deprecated: use --kube-api-request-timeout. When it differs from 30s it wins over that one
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = parse_go_duration)]
    pub request_timeout: Duration,

    /// How long one request to the Kubernetes API may take; 0s means no limit
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
        #[cfg(feature = "aws")]
        messages.extend(self.eks.validate());
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

    /// A cluster is reached in one way.
    fn contradictions(&self) -> Vec<String> {
        let ways = [
            ("--manifests", !self.manifests.is_empty(), true),
            #[cfg(feature = "aws")]
            ("--eks-cluster", self.eks.is_given(), true),
            // The server of a kubeconfig can be another.
            ("--kubeconfig", !self.kubeconfig.is_empty(), false),
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
        if self.manifests.is_empty() {
            Access::Default { kubeconfig: path(&self.kubeconfig) }
        } else {
            Access::Manifests(self.manifests.clone())
        }
    }

    fn timeout(&self) -> Duration {
        if self.request_timeout == DEFAULT_TIMEOUT {
            return self.kube_api_request_timeout;
        }
        tracing::warn!(
            "--request-timeout is deprecated, use --kube-api-request-timeout; it wins over that one"
        );
        self.request_timeout
    }
}

fn path(text: &str) -> Option<PathBuf> {
    (!text.is_empty()).then(|| PathBuf::from(text))
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
        assert!(matches!(cluster.access, Access::Default { kubeconfig: None }));
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
        let args = parse(&["--manifests=x", "--kubeconfig=y", "--server=z"]);
        let flags = ["--kubeconfig", "--server"];
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
        ])
        .access
        {
            Access::Eks(eks) => assert_eq!(
                eks,
                crate::Eks {
                    region: Some("r".into()),
                    assume_role: Some("arn:aws:iam::111122223333:role/reader".into()),
                    ..expected
                }
            ),
            other => panic!("{other:?}"),
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
