//! Where the ownership TXT record of a record lies.

use extdns_model::{Name, NameError, RecordType, ZoneIndex, ZoneKey};

use super::registry::TxtRegistry;

/// The zone and the name of an ownership record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Location {
    /// The zone that holds it.
    pub(super) zone: ZoneKey,
    /// Its name.
    pub(super) name: Name,
}

/// Why a record cannot have an ownership record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoLocation {
    /// DNS has no room for its name.
    #[error(
        "its ownership record cannot be named: {0}; use a shorter name or a shorter --txt-prefix or --txt-suffix"
    )]
    TooLong(NameError),
    /// It would lie in no zone of this run.
    #[error(
        "its ownership record {name:?} lies in no managed zone; use a prefix that ends in a dot behind the type, \
         such as --txt-prefix=x-%{{record_type}}."
    )]
    NoZone {
        /// The name of the TXT record.
        name: Name,
    },
}

impl TxtRegistry {
    /// The location of the ownership record for a record of this name and type in this zone, once
    /// it is marked with this owner id.
    pub(super) fn locate(
        &self,
        index: &ZoneIndex,
        zone: ZoneKey,
        name: &Name,
        rtype: RecordType,
        owner: Option<&str>,
    ) -> Result<Location, NoLocation> {
        let txt = self.mapper_of(owner).to_txt_name(name.as_str(), Some(rtype));
        let txt = Name::parse(&txt).map_err(NoLocation::TooLong)?;
        match zone_of_txt(index, zone, &txt) {
            Some(zone) => Ok(Location { zone, name: txt }),
            None => Err(NoLocation::NoZone { name: txt }),
        }
    }

    /// The zone in which the ownership record for a record of this zone lies, by the name of
    /// today's format or of the older one. Only that of an apex can lie outside the record's zone.
    pub(super) fn zone_of_ownership_record(
        &self,
        index: &ZoneIndex,
        zone: ZoneKey,
        name: &Name,
        rtype: Option<RecordType>,
    ) -> Option<ZoneKey> {
        if index.zone(zone).name.key() != name.key() {
            return Some(zone);
        }
        let txt = self.mapper.to_txt_name(name.as_str(), rtype);
        zone_of_txt(index, zone, &Name::as_listed(&txt))
    }
}

/// The record's own zone if that contains the TXT's name, else the one that the name routes to: of
/// several (split horizon) the one that the same people can resolve.
fn zone_of_txt(index: &ZoneIndex, zone: ZoneKey, txt: &Name) -> Option<ZoneKey> {
    let key = txt.key();
    let own = index.zone(zone);
    if own.contains(&key) {
        return Some(zone);
    }
    let routed = index.route(&key, None);
    routed
        .iter()
        .find(|other| index.zone(**other).visibility == own.visibility)
        .or_else(|| routed.first())
        .copied()
}
