//! One target of a run: read its zones, plan, and, if it is an apply, write.

use std::sync::Arc;

use extdns_model::{Endpoint, Outcome, RecordSet, Surroundings, ZoneIndex, property_names};
use extdns_plan::{Allowance, Cluster, Clusters, Input, Made, Plan, Reading, Settings, Sharing};
use extdns_providers::{Adjusted, CallCount};
use extdns_registry::{Annotated, Groups};
use extdns_sources::Dropped;
use futures::future::{BoxFuture, Shared};

use crate::apply::apply;
use crate::error::RunError;
use crate::exit::ExitCode;
use crate::gather::{Gathered, Unread, Wanted};
use crate::report::{
    self, Calls, Context, Document, Durations, Notice, Report, TargetReport, Unmade, Unrouted,
};
use crate::request::{Mode, Overrides, RunRequest};
use crate::revert::{self, Ours, Revert};
use crate::run::{Failed, Stopwatch, in_time};
use crate::turn::{End, Turn};
use crate::wiring::{Target, WiredCluster, Wiring};

/// What the clusters want, which all targets wait for.
pub(crate) type Gathering<'a> = Shared<BoxFuture<'a, Result<Arc<Gathered>, Arc<Unread>>>>;

/// What was done at one target.
#[derive(Default)]
pub(crate) struct Done {
    /// The report, as if there were no other target.
    pub(crate) report: Report,
    /// How many of its first notices are not about the target alone.
    pub(crate) shared_notices: usize,
    /// The names that lie in none of its zones.
    pub(crate) unrouted: Vec<Unrouted>,
    /// What its pipeline left out.
    pub(crate) dropped: Vec<Dropped>,
    /// Whether something was written, or there was nothing to write.
    pub(crate) has_applied: bool,
}

/// Everything that a plan is made of.
struct PlanInputs {
    gathered: Arc<Gathered>,
    /// What the pipeline left out.
    dropped: Vec<Dropped>,
    notices: Vec<Notice>,
    shared_notices: usize,
    /// Whether there is a warning of a filter that selects nothing.
    has_idle_filter: bool,
    clusters: Clusters,
    annotated: Annotated,
    adjusted: Adjusted,
    revert: Option<Revert>,
}

/// What came of reading.
enum Read {
    /// Everything that a plan is made of.
    All(Box<PlanInputs>),
    /// There is nothing to do, and the zones were not read.
    Gated(Box<Done>),
}

