//! A report as text for people: by zone, one line a change.

use std::fmt::Write as _;

use extdns_model::{Outcome, RecordSet};
use extdns_plan::{Cause, Differences};

use super::words::{held, sent};
use super::{
    ChangeKind, ChangeResult, Report, ReportedChange, Severity, Snapshot, Summary, ZoneReport,
};

/// Whether and how a rendering is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Palette {
    /// No escape sequences.
    Plain,
    /// ANSI colours (ECMA-48, SGR).
    Ansi,
}

impl Palette {
    fn paint(self, colour: &str, text: &str) -> String {
        match self {
            Self::Plain => text.to_owned(),
            Self::Ansi => format!("\x1b[{colour}m{text}\x1b[0m"),
        }
    }
}

const GREEN: &str = "32";
const YELLOW: &str = "33";
const RED: &str = "31";
const DIM: &str = "2";
const BOLD: &str = "1";

/// Renders a report: `+` create, `~` update, `-` delete, `=` held back, `!` failed.
#[must_use]
pub fn render_text(report: &Report, palette: Palette) -> String {
    let mut out = String::new();
    for zone in report.zones().filter(|zone| !zone.changes.is_empty() || zone.unreadable.is_some())
    {
        render_zone(&mut out, zone, palette);
    }
    for notice in &report.notices {
        line(
            &mut out,
            &format!("{} {}: {}", palette.paint(YELLOW, "note"), notice.subject, notice.message),
        );
    }
    line(&mut out, &total(report));
    out
}

fn render_zone(out: &mut String, zone: &ZoneReport, palette: Palette) {
    line(out, &palette.paint(BOLD, &format!("zone {}", zone.zone)));
    if let Some(reason) = &zone.unreadable {
        line(out, &format!("  {} {reason}", palette.paint(RED, "!")));
    }
    let columns = Columns::of(&zone.changes);
    for change in &zone.changes {
        line(out, &render_change(change, columns, palette));
    }
    out.push('\n');
}

/// Widths of the columns, so that a zone reads as a table.
#[derive(Clone, Copy)]
struct Columns {
    rtype: usize,
    name: usize,
}

impl Columns {
    /// Longer names than this push their line's rest to the right instead of everybody's.
    const WIDEST_NAME: usize = 48;

    fn of(changes: &[ReportedChange]) -> Self {
        let sets = || changes.iter().filter_map(ReportedChange::set);
        Self {
            rtype: sets().map(|set| set.rtype.to_string().len()).max().unwrap_or(0),
            name: sets()
                .map(|set| label(set).chars().count())
                .filter(|width| *width <= Self::WIDEST_NAME)
                .max()
                .unwrap_or(0),
        }
    }
}

fn render_change(change: &ReportedChange, columns: Columns, palette: Palette) -> String {
    let (sign, colour) = match (change.result.severity(), change.kind) {
        (Severity::Held | Severity::Frozen | Severity::Guarded | Severity::Deferred, _) => {
            ("=", DIM)
        }
        (Severity::Failed, _) => ("!", RED),
        (Severity::Good, ChangeKind::Create) => ("+", GREEN),
        (Severity::Good, ChangeKind::Update) => ("~", YELLOW),
        (Severity::Good, ChangeKind::Delete) => ("-", RED),
    };
    let Some(set) = change.set() else { return String::new() };
    let mut text = format!(
        "  {} {:<rtype$} {:<name$}  {}",
        palette.paint(colour, sign),
        set.rtype.to_string(),
        label(set),
        values(change),
        rtype = columns.rtype,
        name = columns.name,
    );
    let mut about: Vec<String> = Vec::new();
    match (&change.resource, &change.cluster) {
        (Some(resource), Some(cluster)) => about.push(format!("{resource} in {cluster}")),
        (Some(resource), None) => about.push(resource.clone()),
        (None, _) => {}
    }
    about.extend(cause(change.cause));
    about.extend(result(&change.result));
    if !about.is_empty() {
        // Writing to a String cannot fail.
        let _ = write!(text, "  {}", palette.paint(DIM, &format!("({})", about.join("; "))));
    }
    text
}

/// The name, with the set identifier where there is one.
fn label(set: &RecordSet) -> String {
    match set.set_identifier() {
        "" => set.name.to_string(),
        id => format!("{} [{id}]", set.name),
    }
}

/// The values, or what changes about them.
fn values(change: &ReportedChange) -> String {
    match (&change.before, &change.after) {
        (Some(before), Some(after)) => match change.cause {
            Cause::Differs(differences) => difference(&before.set, &after.set, differences),
            _ => targets(&after.set),
        },
        (Some(Snapshot { set, .. }), None) | (None, Some(Snapshot { set, .. })) => set
            .ttl
            .seconds()
            .map_or_else(|| targets(set), |ttl| format!("{} ttl {ttl}", targets(set))),
        (None, None) => String::new(),
    }
}

fn difference(before: &RecordSet, after: &RecordSet, differences: Differences) -> String {
    let mut parts = Vec::new();
    if differences.targets {
        parts.push(format!("{} -> {}", targets(before), targets(after)));
    } else {
        parts.push(targets(after));
    }
    if differences.ttl {
        parts.push(format!("ttl {} -> {}", before.ttl, after.ttl));
    }
    if differences.properties {
        parts.push(format!("{} -> {}", properties(before), properties(after)));
    }
    parts.join(", ")
}

fn properties(set: &RecordSet) -> String {
    let pairs: Vec<String> = set
        .properties()
        .iter()
        .map(|property| format!("{}={}", property.name, property.value))
        .collect();
    format!("{{{}}}", pairs.join(" "))
}

/// The targets; of many, the first few and how many more.
fn targets(set: &RecordSet) -> String {
    const SHOWN: usize = 4;
    let shown: Vec<&str> = set.targets.iter().take(SHOWN).map(|target| target.as_str()).collect();
    match set.targets.len().saturating_sub(SHOWN) {
        0 => shown.join(","),
        more => format!("{} and {more} more", shown.join(",")),
    }
}

fn cause(cause: Cause) -> Option<String> {
    match cause {
        Cause::Missing | Cause::Differs(Differences { ownership: false, .. }) => None,
        Cause::Differs(_) => Some("its ownership record is rewritten".to_owned()),
        Cause::Unwanted => Some("nothing wants it any more".to_owned()),
        Cause::GivesWay => Some("gives way to another type".to_owned()),
    }
}

fn result(result: &ChangeResult) -> Option<String> {
    match result {
        ChangeResult::Planned | ChangeResult::Sent(Outcome::Applied) => None,
        ChangeResult::Held(hold) => Some(format!("held back: {}", held(hold))),
        ChangeResult::Sent(outcome) => Some(sent(outcome)),
    }
}

fn total(report: &Report) -> String {
    let summary = Summary::of(report);
    let done = if report.planned_only { "to " } else { "" };
    let past = if report.planned_only { "" } else { "d" };
    let mut parts = Vec::new();
    for (count, verb) in
        [(summary.create, "create"), (summary.update, "update"), (summary.delete, "delete")]
    {
        if count > 0 {
            parts.push(format!("{count} {done}{verb}{past}"));
        }
    }
    for (count, what) in
        [(summary.held, "held back"), (summary.failed, "failed"), (summary.deferred, "deferred")]
    {
        if count > 0 {
            parts.push(format!("{count} {what}"));
        }
    }
    if parts.is_empty() {
        return "nothing to do, all records are up to date".to_owned();
    }
    parts.join(", ")
}

fn line(out: &mut String, text: &str) {
    out.push_str(text);
    out.push('\n');
}
