//! One API server: the client, and the limits of reading from it.

use std::num::NonZeroU32;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ecow::EcoString;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};

use crate::error::ReadErrorKind;
use crate::link::Link;
use crate::object::ResourceType;
use crate::served::Kinds;

/// The limits of one read, and how often it is repeated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Whether a list is asked for as a stream, in one call. Where the server streams no lists, it is
    /// read in pages in any case.
    pub streams: bool,
    /// Objects asked for with the first page of a list.
    pub page_size: u32,
    /// Objects asked for with one page at most. Pages grow as long as they come quickly.
    pub largest_page: u32,
    /// Bytes of one answer, or of one object in a stream. A page that is larger is asked for again in
    /// smaller pages.
    pub answer_bytes: usize,
    /// Calls for one answer, the first included, where the server is busy or the connection breaks.
    pub attempts: u32,
    /// Wait before the second call; doubles from call to call. `Retry-After` wins.
    pub backoff: Duration,
    /// How often a list that cannot go on is begun again.
    pub restarts: u32,
    /// How long a server may send nothing where no request timeout is set: until the head of its
    /// answer is there, and then for each further piece of it.
    pub silence: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            streams: true,
            page_size: 500,
            largest_page: 5000,
            answer_bytes: 64 << 20,
            attempts: 5,
            backoff: Duration::from_millis(250),
            restarts: 3,
            silence: Duration::from_secs(60),
        }
    }
}

/// Where a kubeconfig names no other namespace.
pub(crate) const DEFAULT_NAMESPACE: &str = "default";

/// One API server.
pub(crate) struct Api {
    pub(crate) cluster: EcoString,
    /// The namespace that the kubeconfig names for what names none.
    pub(crate) namespace: EcoString,
    /// Which server this is, and as whom we call it.
    pub(crate) reached: String,
    /// What calls go over.
    pub(crate) link: Arc<Link>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) limits: Limits,
    rate: Quota,
    pub(crate) politeness: DefaultDirectRateLimiter,
    /// Whether the server has shown that it streams no lists, or not to us.
    pub(crate) in_pages: AtomicBool,
    /// What the server has said that it serves.
    served: Mutex<Arc<Kinds>>,
}

/// Why a list stopped before its end.
pub(crate) enum Interrupted {
    /// It can be begun again: the snapshot is gone, or the text of a page was cut.
    Retry(ReadErrorKind),
    Failed(ReadErrorKind),
}

impl From<ReadErrorKind> for Interrupted {
    fn from(error: ReadErrorKind) -> Self {
        Self::Failed(error)
    }
}

impl Api {
    pub(crate) fn new(
        cluster: EcoString,
        link: Arc<Link>,
        timeout: Option<Duration>,
        (qps, burst): (NonZeroU32, NonZeroU32),
        limits: Limits,
    ) -> Self {
        let rate = Quota::per_second(qps).allow_burst(burst);
        Self {
            cluster,
            namespace: DEFAULT_NAMESPACE.into(),
            reached: String::new(),
            link,
            timeout,
            limits,
            rate,
            politeness: RateLimiter::direct(rate),
            in_pages: AtomicBool::new(!limits.streams),
            served: Mutex::default(),
        }
    }

    /// What the server has said that it serves.
    pub(crate) fn served(&self) -> Arc<Kinds> {
        Arc::clone(&self.served.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Asks the server again what it serves, when that is needed.
    pub(crate) fn forget_served(&self) {
        *self.served.lock().unwrap_or_else(PoisonError::into_inner) = Arc::default();
    }

    /// The same server for another run: what this one has learnt of it is not known yet.
    pub(crate) fn over(&self, link: Arc<Link>) -> Self {
        Self {
            cluster: self.cluster.clone(),
            namespace: self.namespace.clone(),
            reached: self.reached.clone(),
            link,
            timeout: self.timeout,
            limits: self.limits,
            rate: self.rate,
            politeness: RateLimiter::direct(self.rate),
            in_pages: AtomicBool::new(!self.limits.streams),
            served: Mutex::default(),
        }
    }
}

/// Where the objects of a kind are listed; an empty namespace means all.
pub(crate) fn path(resource: &ResourceType, namespace: &str) -> String {
    let root = if resource.group.is_empty() { "/api" } else { "/apis" };
    let version = resource.api_version();
    match namespace {
        "" => format!("{root}/{version}/{}", resource.plural),
        _ => format!("{root}/{version}/namespaces/{namespace}/{}", resource.plural),
    }
}

#[cfg(test)]
mod tests {
    use super::path;
    use crate::object::ResourceType;

    #[test]
    fn paths() {
        let services = ResourceType {
            group: "",
            version: "v1",
            plural: "services",
            kind: "Service",
            namespaced: true,
        };
        let ingresses = ResourceType {
            group: "networking.k8s.io",
            plural: "ingresses",
            kind: "Ingress",
            ..services
        };
        assert_eq!(path(&services, ""), "/api/v1/services");
        assert_eq!(path(&services, "shop"), "/api/v1/namespaces/shop/services");
        assert_eq!(path(&ingresses, ""), "/apis/networking.k8s.io/v1/ingresses");
        assert_eq!(
            path(&ingresses, "shop"),
            "/apis/networking.k8s.io/v1/namespaces/shop/ingresses"
        );
    }
}