/// Reads, plans, and applies where the request says so.
pub(crate) async fn attempt(
    wiring: &Wiring,
    target: &Target,
    request: &RunRequest,
    gathering: Gathering<'_>,
    turn: &mut Turn<'_>,
) -> Result<(Done, End), Failed> {
    let mut watch = Stopwatch::start();
    let called = target.provider.calls();
    let mut durations = Durations::default();
    let inputs = match in_time(request, read(wiring, target, request, gathering, turn)).await? {
        Read::All(inputs) => inputs,
        Read::Gated(done) => return Ok((*done, End::Gated)),
    };
    durations.read = Some(watch.lap());
    let clusters = allow_empty(wiring, target, request, inputs.clusters.clone())?;
    let mut settings = plan_settings(target, &request.overrides);
    if inputs.revert.is_some() {
        // Each record set is wanted once, as the report tells it, and by all clusters that it names.
        settings.sharing = Sharing::Merge;
    }
    let mut kept = inputs.adjusted.kept();
    kept.extend(inputs.gathered.kept(&inputs.annotated.inventory));
    let refusal = refusal(target);
    let annotated = &inputs.annotated;
    let made = Made::new();
    let input = Input {
        inventory: &annotated.inventory,
        desired: &inputs.adjusted.endpoints,
        settings: &settings,
        clusters: &clusters,
        kept: &kept,
        made: &made,
    };
    let mut plan = extdns_plan::compute_for(input, &refusal);
    if let Some(revert) = &inputs.revert {
        revert.narrow(&mut plan);
    }
    let groups = target.registry.decorate(&mut plan, annotated, &refusal);
    let index = &annotated.inventory.index;
    let hash = plan.hash(index, target.registry.owners(), &groups.groups).to_string();
    let is_expected = request.expects(&target.name).is_none_or(|expected| *expected == hash);
    durations.plan = Some(watch.lap());
    let mut outcomes = None;
    if request.mode == Mode::Apply && is_expected {
        match apply(target, request, annotated, &groups, turn).await {
            Ok(sent) => outcomes = Some(sent),
            Err(error) => {
                let clusters = inputs.gathered.clusters.clone();
                return Err(Failed { error, clusters, late: false });
            }
        }
        durations.apply = Some(watch.lap());
    }
    let has_applied = outcomes.is_some();
    let parts = Planned { target, plan: &plan, groups: &groups, settings: &settings, hash, called };
    let mut report = parts.report(wiring, request, &inputs, outcomes);
    report.run.durations = durations;
    for own in &mut report.targets {
        own.standing = turn.standing().cloned();
    }
    let is_full = has_applied && report.exit_code() == ExitCode::Success && inputs.revert.is_none();
    let end = if is_full { End::Full } else { End::InPart };
    let unrouted = match wiring.has_several_targets() {
        true => plan.unrouted.iter().map(|endpoint| Unrouted::of(endpoint)).collect(),
        false => Vec::new(),
    };
    let PlanInputs { shared_notices, dropped, .. } = *inputs;
    Ok((Done { report, shared_notices, unrouted, dropped, has_applied }, end))
}

/// What was planned at a target.
struct Planned<'a> {
    target: &'a Target,
    plan: &'a Plan<'a>,
    groups: &'a Groups,
    settings: &'a Settings,
    hash: String,
    /// How often the provider had been called before.
    called: Vec<CallCount>,
}

impl Planned<'_> {
    fn report(
        self,
        wiring: &Wiring,
        request: &RunRequest,
        inputs: &PlanInputs,
        outcomes: Option<Vec<Outcome>>,
    ) -> Report {
        let Self { target, plan, groups, settings, hash, called } = self;
        let PlanInputs { gathered, annotated, adjusted, revert, .. } = inputs;
        let mut notices = inputs.notices.clone();
        notices.extend(groups.mixed.iter().map(report::mixed));
        notices.extend(adjusted.notes.iter().map(report::adaptation));
        if revert.is_none() {
            let listed = wiring.clusters_of(target);
            let sources: Vec<&str> = listed.flat_map(|own| own.sources.names()).collect();
            notices.extend(report::of_absent_sources(plan, &sources));
        }
        if annotated.inventory.zones.is_empty() && adjusted.endpoints.is_empty() {
            notices.push(no_zone());
        }
        let all_dropped = gathered.dropped.iter().chain(&inputs.dropped);
        let unmade = Unmade::before_plan(all_dropped, &adjusted.notes);
        let unmade = Unmade { unselected: inputs.has_idle_filter, ..unmade };
        let sent = if outcomes.is_some() { &*groups.groups } else { &[] };
        let context = Context {
            is_only_target: !wiring.has_several_targets(),
            views: &gathered.views,
            clusters: gathered.clusters.clone(),
            desired: &adjusted.endpoints,
            calls: Calls::since(&called, &*target.provider, annotated, sent),
            unmade: unmade.within(&annotated.inventory.index, &settings.filter),
            notices,
            hash: Some(hash),
            expected_hash: request.expects(&target.name).cloned(),
            ..Context::new(&target.name, annotated, &*target.registry)
        };
        match outcomes {
            None => report::planned(context, plan),
            Some(outcomes) => report::applied(context, plan, groups, outcomes),
        }
    }
}

/// A provider without zones is more often a mistake than what somebody wants.
fn no_zone() -> Notice {
    Notice {
        subject: "zones".to_owned(),
        message: "the provider has none that this run manages, so nothing is made; check \
                  --domain-filter, the other zone filters, and the account"
            .to_owned(),
    }
}

