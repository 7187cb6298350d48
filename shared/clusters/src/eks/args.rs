//! The flags of EKS.

use std::fmt;

use extdns_auth::AwsRole;

use super::Eks;

/// Which cluster of EKS is read, and as whom.
#[derive(Clone, Default, PartialEq, Eq, clap::Args)]
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

    /// The external id that the role of --eks-assume-role asks for
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    pub eks_external_id: String,
}

/// The external id is not shown.
impl fmt::Debug for EksArgs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EksArgs").field("cluster", &self.cluster()).finish_non_exhaustive()
    }
}

impl EksArgs {
    pub(crate) fn is_given(&self) -> bool {
        !self.eks_cluster.is_empty()
    }

    /// A flag that would mean nothing is a mistake, and so is one that was given what another takes.
    pub(crate) fn validate(&self) -> Vec<String> {
        let others =
            [("--eks-region", &self.eks_region), ("--eks-assume-role", &self.eks_assume_role)];
        let alone = others.into_iter().filter(|(_, value)| !self.is_given() && !value.is_empty());
        let mut faults: Vec<String> =
            alone.map(|(flag, _)| format!("{flag} needs --eks-cluster")).collect();
        if self.eks_assume_role.is_empty() && !self.eks_external_id.is_empty() {
            faults.push("--eks-external-id needs --eks-assume-role".to_owned());
        }
        faults.extend(self.named_by_arn());
        let role = &self.eks_assume_role;
        if !role.is_empty() && !role.starts_with("arn:") {
            faults.push(format!(
                "--eks-assume-role takes the ARN of a role, such as arn:aws:iam::111122223333:role/reader, \
                 and {role:?} is none"
            ));
        }
        faults
    }

    /// An ARN contains the name and the region, so the remedy can name both.
    fn named_by_arn(&self) -> Option<String> {
        let arn = self.eks_cluster.strip_prefix("arn:")?;
        let region = arn.split(':').nth(2).unwrap_or_default();
        let name = self.eks_cluster.rsplit('/').next().unwrap_or_default();
        Some(format!(
            "--eks-cluster takes the name of a cluster and not its ARN; give --eks-cluster={name} \
             --eks-region={region}"
        ))
    }

    pub(crate) fn cluster(&self) -> Option<Eks> {
        let given = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        Some(Eks {
            name: given(&self.eks_cluster)?,
            region: given(&self.eks_region),
            assume_role: given(&self.eks_assume_role)
                .map(|arn| AwsRole { arn, external_id: given(&self.eks_external_id) }),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_in_place_of_a_name_and_a_name_in_place_of_an_arn() {
        let args = |cluster: &str, role: &str| EksArgs {
            eks_cluster: cluster.to_owned(),
            eks_assume_role: role.to_owned(),
            ..EksArgs::default()
        };
        assert!(args("prod", "arn:aws:iam::111122223333:role/reader").validate().is_empty());
        let faults = args("arn:aws:eks:eu-west-1:111122223333:cluster/prod", "reader").validate();
        let [name, role] = &faults[..] else { panic!("{faults:?}") };
        assert!(name.ends_with("give --eks-cluster=prod --eks-region=eu-west-1"), "{name}");
        assert!(role.contains("takes the ARN of a role") && role.contains("\"reader\""), "{role}");
    }
}
