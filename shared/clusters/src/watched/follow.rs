//! Follows the changes of a list until it cannot any more.

use std::sync::{Arc, Weak};
use std::time::Duration;

use ecow::EcoString;
use http::StatusCode;
use memchr::memchr;
use tokio::time::Instant;

use crate::api::Api;
use crate::call::Call;
use crate::exchange::{Attempts, Incoming};

use super::change::Change;
use super::{Changes, Phase, WatchedList};

/// How long a watch is asked to last: then it is opened again. What breaks without a word is noticed by then.
const LASTING: Duration = Duration::from_secs(240);
/// How much longer an answer is waited for.
const GRACE: Duration = Duration::from_secs(30);
/// The least time between two watches of a server that ends them at once.
const PAUSE: Duration = Duration::from_secs(1);

/// Why a watch is over.
enum End {
    /// It can go on where it ended.
    Again,
    /// The list has to be read again: why.
    Lost(String),
    /// The server lets nobody watch, or not us: why.
    Refused(String),
    /// Nobody needs the list any more.
    Forgotten,
}

/// Keeps a list current from the state on that it shows.
pub(super) async fn follow(
    api: Arc<Api>,
    list: Weak<WatchedList>,
    changes: Changes,
    mut version: EcoString,
) {
    let Some(path) = list.upgrade().map(|own| own.path.clone()) else { return };
    let mut began;
    let end = loop {
        began = Instant::now();
        let end = watch(&api, &list, &changes, &path, &mut version).await;
        let Some(own) = list.upgrade() else { return };
        match end {
            End::Again => own.phase.send_replace(Phase::Opening),
            end => break end,
        };
        drop(own);
        tokio::time::sleep_until(began + PAUSE).await;
    };
    let Some(own) = list.upgrade() else { return };
    match end {
        End::Refused(why) => own.give_up(&api.cluster, &why),
        End::Lost(why) => {
            tracing::debug!(cluster = %api.cluster, resource = %own.resource, "the list is read again: {why}");
        }
        End::Again | End::Forgotten => {}
    }
    own.phase.send_replace(Phase::Unread);
    // What has changed since is not known. A watch that always ends at once must not start one run after another.
    tokio::time::sleep_until(began + PAUSE).await;
    changes.add(own.starts);
}

/// Watches once.
async fn watch(
    api: &Api,
    list: &Weak<WatchedList>,
    changes: &Changes,
    path: &str,
    version: &mut EcoString,
) -> End {
    let since: String = form_urlencoded::byte_serialize(version.as_bytes()).collect();
    let url = format!(
        "{path}?watch=true&allowWatchBookmarks=true&resourceVersion={since}&timeoutSeconds={}",
        LASTING.as_secs()
    );
    let call = Call::get(&url, path);
    let mut attempts = Attempts::new(api, path);
    let mut incoming = match api.open(&call, &mut attempts).await {
        Ok(incoming) => incoming,
        Err(error) => return End::Lost(error.to_string()),
    };
    match incoming.status() {
        status if status.is_success() => {}
        StatusCode::FORBIDDEN => return End::Refused("the right to watch is missing".to_owned()),
        status @ (StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED) => {
            return End::Refused(format!("the server answers HTTP {}", status.as_u16()));
        }
        status => return End::Lost(format!("the server answers HTTP {}", status.as_u16())),
    }
    incoming.without_end();
    incoming.wait_for(LASTING + GRACE);
    let Some(own) = list.upgrade() else { return End::Forgotten };
    own.phase.send_replace(Phase::Current);
    drop(own);
    events(api, list, changes, &mut incoming, version).await
}

/// Takes the events of a watch as they come.
async fn events(
    api: &Api,
    list: &Weak<WatchedList>,
    changes: &Changes,
    incoming: &mut Incoming<'_>,
    version: &mut EcoString,
) -> End {
    let mut begun: Vec<u8> = Vec::new();
    loop {
        // A connection that breaks is opened again at the last state that came.
        let Ok(Some(piece)) = incoming.piece().await else { return End::Again };
        let Some(own) = list.upgrade() else { return End::Forgotten };
        begun.extend_from_slice(&piece);
        let mut at = 0;
        while let Some(end) = memchr(b'\n', &begun[at..]) {
            let line = begun[at..at + end].trim_ascii();
            at += end + 1;
            if line.is_empty() {
                continue;
            }
            match Change::of(line) {
                Ok(change) => match own.take(change, changes) {
                    Ok(now) if now.is_empty() => {}
                    Ok(now) => *version = now,
                    Err(end) => return end,
                },
                Err(error) => return End::Lost(format!("an event is not understood: {error}")),
            }
        }
        begun.drain(..at);
        if begun.len() > api.limits.answer_bytes {
            return End::Lost("an event is too large".to_owned());
        }
    }
}

impl WatchedList {
    /// Takes a change over; the state that the list shows then.
    fn take(&self, change: Change, changes: &Changes) -> Result<EcoString, End> {
        let version = match change {
            Change::Bookmark(version) => return Ok(version),
            Change::Ended(code, message) => {
                return Err(End::Lost(format!("the server ended the watch ({code}): {message}")));
            }
            Change::Put(object) => {
                let version = object.version().clone();
                let (key, text) = object.into_parts();
                self.objects().insert(key, text);
                version
            }
            Change::Gone(object) => {
                let version = object.version().clone();
                self.objects().remove(&object.into_parts().0);
                version
            }
        };
        changes.add(self.starts);
        Ok(version)
    }
}
