//! `doctor`: what would go wrong in a run, before the first one. It asks and writes nothing, and a
//! problem does not end the examination: all problems are reported at once.

mod cluster;
mod ownership;
mod provider;
mod render;

use std::io::Read;
use std::sync::Arc;

use extdns_providers::{Accounts, Provider};
use extdns_sources::{Need, Options};

pub use render::render;

use crate::ExitCode;
use crate::settings::{Arguments, Environment, SettingsError};
use crate::wiring::{self, Wiring};

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
pub async fn examine(
    arguments: &Arguments,
    environment: &Environment,
    stdin: impl Read + Send,
) -> Diagnosis {
    let provider = wiring::provider(arguments, environment, &Accounts::default()).await;
    examine_over(arguments, environment, provider, stdin).await
}

/// The same over a provider that exists already, or that could not be made.
pub async fn examine_over(
    arguments: &Arguments,
    environment: &Environment,
    provider: Result<Arc<dyn Provider>, SettingsError>,
    stdin: impl Read + Send,
) -> Diagnosis {
    let name = arguments.providers.provider.name;
    let (provider, absent) = match provider {
        Ok(provider) => (provider, None),
        Err(error) => (provider::stand_in(), Some(error)),
    };
    let mut settings = Section::new("settings");
    let parts = Options::try_from(&arguments.sources)
        .map_err(|error| SettingsError::Invalid(error.to_string()))
        .and_then(|options| {
            let wiring = Wiring::assemble(arguments, environment, provider, name)?;
            Ok((wiring, options.gather.needs(!arguments.process.dry_run)))
        });
    let (wiring, needs) = match parts {
        Ok(parts) => parts,
        Err(error) => {
            let consequence = "no run can start; the exit code is 2";
            let advice = Advice::new(error.to_string(), consequence);
            settings.note("values of flags", CheckResult::Wrong(advice));
            let absent = absent.map(|error| provider::absent(name, &error));
            return Diagnosis { sections: std::iter::once(settings).chain(absent).collect() };
        }
    };
    let mut sections = Vec::new();
    examine_settings(arguments, &mut settings);
    sections.push(settings);
    sections.extend(examine_clusters(&wiring, &needs, stdin).await);
    let inventory = match absent {
        Some(error) => {
            sections.push(provider::absent(name, &error));
            None
        }
        None => {
            let (section, inventory) = provider::examine(&wiring, arguments).await;
            sections.push(section);
            inventory
        }
    };
    let mut owned = ownership::examine(&wiring, arguments, inventory.as_ref());
    let writes = !arguments.process.dry_run;
    ownership::examine_store(&mut owned, &*wiring.registry, writes).await;
    sections.push(owned);
    Diagnosis { sections }
}

async fn examine_clusters(
    wiring: &Wiring,
    needs: &[Need],
    mut stdin: impl Read + Send,
) -> Vec<Section> {
    let mut sections = Vec::with_capacity(wiring.clusters.len());
    if needs.is_empty() {
        return sections;
    }
    for cluster in &wiring.clusters {
        sections.push(cluster::examine(wiring, needs, cluster, &mut stdin).await);
    }
    sections
}

/// Settings that work, but perhaps not as the user expects.
fn examine_settings(arguments: &Arguments, section: &mut Section) {
    for given in &arguments.without_effect {
        let provider = arguments.providers.provider.name;
        let problem = format!("({}) has no effect with --provider={provider}", given.origin);
        let advice = Advice::new(problem, "what it asks for does not happen");
        let advice = advice.remedy("leave it out, or see whether the provider is right");
        section.note(format!("--{}", given.flag), CheckResult::Hint(advice));
    }
    if arguments.plan.policy.is_some() {
        section.fine("--policy is given");
    } else {
        let advice = Advice::new(
            "not given",
            "it is sync: records of ours that nothing wants any more are deleted",
        );
        let advice = advice.remedy("say --policy=sync, or upsert-only to begin with");
        section.note("--policy", CheckResult::Hint(advice));
    }
}
