//! The report of one target.

use extdns_model::Outcome;
use extdns_plan::{Plan, Settings};
use extdns_providers::CallCount;
use extdns_registry::Groups;

use super::read::PlanInputs;
use crate::report::{self, Calls, Context, Notice, Report, Rules, Unmade};
use crate::request::RunRequest;
use crate::wiring::{Target, Wiring};

/// What was planned at a target.
pub(super) struct Planned<'a> {
    pub(super) target: &'a Target,
    pub(super) plan: &'a Plan<'a>,
    pub(super) groups: &'a Groups,
    pub(super) settings: &'a Settings,
    pub(super) hash: String,
    /// How often the provider had been called before.
    pub(super) called: Vec<CallCount>,
}

impl Planned<'_> {
    /// What there is to say of it; with outcomes where it was applied.
    pub(super) fn report(
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
            removed: inputs.removed.clone(),
            rules: Some(Rules::of(settings, &*target.provider)),
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
