//! `doctor`: what would go wrong in a run, before the first one. It asks and writes nothing, and a
//! problem does not end the examination: all problems are reported at once.

mod cluster;
mod diagnosis;
mod ownership;
mod provider;
mod render;

use std::sync::Arc;

use extdns_providers::{Accounts, Provider};

pub use diagnosis::{Advice, Check, CheckResult, Diagnosis, Section};
pub use render::render;

use crate::settings::{Arguments, Environment, SettingsError};
use crate::stand_in::stand_in;
use crate::stdin::Input;
use crate::wiring::{self, Target, Wiring};

/// Examines a run with these settings.
pub async fn examine(arguments: &Arguments, environment: &Environment, input: Input) -> Diagnosis {
    let accounts = Accounts::default();
    let mut providers = Vec::with_capacity(arguments.target_entries.len());
    for entry in &arguments.target_entries {
        providers.push(wiring::provider(entry, arguments, environment, &accounts).await);
    }
    examine_over(arguments, environment, providers, input).await
}

/// The same over providers that exist already, or that could not be made: one for each target.
pub async fn examine_over(
    arguments: &Arguments,
    environment: &Environment,
    providers: Vec<Result<Arc<dyn Provider>, SettingsError>>,
    input: Input,
) -> Diagnosis {
    let (providers, absent): (Vec<_>, Vec<_>) = providers
        .into_iter()
        .map(|provider| match provider {
            Ok(provider) => (provider, None),
            Err(error) => (stand_in(&error), Some(error)),
        })
        .unzip();
    let mut settings = Section::new("settings");
    let parts = Wiring::over(arguments, environment, providers);
    let mut wiring = match parts {
        Ok(wiring) => wiring,
        Err(error) => {
            let consequence = "no run can start; the exit code is 2";
            let advice = Advice::new(error.to_string(), consequence);
            settings.note("values of flags", CheckResult::Wrong(advice));
            let entries = arguments.target_entries.iter().zip(absent);
            let absent = entries.filter_map(|(entry, error)| {
                Some(provider::absent(entry.arguments.providers.provider.name, &error?))
            });
            return Diagnosis { sections: std::iter::once(settings).chain(absent).collect() };
        }
    };
    wiring.input = input;
    for hint in &arguments.hints {
        let advice = Advice::new(hint.clone(), "what it was to ask for does not happen");
        settings.note("flags and variables", CheckResult::Hint(advice));
    }
    let mut sections = Vec::new();
    for entry in &arguments.target_entries {
        let of = match wiring.has_several_targets() {
            true => format!("target {}: ", entry.name),
            false => String::new(),
        };
        examine_settings(&entry.arguments, &of, &mut settings);
    }
    sections.push(settings);
    for own in &wiring.clusters {
        let needs = own.sources.needs(!arguments.process.dry_run);
        if !needs.is_empty() {
            sections.push(cluster::examine(&wiring, &needs, &own.cluster).await);
        }
    }
    for ((target, entry), absent) in
        wiring.targets.iter().zip(&arguments.target_entries).zip(absent)
    {
        let of_target = examine_target(target, &entry.arguments, absent).await;
        sections.extend(of_target.into_iter().map(|section| match wiring.has_several_targets() {
            true => section.of_target(&target.name),
            false => section,
        }));
    }
    Diagnosis { sections }
}

/// The provider of a target, and ownership in its zones.
async fn examine_target(
    target: &Target,
    arguments: &Arguments,
    absent: Option<SettingsError>,
) -> [Section; 2] {
    let (provider, inventory) = match absent {
        Some(error) => (provider::absent(&target.provider_name, &error), None),
        None => provider::examine(target, arguments).await,
    };
    let mut owned = ownership::examine(target, arguments, inventory.as_ref());
    let writes = !arguments.process.dry_run;
    ownership::examine_store(&mut owned, &*target.registry, writes).await;
    [provider, owned]
}

/// Settings that work, but perhaps not as the user expects. `of` says of which of several targets they are.
fn examine_settings(arguments: &Arguments, of: &str, section: &mut Section) {
    for given in &arguments.without_effect {
        let provider = arguments.providers.provider.name;
        let problem = format!("({}) has no effect with --provider={provider}", given.origin);
        let advice = Advice::new(problem, "what it asks for does not happen");
        let advice = advice.remedy("leave it out, or see whether the provider is right");
        section.note(format!("{of}--{}", given.flag), CheckResult::Hint(advice));
    }
    if arguments.plan.policy.is_some() {
        section.fine(format!("{of}--policy is given"));
    } else {
        let advice = Advice::new(
            "not given",
            "it is sync: records of ours that nothing wants any more are deleted",
        );
        let advice = advice.remedy("say --policy=sync, or upsert-only to begin with");
        section.note(format!("{of}--policy"), CheckResult::Hint(advice));
    }
}
