//! `explain NAME`: every object that has the name and what became of it, what the zones hold of it
//! and who owns that, and what a run would do.

mod desired;
mod owner;
mod render;
mod words;

use std::fmt::Display;

use extdns_clusters::ClusterView;
use extdns_model::{Inventory, Name, Owners, RecordSet, Zone, ZoneIndex, ZoneKey};
use extdns_plan::{DecisionState, Input, Made, Plan, compute_for};
use extdns_providers::Deadline;
use extdns_registry::{Annotated, Leftover};

pub use desired::{Desired, Fate};
pub use owner::Owner;
pub use render::render;

use crate::error::RunError;
use crate::gather::{Gathered, gather};
use crate::report::ChangeKind;
use crate::wiring::{Target, Wiring};

/// Everything about one name.
#[derive(Debug, Default)]
pub struct Explanation {
    /// The name.
    pub name: Name,
    /// The target, where there are several.
    pub target: Option<String>,
    /// Every object that has it, and what became of that.
    pub desired: Vec<Desired>,
    /// The zones that the name lies in.
    pub zones: Vec<ZoneState>,
    /// What the zones hold of it.
    pub records: Vec<Holding>,
    /// Records of the nearest wildcard, which answer where there is none of the name itself.
    pub wildcards: Vec<Holding>,
    /// Ownership records of the name without a record.
    pub orphaned: Vec<Holding>,
    /// What a run would do.
    pub steps: Vec<Step>,
    /// What could not be looked at, so that the rest may not be all.
    pub gaps: Vec<String>,
}

/// A zone that the name lies in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZoneState {
    /// Its name.
    pub zone: String,
    /// Why it could not be read.
    pub unreadable: Option<String>,
}

/// Something that a zone holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holding {
    /// The zone's name.
    pub zone: String,
    /// What DNS sees.
    pub set: RecordSet,
    /// Whose it is.
    pub owner: Owner,
    /// The object for which it was made, as its ownership record says.
    pub resource: Option<String>,
}

/// One thing that a run would do about the name, or hold back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The zone's name.
    pub zone: String,
    /// What it is.
    pub kind: ChangeKind,
    /// The record set, as it would be or as it was.
    pub set: RecordSet,
    /// Why the plan wants it.
    pub cause: String,
    /// Why it is not done.
    pub held: Option<String>,
}

/// Explains a name, for each target. Reads everything that a run reads, and the clusters a second time; nothing is
/// written.
pub async fn explain(wiring: &Wiring, name: &str) -> Vec<Explanation> {
    let name = Name::as_listed(name.trim());
    let until = Deadline::none();
    let inventories = wiring.targets.iter().map(|target| target.provider.read());
    let (gathered, inventories) =
        tokio::join!(gather(wiring, &until), futures::future::join_all(inventories));
    let mut gaps = Vec::new();
    let (gathered, is_read) = match gathered {
        Ok(gathered) => (gathered, true),
        Err(unread) => {
            gaps.push(unread.error().to_string());
            (Gathered::default(), false)
        }
    };
    add_failures(&mut gaps, &gathered);
    let sighted = sight(wiring, &gathered.views, &name, &mut gaps).await;
    let mut explanations = Vec::with_capacity(wiring.targets.len());
    for (target, inventory) in wiring.targets.iter().zip(inventories) {
        let mut explanation =
            Explanation { name: name.clone(), gaps: gaps.clone(), ..Explanation::default() };
        explanation.target = wiring.has_several_targets().then(|| target.name.clone());
        let annotated = match inventory.map_err(RunError::Read) {
            Ok(inventory) => target.annotate(inventory).await,
            Err(error) => Err(error),
        };
        let known = Known { wiring, target, gathered: is_read.then_some(&gathered) };
        let sighted = sighted.clone().only_of(&target.clusters);
        known.explain(&mut explanation, sighted, annotated).await;
        explanations.push(explanation);
    }
    explanations
}

/// What is known of the objects that a target could have records of.
struct Known<'a> {
    wiring: &'a Wiring,
    target: &'a Target,
    gathered: Option<&'a Gathered>,
}

impl Known<'_> {
    async fn explain(
        &self,
        explanation: &mut Explanation,
        mut sighted: desired::Sighted,
        annotated: Result<Annotated, RunError>,
    ) {
        let Self { wiring, target, .. } = *self;
        let nothing = Gathered::default();
        let gathered = self.gathered.unwrap_or(&nothing);
        let mut wanted = gathered.wanted(wiring, target);
        sighted.add_found(gathered, &wanted.dropped, &explanation.name);
        let annotated = explanation.known(annotated);
        let inventory = annotated.as_ref().map(|annotated| &annotated.inventory);
        let allowed = wiring.allow_empty.iter();
        let allowed =
            allowed.filter(|name| wiring.clusters_of(target).any(|own| own.cluster.name == **name));
        let clusters = gathered.for_plan(wiring, target, &wanted, inventory).allow_empty(allowed);
        let clusters = explanation.known(clusters).unwrap_or_default();
        let unlisted = ZoneIndex::default();
        let zones = inventory.map_or(&unlisted, |inventory| &inventory.index);
        let adjusted = target.adjust(std::mem::take(&mut wanted.endpoints), zones).await;
        let adjusted = explanation.known(adjusted).unwrap_or_default();
        sighted.add_adapted(&adjusted, &explanation.name);
        let Some(annotated) = annotated else {
            explanation.desired = sighted.unplanned(&adjusted.endpoints);
            return;
        };
        explanation.look_at_zones(target, &annotated);
        let Some(gathered) = &self.gathered else { return };
        let mut kept = adjusted.kept();
        kept.extend(gathered.kept(&annotated.inventory));
        let input = Input {
            inventory: &annotated.inventory,
            desired: &adjusted.endpoints,
            settings: &target.plan,
            clusters: &clusters,
            kept: &kept,
            made: &Made::default(),
        };
        let refusal = target.refusal();
        let mut plan = compute_for(input, &refusal);
        target.registry.decorate(&mut plan, &annotated, &refusal);
        explanation.desired = sighted.planned(target, &annotated, &adjusted.endpoints, &plan);
        explanation.look_at_plan(&plan, &annotated.inventory);
    }
}

