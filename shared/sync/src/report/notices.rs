//! Notices: what the user should look at although it is no change.

use std::sync::Arc;

use extdns_model::{Endpoint, Name, Resource};
use extdns_plan::{Loser, Plan, Rule, Unmanaged};
use extdns_providers::Adaptation;
use extdns_registry::Annotated;
use extdns_sources::{Dropped, Frozen};

use super::listing::{SHOWN_OBJECTS, first_few};
use super::{Notice, ownership};

/// What a plan says beside its changes.
pub(super) fn of_plan(
    notices: &mut Vec<Notice>,
    plan: &Plan<'_>,
    annotated: &Annotated,
    is_only_target: bool,
) {
    // Of several targets, another may have the zone.
    if is_only_target {
        notices.extend(plan.unrouted.iter().map(|endpoint| unrouted(endpoint)));
    }
    notices.extend(plan.unmanaged.iter().map(unmanaged));
    notices.extend(plan.losers.iter().map(lost));
    notices.extend(ownership::in_doubt(plan, annotated));
    notices.extend(ownership::unclear(annotated));
    notices.extend(ownership::without_record(annotated));
}

/// A notice about a name that lies in no zone.
pub(super) fn unrouted(endpoint: &Endpoint) -> Notice {
    Notice {
        subject: subject(endpoint.set.name.as_str(), endpoint.attribution.resources()),
        message: "the name lies in no zone of the provider; nothing is made for it".to_owned(),
    }
}

fn unmanaged(unmanaged: &Unmanaged) -> Notice {
    let Unmanaged { rtype, count, names } = unmanaged;
    let names = first_few(names.iter().map(AsRef::as_ref), *count, names.len(), ", ");
    Notice {
        subject: "--managed-record-types".to_owned(),
        message: format!(
            "{rtype} is wanted but not managed, so nothing is made of it: {names}; add \
             --managed-record-types={rtype}, or --exclude-record-types={rtype} to leave it out"
        ),
    }
}

fn lost(loser: &Loser<'_>) -> Notice {
    let (lost, winner) = (&loser.endpoint.set, &loser.winner);
    let by = winner
        .attribution
        .first()
        .map_or_else(|| winner.set.name.to_string(), |resource| resource.to_string());
    let why = match loser.rule {
        Rule::Preferred => "its targets come first",
        Rule::KeepsResource => "it has the record already",
        Rule::NoCnameBeside => "a CNAME cannot stand beside other types",
        Rule::KeepsCluster => "its cluster has the name already",
        Rule::FirstCluster => "its cluster comes first in the settings",
        Rule::CannotMerge => "record sets of these types cannot be merged (--sharing)",
    };
    Notice {
        subject: subject(lost.name.as_str(), loser.endpoint.attribution.resources()),
        message: format!("{} record: {by} is served instead, because {why}", lost.rtype),
    }
}

/// The objects that want a name, of many the first few, and the name, if there is one.
fn subject(name: &str, resources: &[Arc<Resource>]) -> String {
    if resources.is_empty() {
        return name.to_owned();
    }
    let shown: Vec<String> =
        resources.iter().take(SHOWN_OBJECTS).map(ToString::to_string).collect();
    let objects = first_few(shown.iter().map(String::as_str), resources.len(), SHOWN_OBJECTS, ", ");
    if name.is_empty() { objects } else { format!("{objects} ({name})") }
}

/// A notice about something wanted that does not become a record.
pub(crate) fn dropped(dropped: &Dropped) -> Notice {
    Notice {
        subject: subject(dropped.name.as_deref().unwrap_or_default(), &dropped.resources),
        message: dropped.reason.to_string(),
    }
}

/// A notice about an object of which it is not known what it wants.
pub(crate) fn frozen(frozen: &Frozen) -> Notice {
    let names: Vec<&str> = frozen.names.iter().map(Name::as_str).collect();
    let names = first_few(names.iter().copied(), names.len(), SHOWN_OBJECTS, ", ");
    Notice { subject: names, message: format!("the records stay as they are: {}", frozen.reason) }
}

/// A notice about something that the provider stores in another form, or not at all.
pub(crate) fn adaptation(note: &Adaptation) -> Notice {
    Notice {
        subject: subject(note.name.as_str(), note.attribution.resources()),
        message: format!("{} record: {}", note.rtype, note.reason),
    }
}
