//! One run: gather, read, plan, and, if it is an apply, write.

use std::io::Read;

use extdns_clusters::ClusterView;
use extdns_model::{Endpoint, property_names};
use extdns_plan::Input;
use extdns_providers::Adjusted;
use extdns_sources::{Desired, Dropped, retain_properties};

use crate::apply::apply;
use crate::error::RunError;
use crate::report::{self, Notice, Report};
use crate::status::Seen;
use crate::wiring::{Mode, Wiring};

/// Runs once. Nothing is written unless everything could be read: the clusters, the list of zones.
/// A zone that could not be read is left alone.
///
/// # Errors
/// Why nothing was written.
pub async fn run(wiring: &Wiring, stdin: impl Read + Send) -> Result<Report, RunError> {
    let views = connect(wiring, stdin).await?;
    let (desired, inventory) = tokio::join!(gather(wiring, &views), wiring.provider.read());
    let Gathered { endpoints, mut notices, seen } = desired?;
    let inventory = inventory.map_err(RunError::Read)?;
    let annotated = wiring.registry.annotate(inventory);
    let adjusted = adjust(wiring, endpoints).await?;
    notices.extend(adjusted.notes.iter().map(report::adaptation));
    let mut plan = extdns_plan::compute(Input {
        inventory: &annotated.inventory,
        desired: &adjusted.endpoints,
        settings: &wiring.plan,
    });
    let groups = wiring.registry.decorate(&mut plan, &annotated);
    let context = report::Context {
        views: &views,
        notices,
        ..report::Context::new(&wiring.provider_name, &annotated, &*wiring.registry)
    };
    Ok(match wiring.mode {
        Mode::Plan => report::planned(context, &plan),
        Mode::Apply => {
            let outcomes = apply(wiring, &annotated, &groups.groups, &seen).await?;
            report::applied(context, &plan, &groups, outcomes)
        }
    })
}

async fn connect(
    wiring: &Wiring,
    mut stdin: impl Read + Send,
) -> Result<Vec<ClusterView>, RunError> {
    let mut views = Vec::with_capacity(wiring.clusters.len());
    for cluster in &wiring.clusters {
        let view =
            cluster.connect(&wiring.environment, &mut stdin).await.map_err(RunError::Connect)?;
        views.push(view);
    }
    Ok(views)
}

/// What all clusters want, what should be looked at, and who has to be told.
struct Gathered {
    endpoints: Vec<Endpoint>,
    notices: Vec<Notice>,
    seen: Vec<Seen>,
}

async fn gather(wiring: &Wiring, views: &[ClusterView]) -> Result<Gathered, RunError> {
    let mut endpoints = Vec::new();
    let mut dropped: Vec<Dropped> = Vec::new();
    let mut failures = Vec::new();
    let mut seen = Vec::new();
    for view in views {
        let found = wiring.sources.gather(view).await;
        endpoints.extend(found.sink.endpoints);
        dropped.extend(found.sink.dropped);
        seen.push(Seen { view: view.clone(), updates: found.sink.seen });
        failures
            .extend(found.failures.into_iter().map(|failure| (view.name().to_string(), failure)));
    }
    if !failures.is_empty() {
        return Err(RunError::Sources(failures));
    }
    let Desired { mut endpoints, dropped: invalid } = wiring.pipeline.run(endpoints);
    dropped.extend(invalid);
    retain_properties(&mut endpoints, &wiring.provider_name);
    Ok(Gathered { endpoints, notices: dropped.iter().map(report::dropped).collect(), seen })
}

/// What the provider makes of the wish. An address that asks for an alias of its own family is an
/// alias, whatever the provider.
async fn adjust(wiring: &Wiring, desired: Vec<Endpoint>) -> Result<Adjusted, RunError> {
    let mut adjusted = wiring.provider.adjust(desired).await.map_err(RunError::Adjust)?;
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
