//! The connections to clusters that outlive a run: the client, its TLS, and what it authenticates with.
//!
//! What a run reads is its own: a [`ClusterView`](crate::ClusterView) has new lists, a new budget of requests and no
//! knowledge of what the server serves. The connection below it is kept, for as long as it is what a new process would
//! make. So files are read again in each run; what a cloud or a store of AWS says of a cluster, after a while.

use std::hash::{Hash as _, Hasher};
use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use extdns_auth::documents::Place;

use crate::api::Api;
use crate::connect::{Access, ApiOptions, Cluster};
use crate::environment::Environment;
use crate::error::ClusterError;
use crate::kubeconfig::{Connection, KubeconfigSource};
use crate::slots::is_within;
use crate::view::{ClusterView, Origin};

/// After this time without a call its connections are not used again: API servers close them by then, and of a function
/// of AWS Lambda, which stands still between two runs, the client does not notice.
const IDLE: Duration = Duration::from_secs(90);

/// How long the address and the certificate authority of a cluster are used that a cloud was asked for. A server that does
/// not answer there, or refuses the credentials, makes them asked for again at once.
const OF_CLOUD: Duration = Duration::from_secs(3600);

/// How long a kubeconfig is used that AWS keeps: as long as a configuration file.
const OF_STORE: Duration = Duration::from_secs(300);

/// A connection, and what it was made from.
struct Kept {
    api: Api,
    asked: (Access, ApiOptions),
    /// The mark of what that led to.
    found: u64,
    looked: SystemTime,
    used: SystemTime,
}

impl Cluster {
    /// Makes a view of the cluster for one run. An API is not called yet (except that of a cloud, which says how the cluster
    /// is reached, and what a credential plugin calls, which runs now); the connection is the one of the run before, where
    /// the [environment](Environment::connections) has it. Manifests are read and checked as a whole.
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
        if let Access::Manifests(paths) = &self.access {
            return self.read_manifests(paths, stdin).await;
        }
        let api = self.kept_api(environment).await;
        let api =
            api.map_err(|message| ClusterError::Config { cluster: self.name.clone(), message })?;
        Ok(ClusterView::new(self.id, self.name.clone(), Origin::Api(Arc::new(api))))
    }

    /// The API for one run. Who asks for one that is being made waits for it.
    async fn kept_api(&self, environment: &Environment) -> Result<Api, String> {
        let slot = environment.connections.slot(&self.name);
        let mut slot = slot.lock().await;
        let kept = slot.take().and_then(|kept| kept.downcast::<Kept>().ok());
        let mut kept = self.kept(kept, environment).await?;
        let api = kept.again();
        *slot = Some(kept);
        api
    }

    /// The connection of the run before, as long as it is what would be made now, else another one.
    async fn kept(
        &self,
        kept: Option<Box<Kept>>,
        environment: &Environment,
    ) -> Result<Box<Kept>, String> {
        let mut sound = kept.filter(|kept| kept.is_for(self) && kept.api.link.is_sound());
        if let Some(kept) = sound.take_if(|kept| is_within(kept.looked, self.access.lasting())) {
            return Ok(kept);
        }
        let connection = self.find(environment).await?;
        let found = mark(&connection, environment.connections.hasher());
        let looked = SystemTime::now();
        if let Some(kept) = sound.filter(|kept| kept.found == found) {
            return Ok(Box::new(Kept { looked, ..*kept }));
        }
        let api = self.open(connection, environment).await?;
        tracing::info!("cluster {}: {}", self.name, api.reached);
        let asked = (self.access.clone(), self.api.clone());
        Ok(Box::new(Kept { api, asked, found, looked, used: looked }))
    }
}

/// A number that is another one where a connection would be made from something else.
fn mark(connection: &Connection, mut mark: impl Hasher) -> u64 {
    let Connection { config, token_file, origin, .. } = connection;
    let auth = &config.auth_info;
    (origin, token_file, config.cluster_url.to_string(), &config.default_namespace).hash(&mut mark);
    (&config.root_cert, config.accept_invalid_certs, &config.tls_server_name).hash(&mut mark);
    config.proxy_url.as_ref().map(ToString::to_string).hash(&mut mark);
    // With its secrets; as a value, since the members of its maps have no order.
    serde_json::to_value(auth).ok().hash(&mut mark);
    for file in [&auth.client_certificate, &auth.client_key].into_iter().flatten() {
        std::fs::read(PathBuf::from(file)).ok().hash(&mut mark);
    }
    mark.finish()
}

impl Kept {
    fn is_for(&self, cluster: &Cluster) -> bool {
        let (access, api) = &self.asked;
        *access == cluster.access && *api == cluster.api
    }

    /// The API for another run.
    fn again(&mut self) -> Result<Api, String> {
        if !is_within(self.used, IDLE) {
            let link = self.api.link.reopened()?;
            self.api = self.api.over(link);
        }
        self.used = SystemTime::now();
        Ok(self.api.over(Arc::clone(&self.api.link)))
    }
}

impl Access {
    /// How long what it leads to is used before it is looked at again.
    fn lasting(&self) -> Duration {
        match self {
            #[cfg(feature = "aws")]
            Self::Eks(_) => OF_CLOUD,
            Self::Gke(_) | Self::Aks(_) => OF_CLOUD,
            Self::Kubeconfig { from: KubeconfigSource::Place(place), .. } => match place {
                Place::Path(_) => Duration::ZERO,
                _ => OF_STORE,
            },
            _ => Duration::ZERO,
        }
    }
}
