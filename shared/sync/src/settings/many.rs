//! From layers to settings: those of the run, of each cluster and of each target.

use clap::{CommandFactory as _, FromArgMatches as _};
use extdns_auth::documents::{self, Place};

use super::arguments::{Arguments, ClusterEntry, TargetEntry};
use super::command::Command;
use super::environment::Environment;
use super::error::SettingsError;
use super::file::{ConfigText, File, FileCluster, FileTarget, FlagKeys};
use super::layer::{Flags, expand, merge, read_arguments, read_variables};
use super::origin::{Given, Origin};
use super::typed::{canonical, explain};
use super::{idle, secrets};

/// The settings of arguments and variables, before those of the file.
pub(super) struct Layers<'a> {
    pub(super) parser: &'a clap::Command,
    pub(super) flags: &'a Flags,
    pub(super) command: Command,
    /// The flags of arguments and variables.
    pub(super) own: Vec<Given>,
}

/// What clap has to find.
#[derive(Clone, Copy)]
struct Required {
    source: bool,
    provider: bool,
}

impl Layers<'_> {
    /// One cluster and one target, which the flags name.
    pub(super) fn of_flags(self) -> Result<Box<Arguments>, SettingsError> {
        let Self { parser, command, own, .. } = &self;
        command.check(own)?;
        let source = command.needs_sources(own);
        let mut arguments =
            self.parse(own.clone(), Required { source, provider: command.needs_provider(own) })?;
        arguments.without_effect = idle::flags(own.clone(), parser, arguments.providers.provider);
        arguments.cluster_entries = vec![ClusterEntry::of_flags(&arguments)];
        arguments.target_entries = vec![TargetEntry::of_flags(&arguments)];
        arguments.command = command.clone();
        Ok(arguments)
    }

    /// The clusters and targets of the file; what it does not name, flags do.
    pub(super) fn of_file(self, file: File) -> Result<Box<Arguments>, SettingsError> {
        let File { defaults, clusters, targets } = file;
        secrets::register_given(&defaults);
        let given = merge(vec![self.own.clone(), defaults.clone()]);
        self.command.check(&given)?;
        let source = self.command.needs_sources(&given);
        let required = Required {
            source: source && clusters.is_empty(),
            provider: targets.is_empty() && self.command.needs_provider(&given),
        };
        let mut arguments = self.parse(given, required)?;
        let of_clusters = clusters.into_iter().map(|own| self.cluster(own, &defaults, source));
        arguments.cluster_entries = of_clusters.collect::<Result<_, _>>()?;
        if arguments.cluster_entries.is_empty() {
            arguments.cluster_entries.push(ClusterEntry::of_flags(&arguments));
        }
        let of_targets = targets.into_iter().map(|own| self.target(own, &defaults));
        arguments.target_entries = of_targets.collect::<Result<_, _>>()?;
        if arguments.target_entries.is_empty() {
            arguments.target_entries.push(TargetEntry::of_flags(&arguments));
        }
        self.note_idle(&mut arguments.target_entries);
        arguments.command = self.command;
        Ok(arguments)
    }

    fn cluster(
        &self,
        mut own: FileCluster,
        defaults: &[Given],
        source: bool,
    ) -> Result<ClusterEntry, SettingsError> {
        secrets::register_given(&own.given);
        let layer = std::mem::take(&mut own.given);
        let given = merge(vec![self.own.clone(), layer, defaults.to_vec()]);
        let arguments = self.parse(given, Required { source, provider: false });
        let arguments = arguments.map_err(|error| match error {
            SettingsError::Required { .. } => SettingsError::File {
                problem: format!(
                    "cluster {:?} has no sources; give it some, like sources: [service], here or under \
                     defaults",
                    own.name
                ),
                origin: own.origin.clone(),
            },
            error => error,
        })?;
        Ok(ClusterEntry::of_file(own, *arguments))
    }

    fn target(
        &self,
        mut own: FileTarget,
        defaults: &[Given],
    ) -> Result<TargetEntry, SettingsError> {
        secrets::register_given(&own.given);
        let layer = std::mem::take(&mut own.given);
        let given = merge(vec![self.own.clone(), layer, defaults.to_vec()]);
        let arguments = self.parse(given, Required { source: false, provider: true });
        let arguments = arguments.map_err(|error| match error {
            SettingsError::Required { .. } => SettingsError::File {
                problem: format!(
                    "target {:?} has no provider; give it one, like provider: aws",
                    own.name
                ),
                origin: own.origin.clone(),
            },
            error => error,
        })?;
        Ok(TargetEntry::of_file(own, *arguments))
    }

    /// Notes the flags without effect: those of a target that its provider does not use, and those for all
    /// targets that none uses.
    fn note_idle(&self, targets: &mut [TargetEntry]) {
        let idle: Vec<Vec<Given>> = targets
            .iter()
            .map(|TargetEntry { arguments, .. }| {
                idle::flags(arguments.given.clone(), self.parser, arguments.providers.provider)
            })
            .collect();
        for (index, target) in targets.iter_mut().enumerate() {
            let is_everywhere = |own: &Given| idle.iter().all(|other| other.contains(own));
            let is_given_elsewhere = |own: &Given| {
                idle.iter().enumerate().any(|(at, list)| at != index && list.contains(own))
            };
            let of_it = idle[index].iter().filter(|own| match is_everywhere(own) {
                // Said once.
                true => index == 0,
                false => matches!(own.origin, Origin::File { .. }) && !is_given_elsewhere(own),
            });
            target.arguments.without_effect = of_it.cloned().collect();
        }
    }

    /// The types of the flags. Boxed: it is large, and there are several.
    fn parse(
        &self,
        given: Vec<Given>,
        required: Required,
    ) -> Result<Box<Arguments>, SettingsError> {
        let mut parser = Arguments::command();
        if !required.source {
            parser = parser.mut_arg("source", |source| source.required(false));
        }
        // The provider of a cluster is that of nobody.
        let has_provider = given.iter().any(|own| own.flag == "provider");
        let any_provider =
            (!required.provider && !has_provider).then(|| "--provider=inmemory".to_owned());
        let words = given.iter().map(|given| canonical(given, self.flags)).chain(any_provider);
        let words = std::iter::once("external-dns".to_owned()).chain(words);
        let arguments = parser
            .try_get_matches_from_mut(words)
            .and_then(|matches| Arguments::from_arg_matches(&matches))
            .map_err(|error| explain(&error, &given))?;
        Ok(Box::new(Arguments { given, ..arguments }))
    }
}

