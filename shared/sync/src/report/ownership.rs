//! What there is to say about ownership records beside the changes of a plan.

use std::collections::HashSet;

use extdns_model::{DoubtCause, RecordType};
use extdns_plan::{Hold, Plan};
use extdns_registry::{Annotated, Mixed};

use super::Notice;
use super::words::first_few;

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

/// Records whose ownership records were changed or are ambiguous, unless the plan tells of them
/// already: they are not ours, whether or not something wants them.
pub(crate) fn in_doubt<'a>(
    plan: &Plan<'_>,
    annotated: &'a Annotated,
) -> impl Iterator<Item = Notice> + use<'a> {
    let told = plan.decisions().filter(|(_, of)| matches!(of.held(), Some(Hold::InDoubt(_))));
    let told: HashSet<(String, RecordType)> =
        told.map(|(row, of)| (row.name.to_string(), of.change.set().rtype)).collect();
    annotated.inventory.records().filter_map(move |(_, record)| {
        let doubt = record.doubt.as_deref()?;
        let key = (record.set.name.key().into_owned(), record.set.rtype);
        // A zone that could not be read is told of as a whole.
        if doubt.why == DoubtCause::Unread || told.contains(&key) {
            return None;
        }
        Some(Notice {
            subject: format!("{} {}", record.set.rtype, record.set.name),
            message: format!("not counted as ours: {doubt}"),
        })
    })
}
