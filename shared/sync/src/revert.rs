//! Undoing a reported run: everything is wanted as it is, but what the run changed, which is wanted
//! as it was before. The ordinary plan does the rest, under the ordinary rules.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use extdns_clusters::Cluster;
use extdns_model::{
    ClusterId, Endpoint, LabelKey, Labels, Name, Owners, Record, RecordSet, RecordType, Resource,
    ResourceKind, Ttl, Zone, ZoneKey,
};
use extdns_plan::Plan;
use extdns_registry::Annotated;

use crate::report::Notice;
use crate::report::document::{self, Change, Document, Outcome, RecordState};

/// What a run that undoes another one wants.
#[derive(Debug, Default)]
pub struct Revert {
    /// Every record that is ours, as it is or as it was. They are to go to the plan as they are,
    /// without the pipeline of sources: one name may be wanted in each of several zones.
    pub endpoints: Vec<Endpoint>,
    /// What is not undone, and what to know about the rest.
    pub notices: Vec<Notice>,
    /// The names that the run changed.
    names: BTreeMap<ZoneKey, BTreeSet<String>>,
}

/// What to know about every revert.
const REDONE: &str = "the next sync does these changes again while the cluster still wants them; \
                      change the objects too, or suspend the sync";

/// Which records are ours, and of which cluster of ours.
#[derive(Clone, Copy)]
pub struct Ours<'a> {
    /// The owner ids.
    pub owners: &'a Owners,
    /// The clusters.
    pub clusters: &'a [Cluster],
}

/// What undoes a reported run, given what the zones hold now.
#[must_use]
pub fn revert(report: &Document, annotated: &Annotated, ours: Ours<'_>) -> Revert {
    let mut revert = Revert::default();
    let mut touched = touched(report, annotated, &mut revert.notices);
    for (zone, record) in annotated.inventory.records().filter(|(_, record)| ours.own(record)) {
        let names = touched.get_mut(&zone);
        match names.and_then(|names| names.get_mut(&*record.set.name.key())) {
            Some(name) => name.records.push(record),
            None => revert.endpoints.push(ours.kept(record, annotated.inventory.index.zone(zone))),
        }
    }
    if touched.is_empty() {
        let message = "it tells of no change that was made, so there is nothing to undo";
        revert.notices.push(notice("the report", message));
    } else {
        revert.notices.push(notice("revert", REDONE));
    }
    for (zone, names) in touched {
        for name in names.values() {
            name.undo(ours, annotated.inventory.index.zone(zone), &mut revert);
        }
        revert.names.insert(zone, names.into_keys().collect());
    }
    revert
}

impl Revert {
    /// Leaves in a plan only what is about names that the run changed: whatever else there is to do
    /// is not part of undoing it.
    pub fn narrow(&self, plan: &mut Plan<'_>) {
        plan.rows.retain(|row| {
            self.names.get(&row.zone).is_some_and(|names| names.contains(row.name.as_str()))
        });
    }
}

/// A name that the run changed, with what is there now.
#[derive(Default)]
struct Touched<'a> {
    changes: Vec<&'a Change>,
    records: Vec<&'a Record>,
}

type TouchedNames<'a> = BTreeMap<ZoneKey, BTreeMap<String, Touched<'a>>>;

/// The names that the run changed, or may have, in zones that could be read.
fn touched<'a>(
    report: &'a Document,
    annotated: &Annotated,
    notices: &mut Vec<Notice>,
) -> TouchedNames<'a> {
    let mut names = TouchedNames::new();
    for (zone, change) in report.changes().filter(|(_, change)| may_have_been_made(change)) {
        match zone_of_change(zone, change, annotated) {
            Ok(zone) => {
                let name = Name::as_listed(&change.name).key().into_owned();
                names.entry(zone).or_default().entry(name).or_default().changes.push(change);
            }
            Err(why) => notices.push(notice(&change.name, &format!("not undone: {why}"))),
        }
    }
    names
}

