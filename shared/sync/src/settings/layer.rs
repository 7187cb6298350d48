//! One layer of settings: flag names with texts and the places where they were written.

use std::any::TypeId;
use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{ArgAction, Command};

use super::command;
use super::elsewhere;
use super::error::SettingsError;
use super::origin::{Given, Origin, Word};

/// How often a flag may be given, and whether it takes a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FlagKind {
    /// `--x` or `--no-x`.
    Bool,
    /// One value.
    One,
    /// Any number of values.
    List,
}

/// A flag as clap knows it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Flag {
    pub(super) kind: FlagKind,
    /// Whether the value is a whole number: upstream's parser takes `1e3` and `10.9` for one.
    pub(super) integer: bool,
}

/// All flags of a command.
#[derive(Debug)]
pub(crate) struct Flags(BTreeMap<String, Flag>);

impl Flags {
    pub(super) fn of(command: &Command) -> Self {
        let flag = |arg: &clap::Arg| {
            let value = arg.get_value_parser().type_id();
            let kind = match arg.get_action() {
                ArgAction::Append => FlagKind::List,
                _ if value == TypeId::of::<bool>() => FlagKind::Bool,
                _ => FlagKind::One,
            };
            let integer = [
                TypeId::of::<u16>(),
                TypeId::of::<u32>(),
                TypeId::of::<u64>(),
                TypeId::of::<usize>(),
                TypeId::of::<i32>(),
                TypeId::of::<i64>(),
                TypeId::of::<NonZeroUsize>(),
            ]
            .iter()
            .any(|id| value == *id);
            Flag { kind, integer }
        };
        Self(
            command
                .get_arguments()
                .filter_map(|arg| Some((arg.get_long()?.to_owned(), flag(arg))))
                .collect(),
        )
    }

    pub(super) fn get(&self, name: &str) -> Option<Flag> {
        self.0.get(name).copied()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, Flag)> {
        self.0.iter().map(|(name, flag)| (name.as_str(), *flag))
    }

    /// The flag that a mistyped name most resembles.
    fn nearest(&self, name: &str) -> Option<&str> {
        self.0
            .keys()
            .map(|known| (strsim::damerau_levenshtein(known, name), known.as_str()))
            .min()
            .filter(|(distance, known)| *distance <= (known.len() / 3).max(2))
            .map(|(_, known)| known)
    }

    fn unknown(&self, name: &str, origin: Origin) -> SettingsError {
        if let Some(provider) = elsewhere::provider_of(name) {
            return SettingsError::FlagOfProvider { flag: name.to_owned(), origin, provider };
        }
        if let Some(feature) = elsewhere::feature_of(name) {
            return SettingsError::FlagOfFeature { flag: name.to_owned(), origin, feature };
        }
        SettingsError::UnknownFlag {
            flag: name.to_owned(),
            origin,
            nearest: self.nearest(name).map(str::to_owned),
        }
    }

    /// A flag, or a boolean behind its negation: `no-events` is `events` with the text `false`.
    fn resolve<'n>(&self, name: &'n str) -> Option<(&'n str, Flag, bool)> {
        if let Some(flag) = self.get(name) {
            return Some((name, flag, false));
        }
        let positive = name.strip_prefix("no-")?;
        let flag = self.get(positive).filter(|flag| flag.kind == FlagKind::Bool)?;
        Some((positive, flag, true))
    }
}

/// Reads the command line by the rules of upstream's parser: long flags only, `--x value` or
/// `--x=value`, booleans as `--x` and `--no-x` (`--x=true` is accepted too), `--` as the
/// end of flags.
pub(super) fn read_arguments(words: Vec<Word>, flags: &Flags) -> Result<Vec<Given>, SettingsError> {
    let mut words = words.into_iter();
    let mut given: Vec<Given> = Vec::new();
    while let Some((word, origin)) = words.next() {
        let Some(body) = word.strip_prefix("--").filter(|body| !body.is_empty()) else {
            if word == "--" {
                return match words.next() {
                    Some((word, origin)) => Err(unexpected(word, origin)),
                    None => Ok(given),
                };
            }
            return Err(unexpected(word, origin));
        };
        let (name, inline) = match body.split_once('=') {
            Some((name, text)) => (name, Some(text.to_owned())),
            None => (body, None),
        };
        let Some((name, flag, negated)) = flags.resolve(name) else {
            return Err(flags.unknown(name, origin));
        };
        let text = match (flag.kind, inline) {
            (FlagKind::Bool, None) => (!negated).to_string(),
            (FlagKind::Bool, Some(text)) if !negated && matches!(&*text, "true" | "false") => text,
            (FlagKind::Bool, Some(text)) => {
                return Err(SettingsError::Boolean { flag: name.to_owned(), text, origin });
            }
            (_, Some(text)) => text,
            (_, None) => match words.next() {
                Some((text, _)) => text,
                None => return Err(SettingsError::MissingValue { flag: name.to_owned(), origin }),
            },
        };
        if flag.kind != FlagKind::List
            && let Some(earlier) = given.iter().find(|earlier| earlier.flag == name)
        {
            // The same once more, as deployments that were put together have it, says nothing else.
            if earlier.text == text {
                continue;
            }
            return Err(SettingsError::Repeated { flag: name.to_owned(), origin });
        }
        given.push(Given { flag: name.to_owned(), text, origin });
    }
    Ok(given)
}

