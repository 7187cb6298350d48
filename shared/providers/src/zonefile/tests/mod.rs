//! Each clause of what zone files promise.

mod editing;
mod files;
mod folder;
mod kit;
mod locks;
mod provider;
mod reading;

use extdns_model::{
    Action, Change, ChangeGroup, GroupId, Hints, Labels, Name, Opaque, Planned, Record, RecordSet,
    RecordType, Role, Stored, Targets, Ttl, ZoneKey,
};

use super::file::ZoneFile;

/// A zone as its owner wrote it, without our block.
const HEAD: &str = "\
$TTL 1d ; a day
@       IN SOA  ns1 hostmaster.example.org. (
                2026112401 ; serial
                3H         ; refresh
                15m        ; retry
                1W 1h )
        IN NS   ns1
ns1     IN A    192.0.2.53
";

fn parse(text: &str) -> ZoneFile {
    ZoneFile::parse(&Name::as_listed("example.org"), text.as_bytes().to_vec()).expect("readable")
}

fn set(name: &str, rtype: RecordType, ttl: i64, targets: &[&str]) -> RecordSet {
    let targets: Targets = targets.iter().copied().collect();
    RecordSet::new(Name::as_listed(name), rtype, Ttl::from_seconds(ttl), targets)
}

fn planned(set: RecordSet) -> Planned {
    Planned { set, labels: Labels::new(), hints: Hints::default() }
}

fn stored(set: RecordSet) -> Stored {
    Stored { set, labels: Labels::new(), origin: Opaque::none() }
}

fn create(set: RecordSet) -> Change {
    Change { role: Role::Record, action: Action::Create(planned(set)) }
}

fn update(old: RecordSet, new: RecordSet) -> Change {
    Change { role: Role::Record, action: Action::Update { old: stored(old), new: planned(new) } }
}

fn delete(set: RecordSet) -> Change {
    Change { role: Role::Record, action: Action::Delete(stored(set)) }
}

fn group(changes: Vec<Change>) -> ChangeGroup {
    let name = changes.first().map(|change| change.set().name.clone()).unwrap_or_default();
    ChangeGroup {
        id: GroupId(0),
        zone: ZoneKey(0),
        name,
        changes,
        after: Vec::new(),
        requires: Vec::new(),
    }
}

/// `name type ttl targets`, one line per record set.
fn shown(records: &[Record]) -> Vec<String> {
    records
        .iter()
        .map(|record| {
            let targets: Vec<_> = record.set.targets.iter().map(|t| t.as_str()).collect();
            let suffix = if record.read_only().is_some() { "" } else { " (ours)" };
            let RecordSet { name, rtype, ttl, .. } = &record.set;
            format!("{name} {rtype} {ttl} {}{suffix}", targets.join(" | "))
        })
        .collect()
}