/// The zone in which a change is undone, or why it is not.
fn zone_of_change(
    zone: &document::Zone,
    change: &Change,
    annotated: &Annotated,
) -> Result<ZoneKey, &'static str> {
    let inventory = &annotated.inventory;
    let key = inventory.index.by_id(&zone.id).ok_or("its zone is not among those of this run")?;
    if !inventory.is_readable(key) {
        return Err("its zone could not be read");
    }
    if is_ownership(change) {
        return Err("an ownership record is not made again without its record");
    }
    Ok(key)
}

/// Whether a change is one of those that `gc` makes.
fn is_ownership(change: &Change) -> bool {
    let texts = change.before.iter().flat_map(|before| &before.targets);
    change.r#type == RecordType::Txt.to_string()
        && texts.map(String::as_str).any(|text| Labels::parse(text).is_ok())
}

fn may_have_been_made(change: &Change) -> bool {
    matches!(change.outcome, Outcome::Applied | Outcome::Partial | Outcome::Unknown)
}

impl Touched<'_> {
    /// A name is undone as a whole or not at all.
    fn undo(&self, ours: Ours<'_>, zone: &Zone, revert: &mut Revert) {
        let endpoints = &mut revert.endpoints;
        let states: Result<Vec<State<'_>>, String> =
            self.changes.iter().map(|change| State::of(ours, change, self.now(change))).collect();
        let states = match states {
            Ok(states) => states,
            Err(why) => {
                endpoints.extend(self.records.iter().map(|record| ours.kept(record, zone)));
                let name = self.changes.first().map_or("", |change| change.name.as_str());
                revert.notices.push(notice(name, &format!("not undone: {why}")));
                return;
            }
        };
        let untouched = self
            .records
            .iter()
            .filter(|record| !self.changes.iter().any(|change| is_about(change, &record.set)));
        endpoints.extend(untouched.map(|record| ours.kept(record, zone)));
        for (change, state) in self.changes.iter().zip(states) {
            match state {
                State::Done => match &change.before {
                    None => {}
                    Some(before) => match ours.restored(change, before, zone) {
                        Some(endpoint) => endpoints.push(endpoint),
                        None => revert.notices.push(unreadable(change)),
                    },
                },
                State::Undone(record) => {
                    endpoints.extend(record.map(|record| ours.kept(record, zone)));
                }
            }
        }
    }

    /// What is there now of what a change is about.
    fn now(&self, change: &Change) -> Option<&Record> {
        self.records.iter().copied().find(|record| is_about(change, &record.set))
    }
}

fn is_about(change: &Change, set: &RecordSet) -> bool {
    set.rtype.to_string() == change.r#type
        && set.set_identifier() == change.set_identifier.as_deref().unwrap_or_default()
}

