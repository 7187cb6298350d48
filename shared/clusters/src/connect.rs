//! From configuration to a view.

use std::io::Read;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use ecow::EcoString;
use extdns_model::ClusterId;

use crate::api::{Api, Limits};
use crate::credentials;
#[cfg(feature = "aws")]
use crate::eks::{self, Eks};
use crate::environment::Environment;
use crate::error::ClusterError;
use crate::exec;
use crate::kubeconfig::{self, Connection};
use crate::manifests::{self, Manifests};
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
#[derive(Clone, Debug)]
pub enum Access {
    /// As upstream finds it: the kubeconfig that is named, else `~/.kube/config` where it exists, else the
    /// service account of the pod.
    Default {
        /// `--kubeconfig`.
        kubeconfig: Option<PathBuf>,
    },
    /// One context of a kubeconfig.
    Kubeconfig {
        /// The file.
        path: PathBuf,
        /// The context; `None` for the file's current one.
        context: Option<String>,
    },
    /// The service account of the pod.
    InCluster,
    /// A cluster of EKS.
    #[cfg(feature = "aws")]
    Eks(Eks),
    /// Files and folders of manifests; `-` for standard input.
    Manifests(Vec<PathBuf>),
}

/// How the API of a cluster is used.
#[derive(Clone, Debug)]
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
    /// Makes a view of the cluster. An API is not called yet (except AWS, where EKS says how the cluster is reached, and
    /// what a credential plugin calls, which runs now);
    /// manifests are read and checked as a whole.
    ///
    /// `stdin` stands for `-` among the manifests, and is not touched otherwise.
    ///
    /// # Errors
    /// When the configuration is incomplete or wrong, or a manifest is broken.
    pub async fn connect(
        &self,
        environment: &Environment,
        stdin: impl Read,
    ) -> Result<ClusterView, ClusterError> {
        let server = self.api.server.as_deref();
        let connection = match &self.access {
            Access::Manifests(paths) => {
                return self.read_manifests(paths, stdin).await;
            }
            Access::Kubeconfig { path, context } => {
                kubeconfig::from_file(path, context.as_deref()).await
            }
            Access::Default { kubeconfig } => {
                kubeconfig::detect(kubeconfig.as_deref(), server, environment).await
            }
            Access::InCluster => kubeconfig::in_cluster(server, environment).await,
            #[cfg(feature = "aws")]
            Access::Eks(eks) => {
                let time = self.api.limits.silence;
                tokio::time::timeout(time, eks::find(eks, environment))
                    .await
                    .unwrap_or_else(|_| Err(format!("{eks}: AWS did not answer within {time:?}")))
            }
        };
        let api = match connection {
            Ok(connection) => self.open(connection, environment).await,
            Err(message) => Err(message),
        };
        let api =
            api.map_err(|message| ClusterError::Config { cluster: self.name.clone(), message })?;
        Ok(ClusterView::new(self.id, self.name.clone(), Origin::Api(Box::new(api))))
    }

    async fn read_manifests(
        &self,
        paths: &[PathBuf],
        stdin: impl Read,
    ) -> Result<ClusterView, ClusterError> {
        let pipes = manifests::pipes::read(paths).await;
        let manifests = Manifests::read(paths, stdin, pipes)
            .map_err(|reason| ClusterError::Manifests { cluster: self.name.clone(), reason })?;
        Ok(ClusterView::new(self.id, self.name.clone(), Origin::Manifests(manifests)))
    }

    pub(crate) async fn open(
        &self,
        connection: Connection,
        environment: &Environment,
    ) -> Result<Api, String> {
        let Connection { mut config, identity } = connection;
        if let Some(server) = &self.api.server {
            config.cluster_url = kubeconfig::server_url(server)?;
        }
        kubeconfig::require_no_userinfo(&config.cluster_url)?;
        kubeconfig::set_proxy(&mut config, environment)?;
        let timeout = self.api.request_timeout;
        let of_user = |reason| format!("{}: {reason}", identity.credentials);
        let plugin_time = timeout.unwrap_or(self.api.limits.silence);
        exec::resolve(&mut config.auth_info, plugin_time).await.map_err(of_user)?;
        credentials::admit(&config.auth_info).map_err(of_user)?;
        let namespace = config.default_namespace.as_str().into();
        let client = kubeconfig::client(config, &identity.credentials)?;
        let rate = (self.api.qps, self.api.burst);
        let mut api = Api::new(self.name.clone(), client, identity, timeout, rate, self.api.limits);
        api.namespace = namespace;
        Ok(api)
    }
}
