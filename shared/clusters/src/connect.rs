//! From configuration to a view.

use std::io::Read;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use ecow::EcoString;
use extdns_auth::documents::Place;
use extdns_model::ClusterId;

use crate::aks::{self, Aks};
use crate::api::{Api, Limits};
use crate::credentials;
#[cfg(feature = "aws")]
use crate::eks::{self, Eks};
use crate::environment::Environment;
use crate::error::ClusterError;
use crate::exec;
use crate::gke::{self, Gke};
use crate::kubeconfig::{self, Connection, KubeconfigSource};
use crate::link::Link;
use crate::manifests::{self, Manifests};
use crate::renewal::Renewable;
use crate::server;
use crate::view::{ClusterView, Origin};

/// One cluster of the configuration.
#[derive(Clone, Debug)]
pub struct Cluster {
    /// The number that its endpoints carry.
    pub id: ClusterId,
    /// Its name in the configuration.
    pub name: EcoString,
    /// Where its objects are.
    pub access: Access,
    /// How its API is used.
    pub api: ApiOptions,
}

/// Where the objects of a cluster are.
#[derive(Clone, Debug, PartialEq)]
pub enum Access {
    /// As kubectl and upstream find it: the files of `KUBECONFIG`, else `~/.kube/config` where it exists, else the
    /// service account of the pod.
    Default {
        /// The context of the kubeconfig; `None` for its current one.
        context: Option<String>,
    },
    /// One context of a kubeconfig.
    Kubeconfig {
        /// Where the kubeconfig is.
        from: KubeconfigSource,
        /// The context; `None` for the current one of the kubeconfig.
        context: Option<String>,
    },
    /// The service account of the pod.
    InCluster,
    /// A cluster of EKS.
    #[cfg(feature = "aws")]
    Eks(Eks),
    /// A cluster of GKE.
    Gke(Gke),
    /// A cluster of AKS.
    Aks(Aks),
    /// Files and folders of manifests; `-` for standard input.
    Manifests(Vec<PathBuf>),
}

impl Access {
    /// The current context of a kubeconfig file.
    pub fn kubeconfig(path: impl Into<PathBuf>) -> Self {
        let from = KubeconfigSource::Place(Place::Path(path.into()));
        Self::Kubeconfig { from, context: None }
    }
}

/// How the API of a cluster is used.
#[derive(Clone, Debug, PartialEq)]
pub struct ApiOptions {
    /// URL in place of the one that the credentials come with.
    pub server: Option<String>,
    /// How long one request may take; `None` for no limit.
    pub request_timeout: Option<Duration>,
    /// Requests per second.
    pub qps: NonZeroU32,
    /// Requests that may follow each other at once.
    pub burst: NonZeroU32,
    /// The limits of one read, and how often it is repeated.
    pub limits: Limits,
}

impl Default for ApiOptions {
    fn default() -> Self {
        const QPS: NonZeroU32 = NonZeroU32::new(5).expect("not zero");
        const BURST: NonZeroU32 = NonZeroU32::new(10).expect("not zero");
        Self {
            server: None,
            request_timeout: Some(Duration::from_secs(30)),
            qps: QPS,
            burst: BURST,
            limits: Limits::default(),
        }
    }
}

impl Cluster {
    /// Finds the API server, and who we are to it.
    pub(crate) async fn find(&self, environment: &Environment) -> Result<Connection, String> {
        let server = self.api.server.as_deref();
        match &self.access {
            Access::Manifests(_) => Err("manifests have no API".to_owned()),
            Access::Kubeconfig { from, context } => {
                let loaded = kubeconfig::from_source(from, context.as_deref(), environment);
                self.in_time("AWS", loaded, || "the kubeconfig".to_owned()).await
            }
            Access::Default { context } => {
                kubeconfig::detect(context.as_deref(), server, environment).await
            }
            Access::InCluster => kubeconfig::in_cluster(server, environment).await,
            #[cfg(feature = "aws")]
            Access::Eks(eks) => {
                self.in_time("AWS", eks::find(eks, environment), || eks.to_string()).await
            }
            Access::Gke(gke) => {
                self.in_time("Google", gke::find(gke, environment), || gke.to_string()).await
            }
            // Boxed: it is large, and most runs have no such cluster.
            Access::Aks(aks) => {
                let found = Box::pin(aks::find(aks, environment));
                self.in_time("Azure", found, || aks.to_string()).await
            }
        }
    }

    /// What a cloud is asked before there is a connection takes no longer than an answer of the API server may.
    async fn in_time(
        &self,
        cloud: &str,
        found: impl Future<Output = Result<Connection, String>>,
        what: impl Fn() -> String,
    ) -> Result<Connection, String> {
        let time = self.api.limits.silence;
        tokio::time::timeout(time, found)
            .await
            .unwrap_or_else(|_| Err(format!("{}: {cloud} did not answer within {time:?}", what())))
    }

    /// Reads and checks the manifests that stand for the cluster.
    pub(crate) async fn read_manifests(
        &self,
        paths: &[PathBuf],
        stdin: impl Read,
    ) -> Result<ClusterView, ClusterError> {
        let pipes = manifests::pipes::read(paths).await;
        let manifests = Manifests::read(paths, stdin, pipes)
            .map_err(|reason| ClusterError::Manifests { cluster: self.name.clone(), reason })?;
        Ok(ClusterView::new(self.id, self.name.clone(), Origin::Manifests(manifests)))
    }

    /// Makes the connection.
    pub(crate) async fn open(
        &self,
        connection: Connection,
        environment: &Environment,
    ) -> Result<Api, String> {
        let Connection { mut config, mut identity, origin, token_file } = connection;
        if let Some(url) = &self.api.server {
            config.cluster_url = server::server_url(url)?;
        }
        server::require_no_userinfo(&config.cluster_url)?;
        server::set_proxy(&mut config, environment)?;
        let reached =
            format!("{} ({origin})", config.cluster_url.to_string().trim_end_matches('/'));
        let timeout = self.api.request_timeout;
        let of_user = |reason| format!("{}: {reason}", identity.credentials);
        let plugin_time = timeout.unwrap_or(self.api.limits.silence);
        let plugin = config.auth_info.exec.clone();
        let until = exec::resolve(&mut config.auth_info, plugin_time).await.map_err(of_user)?;
        credentials::admit(&config.auth_info).map_err(of_user)?;
        let auth = &mut config.auth_info;
        identity.renewable = Renewable::take(auth, token_file, plugin, plugin_time);
        let namespace = config.default_namespace.as_str().into();
        let link = Link::new(config, identity, until)?;
        let rate = (self.api.qps, self.api.burst);
        let mut api = Api::new(self.name.clone(), link, timeout, rate, self.api.limits);
        api.namespace = namespace;
        api.reached = reached;
        Ok(api)
    }
}
