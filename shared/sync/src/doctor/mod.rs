//! `doctor`: what would go wrong in a run, before the first one. It asks and writes nothing, and a
//! problem does not end the examination: all problems are reported at once.

mod cluster;
mod ownership;
mod provider;
mod render;

use std::sync::Arc;

use extdns_providers::{Accounts, Provider};

pub(crate) use provider::stand_in;
pub use render::render;

use crate::ExitCode;
use crate::settings::{Arguments, Environment, SettingsError};
use crate::stdin::Input;
use crate::wiring::{self, Target, Wiring};

/// What was checked, with the results.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diagnosis {
    /// The parts of a run: clusters, provider, ownership.
    pub sections: Vec<Section>,
}

/// One part of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// What it is: `cluster "default"`.
    pub title: String,
    /// The checks.
    pub checks: Vec<Check>,
}

/// One check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What it is, so that "ok" can stand in front.
    pub what: String,
    /// Its result.
    pub result: CheckResult,
}

/// The result of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CheckResult {
    /// As it should be.
    Fine,
    /// It cannot be known: why not.
    Unknown(String),
    /// It works, but the user should think about it.
    Hint(Advice),
    /// It does not work.
    Wrong(Advice),
}

/// A problem, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advice {
    /// What is wrong.
    pub problem: String,
    /// The consequence.
    pub consequence: String,
    /// What to do, where the problem does not say it already. It can have several lines.
    pub remedy: Option<String>,
}

impl Diagnosis {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn ok(&self) -> bool {
        self.wrong().next().is_none()
    }

    /// What is wrong.
    pub fn wrong(&self) -> impl Iterator<Item = (&Section, &Check, &Advice)> {
        self.checks().filter_map(|(section, check)| match &check.result {
            CheckResult::Wrong(advice) => Some((section, check, advice)),
            _ => None,
        })
    }

    /// How the process ends.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        if self.ok() { ExitCode::Success } else { ExitCode::Failed }
    }

    fn checks(&self) -> impl Iterator<Item = (&Section, &Check)> {
        self.sections
            .iter()
            .flat_map(|section| section.checks.iter().map(move |check| (section, check)))
    }
}

impl Section {
    /// The same, but the title names the target.
    fn of_target(self, target: &str) -> Self {
        Self { title: format!("target {target}: {}", self.title), ..self }
    }

    fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), checks: Vec::new() }
    }

    fn note(&mut self, what: impl Into<String>, result: CheckResult) {
        self.checks.push(Check { what: what.into(), result });
    }

    fn fine(&mut self, what: impl Into<String>) {
        self.note(what, CheckResult::Fine);
    }
}

impl Advice {
    /// What is wrong, where the problem names its remedy itself.
    fn new(problem: impl Into<String>, consequence: impl Into<String>) -> Self {
        Self { problem: problem.into(), consequence: consequence.into(), remedy: None }
    }

    fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }
}

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
            Err(error) => (provider::stand_in(), Some(error)),
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
