//! Clusters of AKS: their name and an identity of Azure are enough.
//!
//! Azure Resource Manager gives the kubeconfig that every user of the cluster gets. Its address and certificate authority
//! are used; where it names a plugin for users of Microsoft Entra, a token of our own identity ([`AzureIdentity`]) takes
//! the place of what the plugin would print. Where the cluster has local accounts, the kubeconfig has a credential.

mod args;
mod described;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use extdns_auth::{AzureError, AzureIdentity, AzureOptions};
use kube::config::AuthInfo;

pub use self::args::AksArgs;
use self::described::{Credentials, Described, application};
use crate::environment::Environment;
use crate::identity::{Identity, Tokens};
use crate::kubeconfig::{Connection, of_cluster};
use crate::pause::asking_again;

/// Where Kubernetes keeps Azure's configuration on its nodes.
const FILE: &str = "/etc/kubernetes/azure.json";
/// The clouds of governments know it too.
const VERSION: &str = "api-version=2024-09-01";
const CLUSTERS: &str = "providers/Microsoft.ContainerService/managedClusters";
/// Networks that do not reach an endpoint swallow what is sent to it: shorter than a request may take, so that the
/// error says that it was the connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// A cluster of AKS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aks {
    /// Its name; not its id.
    pub name: String,
    /// Its resource group; `None` for any of the subscription.
    pub resource_group: Option<String>,
    /// Its subscription; `None` for the one of the file or of the environment.
    pub subscription: Option<String>,
    /// The file with the credentials; `None` for the usual one, which need not exist.
    pub file: Option<PathBuf>,
}

/// How the cluster is named in errors.
impl fmt::Display for Aks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AKS cluster {:?}", self.name)?;
        self.resource_group.as_ref().map_or(Ok(()), |group| write!(f, " in {group}"))
    }
}

/// Finds the cluster's API server, and who we are to it.
pub(crate) async fn find(aks: &Aks, environment: &Environment) -> Result<Connection, String> {
    aks.connection(environment).await.map_err(|reason| format!("{aks}: {reason}"))
}

impl Aks {
    async fn connection(&self, environment: &Environment) -> Result<Connection, String> {
        let options = AzureOptions {
            file: Some(self.file.clone().unwrap_or_else(|| FILE.into())),
            subscription: self.subscription.clone(),
            variables: environment.azure.clone(),
            ..AzureOptions::default()
        };
        let azure = AzureIdentity::find(&options).map_err(|error| error.to_string())?;
        let subscription = azure.subscription.clone().ok_or_else(|| {
            format!(
                "its subscription is not known; give --aks-subscription-id, or set AZURE_SUBSCRIPTION_ID or \
                 subscriptionId in {}",
                options.file.unwrap_or_default().display()
            )
        })?;
        let cluster = self.describe(&azure, &subscription).await?;
        cluster.admit()?;
        let id = cluster.id.trim_start_matches('/');
        let path = format!("{id}/listClusterUserCredential?{VERSION}&format=exec");
        let act = || azure.act::<Credentials>(&path);
        let answer = asking_again(AzureError::may_pass, act).await;
        let answer = answer.map_err(|error| self.refused(&azure, &subscription, &error))?;
        let (server, user) = answer.parts()?;
        let mut config = of_cluster(server).await?;
        config.connect_timeout = Some(CONNECT_TIMEOUT);
        let who = azure.who();
        let origin = format!("{self}, resource group {}, as {who}", cluster.resource_group());
        let mut identity = Identity {
            credentials: format!("the token of {who} for {self}"),
            unauthorized: format!("; {}, and check that the clock is right", cluster.rights()),
            unreachable: cluster.unreachable(),
            tokens: None,
            renewable: None,
        };
        match application(&user) {
            Some(application) => {
                let tokens = azure.tokens(application);
                identity.tokens = Some(Tokens::Aks(Box::new(tokens)));
            }
            None => {
                identity.credentials = format!("the local account of {self}");
                config.auth_info = of_local_account(user);
            }
        }
        Ok(Connection { config, identity, origin, token_file: None })
    }

    /// The cluster in its resource group, or the one of its name in the subscription.
    async fn describe(
        &self,
        azure: &AzureIdentity,
        subscription: &str,
    ) -> Result<Described, String> {
        let failed = |error: AzureError| self.refused(azure, subscription, &error);
        if let Some(group) = &self.resource_group {
            let name = &self.name;
            let path = format!(
                "subscriptions/{subscription}/resourceGroups/{group}/{CLUSTERS}/{name}?{VERSION}"
            );
            return asking_again(AzureError::may_pass, || azure.resource(&path))
                .await
                .map_err(failed);
        }
        let path = format!("subscriptions/{subscription}/{CLUSTERS}?{VERSION}");
        let list = || azure.resources::<Described>(&path);
        let clusters = asking_again(AzureError::may_pass, list).await.map_err(failed)?;
        let is_named = |cluster: &Described| cluster.name.eq_ignore_ascii_case(&self.name);
        let mut found: Vec<Described> = clusters.into_iter().filter(is_named).collect();
        match found.len() {
            0 | 1 => found.pop().ok_or_else(|| missing(subscription)),
            _ => {
                let groups: Vec<&str> = found.iter().map(Described::resource_group).collect();
                let groups = groups.join(", ");
                Err(format!(
                    "there are several of this name, in {groups}; give --aks-resource-group"
                ))
            }
        }
    }

    fn refused(&self, azure: &AzureIdentity, subscription: &str, error: &AzureError) -> String {
        match error.status() {
            Some(404) => missing(subscription),
            Some(403) => format!(
                "{} may not ask for it: {error}; give it Azure Kubernetes Service Cluster User Role for the cluster",
                azure.who()
            ),
            _ => error.to_string(),
        }
    }
}

fn missing(subscription: &str) -> String {
    format!(
        "there is none of this name in subscription {subscription}; check --aks-cluster, --aks-resource-group and \
         --aks-subscription-id"
    )
}

/// The credential alone, and nothing that makes a user another one.
fn of_local_account(user: AuthInfo) -> AuthInfo {
    let AuthInfo { client_certificate_data, client_key_data, token, .. } = user;
    AuthInfo { client_certificate_data, client_key_data, token, ..AuthInfo::default() }
}
