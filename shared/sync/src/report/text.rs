//! A report as text for people: what to look at first, then by zone, one line a change.

use std::fmt::Write as _;

use super::alerts::{Alert, alerts};
use super::line::{Line, Sign};
use super::total::total;
use super::words::printable;
use super::{ClusterReport, Report, Summary, ZoneReport, unready};

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

/// Renders a report: `+` create, `~` update, `-` delete, `=` held back, `!` failed, `?` not known yet.
#[must_use]
pub fn render_text(report: &Report, palette: Palette) -> String {
    let mut out = String::new();
    if report.planned_only {
        render_reached(&mut out, report, palette);
    }
    for alert in alerts(report) {
        line(&mut out, &render_alert(&alert, palette));
    }
    if !out.is_empty() {
        out.push('\n');
    }
    for target in &report.targets {
        let mut zones = target.zones.iter().filter(|zone| !zone.changes.is_empty()).peekable();
        if report.targets.len() > 1 && zones.peek().is_some() {
            line(&mut out, &palette.paint(BOLD, &format!("target {}", printable(&target.name))));
        }
        zones.for_each(|zone| render_zone(&mut out, zone, palette));
    }
    for standing in report.standings() {
        line(&mut out, &printable(&standing));
    }
    for notice in &report.notices {
        note(&mut out, &notice.subject, &notice.message, palette);
    }
    for row in unready::rows(report) {
        line(&mut out, &format!("{} {row}", palette.paint(YELLOW, unready::MARK)));
    }
    let Summary { create, update, delete, .. } = Summary::of(report);
    let is_worth_it = report.planned_only && create + update + delete > 0;
    for target in report.targets.iter().filter(|_| is_worth_it) {
        if let Some(hash) = &target.hash {
            let of = match report.targets.len() {
                1 => String::new(),
                _ => format!("{}=", target.name),
            };
            line(&mut out, &format!("to apply exactly this: apply --plan-hash={of}{hash}"));
        }
    }
    line(&mut out, &total(report));
    out
}

/// Which API servers were read, and as whom: a plan of the wrong cluster is easily taken for that of another.
fn render_reached(out: &mut String, report: &Report, palette: Palette) {
    for ClusterReport { name, reached, .. } in &report.clusters {
        if let Some(reached) = reached {
            let text = format!("cluster {}: {}", printable(name), printable(reached));
            line(out, &palette.paint(DIM, &text));
        }
    }
}

fn render_alert(alert: &Alert, palette: Palette) -> String {
    let Alert { subject, message, allow } = alert;
    let mut text = format!(
        "{} {}: {}",
        palette.paint(RED, "!"),
        palette.paint(BOLD, &printable(subject)),
        printable(message)
    );
    if let Some(allow) = allow {
        // Writing to a String cannot fail.
        let _ = write!(text, "\n  {}", printable(&allow.sentence()));
    }
    text
}

fn note(out: &mut String, subject: &str, message: &str, palette: Palette) {
    let note = palette.paint(YELLOW, "note");
    line(out, &format!("{note} {}: {}", printable(subject), printable(message)));
}

fn render_zone(out: &mut String, zone: &ZoneReport, palette: Palette) {
    line(out, &palette.paint(BOLD, &format!("zone {}", printable(&zone.zone))));
    let lines: Vec<Line> = zone.changes.iter().filter_map(Line::of).collect();
    let columns = Columns::of(&lines);
    for change in &lines {
        render_change(out, change, columns, palette);
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

    fn of(lines: &[Line]) -> Self {
        let names = lines.iter().map(|line| line.label.chars().count());
        Self {
            rtype: lines.iter().map(|line| line.rtype.len()).max().unwrap_or(0),
            name: names.filter(|width| *width <= Self::WIDEST_NAME).max().unwrap_or(0),
        }
    }
}

fn render_change(out: &mut String, change: &Line, columns: Columns, palette: Palette) {
    let colour = match change.sign {
        Sign::Create => GREEN,
        Sign::Update => YELLOW,
        Sign::Delete | Sign::Failed => RED,
        Sign::Held => DIM,
    };
    let mut text = format!(
        "  {} {:<rtype$} {:<name$}  {}",
        palette.paint(colour, change.sign.text()),
        change.rtype,
        printable(&change.label),
        printable(&change.values),
        rtype = columns.rtype,
        name = columns.name,
    );
    if !change.about.is_empty() {
        let about = format!("({})", printable(&change.about));
        // Writing to a String cannot fail.
        let _ = write!(text, "  {}", palette.paint(DIM, &about));
    }
    line(out, &text);
}

fn line(out: &mut String, text: &str) {
    out.push_str(text);
    out.push('\n');
}
