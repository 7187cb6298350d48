//! `gc`: ownership records without a record. A run that dies between two calls can leave one; so
//! does a delete whose ownership record has an older format.

use std::collections::{BTreeMap, HashSet};

use extdns_model::{
    Action, Change, ChangeGroup, DomainFilter, Endpoint, GroupId, Hints, Inventory, LabelKey,
    Labels, Planned, Record, RecordType, Role, Stored, ZoneIndex, ZoneKey,
};
use extdns_plan::{
    Cause, Cluster, Clusters, Decision, Hold, Plan, Policy, Reading, RecordChange, Row, Settings,
    Unit, Verdict,
};
use extdns_registry::{Annotated, Explained, Groups, Leftover, Mixed, Subject};

use crate::apply::apply;
use crate::error::RunError;
use crate::report::words::first_few;
use crate::report::{self, Notice, Report, mixed};
use crate::request::{Mode, RunRequest};
use crate::run::{Failed, in_time, plan_settings, tell};
use crate::wiring::Wiring;

/// Plans to remove the ownership records of ours that have no record, and does so if the request
/// says to apply. No cluster is read.
///
/// Left alone is whatever may have a record after all: in a zone that could not be read, in a zone
/// that is delegated to somebody else, under a name that this run does not look at.
pub async fn collect(wiring: &Wiring, request: &RunRequest) -> Report {
    tell(request, attempt(wiring, request)).await
}

async fn attempt(wiring: &Wiring, request: &RunRequest) -> Result<Report, Failed> {
    let read = async { wiring.provider.read().await.map_err(|error| RunError::Read(error).into()) };
    let inventory = in_time(request, read).await?;
    let mut annotated = wiring.registry.annotate(inventory);
    let explained = annotated.set_explained_aside(wiring.registry.owners());
    let orphans = take(&mut annotated, &wiring.plan);
    let mut plan = plan(&orphans, &annotated.inventory.index, wiring);
    guard(&mut plan, &orphans, &annotated.inventory, wiring, request);
    let groups = groups(&plan, &orphans);
    let mut context = report::Context::new(&wiring.provider_name, &annotated, &*wiring.registry);
    if wiring.registry.owners().is_empty() {
        context.notices.push(Notice {
            subject: "--registry=noop".to_owned(),
            message: "it keeps no ownership records, so there are none to remove".to_owned(),
        });
    }
    context.notices.extend(kept_for_other_flags(&explained));
    context.notices.extend(orphans.iter().filter_map(Orphan::mixed));
    let mut report = match request.mode {
        Mode::Plan => report::planned(context, &plan),
        Mode::Apply => {
            let outcomes = apply(wiring, request, &annotated, &groups.groups, &[]).await?;
            report::applied(context, &plan, &groups, outcomes)
        }
    };
    report.only_ownership = true;
    Ok(report)
}

/// In the label that names clusters: all of them.
const ALL_CLUSTERS: &str = "*";

/// One notice for each flag that would explain ownership records.
fn kept_for_other_flags(explained: &[Explained]) -> Vec<Notice> {
    let mut by_flag: BTreeMap<&str, Vec<&Explained>> = BTreeMap::new();
    for own in explained {
        by_flag.entry(&own.flag).or_default().push(own);
    }
    let notice = |(flag, of): (&str, Vec<&Explained>)| {
        let names = first_few(of.iter().map(|own| own.txt.as_str()), of.len(), 3, ", ");
        let record = of.first().map_or("", |own| own.record.as_str());
        Notice {
            subject: flag.to_owned(),
            message: format!(
                "kept, because it may be missing here: with it these ownership records would stand \
                 for records that are there ({record}, say): {names}; run gc with the flags of the \
                 runs that wrote them"
            ),
        }
    };
    by_flag.into_iter().map(notice).collect()
}

/// An ownership record that goes, as the record that the zone holds.
struct Orphan {
    zone: ZoneKey,
    record: Record,
    /// What stays of it, where it holds others' values too.
    rest: Option<Endpoint>,
    left: Leftover,
}

impl Orphan {
    fn of(left: Leftover) -> Self {
        let mut record = Record::new(left.mark.set.clone(), left.mark.origin.clone());
        record.labels = left.labels.clone();
        let rest = (!left.kept.is_empty()).then(|| {
            let mut set = left.mark.set.clone();
            set.targets = left.kept.clone();
            Endpoint::from_set(set)
        });
        Self { zone: left.mark.zone, record, rest, left }
    }

    fn change(&self) -> RecordChange<'_> {
        match &self.rest {
            Some(rest) => RecordChange::Update { record: &self.record, endpoint: rest },
            None => RecordChange::Delete(&self.record),
        }
    }

    fn action(&self) -> Action {
        let Leftover { name, mark, .. } = &self.left;
        let labels = std::iter::once((LabelKey::OWNED_RECORD, name.as_str())).collect();
        let old = Stored { set: mark.set.clone(), labels, origin: mark.origin.clone() };
        match &self.rest {
            Some(rest) => Action::Update {
                old,
                new: Planned {
                    set: rest.set.clone(),
                    labels: Labels::new(),
                    hints: Hints::default(),
                },
            },
            None => Action::Delete(old),
        }
    }

    fn mixed(&self) -> Option<Notice> {
        let kept = self.rest.as_ref()?.set.targets.iter().map(ToString::to_string).collect();
        Some(mixed(&Mixed { name: self.left.mark.set.name.clone(), kept, goes: true }))
    }
}

