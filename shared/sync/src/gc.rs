//! `gc`: ownership records without a record. A run that dies between two calls can leave one; so
//! does a delete whose ownership record has an older format.

use extdns_plan::{Cluster, Clusters, Reading};
use extdns_registry::{Groups, Orphan};

use crate::apply::apply;
use crate::error::RunError;
use crate::report::{self, Notice, Report};
use crate::request::{Mode, RunRequest};
use crate::run::{Failed, in_time, plan_settings, report_attempt};
use crate::wiring::Wiring;

/// Plans to remove the ownership records of ours that have no record, and does so if the request
/// says to apply. No cluster is read.
///
/// Left alone is whatever may have a record after all: in a zone that could not be read, in a zone
/// that is delegated to other name servers, under a name that this run does not look at.
pub async fn collect(wiring: &Wiring, request: &RunRequest) -> Report {
    report_attempt(request, attempt(wiring, request)).await
}

async fn attempt(wiring: &Wiring, request: &RunRequest) -> Result<Report, Failed> {
    let read = async {
        let inventory = wiring.provider.read().await.map_err(RunError::Read)?;
        Ok(wiring.annotate(inventory).await?)
    };
    let mut annotated = in_time(request, read).await?;
    let explained = annotated.set_explained_aside(wiring.registry.owners());
    let orphans = annotated.take_removable(&wiring.plan.filter);
    let removals: Vec<_> = orphans.iter().map(Orphan::removal).collect();
    let settings = plan_settings(wiring, &request.overrides);
    let plan =
        extdns_plan::remove(&removals, &annotated.inventory, &settings, &known_clusters(wiring));
    let groups = Groups::removing(&plan, &orphans);
    let mut context = report::Context::new(&wiring.provider_name, &annotated, &*wiring.registry);
    if wiring.registry.owners().is_empty() {
        context.notices.push(Notice {
            subject: "--registry=noop".to_owned(),
            message: "it keeps no ownership records, so there are none to remove".to_owned(),
        });
    }
    context.notices.extend(report::explained(&explained));
    let mixed = orphans.iter().filter_map(Orphan::mixed);
    context.notices.extend(mixed.map(|own| report::mixed(&own)));
    let mut report = match request.mode {
        Mode::Plan => report::planned(context, &plan),
        Mode::Apply => {
            let outcomes = apply(wiring, request, &annotated, &groups, &[]).await?;
            report::applied(context, &plan, &groups, outcomes)
        }
    };
    report.only_ownership = true;
    Ok(report)
}

/// The clusters of the settings. None is read, and none is frozen for that: what goes here is wanted
/// by none of them.
fn known_clusters(wiring: &Wiring) -> Clusters {
    let known = Reading::Complete { endpoints: 0 };
    let clusters = wiring.clusters.iter();
    Clusters::new(clusters.map(|own| Cluster::new(own.id, own.name.to_string(), known)).collect())
}
