//! `config show`: each value, and where it came from.

use std::fmt::Write as _;

use clap::CommandFactory as _;

use super::arguments::Arguments;
use super::file::{FlagKeys, Section};
use super::layer::Flags;
use super::origin::Given;
use super::secrets::{self, HIDDEN};

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
        page.section(&mut text, &title, Section::Cluster, &entry.own, &entry.arguments.given);
    }
    for entry in &arguments.target_entries {
        let title = format!("target {}", entry.name);
        page.section(&mut text, &title, Section::Target, &entry.own, &entry.arguments.given);
    }
    text
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
        own: &[Given],
        given: &[Given],
    ) {
        let mut lines: Vec<(String, String)> = own
            .iter()
            .map(|own| (format!("{}: {}", own.flag, own.text), own.origin.to_string()))
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
