//! Clusters of EKS: their name and AWS's credentials are enough.
//!
//! `eks:DescribeCluster` gives the address of the API server and its certificate authority. The server accepts a token
//! that is signed with the same credentials ([`EksTokens`]); the cluster's access entries, or its ConfigMap `aws-auth`,
//! say which groups of Kubernetes their role belongs to. `docs/eks.md` has what must be set up for that.

mod args;

use std::fmt;
use std::time::Duration;

use aws_sdk_eks::config::retry::RetryConfig;
use aws_sdk_eks::error::{ProvideErrorMetadata as _, SdkError};
use aws_sdk_eks::operation::describe_cluster::DescribeClusterError;
use aws_sdk_eks::types::{AuthenticationMode, Cluster, ClusterStatus, VpcConfigResponse};
use extdns_auth::{
    AwsIdentity, AwsOptions, AwsRole, EksTokens, aws_error_chain, aws_identity, aws_region,
};

pub use self::args::EksArgs;
use crate::environment::Environment;
use crate::identity::{Identity, Tokens};
use crate::kubeconfig::{Connection, of_cluster};

/// Networks that do not reach an endpoint swallow what is sent to it: shorter than a request may take, so that the
/// error says that it was the connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// A cluster of EKS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Eks {
    /// Its name; not its ARN.
    pub name: String,
    /// Its region; `None` for the one of the environment or the AWS profile.
    pub region: Option<String>,
    /// A role to assume before anything is asked.
    pub assume_role: Option<AwsRole>,
}

/// How the cluster is named in errors.
impl fmt::Display for Eks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EKS cluster {:?}", self.name)?;
        self.region.as_ref().map_or(Ok(()), |region| write!(f, " in {region}"))
    }
}

/// Finds the cluster's API server, and who we are to it.
pub(crate) async fn find(eks: &Eks, environment: &Environment) -> Result<Connection, String> {
    let mut options = AwsOptions {
        role: eks.assume_role.clone(),
        region: eks.region.clone(),
        variables: environment.aws.clone(),
        ..AwsOptions::default()
    };
    options.region = aws_region(&options).await;
    if options.region.is_none() {
        return Err(format!(
            "{eks}: its region is not known; give --eks-region, or set AWS_REGION"
        ));
    }
    let eks = Eks { region: options.region.clone(), ..eks.clone() };
    let connection = match aws_identity(&options).await {
        Ok(identity) => eks.connection(&identity).await,
        Err(error) => Err(error.to_string()),
    };
    connection.map_err(|reason| format!("{eks}: {reason}"))
}

impl Eks {
    /// With the region and the credentials of an identity.
    pub(crate) async fn connection(&self, aws: &AwsIdentity) -> Result<Connection, String> {
        let cluster = self.describe(aws).await?;
        let mut config = of_cluster(server(&cluster)?).await?;
        config.connect_timeout = Some(CONNECT_TIMEOUT);
        let tokens = EksTokens::new(&aws.config, &self.name).await;
        let who = self.who();
        let identity = Identity {
            credentials: format!("the token of {who} for {self}"),
            unauthorized: self.unauthorized(&cluster),
            unreachable: cluster.resources_vpc_config().map(unreachable).unwrap_or_default(),
            tokens: Some(Tokens::Eks(tokens.map_err(|error| error.to_string())?)),
            renewable: None,
        };
        let origin = match &self.assume_role {
            Some(role) => format!("{self}, as role {}", role.arn),
            None => format!("{self}, as the credentials of {}", in_account(&aws.account)),
        };
        Ok(Connection { config, identity, origin, token_file: None })
    }

    /// Asks again where EKS is busy: a run is one such call.
    async fn describe(&self, aws: &AwsIdentity) -> Result<Cluster, String> {
        let config = aws_sdk_eks::config::Builder::from(&aws.config)
            .retry_config(RetryConfig::standard())
            .build();
        let answer =
            aws_sdk_eks::Client::from_conf(config).describe_cluster().name(&self.name).send().await;
        answer
            .map_err(|error| self.refused(&error, &aws.account))?
            .cluster
            .ok_or_else(|| "the answer to eks:DescribeCluster has no cluster".to_owned())
    }

    fn refused(&self, error: &SdkError<DescribeClusterError>, account: &str) -> String {
        let words = error.message().unwrap_or("no reason is given");
        match error.code() {
            Some("ResourceNotFoundException") => format!(
                "there is none of this name in {}; check --eks-cluster, --eks-region and --eks-assume-role",
                in_account(account)
            ),
            Some("AccessDeniedException") => {
                format!("{} may not ask for it: {words}; allow eks:DescribeCluster", self.who())
            }
            _ => format!("eks:DescribeCluster: {}", aws_error_chain(error)),
        }
    }

    fn who(&self) -> String {
        match &self.assume_role {
            Some(role) => role.arn.clone(),
            None => "the default credentials of AWS".to_owned(),
        }
    }

    /// What to do about a 401: the token is right by construction, unless the clock is not.
    fn unauthorized(&self, cluster: &Cluster) -> String {
        let mode = cluster.access_config().and_then(|access| access.authentication_mode());
        let principal = match &self.assume_role {
            Some(role) => format!("role {}", role.arn),
            None => "their role or user (aws sts get-caller-identity)".to_owned(),
        };
        let remedy = match mode {
            Some(AuthenticationMode::ConfigMap) => {
                format!("add {principal} to mapRoles of ConfigMap kube-system/aws-auth")
            }
            _ => format!(
                "give {principal} an access entry with a group of Kubernetes (aws eks create-access-entry)"
            ),
        };
        format!("; {remedy}, and check that the clock is right")
    }
}

/// Where the API server is, as a kubeconfig says it.
fn server(cluster: &Cluster) -> Result<kube::config::Cluster, String> {
    use ClusterStatus::{Creating, Deleting, Failed, Pending};
    // An update goes on beside what runs.
    if let Some(status @ (Creating | Pending | Deleting | Failed)) = cluster.status() {
        return Err(format!("it is {status}; it can be read when it is ACTIVE"));
    }
    let endpoint = cluster.endpoint().ok_or("it has no endpoint yet; try again later")?;
    if !endpoint.starts_with("https://") {
        return Err(format!("its endpoint {endpoint:?} is not https, and a token is sent to it"));
    }
    let authority = cluster.certificate_authority().and_then(|authority| authority.data());
    Ok(kube::config::Cluster {
        server: Some(endpoint.to_owned()),
        certificate_authority_data: Some(
            authority.ok_or("it has no certificate authority")?.into(),
        ),
        ..kube::config::Cluster::default()
    })
}

/// Which networks reach the API server.
fn unreachable(vpc: &VpcConfigResponse) -> String {
    let networks = vpc.public_access_cidrs();
    if !vpc.endpoint_public_access() {
        "; its endpoint is private: run inside its VPC, or where that is routed to".to_owned()
    } else if networks.is_empty() || networks.iter().any(|network| network == "0.0.0.0/0") {
        String::new()
    } else {
        format!("; its endpoint is open to {} alone", networks.join(", "))
    }
}

/// The account may be known by an access key alone.
fn in_account(account: &str) -> String {
    if account.bytes().all(|byte| byte.is_ascii_digit()) {
        format!("account {account}")
    } else {
        format!("the account of access key {account}")
    }
}

#[cfg(test)]
mod tests;
