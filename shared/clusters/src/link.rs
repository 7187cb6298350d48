//! What calls to an API server go over: it can outlive a run.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use extdns_auth::{Begun, Url};
use http::Request;
use kube::Config;
use kube::client::Body;

use crate::identity::Identity;
use crate::kubeconfig;

/// How long before their end credentials are made anew, so that they hold for the run.
const EARLY: Duration = Duration::from_secs(60);

/// A client with its open connections, and the credentials that it sends.
pub(crate) struct Link {
    pub(crate) client: kube::Client,
    pub(crate) identity: Arc<Identity>,
    config: Config,
    /// The server, as it is measured.
    host: Option<Url>,
    /// When the credentials end, where they say so.
    until: Option<SystemTime>,
    /// Whether the server refused the credentials, or could not be reached.
    is_doubtful: AtomicBool,
}

impl Link {
    /// Makes the client. Nothing is sent yet.
    pub(crate) fn new(
        config: Config,
        identity: impl Into<Arc<Identity>>,
        until: Option<SystemTime>,
    ) -> Result<Arc<Self>, String> {
        let identity = identity.into();
        let client = kubeconfig::client(config.clone(), &identity.credentials)?;
        let host = Url::parse(&config.cluster_url.to_string()).ok();
        let is_doubtful = AtomicBool::new(false);
        Ok(Arc::new(Self { client, identity, config, host, until, is_doubtful }))
    }

    /// The same without the connections that are open.
    pub(crate) fn reopened(&self) -> Result<Arc<Self>, String> {
        Self::new(self.config.clone(), Arc::clone(&self.identity), self.until)
    }

    /// Begins to measure a request.
    pub(crate) fn measure(&self, request: &Request<Body>) -> Option<Begun> {
        let host = self.host.as_ref()?;
        Some(Begun::new(request.method().as_str(), host, request.uri().path(), ""))
    }

    /// Makes this the last run that goes over it.
    pub(crate) fn doubt(&self) {
        self.is_doubtful.store(true, Ordering::Relaxed);
    }

    /// Whether another run can go over it.
    pub(crate) fn is_sound(&self) -> bool {
        let holds = self.until.is_none_or(|until| SystemTime::now() + EARLY < until);
        holds && !self.is_doubtful.load(Ordering::Relaxed)
    }
}
