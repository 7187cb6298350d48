//! The flags of EKS.

use super::Eks;

/// Which cluster of EKS is read, and as whom.
#[derive(Clone, Debug, Default, PartialEq, Eq, clap::Args)]
#[command(next_help_heading = "Kubernetes")]
#[group(skip)]
pub struct EksArgs {
    /// Name of a cluster of EKS, in place of a kubeconfig: its API server is found by eks:DescribeCluster, and reached
    /// with a token of AWS's credentials
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    pub eks_cluster: String,

    /// Region of --eks-cluster [default: AWS_REGION, else that of the AWS profile]
    #[arg(long, value_name = "REGION", default_value = "", hide_default_value = true)]
    pub eks_region: String,

    /// ARN of the IAM role to be assumed for --eks-cluster, e.g. one in its account
    #[arg(long, value_name = "ARN", default_value = "", hide_default_value = true)]
    pub eks_assume_role: String,
}

impl EksArgs {
    pub(crate) fn is_given(&self) -> bool {
        !self.eks_cluster.is_empty()
    }

    /// A flag that would mean nothing is a mistake.
    pub(crate) fn validate(&self) -> Vec<String> {
        let others =
            [("--eks-region", &self.eks_region), ("--eks-assume-role", &self.eks_assume_role)];
        let alone = others.into_iter().filter(|(_, value)| !self.is_given() && !value.is_empty());
        alone.map(|(flag, _)| format!("{flag} needs --eks-cluster")).collect()
    }

    pub(crate) fn cluster(&self) -> Option<Eks> {
        let given = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        Some(Eks {
            name: given(&self.eks_cluster)?,
            region: given(&self.eks_region),
            assume_role: given(&self.eks_assume_role),
        })
    }
}
