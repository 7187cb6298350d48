//! Pools: what UltraDNS makes of a name with several addresses.

use extdns_model::{RecordSet, RecordType};
use serde_json::{Value, json};

use crate::engine::wire::fqdn;
use crate::{Environment, ProviderError};

/// The pools whose values are all that they say. Others answer by place or by load, and are left alone.
const KNOWN: [&str; 2] = [RD, SB];
const RD: &str = "http://schemas.ultradns.com/RDPool.jsonschema";
const SB: &str = "http://schemas.ultradns.com/SBPool.jsonschema";

/// What several addresses of a name become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pools {
    /// All are answered, in turn.
    ResourceDistribution,
    /// Those are answered that a probe finds.
    SiteBacker { probes: bool, acts: bool },
}

impl Pools {
    /// What the variables say.
    ///
    /// # Errors
    /// When one has another value than it may have.
    pub(super) fn find(variables: &Environment) -> Result<Self, ProviderError> {
        let is_on = |name| variables.choice(name, [("true", true), ("false", false)]);
        let probes = is_on("ULTRADNS_ENABLE_PROBING")?;
        let acts = is_on("ULTRADNS_ENABLE_ACTONPROBE")?;
        let kinds =
            [("rdpool", Self::ResourceDistribution), ("sbpool", Self::SiteBacker { probes, acts })];
        variables.choice("ULTRADNS_POOL_TYPE", kinds)
    }

    /// The profile of a set, if it needs one.
    pub(super) fn profile(self, set: &RecordSet) -> Option<Value> {
        if !is_pool(set) {
            return None;
        }
        let owner = fqdn(&set.name.key());
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

/// Why a stored set is left alone: it is a pool of a kind that is not written here.
pub(super) fn foreign(rrset: &Value) -> Option<&'static str> {
    let kind =
        rrset.get("profile").filter(|it| !it.is_null())?["@context"].as_str().unwrap_or_default();
    let why = "is a pool whose answers depend on more than its values; manage it at UltraDNS";
    (!KNOWN.contains(&kind)).then_some(why)
}
