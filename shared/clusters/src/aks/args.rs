//! The flags of AKS.

use super::Aks;

/// Which cluster of AKS is read.
#[derive(Clone, Debug, Default, PartialEq, Eq, clap::Args)]
#[command(next_help_heading = "Kubernetes")]
#[group(skip)]
pub struct AksArgs {
    /// Name of a cluster of AKS, in place of a kubeconfig: its API server is found by Azure Resource Manager, and reached
    /// with a token of Microsoft Entra
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    pub aks_cluster: String,

    /// Resource group of --aks-cluster; without it the cluster is looked for in all of the subscription
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    pub aks_resource_group: String,

    /// Subscription of --aks-cluster [default: that of --aks-config-file or of AZURE_SUBSCRIPTION_ID]
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    pub aks_subscription_id: String,

    /// File with the credentials for --aks-cluster, as --azure-config-file has them [default:
    /// /etc/kubernetes/azure.json, if it is there]
    #[arg(long, value_name = "FILE", default_value = "", hide_default_value = true)]
    pub aks_config_file: String,
}

impl AksArgs {
    pub(crate) fn is_given(&self) -> bool {
        !self.aks_cluster.is_empty()
    }

    /// A flag that would mean nothing is a mistake, and so is a path in place of a name.
    pub(crate) fn validate(&self) -> Vec<String> {
        let others = [
            ("--aks-resource-group", &self.aks_resource_group),
            ("--aks-subscription-id", &self.aks_subscription_id),
            ("--aks-config-file", &self.aks_config_file),
        ];
        let alone = others.into_iter().filter(|(_, value)| !self.is_given() && !value.is_empty());
        let mut faults: Vec<String> =
            alone.map(|(flag, _)| format!("{flag} needs --aks-cluster")).collect();
        let parts: Vec<&str> = self.aks_cluster.split('/').collect();
        if let ["", "subscriptions", subscription, _, group, .., name] = parts[..] {
            faults.push(format!(
                "--aks-cluster takes the name of a cluster and not its id; give --aks-cluster={name} \
                 --aks-resource-group={group} --aks-subscription-id={subscription}"
            ));
        }
        faults
    }

    pub(crate) fn cluster(&self) -> Option<Aks> {
        let given = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        Some(Aks {
            name: given(&self.aks_cluster)?,
            resource_group: given(&self.aks_resource_group),
            subscription: given(&self.aks_subscription_id),
            file: given(&self.aks_config_file).map(Into::into),
        })
    }
}
