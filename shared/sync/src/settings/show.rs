//! `config show`: each value, and where it came from.

use std::fmt::Write as _;

use clap::CommandFactory as _;

use extdns_registry::Affix;

use super::file::{FlagKeys, Section};
use super::layer::Flags;
use super::{Arguments, ClusterEntry, Given, TargetEntry, secrets};

/// What stands in place of a secret.
const HIDDEN: &str = "(hidden)";

/// Renders all settings, each with its origin; secrets are hidden. Flags without a value are left out.
#[must_use]
pub fn show(arguments: &Arguments) -> String {
    let mut parser = Arguments::command();
    parser.build();
    let flags = Flags::of(&parser);
    let page = Page { keys: FlagKeys::of(&parser, &flags), parser };
    let mut text = String::new();
    page.section(&mut text, "run", Section::Defaults, &[], &arguments.given);
    for entry in &arguments.cluster_entries {
        let title = format!("cluster {}", entry.name);
        page.section(
            &mut text,
            &title,
            Section::Cluster,
            &of_cluster(entry),
            &entry.arguments.given,
        );
    }
    for entry in &arguments.target_entries {
        let title = format!("target {}", entry.name);
        page.section(&mut text, &title, Section::Target, &of_target(entry), &entry.arguments.given);
    }
    text
}

fn prefix(affix: &Affix) -> Option<String> {
    if let Affix::Prefix(text) = affix { Some(text.to_string()) } else { None }
}

fn suffix(affix: &Affix) -> Option<String> {
    if let Affix::Suffix(text) = affix { Some(text.to_string()) } else { None }
}

/// What a cluster is beside its flags.
fn of_cluster(entry: &ClusterEntry) -> Vec<(&'static str, String)> {
    let own = [
        ("access", entry.access.as_ref().map(|_| "inCluster".to_owned())),
        ("txtOwnerId", entry.owner.clone()),
        ("txtPrefix", entry.affix.as_ref().and_then(prefix)),
        ("txtSuffix", entry.affix.as_ref().and_then(suffix)),
        ("domains", Some(entry.domains.join(", ")).filter(|domains| !domains.is_empty())),
        ("timeout", entry.timeout.map(|time| format!("{time:?}"))),
        ("weight", entry.weight.map(|weight| weight.to_string())),
    ];
    own.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

/// What a target is beside its flags.
fn of_target(entry: &TargetEntry) -> Vec<(&'static str, String)> {
    entry.clusters.iter().map(|clusters| ("clusters", clusters.join(", "))).collect()
}

struct Page {
    parser: clap::Command,
    keys: FlagKeys,
}

impl Page {
    fn section(
        &self,
        text: &mut String,
        title: &str,
        section: Section,
        own: &[(&str, String)],
        given: &[Given],
    ) {
        let mut lines: Vec<(String, String)> = own
            .iter()
            .map(|(name, value)| (format!("{name}: {value}"), "the file".to_owned()))
            .collect();
        let args = self.parser.get_arguments();
        for arg in args.filter(|arg| self.belongs(arg, section)) {
            let name = arg.get_long().unwrap_or_default();
            let of_flag: Vec<&Given> = given.iter().filter(|given| given.flag == name).collect();
            let shown = |value: &str| match secrets::is_secret(name) && !value.is_empty() {
                true => HIDDEN.to_owned(),
                false => value.to_owned(),
            };
            lines.extend(of_flag.iter().map(|given| {
                (format!("--{name}={}", shown(&given.text)), given.origin.to_string())
            }));
            if of_flag.is_empty() {
                let values = arg.get_default_values().iter().map(|value| value.to_string_lossy());
                let values = values.filter(|value| !value.is_empty());
                lines.extend(
                    values.map(|value| (format!("--{name}={value}"), "default".to_owned())),
                );
            }
        }
        let width =
            lines.iter().map(|(value, _)| value.chars().count()).filter(|width| *width <= 60).max();
        let width = width.unwrap_or(0);
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{title}");
        for (value, origin) in lines {
            let _ = writeln!(text, "  {value:<width$}  # {origin}");
        }
    }

    /// Whether a flag is one of a section alone.
    fn belongs(&self, arg: &clap::Arg, section: Section) -> bool {
        let name = arg.get_long().unwrap_or_default();
        self.keys
            .of_section(Section::Defaults)
            .any(|(_, own)| own.flag == name && own.section == section)
    }
}
