//! How many sources read a cluster at a time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use extdns_clusters::{Access, ApiOptions, Cluster, Environment};
use extdns_model::ClusterId;
use tokio::time::Instant;

use super::{AT_ONCE, Sources};
use crate::context::Run;
use crate::error::SourceError;
use crate::sink::Sink;
use crate::source::Source;
use crate::table::Entry;
use crate::{Options, SystemResolver};

const LIST: Duration = Duration::from_secs(1);

/// Those that read now, and the most that there were.
#[derive(Default)]
struct Gauge {
    now: AtomicUsize,
    most: AtomicUsize,
}

/// A source whose list takes a while.
struct Slow(Arc<Gauge>);

#[async_trait]
impl Source for Slow {
    async fn gather(&self, _run: Run<'_>, _sink: &mut Sink) -> Result<(), SourceError> {
        let Gauge { now, most } = &*self.0;
        most.fetch_max(now.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
        tokio::time::sleep(LIST).await;
        now.fetch_sub(1, Ordering::Relaxed);
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn sources_read_side_by_side_but_not_all_at_once() {
    let gauge = Arc::new(Gauge::default());
    let options = Options::of_flags(&["--source=fake"]).gather;
    let mut sources = Sources::new(options, Arc::new(SystemResolver::default()));
    let entry = Entry::find("fake").expect("a source");
    let slow = || (entry, Box::new(Slow(Arc::clone(&gauge))) as Box<dyn Source>);
    sources.list = std::iter::repeat_with(slow).take(2 * AT_ONCE + 1).collect();
    let cluster = Cluster {
        id: ClusterId(0),
        name: "none".into(),
        access: Access::Manifests(Vec::new()),
        api: ApiOptions::default(),
    };
    let view = cluster.connect(&Environment::default(), std::io::empty()).await.expect("a view");
    let begin = Instant::now();
    let found = sources.gather(&view).await;
    assert_eq!((found.counts.len(), found.failures.len()), (2 * AT_ONCE + 1, 0));
    assert_eq!(gauge.most.load(Ordering::Relaxed), AT_ONCE);
    assert_eq!(begin.elapsed(), 3 * LIST, "each as soon as there is room for it");
}