fn unreadable(change: &Change) -> Notice {
    let message = format!("not undone: {:?} is no record type", change.r#type);
    notice(&change.name, &message)
}

/// The state of a record, compared with a change.
enum State<'a> {
    /// As the change left it.
    Done,
    /// As it was before the change.
    Undone(Option<&'a Record>),
}

impl<'a> State<'a> {
    /// The state of a record, or why it is neither as before nor as after the change.
    fn of(ours: Ours<'_>, change: &Change, now: Option<&'a Record>) -> Result<Self, String> {
        let changed = || "the name is not any more as the run left it".to_owned();
        let Some(record) = now else {
            return match (&change.before, &change.after) {
                (_, None) => Ok(Self::Done),
                (None, _) => Ok(Self::Undone(None)),
                // Updated, and gone since.
                (Some(_), Some(_)) => Err(changed()),
            };
        };
        let is = |state: &Option<RecordState>, with_labels: bool| {
            state.as_ref().is_some_and(|state| {
                same_set(&record.set, state) && (!with_labels || same_labels(&record.labels, state))
            })
        };
        // Where the change was one of ownership alone, the labels tell.
        match (is(&change.after, false), is(&change.before, false)) {
            (false, true) => Ok(Self::Undone(Some(record))),
            (true, true) if is(&change.before, true) => Ok(Self::Undone(Some(record))),
            (true, _) => match ours.other_holder(record, change.after.as_ref()) {
                None => Ok(Self::Done),
                Some(holder) => Err(holder),
            },
            (false, false) => Err(changed()),
        }
    }
}

/// Whether a record is as it was reported. A TTL that was not configured is what the provider made
/// of it.
fn same_set(set: &RecordSet, state: &RecordState) -> bool {
    let targets = state.targets.iter().map(String::as_str).collect();
    let ttl = Ttl::from_seconds(state.ttl.unwrap_or(0).into());
    let properties: extdns_model::Properties =
        state.properties.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    set.targets.same_as(&targets, set.rtype)
        && (!ttl.is_set() || ttl == set.ttl)
        && set.properties().same_as(&properties)
}

fn same_labels(labels: &Labels, state: &RecordState) -> bool {
    let stored = |key: &&str| *key != LabelKey::NONCE;
    let now = labels.iter().filter(|(key, _)| stored(key));
    let reported = state.labels.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    now.eq(reported.filter(|(key, _)| stored(key)))
}

impl Ours<'_> {
    fn own(&self, record: &Record) -> bool {
        record.read_only.is_none() && self.owners.own(&record.labels)
    }

    /// Who holds a record by now, if it is not the object for which the run made it so. Without
    /// ownership records it is not known of which object a record is.
    fn other_holder(&self, record: &Record, after: Option<&RecordState>) -> Option<String> {
        let reported = &after?.labels;
        let holder = [LabelKey::RESOURCE, LabelKey::OWNER, LabelKey::CLUSTER];
        let is_same = |key: &&str| record.labels.get(key) == reported.get(*key).map(String::as_str);
        if self.owners.is_empty() || holder.iter().all(is_same) {
            return None;
        }
        let by = record.labels.resource().unwrap_or("another object");
        Some(format!("{by} holds the name by now, and the report tells of another object"))
    }

    /// A record as it is.
    fn kept(&self, record: &Record, zone: &Zone) -> Endpoint {
        self.endpoint(record.set.clone(), &record.labels, zone)
    }

    /// A record as it was.
    fn restored(&self, change: &Change, state: &RecordState, zone: &Zone) -> Option<Endpoint> {
        let rtype: RecordType = change.r#type.parse().ok()?;
        let targets = state.targets.iter().map(String::as_str).collect();
        let ttl = Ttl::from_seconds(state.ttl.unwrap_or(0).into());
        let properties =
            state.properties.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let set = RecordSet::new(Name::as_listed(&change.name), rtype, ttl, targets)
            .with_set_identifier(change.set_identifier.as_deref().unwrap_or_default())
            .with_properties(properties.collect());
        let labels = state.labels.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        Some(self.endpoint(set, &labels.collect(), zone))
    }

    /// An endpoint whose ownership record will say what the labels say. It is pinned to its zone,
    /// since a name can be in several.
    fn endpoint(&self, set: RecordSet, labels: &Labels, zone: &Zone) -> Endpoint {
        let mut endpoint = Endpoint::from_set(set);
        let resources = labels.resource().and_then(parse_resource).into_iter().flat_map(|own| {
            self.clusters_of(labels)
                .into_iter()
                .map(move |cluster| Arc::new(Resource { cluster, ..own.clone() }))
        });
        endpoint.attribution = resources.collect();
        // The registry writes owner and clusters; the resource it takes from the attribution.
        let own = labels
            .iter()
            .filter(|(key, _)| ![LabelKey::OWNER, LabelKey::CLUSTER, LabelKey::NONCE].contains(key))
            .filter(|(key, _)| {
                *key != LabelKey::RESOURCE || endpoint.attribution.first().is_none()
            });
        let own: Labels = own.collect();
        if !own.is_empty() {
            endpoint.edit_labels(|labels| labels.extend(&own));
        }
        endpoint.edit_hints(|hints| hints.zone = Some(zone.id.clone()));
        endpoint
    }

    /// The clusters that a record belongs to: those that its label names, else those that write
    /// with its owner id.
    fn clusters_of(&self, labels: &Labels) -> Vec<ClusterId> {
        let named: HashSet<&str> = labels
            .get(LabelKey::CLUSTER)
            .into_iter()
            .flat_map(|label| label.split(Owners::JOINED_BY))
            .collect();
        let of_owner = |cluster: &&Cluster| {
            self.owners.id_of(Some(cluster.id)).map(AsRef::as_ref) == labels.owner()
        };
        let of_label = |cluster: &&Cluster| {
            named.is_empty()
                || named.contains(Owners::ALL_CLUSTERS)
                || named.contains(cluster.name.as_str())
        };
        let mut ids: Vec<ClusterId> =
            self.clusters.iter().filter(of_label).map(|cluster| cluster.id).collect();
        if named.is_empty() {
            ids = self.clusters.iter().filter(of_owner).map(|cluster| cluster.id).collect();
        }
        if ids.is_empty() {
            // Migrated, or without owners: as if the first cluster wanted it.
            ids.extend(self.clusters.first().map(|cluster| cluster.id));
        }
        ids
    }
}

