//! Lists that are whole or an error: as a stream where the server knows it, else in pages.

use std::sync::atomic::Ordering;

use crate::api::{Api, Interrupted, path};
use crate::error::ReadErrorKind;
use crate::object::ResourceType;
use crate::pace::Pace;
use crate::pages::{Listed, Wanted};
use crate::receiver::Receiver;
use crate::stream::Unstreamed;

impl Api {
    /// Hands on all objects; a list that is interrupted begins again.
    pub(crate) async fn list(
        &self,
        resource: &ResourceType,
        namespace: &str,
        receiver: &mut dyn Receiver,
    ) -> Result<Listed, ReadErrorKind> {
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
            match self.read(wanted, &mut in_pages, &mut pace, receiver).await {
                Ok(Some(listed)) => return Ok(listed),
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
            receiver.restart();
        }
    }

    /// Reads a list once, as a stream or in pages. `None` where it cannot be a stream, so that it has
    /// to begin again in pages.
    async fn read(
        &self,
        wanted: Wanted<'_>,
        in_pages: &mut bool,
        pace: &mut Pace,
        receiver: &mut dyn Receiver,
    ) -> Result<Option<Listed>, Interrupted> {
        *in_pages |= self.in_pages.load(Ordering::Relaxed);
        if *in_pages {
            return self.pages(wanted, None, pace, receiver).await.map(Some);
        }
        match self.stream(wanted, pace, receiver).await {
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
