//! What there is to say about ownership records beside the changes of a plan.

use std::collections::{BTreeMap, HashSet};

use extdns_model::{DoubtCause, RecordType};
use extdns_plan::{Hold, Plan};
use extdns_registry::{Annotated, Explained, Mixed};

use super::Notice;
use super::listing::first_few;

/// Values that are named in one notice.
const SHOWN: usize = 3;

/// What becomes of an ownership record that holds others' values too.
pub(crate) fn mixed(mixed: &Mixed) -> Notice {
    let Mixed { name, kept, goes } = mixed;
    let values = first_few(kept.iter().map(String::as_str), kept.len(), SHOWN, ", ");
    let what = if *goes { "removed" } else { "changed" };
    Notice {
        subject: name.to_string(),
        message: format!(
            "the ownership record holds values of others too: only the ownership value is {what}, \
             and {values} stays"
        ),
    }
}

/// Records whose ownership records were changed or are ambiguous, unless the plan reports them
/// already: they are not ours, whether or not something wants them.
pub(crate) fn in_doubt<'a>(
    plan: &Plan<'_>,
    annotated: &'a Annotated,
) -> impl Iterator<Item = Notice> + use<'a> {
    let in_plan = plan.decisions().filter(|(_, of)| matches!(of.held(), Some(Hold::InDoubt(_))));
    let in_plan: HashSet<(String, RecordType)> =
        in_plan.map(|(row, of)| (row.name.to_string(), of.change.set().rtype)).collect();
    annotated.inventory.records().filter_map(move |(_, record)| {
        let doubt = record.doubt()?;
        let key = (record.set.name.key().into_owned(), record.set.rtype);
        // A zone that could not be read is reported as a whole.
        if doubt.why == DoubtCause::Unread || in_plan.contains(&key) {
            return None;
        }
        Some(Notice {
            subject: format!("{} {}", record.set.rtype, record.set.name),
            message: format!("not counted as ours: {doubt}"),
        })
    })
}

/// Ownership records outside the zones whose owner is not clear.
pub(crate) fn unclear(annotated: &Annotated) -> impl Iterator<Item = Notice> + '_ {
    annotated.unclear.iter().map(|own| Notice {
        subject: own.shown.clone(),
        message: format!("not counted as ours: {}", own.why),
    })
}

/// One notice for each zone that has ownership records of ours without a record.
pub(crate) fn without_record(annotated: &Annotated) -> Vec<Notice> {
    let mut by_zone: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for left in annotated.orphans() {
        let zone = annotated.inventory.index.zone(left.zone());
        by_zone.entry(zone.to_string()).or_default().push(left.shown());
    }
    let notice = |(zone, names): (String, Vec<String>)| {
        let count = names.len();
        let shown = first_few(names.iter().map(String::as_str), count, SHOWN, ", ");
        let records = match count {
            1 => "1 ownership record of ours is".to_owned(),
            _ => format!("{count} ownership records of ours are"),
        };
        Notice {
            subject: format!("zone {zone}"),
            message: format!(
                "{records} without a record: {shown}; such a one is used again when its name is \
                 wanted again, and gc removes it"
            ),
        }
    };
    by_zone.into_iter().map(notice).collect()
}

/// One notice for each flag that would explain ownership records which seem to have no record.
pub(crate) fn explained(explained: &[Explained]) -> Vec<Notice> {
    let mut by_flag: BTreeMap<&str, Vec<&Explained>> = BTreeMap::new();
    for own in explained {
        by_flag.entry(&own.flag).or_default().push(own);
    }
    let notice = |(flag, of): (&str, Vec<&Explained>)| {
        let names = first_few(of.iter().map(|own| own.txt.as_str()), of.len(), SHOWN, ", ");
        let record = of.first().map_or("", |own| own.record.as_str());
        Notice {
            subject: flag.to_owned(),
            message: format!(
                "kept, because it may be missing here: with it these ownership records would stand \
                 for records that are there ({record}, for example): {names}; use the flags of the \
                 runs that wrote them"
            ),
        }
    };
    by_flag.into_iter().map(notice).collect()
}
