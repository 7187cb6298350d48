//! What clusters need to know of the environment of the process.

use std::path::{Path, PathBuf};

use crate::slots::Connections;

/// Where a pod finds the credentials of its service account.
const SERVICE_ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// What clusters need to know of the process's environment. It is read where settings are read, and handed in. It is not
/// printable: the URL of a proxy can hold a password.
#[derive(Clone, Default)]
pub struct Environment {
    /// `HOME`.
    pub home: Option<PathBuf>,
    /// `KUBECONFIG`: kubeconfigs that are read as one, as kubectl does.
    pub kubeconfig: Option<String>,
    /// `KUBERNETES_SERVICE_HOST`.
    pub kubernetes_service_host: Option<String>,
    /// `KUBERNETES_SERVICE_PORT`.
    pub kubernetes_service_port: Option<String>,
    /// Where the pod's service account is mounted; `None` for the usual place.
    pub service_account: Option<PathBuf>,
    /// `POD_NAMESPACE`: the namespace of the pod, where it is set.
    pub pod_namespace: Option<String>,
    /// `HTTPS_PROXY`: the proxy of `https` servers where the kubeconfig names none.
    pub https_proxy: Option<String>,
    /// `NO_PROXY`: hosts that are reached without that proxy.
    pub no_proxy: Option<String>,
    /// `AWS_LAMBDA_FUNCTION_NAME`: the process is a Lambda function, where no credential plugin is installed.
    pub lambda_function: Option<String>,
    /// The variables of Google's libraries.
    pub google: extdns_auth::GoogleVariables,
    /// The variables of Azure's libraries.
    pub azure: extdns_auth::AzureVariables,
    /// The connections that the process has already. Clones of an environment share them.
    pub connections: Connections,
    /// The variables of the SDK of AWS.
    #[cfg(feature = "aws")]
    pub aws: extdns_auth::AwsVariables,
}

impl Environment {
    /// The namespace of the pod in which the process runs, from its environment or else from its service
    /// account; `None` outside pods.
    pub async fn namespace_of_pod(&self) -> Option<String> {
        self.kubernetes_service_host.as_ref()?;
        if let Some(namespace) = &self.pod_namespace {
            return Some(namespace.clone());
        }
        let folder = self.service_account_folder();
        let text = tokio::fs::read_to_string(folder.join("namespace")).await.ok()?;
        Some(text.trim().to_owned()).filter(|namespace| !namespace.is_empty())
    }

    /// The folder with the service account of the pod.
    pub(crate) fn service_account_folder(&self) -> &Path {
        self.service_account.as_deref().unwrap_or(Path::new(SERVICE_ACCOUNT))
    }

    /// As whom documents of AWS are read.
    pub(crate) fn reader(&self) -> extdns_auth::documents::Reader {
        #[cfg(feature = "aws")]
        return extdns_auth::AwsOptions { variables: self.aws.clone(), ..Default::default() };
        #[cfg(not(feature = "aws"))]
        return extdns_auth::documents::Reader::default();
    }
}