/// Takes out what can be removed, by zone and name.
fn take(annotated: &mut Annotated, settings: &Settings) -> Vec<Orphan> {
    let delegated = Delegations::of(&annotated.inventory);
    let provider_filter: DomainFilter = annotated.inventory.filter.clone();
    let taken = annotated.take_orphans(|left| {
        settings.filter.matches(&left.name)
            && provider_filter.matches(&left.name)
            && !delegated.contain(left)
    });
    taken.into_iter().map(Orphan::of).collect()
}

/// Names that a zone hands on to another one, which need not be among ours.
struct Delegations(HashSet<(ZoneKey, String)>);

impl Delegations {
    fn of(inventory: &Inventory) -> Self {
        let cuts = inventory.records().filter(|(zone, record)| {
            let apex = &inventory.index.zone(*zone).name;
            record.set.rtype == RecordType::Ns && record.set.name.key() != apex.key()
        });
        Self(cuts.map(|(zone, record)| (zone, record.set.name.key().into_owned())).collect())
    }

    /// Whether the record of an ownership record would lie in another zone than the one that we see:
    /// that of an apex lies in the parent zone.
    fn contain(&self, left: &Leftover) -> bool {
        let key = left.name.key();
        let borders = key.match_indices('.').map(|(at, _)| &key[at + 1..]);
        let mut suffixes = std::iter::once(&*key).chain(borders);
        suffixes.any(|suffix| self.0.contains(&(left.mark.zone, suffix.to_owned())))
    }
}

/// A row for each zone and name, a unit for each record.
fn plan<'a>(orphans: &'a [Orphan], index: &ZoneIndex, wiring: &Wiring) -> Plan<'a> {
    let mut rows: Vec<Row<'a>> = Vec::new();
    for orphan in orphans {
        let name = orphan.record.set.name.key();
        let of_zone = index.zone(orphan.zone).read_only.map(|reason| Hold::ReadOnlyZone { reason });
        let held = of_zone.or_else(|| hold(&orphan.left, wiring));
        let decision = |unit| Decision {
            change: orphan.change(),
            cause: Cause::Orphaned,
            verdict: held.clone().map_or(Verdict::Go, Verdict::Held),
            unit: Unit(unit),
        };
        match rows.last_mut() {
            Some(row) if row.zone == orphan.zone && row.name == *name => {
                let unit = u16::try_from(row.decisions.len()).unwrap_or(u16::MAX);
                row.decisions.push(decision(unit));
            }
            _ => rows.push(Row {
                zone: orphan.zone,
                name: (&*name).into(),
                decisions: vec![decision(0)],
            }),
        }
    }
    Plan { rows, ..Plan::default() }
}

/// Why an ownership record has to stay.
fn hold(left: &Leftover, wiring: &Wiring) -> Option<Hold> {
    let Settings { policy, protected, .. } = &wiring.plan;
    if let Some(reason) = left.read_only {
        return Some(Hold::ReadOnly { reason });
    }
    if *policy != Policy::Sync {
        return Some(Hold::Policy);
    }
    if let Some(glob) = protected.find(&left.name) {
        return Some(Hold::Protected { glob: glob.as_str().into() });
    }
    let names = left.labels.get(LabelKey::CLUSTER).unwrap_or_default().split('+');
    let is_known = |name: &str| wiring.clusters.iter().any(|cluster| cluster.name == name);
    let mut unknown = names.filter(|name| !matches!(*name, "" | ALL_CLUSTERS) && !is_known(name));
    unknown.next().map(|name| Hold::UnknownCluster { name: name.into() })
}

/// Holds back what is too much among all that is ours, the ownership records included.
fn guard(
    plan: &mut Plan<'_>,
    orphans: &[Orphan],
    inventory: &Inventory,
    wiring: &Wiring,
    request: &RunRequest,
) {
    let settings = plan_settings(wiring, &request.overrides);
    let is_ours = |record: &Record| {
        settings.owners.own(&record.labels) && settings.filter.matches(&record.set.name)
    };
    let records = inventory.records().filter(|(_, record)| is_ours(record));
    let records = records.map(|(zone, record)| (zone, &record.labels));
    let lone = orphans.iter().map(|orphan| (orphan.zone, &orphan.record.labels));
    let clusters = wiring.clusters.iter();
    let known = Reading::Complete { endpoints: 0 };
    let clusters = clusters.map(|own| Cluster::new(own.id, own.name.to_string(), known)).collect();
    plan.guard(records.chain(lone), &inventory.index, &settings, &Clusters::new(clusters));
}

/// One group for each record that goes.
fn groups(plan: &Plan<'_>, orphans: &[Orphan]) -> Groups {
    let mut groups = Groups::default();
    let decisions =
        plan.rows.iter().enumerate().flat_map(|(row, of)| {
            of.decisions.iter().map(move |decision| (row, of.zone, decision))
        });
    for ((row, zone, decision), orphan) in decisions.zip(orphans) {
        if !decision.goes() {
            continue;
        }
        let change = Change { role: Role::Ownership, action: orphan.action() };
        groups.groups.push(ChangeGroup {
            id: GroupId(u32::try_from(groups.groups.len()).unwrap_or(u32::MAX)),
            zone,
            name: orphan.left.name.clone(),
            changes: vec![change],
            after: Vec::new(),
            requires: Vec::new(),
        });
        groups.subjects.push(Subject { row, unit: decision.unit });
    }
    groups
}