/// The configuration file, where there is one.
pub(super) fn file(
    environment: &Environment,
    own: &[Given],
    keys: &FlagKeys,
) -> Result<Option<File>, SettingsError> {
    let Some(named) = own.iter().find(|given| given.flag == "config") else { return Ok(None) };
    match &environment.config {
        Some(config) => File::parse(config, keys).map(Some),
        None => Err(SettingsError::Config {
            place: named.text.clone(),
            problem: "the file was not read".to_owned(),
        }),
    }
}

/// The place of the configuration file, where the settings name one. What else is wrong with them is told when
/// they are resolved.
#[must_use]
pub fn config_place(environment: &Environment) -> Option<String> {
    let mut parser = Arguments::command();
    parser.build();
    let flags = Flags::of(&parser);
    let mut words = expand(environment.arguments.iter().cloned()).ok()?;
    Command::take(&mut words).ok()?;
    let given = merge(vec![
        read_arguments(words, &flags).unwrap_or_default(),
        read_variables(&environment.variables, &flags).unwrap_or_default(),
    ]);
    given.into_iter().find(|given| given.flag == "config").map(|given| given.text)
}

/// The largest configuration file, in bytes.
const BOUND: usize = 4 << 20;

/// The environment with the configuration file, where the settings name one. `stdin` stands for `-`.
///
/// # Errors
/// When it cannot be read.
pub async fn load(
    environment: Environment,
    stdin: impl std::io::Read + Send,
) -> Result<Environment, SettingsError> {
    let Some(place) = config_place(&environment) else { return Ok(environment) };
    let wrong = |problem: String| SettingsError::Config { place: place.clone(), problem };
    let document: Place =
        place.parse().map_err(|error: documents::PlaceError| wrong(error.to_string()))?;
    let reader = documents::Reader::of(&environment.variables);
    let read = documents::read(&document, &reader, stdin, BOUND).await;
    let text = read.map_err(|error| wrong(error.reason))?;
    let text = String::from_utf8(text).map_err(|_| wrong("it is not UTF-8".to_owned()))?;
    Ok(Environment { config: Some(ConfigText { place, text }), ..environment })
}