/// Who has the name, in all clusters.
async fn sight(
    wiring: &Wiring,
    views: &[ClusterView],
    name: &Name,
    gaps: &mut Vec<String>,
) -> desired::Sighted {
    let mut sighted = desired::Sighted::new(name, views);
    for view in views {
        let Some(own) = wiring.clusters.iter().find(|own| own.cluster.id == view.id()) else {
            continue;
        };
        let sightings = own.sources.trace(view, name).await;
        sighted.add_sightings(sightings.found);
        let failures = sightings.failures.iter();
        let failures =
            failures.map(|failure| format!("cluster {:?}: {failure}", view.name().as_str()));
        // A source that fails twice is one gap.
        for failure in failures {
            if !gaps.contains(&failure) {
                gaps.push(failure);
            }
        }
    }
    sighted
}

/// What of the clusters could not be read.
fn add_failures(gaps: &mut Vec<String>, gathered: &Gathered) {
    for cluster in &gathered.clusters {
        let failed = cluster.sources.iter().filter_map(|source| {
            let why = source.failure.as_ref()?;
            Some(format!("gather source {:?}: {why}", source.name))
        });
        let failures = cluster.failure.iter().cloned().chain(failed);
        let named = failures.map(|failure| format!("cluster {:?}: {failure}", cluster.name));
        gaps.extend(named);
    }
}

impl Explanation {
    /// A part of what was read, or a gap where it could not be read.
    fn known<T>(&mut self, part: Result<T, impl Display>) -> Option<T> {
        part.map_err(|error| self.gaps.push(error.to_string())).ok()
    }

    fn look_at_zones(&mut self, target: &Target, annotated: &Annotated) {
        let inventory = &annotated.inventory;
        let key = self.name.key().into_owned();
        self.zones = inventory
            .index
            .route(&key, None)
            .iter()
            .map(|zone| ZoneState {
                zone: inventory.index.zone(*zone).to_string(),
                unreadable: unreadable(inventory, *zone),
            })
            .collect();
        let owners = target.registry.owners();
        self.records = holdings(inventory, owners, &key);
        if self.records.is_empty() {
            let parents = key.match_indices('.').map(|(dot, _)| format!("*{}", &key[dot..]));
            let mut answers = parents.map(|wildcard| holdings(inventory, owners, &wildcard));
            self.wildcards = answers.find(|found| !found.is_empty()).unwrap_or_default();
        }
        let own = annotated.orphans().map(|left| (left, true));
        let all = own.chain(annotated.reserved().map(|left| (left, false)));
        let of_name = all.filter(|(left, _)| left.name.key() == *key);
        self.orphaned = of_name
            .map(|(left, is_ours)| orphaned(left, is_ours, inventory.index.zone(left.zone())))
            .collect();
    }

    fn look_at_plan(&mut self, plan: &Plan<'_>, inventory: &Inventory) {
        let key = self.name.key();
        let decisions = plan.decisions().filter(|(row, _)| row.name == *key);
        self.steps = decisions
            .map(|(row, decision)| Step {
                zone: inventory.index.zone(row.zone).to_string(),
                kind: words::kind(&decision.change),
                set: decision.change.set().clone(),
                cause: words::cause(decision),
                held: match &decision.state {
                    DecisionState::Go => None,
                    DecisionState::Held(hold) => Some(crate::report::words::held(hold).to_string()),
                },
            })
            .collect();
    }
}

/// What the zones hold of a name, given by its key.
fn holdings(inventory: &Inventory, owners: &Owners, key: &str) -> Vec<Holding> {
    let of_name = inventory.records().filter(|(_, record)| record.set.name.key() == key);
    of_name
        .map(|(zone, record)| Holding {
            zone: inventory.index.zone(zone).to_string(),
            set: record.set.clone(),
            owner: Owner::of(record, owners),
            resource: record.labels.resource().map(str::to_owned),
        })
        .collect()
}

fn unreadable(inventory: &Inventory, zone: ZoneKey) -> Option<String> {
    let mut unreadable = inventory.unreadable();
    unreadable.find(|(unread, _)| *unread == zone).map(|(_, why)| why.reason.clone())
}

fn orphaned(left: &Leftover, is_ours: bool, zone: &Zone) -> Holding {
    let owner = left.labels.owner().unwrap_or_default().to_owned();
    Holding {
        zone: zone.to_string(),
        set: left.set().clone(),
        owner: if is_ours { Owner::Ours(owner) } else { Owner::Foreign(owner) },
        resource: left.labels.resource().map(str::to_owned),
    }
}
