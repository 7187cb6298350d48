//! The source `empty`: wants nothing, never fails. With `--policy=sync` everything that is owned
//! goes.

use async_trait::async_trait;
use extdns_clusters::ClusterView;

use crate::error::SourceError;
use crate::source::{Sink, Source};

pub(crate) struct Empty;

#[async_trait]
impl Source for Empty {
    fn name(&self) -> &'static str {
        "empty"
    }

    async fn gather(&self, _view: &ClusterView, _sink: &mut Sink) -> Result<(), SourceError> {
        Ok(())
    }
}
