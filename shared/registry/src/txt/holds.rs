//! Why a record cannot have its ownership record.

use extdns_model::{Doubt, DoubtCause, Labels, Name};
use extdns_plan::Hold;

/// Two records would have one ownership record.
pub(super) fn of_another(txt: &Name, record: &Name) -> Hold {
    let reason = format!(
        "its ownership record {txt} is also that of {record}; choose another \
         --txt-wildcard-replacement"
    );
    Hold::CannotBeOwned { reason }
}

/// The provider would refuse the ownership record, often for the `*` of a wildcard inside a label.
pub(super) fn cannot_be_stored(txt: &Name, record: &Name, why: &str) -> Hold {
    let is_inside = record.is_wildcard() && txt.as_str().contains('*') && !txt.is_wildcard();
    let remedy = if is_inside { "; give --txt-wildcard-replacement" } else { "" };
    let reason = format!("its ownership record {txt} cannot be stored: {why}{remedy}");
    Hold::CannotBeStored { reason }
}

/// It is not clear who owns the ownership record.
pub(super) fn contested(txt: Name) -> Hold {
    Hold::InDoubt(Box::new(Doubt { txt, why: DoubtCause::Contested }))
}

/// The ownership record belongs to another owner.
pub(super) fn foreign(labels: &Labels) -> Hold {
    Hold::Foreign { owner: labels.owner().map(Into::into) }
}

/// A wanted TXT record has the name of an ownership record that is there.
pub(super) fn taken(txt: &Name) -> Hold {
    let reason = format!(
        "an ownership record has the name {txt}; choose another name, or another --txt-prefix or --txt-suffix"
    );
    Hold::CannotBeOwned { reason }
}

/// A TXT record stands where the ownership record would be.
pub(super) fn in_the_way(txt: &Name) -> Hold {
    let reason = format!(
        "a TXT record {txt}, which is no ownership record, is where its ownership record would be; remove it or \
         choose another --txt-prefix"
    );
    Hold::CannotBeOwned { reason }
}

/// One ownership record would stand for records of several clusters.
pub(super) fn of_another_cluster(txt: &Name) -> Hold {
    let reason = format!(
        "its ownership record {txt} is also that of another cluster's record; choose another \
         --txt-prefix"
    );
    Hold::CannotBeOwned { reason }
}
