//! Which zones of an account are managed: one filter for all providers.

use extdns_model::{DomainFilter, Name, Visibility, Zone};

/// Which zones are managed. A zone passes if its name is in the domain filter (or the zone may hold
/// names that are), if it is of the kind, and if its id ends with one of the ids.
///
/// A zone that passes the filter of zone names (`--zone-name-filter`) needs neither the domain filter
/// nor an id.
#[derive(Debug, Clone, Default)]
pub struct ZoneFilter {
    domains: DomainFilter,
    /// Any id will do if there is none.
    ids: Vec<String>,
    /// No zone passes by its name alone if it is open.
    names: DomainFilter,
    parents: Parents,
    kind: ZoneType,
}

/// Which zones above the domain filter may hold names that are in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Parents {
    /// None.
    #[default]
    None,
    /// Parents of the domains of its lists. Of a regular expression the parents are not known.
    Listed,
    /// Those, and all that a regular expression does not exclude.
    All,
}

/// Who can resolve the names of a zone: the values of flags like `--aws-zone-type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum ZoneType {
    /// Any.
    #[default]
    #[value(name = "", hide = true)]
    Any,
    /// Those that everybody can resolve.
    Public,
    /// Those that only private networks can resolve.
    Private,
}

impl ZoneFilter {
    /// The zones of these domains whose ids end with one of the ids. A blank id matches every zone.
    #[must_use]
    pub fn new(domains: DomainFilter, ids: &[String]) -> Self {
        let ids = ids.iter().map(|id| id.trim());
        let all = ids.clone().any(str::is_empty);
        let ids = if all { Vec::new() } else { ids.map(str::to_owned).collect() };
        Self { domains, ids, ..Self::default() }
    }

    /// And those in these domains, with any id.
    #[must_use]
    pub fn or_named(self, names: &[String]) -> Self {
        Self { names: DomainFilter::lists(names, &[]), ..self }
    }

    /// And those above the domains.
    #[must_use]
    pub fn with_parents(self, parents: Parents) -> Self {
        Self { parents, ..self }
    }

    /// Of those only the zones of a kind.
    #[must_use]
    pub fn of_kind(self, kind: ZoneType) -> Self {
        Self { kind, ..self }
    }

    /// The ids of `--zone-id-filter`; none for any.
    #[must_use]
    pub fn ids(&self) -> &[String] {
        &self.ids
    }

    /// Whether a zone passes, for a provider that has more to ask of those that do.
    #[must_use]
    pub fn passes(&self, id: &str, name: &Name, visibility: Visibility) -> bool {
        let of_kind = match self.kind {
            ZoneType::Any => true,
            ZoneType::Public => visibility == Visibility::Public,
            ZoneType::Private => visibility == Visibility::Private,
        };
        let named = !self.names.is_open() && self.names.matches(name);
        of_kind && (named || (self.has_id(id) && self.has_domain(name)))
    }

    /// The zones of a list that pass. Warns of an id that no zone has, and if none is left.
    #[must_use]
    pub fn select(&self, zones: Vec<Zone>) -> Vec<Zone> {
        self.select_by(zones, |zone| &zone.id)
    }

    /// The same, where zones have a second id beside their first.
    #[must_use]
    pub fn select_by(&self, mut zones: Vec<Zone>, other_id: fn(&Zone) -> &str) -> Vec<Zone> {
        let listed = zones.len();
        for id in self.unknown(zones.iter().flat_map(|zone| [&*zone.id, other_id(zone)])) {
            tracing::warn!(
                "--zone-id-filter={id} matches no zone; give the id of one that these credentials can list"
            );
        }
        zones.retain(|zone| {
            let ids = [&*zone.id, other_id(zone)];
            ids.into_iter().any(|id| self.passes(id, &zone.name, zone.visibility))
        });
        if zones.is_empty() && listed > 0 {
            tracing::warn!(
                "none of the {listed} zones passes the filters; check --domain-filter, \
                 --exclude-domains, --regex-domain-filter and --zone-id-filter"
            );
        }
        zones
    }

    /// The ids that none of these zones has: they may be mistyped.
    pub fn unknown<'a>(
        &'a self,
        zones: impl Iterator<Item = &'a str> + Clone,
    ) -> impl Iterator<Item = &'a str> {
        let known = move |id: &str| zones.clone().any(|zone| zone.ends_with(id));
        self.ids.iter().map(String::as_str).filter(move |id| !known(id))
    }

    fn has_id(&self, id: &str) -> bool {
        self.ids.is_empty() || self.ids.iter().any(|end| id.ends_with(end.as_str()))
    }

    fn has_domain(&self, name: &Name) -> bool {
        let above = match self.parents {
            Parents::None => false,
            Parents::Listed => self.domains.as_lists().is_some(),
            Parents::All => true,
        };
        self.domains.matches(name) || (above && self.domains.matches_parent(name))
    }
}

