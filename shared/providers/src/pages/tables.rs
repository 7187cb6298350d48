//! What the code knows of a provider, as sections of its page.

use std::fmt::Write as _;
use std::time::Duration;

use clap::CommandFactory as _;
use extdns_model::RecordType;

use super::Cli;
use crate::{BatchLimits, Batching, Capabilities, Conditions, ProviderEntry, Stores};

/// The record types, and what is particular about records.
pub(super) fn records(can: &Capabilities) -> String {
    let names = |types: &[RecordType]| {
        let mut names: Vec<String> = types.iter().map(ToString::to_string).collect();
        names.sort_unstable();
        names.join(", ")
    };
    let mut text = format!("## Record types\n\n{}.\n", names(can.record_types));
    let narrow: Vec<RecordType> =
        can.record_types.iter().copied().filter(|it| can.private_types.contains(it)).collect();
    if narrow.len() < can.record_types.len() {
        let _ = writeln!(text, "Private zones take only {}.", names(&narrow));
    }
    if can.set_identifiers {
        text.push_str(
            "Several record sets of one name and type are told apart by set identifiers.\n",
        );
    }
    if can.alias {
        text.push_str("A CNAME can be stored as an alias of the provider (property `alias`).\n");
    }
    text
}

/// The limits that the program keeps to.
pub(super) fn limits(can: &Capabilities) -> String {
    let mut text = "## Limits\n\n| limit | value |\n| --- | --- |\n".to_owned();
    for (limit, value) in limit_rows(can) {
        let _ = writeln!(text, "| {limit} | {value} |");
    }
    let _ = writeln!(text, "\n{}", changed_meanwhile(can.conditions));
    text
}

fn limit_rows(can: &Capabilities) -> Vec<(&'static str, String)> {
    let none = Capabilities::new("none");
    let mut rows = vec![("what one call changes", one_call(can))];
    let BatchLimits { values, bytes, .. } = can.batch_limits;
    if can.batches != Batching::None {
        for (limit, most) in
            [("values of one call", values), ("bytes of values of one call", bytes)]
        {
            if most != usize::MAX {
                rows.push((limit, most.to_string()));
            }
        }
        if can.batch_pause > Duration::ZERO {
            rows.push(("pause between two calls of a zone", format!("{:?}", can.batch_pause)));
        }
    }
    if let Some(rate) = can.rate_limit {
        let value = format!("{} per second, after a burst of {}", rate.per_second, rate.burst);
        rows.push(("calls of one account", value));
    }
    if let Some(size) = can.page_size {
        rows.push(("items per page of a list", size.to_string()));
    }
    rows.push(("attempts of a call", can.attempts.to_string()));
    rows.push(("TTL", ttl(can)));
    if can.max_values != none.max_values {
        rows.push(("values of a record set", can.max_values.to_string()));
    }
    if can.max_text != none.max_text {
        rows.push(("bytes of a TXT value", can.max_text.to_string()));
    }
    if let Some(characters) = can.label_characters {
        rows.push(("names", format!("letters, digits and `{characters}`")));
    }
    rows
}

fn one_call(can: &Capabilities) -> String {
    let unit = match can.stores {
        Stores::Sets(_) => "record sets",
        Stores::Values(_) => "values",
    };
    let most = match can.batch_limits.changes {
        usize::MAX => format!("any number of {unit}"),
        most => format!("at most {most} {unit}"),
    };
    match can.batches {
        Batching::None => format!("one {}", unit.trim_end_matches('s')),
        Batching::InPart => format!("{most}, of which some may be refused"),
        Batching::Whole => format!("{most}, all or none"),
    }
}

fn ttl(can: &Capabilities) -> String {
    let mut parts = Vec::new();
    if let Some(least) = can.min_ttl.seconds() {
        parts.push(format!("at least {least} s"));
    }
    if can.max_ttl < Capabilities::new("none").max_ttl {
        parts.push(format!("at most {} s", can.max_ttl.seconds().unwrap_or_default()));
    }
    parts.push(match can.default_ttl.seconds() {
        Some(default) => format!("{default} s where an endpoint has none"),
        None => "left to the provider where an endpoint has none".to_owned(),
    });
    parts.join(", ")
}

fn changed_meanwhile(conditions: Conditions) -> &'static str {
    match conditions {
        Conditions::Api => {
            "A write names what it replaces or relies on. If that was changed since it was read, nothing is \
             written, and the report says so."
        }
        Conditions::Reread => {
            "The provider compares nothing. Right before the first write that deletes a record or gives it \
             another owner, the records are read again, and what was changed by then is left alone. What \
             changes between that and the write is overwritten."
        }
    }
}

/// The flags of the provider and those that it shares with others.
pub(super) fn flags(entry: &ProviderEntry) -> String {
    let mut text =
        "## Flags\n\n| flag | variable | default | meaning |\n| --- | --- | --- | --- |\n"
            .to_owned();
    let mut command = Cli::command();
    command.build();
    for flag in command.get_arguments() {
        let is_its_own = flag.get_help_heading().is_some_and(|it| it != "Provider");
        let (Some(name), true, true) = (flag.get_long(), is_its_own, entry.heeds(flag)) else {
            continue;
        };
        let variable = name.replace('-', "_").to_ascii_uppercase();
        let help = flag.get_help().map(ToString::to_string).unwrap_or_default();
        let default = match default_of(flag) {
            default if default.is_empty() => String::new(),
            default => format!("`{default}`"),
        };
        let help = help.replace('|', "\\|").replace('<', "\\<");
        let _ = writeln!(text, "| `--{name}` | `EXTERNAL_DNS_{variable}` | {default} | {help} |");
    }
    text
}

fn default_of(flag: &clap::Arg) -> String {
    let values = flag.get_default_values().iter().map(|value| value.to_string_lossy());
    values.collect::<Vec<_>>().join(",")
}
