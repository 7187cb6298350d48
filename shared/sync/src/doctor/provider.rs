//! The provider: whether it answers, which zones it has, and whether each can be read.

use extdns_model::{DomainFilter, Inventory, Name, Zone};

use super::{Advice, CheckResult, Section};
use crate::settings::{Arguments, SettingsError};
use crate::wiring::Target;

/// Examines the provider; its zones serve what comes after.
pub(super) async fn examine(
    target: &Target,
    arguments: &Arguments,
) -> (Section, Option<Inventory>) {
    let mut section = section(&target.provider_name);
    let inventory = match target.provider.read().await {
        Ok(inventory) => inventory,
        Err(error) => {
            section.note("it answers", CheckResult::Wrong(unplanned(error.to_string())));
            return (section, None);
        }
    };
    section.fine("it answers, and lists its zones");
    examine_zones(&mut section, &inventory);
    examine_filter(&mut section, arguments, &target.plan.filter, &inventory);
    let operations = target.provider.capabilities().mutating_operations;
    if !operations.is_empty() {
        let why = format!(
            "not tried, as nothing is written here; the first apply shows it ({})",
            operations.join(", ")
        );
        section.note("the right to write", CheckResult::Unknown(why));
    }
    (section, Some(inventory))
}

/// The findings about a provider that could not be made.
pub(super) fn absent(name: &str, error: &SettingsError) -> Section {
    let mut section = section(name);
    section.note("settings and credentials", CheckResult::Wrong(unplanned(error.to_string())));
    section
}

fn section(name: &str) -> Section {
    Section::new(format!("provider {name}"))
}

fn unplanned(problem: String) -> Advice {
    Advice::new(
        problem,
        "no record can be planned: a run ends with code 1, or 2 if it cannot start",
    )
}

fn examine_zones(section: &mut Section, inventory: &Inventory) {
    if inventory.index.is_empty() {
        let advice = Advice::new("there is none", "nothing can be published");
        let remedy = "make a zone, or see whether --domain-filter and the provider's filters of \
                      zones leave one, and whether the credentials are those of its account";
        section.note("zones", CheckResult::Wrong(advice.remedy(remedy)));
    }
    for entry in &inventory.zones {
        let zone = inventory.index.zone(entry.zone);
        match &entry.records {
            Ok(records) => section.fine(format!("{}: {} records", full_name(zone), records.len())),
            Err(unreadable) => {
                let advice = Advice::new(
                    format!("it cannot be read: {}", unreadable.reason),
                    "nothing in it is changed, and each run ends with code 3",
                );
                section.note(full_name(zone), CheckResult::Wrong(advice));
            }
        }
    }
}

/// `zone example.org (Z1)`
fn full_name(zone: &Zone) -> String {
    let name = zone.to_string();
    if name == *zone.id { format!("zone {name}") } else { format!("zone {name} ({})", zone.id) }
}

/// Domains that the user names, but no zone has.
fn examine_filter(
    section: &mut Section,
    arguments: &Arguments,
    filter: &DomainFilter,
    inventory: &Inventory,
) {
    let zones = || inventory.index.iter().map(|(_, zone)| zone);
    if inventory.index.is_empty() || filter.is_open() {
        return;
    }
    if matches!(filter, DomainFilter::Regex { .. }) {
        let any = zones().any(|zone| {
            zone.name.is_empty() || filter.matches(&zone.name) || filter.matches_parent(&zone.name)
        });
        if !any {
            section
                .note("--regex-domain-filter", CheckResult::Wrong(no_zone("it matches no zone")));
        }
        return;
    }
    let domains = arguments.plan.domain_filter.iter().flat_map(|text| text.split(','));
    for text in domains.map(str::trim).filter(|text| !text.is_empty()) {
        let domain = Name::as_listed(text.trim_start_matches('.'));
        let below = Zone::new("", domain.clone());
        let has_zone =
            zones().any(|zone| zone.contains(&domain.key()) || below.contains(&zone.name.key()));
        let what = format!("--domain-filter={text}");
        if has_zone {
            section.fine(format!("{what} has a zone"));
        } else {
            section.note(what, CheckResult::Wrong(no_zone("no zone has names of this domain")));
        }
    }
}

fn no_zone(problem: &str) -> Advice {
    Advice::new(problem, "no name of it is published").remedy(
        "correct the filter, make the zone, or see whether the credentials are those of its account",
    )
}
