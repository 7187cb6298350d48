//! The source `crd`: the entries of `DNSEndpoint` objects, or of another kind of the same form.
//!
//! An entry says everything about a record itself. No annotation of the object counts, not even the
//! one that names another controller.

mod entry;
mod flags;
mod object;

use std::convert::Infallible;

use extdns_clusters::StatusUpdate;
use extdns_model::ResourceKind;

use crate::annotations::Reads;
use crate::common::Common;
use crate::driver::{ObjectSource, Visit};
use crate::error::OptionsError;
use crate::needs::{Kind, OWN_OBJECTS, Row};
use crate::source::Definition;
#[cfg(test)]
pub(crate) use entry::EntryError;
#[cfg(test)]
pub(crate) use flags::CrdFlagError;
use flags::Flags;
use object::DnsEndpoint;

#[derive(Clone, Debug)]
pub(crate) struct CrdSource {
    kind: Kind,
}

impl ObjectSource for CrdSource {
    type Object = DnsEndpoint;
    type Waiting = ();
    type Rule = Infallible;
    type Fault = Infallible;
    const KIND: ResourceKind = ResourceKind::CRD;
    const READS: Reads = Reads { keys: &[], properties: false };

    fn row(&self) -> Row {
        Row::list_as::<DnsEndpoint>(self.kind.clone(), OWN_OBJECTS)
    }

    fn other_rows(&self) -> Vec<Row> {
        vec![Row::update_status(self.kind.clone(), "the status that says they were seen")]
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

    fn read(flags: &Flags, _common: &Common) -> Result<Self, OptionsError> {
        Ok(Self { kind: flags::kind(flags)? })
    }
}
