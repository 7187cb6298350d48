//! `gc`: ownership records without a record. A run that dies between two calls can leave one; so
//! does a delete whose ownership record has an older format.

use extdns_registry::{Groups, Orphan};

use crate::apply::apply;
use crate::attempt::{Done, Failed, in_time};
use crate::error::RunError;
use crate::permit::permit;
use crate::report::{self, Notice, Report};
use crate::request::RunRequest;
use crate::run::{join, report_attempt};
use crate::turn::{self, End, Turn};
use crate::wiring::{Target, Wiring};

/// Plans to remove the ownership records of ours that have no record, and does so if the request
/// says to apply; one target after the other. No cluster is read.
///
/// An ownership record that may have a record after all is left alone: in a zone that could not be read, in a zone
/// that is delegated to other name servers, under a name that this run does not look at.
pub async fn collect(wiring: &Wiring, request: &RunRequest) -> Report {
    let collected = async {
        let mut attempts = Vec::with_capacity(wiring.targets.len());
        for target in &wiring.targets {
            attempts.push(attempt(wiring, target, request).await);
        }
        let mut report = join(wiring, request, attempts, None);
        report.only_ownership = report.first_failure().is_none();
        report
    };
    report_attempt(request, collected).await
}

async fn attempt(wiring: &Wiring, target: &Target, request: &RunRequest) -> Result<Done, Failed> {
    let work = async |turn: &mut Turn<'_>| {
        collect_at(wiring, target, request, turn).await.map(|done| (done, End::InPart))
    };
    let turn = turn::take_one(wiring, target, request).await;
    turn::within(turn, target, request, work).await
}

async fn collect_at(
    wiring: &Wiring,
    target: &Target,
    request: &RunRequest,
    turn: &mut Turn<'_>,
) -> Result<Done, Failed> {
    let read = async {
        let inventory = target.provider.read().await.map_err(RunError::Read)?;
        Ok(target.annotate(inventory).await?)
    };
    let mut annotated = in_time(request, read).await?;
    let explained = annotated.set_explained_aside(target.registry.owners());
    let orphans = annotated.take_removable(&target.plan.filter);
    let removals: Vec<_> = orphans.iter().map(Orphan::removal).collect();
    let settings = target.plan_settings(&request.overrides);
    // What goes here is wanted by no cluster.
    let clusters = wiring.unread_clusters(target, 0);
    let plan = extdns_plan::remove(&removals, &annotated.inventory, &settings, &clusters);
    let groups = Groups::removing(&plan, &orphans);
    let mut context = report::Context::new(&target.name, &annotated, &*target.registry);
    if target.registry.owners().is_empty() {
        context.notices.push(Notice {
            subject: "--registry=noop".to_owned(),
            message: "it keeps no ownership records, so there are none to remove".to_owned(),
        });
    }
    context.notices.extend(report::explained(&explained));
    let mixed = orphans.iter().filter_map(Orphan::mixed);
    context.notices.extend(mixed.map(|own| report::mixed(&own)));
    let report = match permit(request) {
        None => report::planned(context, &plan),
        Some(permit) => {
            let outcomes = apply(&permit, target, request, &annotated, &groups, turn).await?;
            report::applied(context, &plan, &groups, outcomes)
        }
    };
    Ok(Done { report, ..Done::default() })
}
