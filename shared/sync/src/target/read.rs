//! Everything that the plan of one target is made of.

use std::sync::Arc;

use extdns_plan::Clusters;
use extdns_providers::Adjusted;
use extdns_registry::Annotated;
use extdns_sources::{Dropped, Removed};
use futures::future::{BoxFuture, Shared};

use crate::attempt::{Done, Failed};
use crate::error::RunError;
use crate::gather::{Gathered, Unread, Wanted};
use crate::report::{self, Document, Notice, Report, TargetReport, Unmade};
use crate::request::RunRequest;
use crate::revert::{self, Ours, Revert};
use crate::turn::Turn;
use crate::wiring::{Target, Wiring};

/// What the clusters want, which all targets wait for.
pub(crate) type Gathering<'a> = Shared<BoxFuture<'a, Result<Arc<Gathered>, Arc<Unread>>>>;

/// Everything that a plan is made of.
pub(super) struct PlanInputs {
    pub(super) gathered: Arc<Gathered>,
    /// What the pipeline left out.
    pub(super) dropped: Vec<Dropped>,
    /// How many endpoints it removed.
    pub(super) removed: Removed,
    pub(super) notices: Vec<Notice>,
    pub(super) shared_notices: usize,
    /// Whether there is a warning of a filter that selects nothing.
    pub(super) has_idle_filter: bool,
    pub(super) clusters: Clusters,
    pub(super) annotated: Annotated,
    pub(super) adjusted: Adjusted,
    pub(super) revert: Option<Revert>,
}

/// What came of reading.
pub(super) enum Read {
    /// Everything that a plan is made of.
    All(Box<PlanInputs>),
    /// There is nothing to do, and the zones were not read.
    Gated(Box<Done>),
}

/// Reads the clusters and the zones, both at a time.
pub(super) async fn read(
    wiring: &Wiring,
    target: &Target,
    request: &RunRequest,
    gathering: Gathering<'_>,
    turn: &mut Turn<'_>,
) -> Result<Read, Failed> {
    if let Some(report) = &request.revert {
        let inputs = read_for_revert(wiring, target, report).await;
        return inputs.map(|inputs| Read::All(Box::new(inputs)));
    }
    let mut wanted = None;
    if turn.may_be_gated() {
        // It needs nothing of the zones, so they are not read before.
        let gathered = known(gathering.clone().await)?;
        let wants = gathered.wanted(wiring, target);
        turn.wants(|| gathered.hash(target, &wants));
        if turn.is_gated() {
            return Ok(Read::Gated(Box::new(gated(target, &gathered, wants, turn))));
        }
        wanted = Some(wants);
    }
    turn.begin_to_read();
    let (gathered, inventory) = tokio::join!(gathering, target.provider.read());
    let gathered = known(gathered)?;
    let fail = |error| Failed { clusters: gathered.clusters.clone(), ..Failed::from(error) };
    let inventory = inventory.map_err(|error| fail(RunError::Read(error)))?;
    let mut annotated = target.annotate(inventory).await.map_err(fail)?;
    let mut wanted = match wanted {
        Some(wanted) => wanted,
        None => {
            let wanted = gathered.wanted(wiring, target);
            turn.wants(|| gathered.hash(target, &wanted));
            wanted
        }
    };
    let dropped = gathered.dropped.iter().chain(&wanted.dropped);
    let mut notices: Vec<Notice> = dropped.map(report::dropped).collect();
    notices.extend(gathered.frozen.iter().map(report::frozen));
    notices.extend(gathered.not_served.notices());
    let shared_notices = notices.len();
    if annotated.orphans().next().is_some() {
        let explained = annotated.set_explained_aside(target.registry.owners());
        notices.extend(report::explained(&explained));
    }
    let clusters = gathered.for_plan(wiring, target, &wanted, Some(&annotated.inventory));
    let idle = gathered.idle_filters(wiring, target, &wanted, &annotated.inventory);
    let has_idle_filter = !idle.is_empty();
    notices.extend(idle);
    let mut desired = std::mem::take(&mut wanted.endpoints);
    gathered.set_assumed_aside(&mut desired, &annotated.inventory);
    let adjusted = target.adjust(desired, &annotated.inventory.index).await.map_err(fail)?;
    let Wanted { dropped, removed, .. } = wanted;
    Ok(Read::All(Box::new(PlanInputs {
        gathered,
        dropped,
        removed,
        notices,
        shared_notices,
        has_idle_filter,
        clusters,
        annotated,
        adjusted,
        revert: None,
    })))
}

/// What was gathered, if anything was in full.
fn known(gathered: Result<Arc<Gathered>, Arc<Unread>>) -> Result<Arc<Gathered>, Failed> {
    gathered.map_err(|unread| Failed {
        clusters: unread.clusters.clone(),
        late: unread.is_late,
        ..Failed::from(unread.error())
    })
}

/// What there is to say of a target at which there is nothing to do.
fn gated(target: &Target, gathered: &Gathered, wanted: Wanted, turn: &Turn<'_>) -> Done {
    let dropped = gathered.dropped.iter().chain(&wanted.dropped);
    let mut notices: Vec<Notice> = dropped.clone().map(report::dropped).collect();
    notices.extend(gathered.not_served.notices());
    let shared_notices = notices.len();
    let report = Report {
        clusters: gathered.clusters.clone(),
        targets: vec![TargetReport::of_standing(&target.name, turn.standing().cloned())],
        unmade: Unmade::before_plan(dropped, &[]),
        notices,
        ..Report::default()
    };
    let Wanted { dropped, .. } = wanted;
    Done { report, shared_notices, dropped, has_applied: true, ..Done::default() }
}

/// Reads the zones, and what is to be undone.
async fn read_for_revert(
    wiring: &Wiring,
    target: &Target,
    report: &Document,
) -> Result<PlanInputs, Failed> {
    let inventory = target.provider.read().await.map_err(RunError::Read)?;
    let annotated = target.annotate(inventory).await?;
    let clusters: Vec<_> = wiring
        .clusters_of(target)
        .map(|own| (own.cluster.id, own.cluster.name.to_string()))
        .collect();
    let ours = Ours { owners: target.registry.owners(), clusters: &clusters };
    let of = wiring.has_several_targets().then_some(&*target.name);
    let mut revert = revert::revert(report, of, &annotated, ours);
    let endpoints = std::mem::take(&mut revert.endpoints);
    Ok(PlanInputs {
        gathered: Arc::default(),
        dropped: Vec::new(),
        removed: Removed::default(),
        notices: revert.notices.clone(),
        shared_notices: 0,
        has_idle_filter: false,
        clusters: wiring.unread_clusters(target, endpoints.len().max(1)),
        annotated,
        adjusted: Adjusted { endpoints, notes: Vec::new() },
        revert: Some(revert),
    })
}