/// The object of a label `<kind>/<namespace>/<name>`, if it is written back as the same text.
fn parse_resource(label: &str) -> Option<Resource> {
    let (kind, rest) = label.split_once('/')?;
    let kind = ResourceKind::other(kind);
    let (namespace, name) = match rest.split_once('/') {
        Some((namespace, name)) => (Some(namespace.into()), name.into()),
        None => (None, rest.into()),
    };
    let resource = Resource { cluster: ClusterId(0), kind, namespace, name };
    (resource.label().as_deref() == Some(label)).then_some(resource)
}

fn notice(subject: &str, message: &str) -> Notice {
    Notice { subject: subject.to_owned(), message: message.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_known_by_its_label_if_that_is_written_back_as_it_was() {
        for label in ["service/shop/web", "node/ip-10-0-1-1", "crd/a/b", "httproute/a/b/c"] {
            let resource = parse_resource(label).expect(label);
            assert_eq!(resource.label().as_deref(), Some(label));
        }
        for label in ["", "web", "HTTPRoute/a/b"] {
            assert_eq!(parse_resource(label), None, "{label}");
        }
    }

    #[test]
    fn a_label_without_an_object_is_kept_as_text() {
        let owners = Owners::new([(ClusterId(0), "me".into())]).expect("an id");
        let ours = Ours { owners: &owners, clusters: &[] };
        let set = RecordSet::new(
            Name::as_listed("a.org"),
            RecordType::A,
            Ttl::UNSET,
            ["192.0.2.1"].into_iter().collect(),
        );
        let zone = Zone::new("Z1", Name::as_listed("org"));
        let labels = [
            ("owner", "me"),
            ("resource", "by-hand"),
            ("cluster", "a+b"),
            ("txt-encryption-nonce", "n"),
            ("custom", "kept"),
        ];
        let endpoint = ours.endpoint(set, &labels.into_iter().collect(), &zone);
        let own: Vec<_> = endpoint.labels().iter().collect();
        assert_eq!(own, [("custom", "kept"), ("resource", "by-hand")]);
        assert_eq!(endpoint.resource_label().as_deref(), Some("by-hand"));
        assert_eq!(endpoint.hints().zone.as_deref(), Some("Z1"));
    }

    #[test]
    fn what_gc_removed_is_no_record_to_make_again() {
        let change = |rtype: &str, text: &str| Change {
            action: document::Action::Delete,
            name: "a-www.example.org".to_owned(),
            r#type: rtype.to_owned(),
            set_identifier: None,
            before: Some(RecordState {
                ttl: None,
                targets: vec![text.to_owned()],
                properties: BTreeMap::new(),
                labels: BTreeMap::new(),
            }),
            after: None,
            cause: document::Cause::Unwanted,
            moves_to: None,
            reason: String::new(),
            resource: None,
            also_wanted_by: Vec::new(),
            cluster: None,
            outcome: Outcome::Applied,
            hold: None,
            message: None,
        };
        let heritage = "\"heritage=external-dns,external-dns/owner=me\"";
        let table = [("TXT", heritage, true), ("TXT", "\"hello\"", false), ("A", heritage, false)];
        for (rtype, text, expected) in table {
            assert_eq!(is_ownership(&change(rtype, text)), expected, "{rtype} {text}");
        }
    }
}
