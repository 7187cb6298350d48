//! Ownership: whether records can be marked as ours, also at the apex of a zone.

use extdns_model::{Endpoint, Inventory, Record, RecordType, Targets, Ttl, ZoneInventory};
use extdns_plan::{Clusters, DecisionState, Hold, Input, Made, Policy, Settings, compute};
use extdns_registry::{Examined, Fault, Loaded, Registry};
use tracing::subscriber::NoSubscriber;

use super::{Advice, CheckResult, Section};
use crate::settings::Arguments;
use crate::wiring::{DEFAULT_OWNER, Target};

/// Examines how ownership would be kept in the zones of an inventory.
pub(super) fn examine(
    target: &Target,
    arguments: &Arguments,
    inventory: Option<&Inventory>,
) -> Section {
    let mut section = Section::new("ownership");
    if target.registry.owners().is_empty() {
        examine_unowned(&mut section, &target.plan);
        return section;
    }
    if arguments.registry.txt_owner_id == DEFAULT_OWNER {
        let advice = Advice::new(
            "it is left at \"default\"",
            "every ExternalDNS that does so counts these records as its own, and deletes them",
        )
        .remedy("give each cluster that writes into these zones an id of its own");
        section.note("--txt-owner-id", CheckResult::Hint(advice));
    } else {
        section.fine(format!("--txt-owner-id={}", arguments.registry.txt_owner_id));
    }
    match inventory {
        Some(inventory) => examine_apexes(&mut section, &*target.registry, &target.plan, inventory),
        None => section.note(
            "ownership records of apexes",
            CheckResult::Unknown("the zones are not known".to_owned()),
        ),
    }
    section
}

/// Examines what the store of the ownership records needs, where they are kept outside the zones.
pub(super) async fn examine_store(section: &mut Section, registry: &dyn Registry, writes: bool) {
    let Some(store) = registry.store() else { return };
    for Examined { what, fault } in store.examine(writes).await {
        section
            .note(what, fault.map_or(CheckResult::Fine, |fault| CheckResult::Wrong(advice(fault))));
    }
}

fn advice(fault: Fault) -> Advice {
    let Fault { problem, consequence, remedy } = fault;
    Advice { problem, consequence, remedy }
}

/// Without ownership records, only the filters protect the records of others.
fn examine_unowned(section: &mut Section, plan: &Settings) {
    if plan.policy != Policy::Sync || !plan.filter.is_open() {
        return section.fine("--registry=noop keeps to --domain-filter and --policy");
    }
    let advice = Advice::new(
        "it keeps no owners, and neither --domain-filter nor --policy sets a limit",
        "every record of every zone that no object wants is deleted, also those that were made by hand",
    )
    .remedy("use --registry=txt, or set --domain-filter, or --policy=upsert-only");
    section.note("--registry=noop", CheckResult::Wrong(advice));
}

/// Whether a record at the apex of each zone could be owned: planned for zones that are empty.
fn examine_apexes(
    section: &mut Section,
    registry: &dyn Registry,
    settings: &Settings,
    found: &Inventory,
) {
    let empty = |entry: &ZoneInventory| ZoneInventory {
        zone: entry.zone,
        records: Ok(Vec::<Record>::new()),
    };
    let named_only = Inventory {
        index: found.index.clone(),
        filter: found.filter.clone(),
        zones: found.zones.iter().map(empty).collect(),
    };
    let annotated = registry.annotate(named_only, Loaded::default());
    let targets: Targets = ["192.0.2.1"].into_iter().collect();
    let named = found.index.iter().map(|(_, zone)| &zone.name).filter(|name| !name.is_empty());
    let desired: Vec<Endpoint> = named
        .map(|name| Endpoint::new(name.clone(), RecordType::A, Ttl::UNSET, targets.clone()))
        .collect();
    let clusters = Clusters::default();
    let inventory = &annotated.inventory;
    let made = Made::new();
    let input = Input {
        inventory,
        desired: &desired,
        settings,
        clusters: &clusters,
        kept: &[],
        made: &made,
    };
    let mut plan = compute(input);
    // The endpoint is an example and not desired, so nothing about it is logged.
    tracing::subscriber::with_default(NoSubscriber::new(), || {
        registry.decorate(&mut plan, &annotated, &|_, _| None);
    });
    for (row, decision) in plan.decisions() {
        let zone = found.index.zone(row.zone);
        let what = format!("the apex of zone {zone}");
        match &decision.state {
            DecisionState::Held(Hold::CannotBeOwned { reason }) => {
                let consequence = "an object that wants this very name is held back; names below \
                                   it are not affected";
                section.note(what, CheckResult::Hint(Advice::new(reason, consequence)));
            }
            _ => section.fine(format!("{what} can be owned")),
        }
    }
}
