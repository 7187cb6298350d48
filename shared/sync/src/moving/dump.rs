//! `dump`: the zones as they are, with the owners of their records.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use extdns_model::{Record, RecordSet, RecordType, Zone};
use extdns_providers::zonefile::text;

use super::manifests::{flags, manifest};
use crate::error::RunError;
use crate::settings::DumpForm;
use crate::wiring::Wiring;

/// Why there is no dump.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DumpError {
    /// The zones could not be listed, or who owns their records.
    #[error(transparent)]
    Read(#[from] RunError),
    /// A part of a zone would pass for all of it.
    #[error("zone {zone} could not be read, so there is no dump: {reason}")]
    Zone {
        /// The zone.
        zone: String,
        /// Why.
        reason: String,
    },
}

/// Every record of every zone that lies in the filters, without ownership records; nothing is written.
///
/// # Errors
/// When the zones cannot be listed, or one of them cannot be read: a part of it would pass for all.
pub async fn dump(wiring: &Wiring, form: DumpForm) -> Result<String, DumpError> {
    let mut dumped = String::new();
    for target in &wiring.targets {
        let inventory = target.provider.read().await.map_err(RunError::Read)?;
        let annotated = target.annotate(inventory).await?;
        for entry in &annotated.inventory.zones {
            let zone = annotated.inventory.index.zone(entry.zone);
            let records = entry.records.as_ref().map_err(|why| DumpError::Zone {
                zone: zone.to_string(),
                reason: why.reason.clone(),
            })?;
            let kept = |record: &&Record| target.plan.filter.matches(&record.set.name);
            let records: Vec<&Record> = records.iter().filter(kept).collect();
            match form {
                DumpForm::Manifests => write_manifests(&mut dumped, zone, &records),
                DumpForm::Zonefiles => write_zonefile(&mut dumped, zone, &records),
            }
        }
    }
    Ok(dumped)
}

/// Whether a zone has the record set whoever keeps it: its SOA, and the NS of its apex.
pub(super) fn is_of_the_zone(set: &RecordSet, apex: &str) -> bool {
    const SOA: u16 = 6;
    let is_apex = set.name.key() == apex;
    set.rtype.code() == SOA || is_apex && set.rtype == RecordType::Ns
}

fn write_manifests(out: &mut String, zone: &Zone, records: &[&Record]) {
    let apex = zone.name.key();
    let mut by_owner: BTreeMap<Option<&str>, Vec<&RecordSet>> = BTreeMap::new();
    for record in records {
        // What is no type of ours is in no manifest.
        let is_known = RecordType::KNOWN.contains(&record.set.rtype);
        if is_known && !is_of_the_zone(&record.set, &apex) {
            by_owner.entry(record.labels.owner()).or_default().push(&record.set);
        }
    }
    for (owner, sets) in by_owner {
        out.push_str(&flags(sets.iter().copied()));
        out.push_str(&manifest(&zone.to_string(), owner, &sets));
    }
}

fn write_zonefile(out: &mut String, zone: &Zone, records: &[&Record]) {
    // Writing to a String cannot fail.
    let _ = writeln!(out, "; zone {zone}");
    for record in records {
        let owner = record.labels.owner().map(|owner| format!("owner {owner}"));
        let resource = record.labels.resource().map(str::to_owned);
        let remark: Vec<String> = [owner, resource].into_iter().flatten().collect();
        match text::write(&record.set, &remark.join(", ")) {
            Ok(lines) => out.push_str(&lines),
            Err(reason) => {
                let _ = writeln!(out, "; {} {}: {reason}", record.set.name, record.set.rtype);
            }
        }
    }
    out.push('\n');
}
