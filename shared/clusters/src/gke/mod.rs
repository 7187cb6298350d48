//! Clusters of GKE: their name and Google's credentials are enough.
//!
//! Google's API gives the address of the API server and its certificate authority. The server accepts an access token
//! of the same credentials ([`GoogleIdentity`]); IAM, or RBAC for the mail address of the account, says what it may do.

mod args;
mod described;
#[cfg(test)]
mod tests;

use std::fmt;
use std::time::Duration;

use extdns_auth::{GoogleError, GoogleIdentity, HttpOptions};

pub use self::args::GkeArgs;
use self::described::{Described, List};
use crate::environment::Environment;
use crate::identity::{Identity, Tokens};
use crate::kubeconfig::{Connection, of_cluster};
use crate::pause::asking_again;

/// Where Google's API is.
const API: &str = "https://container.googleapis.com/";
/// The API servers know an account by its mail address, which is not in a token without the second scope.
const SCOPES: &[&str] = &[
    "https://www.googleapis.com/auth/cloud-platform",
    "https://www.googleapis.com/auth/userinfo.email",
];
/// Networks that do not reach an endpoint swallow what is sent to it: shorter than a request may take, so that the
/// error says that it was the connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// A cluster of GKE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gke {
    /// Its name; not its path.
    pub name: String,
    /// Its region or zone; `None` for any.
    pub location: Option<String>,
    /// Its project; `None` for the one of the environment.
    pub project: Option<String>,
}

/// How the cluster is named in errors.
impl fmt::Display for Gke {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GKE cluster {:?}", self.name)?;
        self.location.as_ref().map_or(Ok(()), |location| write!(f, " in {location}"))
    }
}

/// Finds the cluster's API server, and who we are to it.
pub(crate) async fn find(gke: &Gke, environment: &Environment) -> Result<Connection, String> {
    gke.connection(environment).await.map_err(|reason| format!("{gke}: {reason}"))
}

impl Gke {
    async fn connection(&self, environment: &Environment) -> Result<Connection, String> {
        let variables = environment.google.clone();
        let api = variables.get("CLOUDSDK_API_ENDPOINT_OVERRIDES_CONTAINER").unwrap_or(API);
        let api = api.trim_end_matches('/').to_owned();
        let google = GoogleIdentity::find(variables, SCOPES, &HttpOptions::default());
        let google = google.map_err(|error| error.to_string())?;
        let project = self.project.as_deref().unwrap_or_default();
        let project = google.project("--gke-project", project).await;
        let project = project.map_err(|error| error.to_string())?;
        let cluster = self.describe(&google, &api, &project).await?;
        let mut config = of_cluster(cluster.server()?).await?;
        config.connect_timeout = Some(CONNECT_TIMEOUT);
        let who = google.who();
        let identity = Identity {
            credentials: format!("the token of {who} for {self}"),
            unauthorized: "; check that the account is not disabled and the clock is right"
                .to_owned(),
            unreachable: cluster.unreachable(),
            tokens: Some(Tokens::Gke(Box::new(google))),
            renewable: None,
        };
        let origin = format!("{self}, project {project}, as {who}");
        Ok(Connection { config, identity, origin, token_file: None })
    }

    /// The cluster in its location, or the one of its name in all of them.
    async fn describe(
        &self,
        google: &GoogleIdentity,
        api: &str,
        project: &str,
    ) -> Result<Described, String> {
        let missing = || {
            format!(
                "there is none of this name in project {project}; check --gke-cluster, --gke-location and --gke-project"
            )
        };
        let failed = |error: GoogleError| match error.status() {
            Some(404) => missing(),
            Some(403) => format!(
                "{} may not ask for it: {error}; grant it roles/container.clusterViewer in project {project}",
                google.who()
            ),
            _ => error.to_string(),
        };
        let base = format!("{api}/v1/projects/{project}/locations");
        if let Some(location) = &self.location {
            let url = format!("{base}/{location}/clusters/{}", self.name);
            return asking_again(GoogleError::may_pass, || google.get(&url)).await.map_err(failed);
        }
        let url = format!("{base}/-/clusters");
        let answer = asking_again(GoogleError::may_pass, || google.get(&url)).await;
        let List { clusters } = answer.map_err(failed)?;
        let mut found: Vec<Described> =
            clusters.into_iter().filter(|cluster| cluster.name == self.name).collect();
        match found.len() {
            0 | 1 => found.pop().ok_or_else(missing),
            _ => {
                let locations: Vec<&str> =
                    found.iter().map(|cluster| cluster.location.as_str()).collect();
                let locations = locations.join(", ");
                Err(format!("there are several of this name, in {locations}; give --gke-location"))
            }
        }
    }
}