/// A filter of domains alone.
impl From<DomainFilter> for ZoneFilter {
    fn from(domains: DomainFilter) -> Self {
        Self { domains, ..Self::default() }
    }
}

/// Why a zone whose primary is elsewhere is not written.
pub(crate) const FOLLOWS: &str = "lies in a zone whose primary is elsewhere, and the next transfer would undo the \
                       change; write to the primary";

/// Without zones whose primary is elsewhere, but for those below a zone that is written: their names
/// must not move to it.
pub(crate) fn without_followers(zones: Vec<Zone>) -> Vec<Zone> {
    let (followers, mut written): (Vec<Zone>, Vec<Zone>) =
        zones.into_iter().partition(|zone| zone.read_only.is_some());
    for zone in followers {
        if written.iter().any(|parent| parent.contains(&zone.name.key())) {
            written.push(zone);
        } else {
            tracing::warn!("zone {zone} is left out: its primary is elsewhere");
        }
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    const ZONES: [(&str, &str, Visibility); 5] = [
        ("/zone/Z1", "example.org", Visibility::Public),
        ("/zone/Z2", "example.org", Visibility::Private),
        ("/zone/Z3", "sub.example.org", Visibility::Public),
        ("/zone/Z4", "internal.example.org", Visibility::Public),
        ("/zone/Z5", "example.net", Visibility::Public),
    ];

    fn selected(filter: &ZoneFilter) -> Vec<String> {
        let zone =
            |(id, name, visibility)| Zone { visibility, ..Zone::new(id, Name::as_listed(name)) };
        let zones = filter.select(ZONES.map(zone).to_vec());
        zones.iter().map(|zone| zone.id.trim_start_matches("/zone/").to_owned()).collect()
    }

    fn ids(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    fn regex(include: &str, exclude: &str) -> DomainFilter {
        DomainFilter::regex(("include", include), ("exclude", exclude)).expect("an expression")
    }

    #[test]
    fn zones_pass_by_domain_and_by_id() {
        let org = || DomainFilter::lists(["example.org"], ["internal.example.org"]);
        let all = ["Z1", "Z2", "Z3", "Z4", "Z5"];
        let table: [(DomainFilter, &[&str], &[&str]); 8] = [
            (DomainFilter::default(), &[], &all),
            (DomainFilter::default(), &[""], &all),
            (DomainFilter::default(), &["Z1", " "], &all),
            (DomainFilter::default(), &["Z1", " Z3 ", "Z404"], &["Z1", "Z3"]),
            (DomainFilter::default(), &["/zone/Z2"], &["Z2"]),
            (org(), &[], &["Z1", "Z2", "Z3"]),
            (org(), &["Z3", "Z4"], &["Z3"]),
            (regex(r"\.org$", "^sub"), &[], &["Z1", "Z2", "Z4"]),
        ];
        for (domains, given, expected) in table {
            let filter = ZoneFilter::new(domains, &ids(given));
            assert_eq!(selected(&filter), expected, "{filter:?}");
        }
    }

    #[test]
    fn zones_pass_by_kind() {
        let table = [
            (ZoneType::Any, &["Z1", "Z2"][..]),
            (ZoneType::Public, &["Z1"]),
            (ZoneType::Private, &["Z2"]),
        ];
        for (kind, expected) in table {
            let filter =
                ZoneFilter::new(DomainFilter::default(), &ids(&["Z1", "Z2"])).of_kind(kind);
            assert_eq!(selected(&filter), expected, "{kind:?}");
        }
    }

    #[test]
    fn a_zone_above_the_domains_passes_if_it_is_asked_for() {
        let lists = || DomainFilter::lists(["a.sub.example.org"], []);
        let below = || regex(r"\.sub\.example\.org$", r"\.net$");
        let table = [
            (lists(), Parents::None, &[][..]),
            (lists(), Parents::Listed, &["Z1", "Z2", "Z3"]),
            (lists(), Parents::All, &["Z1", "Z2", "Z3"]),
            (below(), Parents::Listed, &[]),
            (below(), Parents::All, &["Z1", "Z2", "Z3", "Z4"]),
        ];
        for (domains, parents, expected) in table {
            let filter = ZoneFilter::from(domains).with_parents(parents);
            assert_eq!(selected(&filter), expected, "{filter:?}");
        }
    }

    #[test]
    fn a_zone_that_is_named_needs_no_id() {
        let filter = ZoneFilter::new(DomainFilter::default(), &ids(&["Z1"]));
        let filter = filter.or_named(&ids(&["example.net", ""]));
        assert_eq!(selected(&filter), ["Z1", "Z5"]);
        let filter = filter.or_named(&ids(&[""]));
        assert_eq!(selected(&filter), ["Z1"], "a blank name is no filter");
    }
}
