//! The source `crd`: the entries of `DNSEndpoint` objects, or of another kind of the same form.
//!
//! An entry says everything about a record itself. No annotation of the object counts, not even the
//! one that names another controller.

mod entry;
mod flags;
mod object;

use std::convert::Infallible;
use std::sync::Arc;

use async_trait::async_trait;
use extdns_clusters::{ClusterView, ObjectFilter, ReadError, ResourceType, StatusUpdate};
use extdns_model::ResourceKind;

use crate::annotations::Reads;
use crate::common::Common;
use crate::context::Context;
use crate::driver::{ObjectSource, Visit};
use crate::error::OptionsError;
use crate::needs::{Kind, Row};
use crate::source::Definition;
#[cfg(test)]
pub(crate) use entry::EntryError;
#[cfg(test)]
pub(crate) use flags::CrdFlagError;
use flags::Flags;
use object::DnsEndpoint;

pub(crate) struct CrdSource {
    context: Arc<Context>,
    kind: Kind,
    /// The filters of the run without the controller annotation.
    filter: ObjectFilter,
}

#[async_trait]
impl ObjectSource for CrdSource {
    type Object = DnsEndpoint;
    type Waiting = ();
    type Rule = Infallible;
    type Fault = Infallible;
    const KIND: ResourceKind = ResourceKind::CRD;
    const READS: Reads = Reads { keys: &[], properties: false };

    fn context(&self) -> &Context {
        &self.context
    }

    async fn resource(&self, view: &ClusterView) -> Result<ResourceType, ReadError> {
        self.kind.find(view).await
    }

    fn filter(&self) -> &ObjectFilter {
        &self.filter
    }

    fn visit(&self, object: DnsEndpoint, visit: &mut Visit<'_, ()>) {
        if object.status.observed_generation != object.metadata.generation {
            visit.sink.seen.push(StatusUpdate::seen(visit.kind, &object.metadata));
        }
        for entry in object.spec.endpoints {
            match entry {
                Some(entry) => entry.put(visit.sink, &visit.by),
                None => tracing::debug!(resource = %visit.by, "skipping an entry that is null"),
            }
        }
    }
}

impl Definition for CrdSource {
    const NAME: &'static str = "crd";
    const KINDS: &'static [&'static str] = &["crd"];
    type Flags = Flags;
    type Options = Kind;

    fn options(flags: &Flags, _common: &Common) -> Result<Kind, OptionsError> {
        flags::kind(flags)
    }

    fn needs(kind: &Kind) -> Vec<Row> {
        vec![
            Row::list_as::<DnsEndpoint>(kind.clone(), "all its objects"),
            Row::update_status(kind.clone(), "the status that says they were seen"),
        ]
    }

    fn new(kind: Kind, context: Arc<Context>) -> Self {
        let filter = ObjectFilter { controller_keys: Vec::new(), ..context.filter.clone() };
        Self { context, kind, filter }
    }
}