fn unexpected(word: String, origin: Origin) -> SettingsError {
    let nearest = command::nearest(&word);
    SettingsError::Unexpected { word, origin, nearest }
}

/// The words of the command line, without the program's name. Replaces every `@file` by the lines of that file; blank lines and `#` comments are skipped.
pub(super) fn expand(
    arguments: impl IntoIterator<Item = String>,
) -> Result<Vec<Word>, SettingsError> {
    let mut words = Vec::new();
    for (index, word) in arguments.into_iter().enumerate() {
        let Some(path) = word.strip_prefix('@').filter(|path| !path.is_empty()) else {
            words.push((word, Origin::Argument(index + 1)));
            continue;
        };
        let path = PathBuf::from(path);
        let text = std::fs::read_to_string(&path)
            .map_err(|source| SettingsError::ArgumentFile { path: path.clone(), source })?;
        words.extend(
            text.lines()
                .enumerate()
                .filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'))
                .map(|(line, word)| {
                    let origin = Origin::ArgumentFile { path: path.clone(), line: line + 1 };
                    (word.to_owned(), origin)
                }),
        );
    }
    Ok(words)
}

/// Flags whose variable does nothing, because only the command line triggers them.
const COMMAND_LINE_ONLY: [&str; 2] = ["help", "version"];

/// Reads the variables `EXTERNAL_DNS_*`: empty means unset, lists have one entry a line, unknown
/// variables are ignored (Kubernetes injects some for a Service of that name).
pub(super) fn read_variables(
    variables: &BTreeMap<String, String>,
    flags: &Flags,
) -> Result<Vec<Given>, SettingsError> {
    let mut given = Vec::new();
    for (name, flag) in flags.iter() {
        let variable = variable_of(name);
        let Some(value) = variables.get(&variable).filter(|value| !value.is_empty()) else {
            continue;
        };
        let origin = Origin::Variable(variable);
        let texts = match flag.kind {
            FlagKind::One => vec![value.clone()],
            FlagKind::List => lines(value),
            FlagKind::Bool => vec![boolean(value).ok_or_else(|| SettingsError::Boolean {
                flag: name.to_owned(),
                text: value.clone(),
                origin: origin.clone(),
            })?],
        };
        if COMMAND_LINE_ONLY.contains(&name) {
            continue;
        }
        given.extend(texts.into_iter().map(|text| Given {
            flag: name.to_owned(),
            text,
            origin: origin.clone(),
        }));
    }
    Ok(given)
}

/// How the variables of flags begin.
pub(super) const PREFIX: &str = "EXTERNAL_DNS_";

/// The variable of a flag: `txt-owner-id` is `EXTERNAL_DNS_TXT_OWNER_ID`.
pub(super) fn variable_of(flag: &str) -> String {
    format!("{PREFIX}{}", flag.replace('-', "_").to_ascii_uppercase())
}

/// The entries of a list variable: one trailing line break does not count, empty lines in between
/// are empty entries.
fn lines(value: &str) -> Vec<String> {
    let value = value.strip_suffix('\n').unwrap_or(value);
    let value = value.strip_suffix('\r').unwrap_or(value);
    value.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line).to_owned()).collect()
}

/// Go's boolean texts.
fn boolean(value: &str) -> Option<String> {
    let truth = match value {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => true,
        "0" | "f" | "F" | "FALSE" | "false" | "False" => false,
        _ => return None,
    };
    Some(truth.to_string())
}

/// Merges layers, the first one wins flag by flag; lists of several layers are not joined.
pub(super) fn merge(layers: Vec<Vec<Given>>) -> Vec<Given> {
    let mut merged: Vec<Given> = Vec::new();
    for layer in layers {
        let known = merged.len();
        for given in layer {
            if !merged[..known].iter().any(|winner| winner.flag == given.flag) {
                merged.push(given);
            }
        }
    }
    merged
}
