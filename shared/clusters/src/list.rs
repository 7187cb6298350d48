//! Lists that are whole or an error: as a stream where the server knows it, else in pages.

use std::sync::atomic::Ordering;

use crate::api::{Api, Interrupted, path};
use crate::error::ReadErrorKind;
use crate::object::{Projection, ResourceType};
use crate::pace::Pace;
use crate::pages::{Listed, Wanted};
use crate::stream::Unstreamed;

impl Api {
    /// Folds over all objects; an interrupted list begins again with a fresh accumulator.
    pub(crate) async fn list<K, A>(
        &self,
        resource: &ResourceType,
        namespace: &str,
        start: impl Fn() -> A + Send,
        mut step: impl FnMut(&mut A, K) + Send,
    ) -> Result<(A, Listed), ReadErrorKind>
    where
        K: Projection,
        A: Send,
    {
        // The name becomes a part of the path.
        if !namespace.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            return Err(ReadErrorKind::Namespace {
                resource: resource.to_string(),
                namespace: namespace.to_owned(),
            });
        }
        let path = path(resource, namespace);
        let wanted = Wanted { resource, namespace, path: &path };
        let mut pace = Pace::new(&self.limits);
        let mut in_pages = false;
        let mut restarts = 0;
        loop {
            let mut accumulator = start();
            let mut step = |object| step(&mut accumulator, object);
            match self.read(wanted, &mut in_pages, &mut pace, &mut step).await {
                Ok(Some(listed)) => return Ok((accumulator, listed)),
                Ok(None) => {}
                Err(Interrupted::Failed(error)) => return Err(error),
                // Its pages are smaller now, and there is a smallest one.
                Err(Interrupted::Retry(ReadErrorKind::TooLarge { .. })) => {}
                Err(Interrupted::Retry(error)) if restarts == self.limits.restarts => {
                    return Err(error);
                }
                Err(Interrupted::Retry(error)) => {
                    restarts += 1;
                    tracing::warn!(cluster = %self.cluster, %resource, %error, "beginning the list again");
                    tokio::time::sleep(self.limits.backoff * restarts).await;
                }
            }
        }
    }

    /// Reads a list once, as a stream or in pages. `None` where it cannot be a stream, so that it has
    /// to begin again in pages.
    async fn read<K: Projection>(
        &self,
        wanted: Wanted<'_>,
        in_pages: &mut bool,
        pace: &mut Pace,
        step: &mut (impl FnMut(K) + Send),
    ) -> Result<Option<Listed>, Interrupted> {
        *in_pages |= self.in_pages.load(Ordering::Relaxed);
        if *in_pages {
            return self.pages(wanted, None, pace, step).await.map(Some);
        }
        match self.stream(wanted, pace, step).await {
            Ok(listed) => Ok(Some(listed)),
            Err(Unstreamed::Interrupted(error)) => Err(error),
            Err(why) => {
                self.give_streams_up(wanted.resource, &why);
                *in_pages = true;
                Ok(None)
            }
        }
    }
}
