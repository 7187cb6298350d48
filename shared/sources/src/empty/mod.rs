//! The source `empty`: wants nothing, never fails. With `--policy=sync` every record that is ours
//! is deleted.

use std::sync::Arc;

use async_trait::async_trait;
use extdns_clusters::ClusterView;

use crate::common::Common;
use crate::context::Context;
use crate::error::{OptionsError, SourceError};
use crate::needs::Row;
use crate::sink::Sink;
use crate::source::{Definition, NoFlags, Source};

pub(crate) struct Empty;

#[async_trait]
impl Source for Empty {
    async fn gather(&self, _view: &ClusterView, _sink: &mut Sink) -> Result<(), SourceError> {
        Ok(())
    }
}

impl Definition for Empty {
    const NAME: &'static str = "empty";
    const KINDS: &'static [&'static str] = &[];
    type Flags = NoFlags;
    type Options = ();

    fn options(_flags: &NoFlags, _common: &Common) -> Result<(), OptionsError> {
        Ok(())
    }

    fn needs((): &()) -> Vec<Row> {
        Vec::new()
    }

    fn new((): (), _context: Arc<Context>) -> Self {
        Self
    }
}
