//! Pools: what UltraDNS makes of a name with several addresses.

use extdns_model::{RecordSet, RecordType};
use serde_json::{Value, json};

/// The pools whose values are all that they say. Others answer by place or by load, and are left alone.
const KNOWN: [&str; 2] = [RD, SB];
const RD: &str = "http://schemas.ultradns.com/RDPool.jsonschema";
const SB: &str = "http://schemas.ultradns.com/SBPool.jsonschema";

/// Why a pool of another kind is left alone.
pub(super) const FOREIGN: &str =
    "is a pool whose answers depend on more than its values; manage it at UltraDNS";

/// What several addresses of a name become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pools {
    /// All are answered, in turn.
    ResourceDistribution,
    /// Those are answered that a probe finds.
    SiteBacker { probes: bool, acts: bool },
}

impl Pools {
    /// The profile of a set with this owner name, if it needs one.
    pub(super) fn profile(self, set: &RecordSet, owner: &str) -> Option<Value> {
        if !is_pool(set) {
            return None;
        }
        let Self::SiteBacker { probes, acts } = self else {
            return Some(json!({ "@context": RD, "order": "ROUND_ROBIN", "description": owner }));
        };
        let count = set.targets.len();
        let each = json!({ "state": "NORMAL", "runProbes": probes, "priority": 1, "threshold": 1, "weight": null });
        Some(json!({
            "@context": SB, "order": "ROUND_ROBIN", "description": owner, "runProbes": probes, "actOnProbes": acts,
            "maxActive": count, "maxServed": count, "rdataInfo": vec![each; count], "backupRecords": [],
        }))
    }

    /// Why a set cannot be stored.
    pub(super) fn refusal(self, set: &RecordSet) -> Option<String> {
        let is_refused = self != Self::ResourceDistribution && set.rtype == RecordType::Aaaa;
        (is_refused && is_pool(set)).then(|| {
            "a Site Backer pool has addresses of version 4 only; set ULTRADNS_POOL_TYPE=rdpool, or give one target".to_owned()
        })
    }
}

fn is_pool(set: &RecordSet) -> bool {
    matches!(set.rtype, RecordType::A | RecordType::Aaaa) && set.targets.len() > 1
}

/// Whether the profile of a stored set is that of a pool that can be written here.
pub(super) fn is_known(profile: &Value) -> bool {
    profile["@context"].as_str().is_some_and(|own| KNOWN.contains(&own))
}
