//! The zones of a project, and which of them are managed.

use ecow::EcoString;
use extdns_model::{Name, Opaque, Visibility, Zone};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::ZoneFilter;

/// A zone as the service lists it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ListedZone {
    id: EcoString,
    name: String,
    dns_name: String,
    visibility: Option<String>,
    peering_config: Option<IgnoredAny>,
}

impl ListedZone {
    /// `None` if the zone is that of another network, whose records are not here.
    pub(super) fn zone(self) -> Option<Zone> {
        if self.peering_config.is_some() {
            return None;
        }
        let is_private = self.visibility.is_some_and(|it| it.eq_ignore_ascii_case("private"));
        Some(Zone {
            visibility: if is_private { Visibility::Private } else { Visibility::Public },
            data: Opaque::new(self.id),
            ..Zone::new(self.name, Name::as_listed(&self.dns_name))
        })
    }
}

/// The number of a zone; its name is what paths have.
fn number(zone: &Zone) -> &str {
    zone.data.get::<EcoString>().map_or("", EcoString::as_str)
}

/// The zones that pass, by their name or number; of several of one domain the public one, or that of the lowest
/// number, unless all of them shall have its records.
pub(super) fn select(filter: &ZoneFilter, listed: Vec<Zone>, all_of_domain: bool) -> Vec<Zone> {
    let mut zones = filter.select_by(listed, number);
    if all_of_domain {
        return zones;
    }
    zones.sort_by_cached_key(|zone| {
        let number = number(zone);
        (zone.name.key().into_owned(), zone.visibility, number.len(), number.to_owned())
    });
    zones.dedup_by(|twin, first| {
        let is_twin = twin.name.key() == first.name.key();
        if is_twin {
            let (twin, first) = (&twin.id, &first.id);
            tracing::warn!(
                "zone {twin} is left out, as {first} has its domain too; give --google-zone-visibility \
                 or --zone-id-filter to manage it, or --google-split-horizon to manage all"
            );
        }
        is_twin
    });
    zones
}
