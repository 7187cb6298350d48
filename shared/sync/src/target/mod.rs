//! One target of a run: read its zones, plan, and, if it is an apply, write.

mod planned;
mod read;

use extdns_plan::{Clusters, Input, Made, Sharing};

use crate::apply::apply;
use crate::attempt::{Done, Failed, Stopwatch, in_time};
use crate::error::RunError;
use crate::events::{Events, Telling};
use crate::exit::ExitCode;
use crate::permit::permit;
use crate::report::{Durations, Unrouted};
use crate::request::RunRequest;
use crate::turn::{End, Turn};
use crate::wiring::{Target, Wiring};

use planned::Planned;
pub(crate) use read::Gathering;
use read::{PlanInputs, Read, read};

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
    let mut settings = target.plan_settings(&request.overrides);
    if inputs.revert.is_some() {
        // Each record set is wanted once, as the report tells it, and by all clusters that it names.
        settings.sharing = Sharing::Merge;
    }
    let mut kept = inputs.adjusted.kept();
    kept.extend(inputs.gathered.kept(&inputs.annotated.inventory));
    let refusal = target.refusal();
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
    let (mut outcomes, mut events) = (None, Events::default());
    let telling = Telling { seen: &inputs.gathered.seen, registry: &*target.registry };
    if let Some(permit) = permit(request).filter(|_| is_expected) {
        wiring.phase.writing(groups.groups.len());
        match apply(&permit, target, request, annotated, &groups, turn).await {
            Ok(sent) => {
                events = telling.of(&plan, &groups, &sent);
                outcomes = Some(sent);
            }
            Err(error) => {
                let clusters = inputs.gathered.clusters.clone();
                let events = telling.of_failure(&plan);
                return Err(Failed { clusters, events, ..Failed::from(error) });
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
    Ok((Done { report, shared_notices, unrouted, dropped, has_applied, events }, end))
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