/// Lets clusters want nothing, where the settings or the request say so. A target does not know
/// clusters that it does not list.
fn allow_empty(
    wiring: &Wiring,
    target: &Target,
    request: &RunRequest,
    clusters: Clusters,
) -> Result<Clusters, RunError> {
    let allowed = wiring.allow_empty.iter().chain(&request.overrides.allow_empty);
    let elsewhere = |name: &&String| {
        let named = wiring.clusters.iter().find(|own| own.cluster.name == **name);
        named.is_some_and(|own| !target.clusters.contains(&own.cluster.id))
    };
    let allowed = allowed.filter(|name| !elsewhere(name));
    clusters.allow_empty(allowed).map_err(RunError::UnknownCluster)
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
        notices: revert.notices.clone(),
        shared_notices: 0,
        has_idle_filter: false,
        clusters: unread(wiring, target, endpoints.len().max(1)),
        annotated,
        adjusted: Adjusted { endpoints, notes: Vec::new() },
        revert: Some(revert),
    })
}

/// The clusters of a target where none is read, and none is frozen for that.
pub(crate) fn unread(wiring: &Wiring, target: &Target, endpoints: usize) -> Clusters {
    let known = Reading::Complete { endpoints };
    let cluster = |WiredCluster { cluster, .. }: &WiredCluster| {
        Cluster::new(cluster.id, cluster.name.to_string(), known)
    };
    Clusters::new(wiring.clusters_of(target).map(cluster).collect())
}

/// Reads the clusters and the zones, both at a time.
async fn read(
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
    let fail = |error| Failed { error, clusters: gathered.clusters.clone(), late: false };
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
    let adjusted = adjust(target, desired, &annotated.inventory.index).await.map_err(fail)?;
    let Wanted { dropped, .. } = wanted;
    Ok(Read::All(Box::new(PlanInputs {
        gathered,
        dropped,
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
        error: unread.error(),
        clusters: unread.clusters.clone(),
        late: unread.is_late,
    })
}

/// What there is to say of a target at which there is nothing to do.
fn gated(target: &Target, gathered: &Gathered, wanted: Wanted, turn: &Turn<'_>) -> Done {
    let dropped = gathered.dropped.iter().chain(&wanted.dropped);
    let notices: Vec<Notice> = dropped.clone().map(report::dropped).collect();
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

/// Why the provider would refuse to store a record set, if it would.
pub(crate) fn refusal(
    target: &Target,
) -> impl Fn(&RecordSet, Surroundings<'_>) -> Option<String> + '_ {
    |set, around| target.provider.refusal(set, around)
}

/// The settings of this one plan.
pub(crate) fn plan_settings(target: &Target, overrides: &Overrides) -> Settings {
    let mut settings = target.plan.clone();
    let allowed = overrides.allow_deletes.iter();
    settings.guard.allow_deletes.extend(allowed.map(|(zone_or_target, count)| Allowance {
        zone_or_target: zone_or_target.as_str().into(),
        count: *count,
    }));
    settings
}

/// What the provider makes of the desired endpoints. An address that asks for an alias of its own
/// family is an alias, whatever the provider.
pub(crate) async fn adjust(
    target: &Target,
    desired: Vec<Endpoint>,
    zones: &ZoneIndex,
) -> Result<Adjusted, RunError> {
    let adjusted = target.provider.adjust(desired, zones).await;
    let mut adjusted = adjusted.map_err(RunError::Adjust)?;
    for endpoint in &mut adjusted.endpoints {
        let own_family = endpoint.set.rtype.is_address()
            && endpoint.set.properties().get(property_names::ALIAS)
                == endpoint.set.rtype.known_text();
        if own_family {
            endpoint.set.edit_properties(|own| own.set(property_names::ALIAS, "true"));
        }
    }
    Ok(adjusted)
}
