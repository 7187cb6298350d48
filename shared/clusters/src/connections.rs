//! The connections to clusters that outlive a run: the client, its TLS, and what it authenticates with.
//!
//! What a run reads is its own: a [`ClusterView`](crate::ClusterView) has new lists, a new budget of requests and no
//! knowledge of what the server serves. The connection below it is kept, for as long as it is what a new process would
//! make. So files are read again in each run; what a cloud or a store of AWS says of a cluster, after a while.

use std::collections::BTreeMap;
use std::fmt;
use std::hash::{BuildHasher as _, Hash as _, Hasher as _, RandomState};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use ecow::EcoString;
use extdns_auth::documents::Place;

use crate::api::Api;
use crate::connect::{Access, ApiOptions, Cluster};
use crate::environment::Environment;
use crate::kubeconfig::{Connection, KubeconfigSource};

/// After this time without a call its connections are not used again: API servers close them by then, and of a function
/// of AWS Lambda, which stands still between two runs, the client does not notice.
const IDLE: Duration = Duration::from_secs(90);

/// What no run has asked for in this time is forgotten.
const UNUSED: Duration = Duration::from_secs(3600);

/// How long the address and the certificate authority of a cluster are used that a cloud was asked for. A server that does
/// not answer there, or refuses the credentials, makes them asked for again at once.
const OF_CLOUD: Duration = Duration::from_secs(3600);

/// How long a kubeconfig is used that AWS keeps: as long as a configuration file.
const OF_STORE: Duration = Duration::from_secs(300);

/// The connections of a process, by the name of the cluster. Clones share them; the first one is empty.
#[derive(Clone, Default)]
pub struct Connections(Arc<Inner>);

#[derive(Default)]
struct Inner {
    slots: Mutex<BTreeMap<EcoString, Slot>>,
    /// Makes marks that mean nothing outside the process: they are made of secrets, too.
    marks: RandomState,
}

struct Slot {
    kept: Arc<tokio::sync::Mutex<Option<Kept>>>,
    used: SystemTime,
}

/// A connection, and what it was made from.
struct Kept {
    api: Api,
    asked: (Access, ApiOptions),
    /// The mark of what that led to.
    found: u64,
    looked: SystemTime,
    used: SystemTime,
}

impl fmt::Debug for Connections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let slots = self.0.slots.lock().unwrap_or_else(PoisonError::into_inner);
        f.debug_set().entries(slots.keys()).finish()
    }
}

impl Connections {
    /// The API of a cluster for one run. Who asks for one that is being made waits for it.
    pub(crate) async fn api(
        &self,
        cluster: &Cluster,
        environment: &Environment,
    ) -> Result<Api, String> {
        let slot = self.slot(&cluster.name);
        let mut slot = slot.lock().await;
        let mut sound = slot.take().filter(|kept| kept.is_for(cluster) && kept.api.link.is_sound());
        if let Some(kept) = sound.take_if(|kept| is_within(kept.looked, cluster.access.lasting())) {
            return slot.insert(kept).again();
        }
        let connection = cluster.find(environment).await?;
        let found = self.mark(&connection);
        let kept = match sound {
            Some(kept) if kept.found == found => Kept { looked: SystemTime::now(), ..kept },
            _ => {
                let api = cluster.open(connection, environment).await?;
                tracing::info!("cluster {}: {}", cluster.name, api.reached);
                let asked = (cluster.access.clone(), cluster.api.clone());
                let now = SystemTime::now();
                Kept { api, asked, found, looked: now, used: now }
            }
        };
        slot.insert(kept).again()
    }

    fn slot(&self, name: &EcoString) -> Arc<tokio::sync::Mutex<Option<Kept>>> {
        let mut slots = self.0.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots.retain(|_, slot| is_within(slot.used, UNUSED));
        let slot = slots
            .entry(name.clone())
            .or_insert_with(|| Slot { kept: Arc::default(), used: SystemTime::now() });
        slot.used = SystemTime::now();
        Arc::clone(&slot.kept)
    }

    /// A number that is another one where a connection would be made from something else.
    fn mark(&self, connection: &Connection) -> u64 {
        let Connection { config, token_file, origin, .. } = connection;
        let auth = &config.auth_info;
        let mut mark = self.0.marks.build_hasher();
        (origin, token_file, config.cluster_url.to_string(), &config.default_namespace)
            .hash(&mut mark);
        (&config.root_cert, config.accept_invalid_certs, &config.tls_server_name).hash(&mut mark);
        config.proxy_url.as_ref().map(ToString::to_string).hash(&mut mark);
        // With its secrets; as a value, since the members of its maps have no order.
        serde_json::to_value(auth).ok().hash(&mut mark);
        for file in [&auth.client_certificate, &auth.client_key].into_iter().flatten() {
            std::fs::read(PathBuf::from(file)).ok().hash(&mut mark);
        }
        mark.finish()
    }
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

/// Whether a moment is not longer ago. By the clock of the system: others stand still where the process does.
fn is_within(moment: SystemTime, time: Duration) -> bool {
    moment.elapsed().is_ok_and(|elapsed| elapsed < time)
}
