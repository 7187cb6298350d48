//! The condition of an object: what became of its record.

use extdns_clusters::Projection as _;
use jiff::{Timestamp, Unit};
use serde_json::{Value, json};

use super::object::DnsRecord;

/// The condition that says whether the record is in the zone.
const READY: &str = "Ready";

/// What a condition says of the record, in upstream's words.
#[derive(Debug, Clone, Copy)]
pub(super) enum State {
    /// The object is made, the record is not yet.
    Accepted,
    /// The record is in the zone.
    Programmed,
    /// The provider did not take it.
    Failed,
}

impl State {
    fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Accepted => {
                ("False", "Accepted", "Endpoint accepted by external-dns; not yet programmed")
            }
            Self::Programmed => ("True", "Programmed", "Endpoint applied to the DNS provider"),
            Self::Failed => ("False", "Failed", "Provider rejected the change"),
        }
    }

    /// The status of an object in this state.
    pub(super) fn of(self, object: &DnsRecord) -> Value {
        let (status, reason, message) = self.words();
        let since = object.since(READY, status);
        let since = since.unwrap_or_else(|| {
            let now = Timestamp::now();
            now.round(Unit::Second).unwrap_or(now).to_string().into()
        });
        let generation = object.metadata().generation;
        json!({
            "observedGeneration": generation,
            "conditions": [{
                "type": READY, "status": status, "reason": reason, "message": message,
                "lastTransitionTime": since, "observedGeneration": generation,
            }],
        })
    }
}
