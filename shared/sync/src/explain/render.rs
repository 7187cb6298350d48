//! An explanation as text for people.

use extdns_model::{RecordSet, Targets};

use super::{Desired, Explanation, Fate, Holding, Step, words};
use crate::report::ChangeKind;

/// Renders the explanations of all targets.
#[must_use]
pub fn render(explanations: &[Explanation]) -> String {
    explanations.iter().map(render_one).collect::<Vec<_>>().join("\n")
}

/// Who wants the name, what the zones hold, what a run would do.
fn render_one(explanation: &Explanation) -> String {
    let mut out = match &explanation.target {
        None => format!("{}\n", explanation.name),
        Some(target) => format!("{} at target {target}\n", explanation.name),
    };
    let lines = explanation.desired.iter().map(desired).collect();
    section(&mut out, "wanted by", lines, "no object has this name");
    section(&mut out, "in the zones", holdings(explanation), "there is no record of this name");
    section(&mut out, "a run", steps(explanation), nothing_to_do(explanation));
    if !explanation.gaps.is_empty() {
        section(&mut out, "not known", explanation.gaps.clone(), "");
    }
    out
}

/// Lines under a heading, those that begin alike in columns.
fn section(out: &mut String, title: &str, lines: Vec<String>, none: &str) {
    out.push_str(&format!("\n{title}\n"));
    for line in &lines {
        out.push_str(&format!("  {line}\n"));
    }
    if lines.is_empty() {
        out.push_str(&format!("  {none}\n"));
    }
}

fn desired(desired: &Desired) -> String {
    let who = match (&desired.resource, &desired.cluster) {
        (Some(resource), Some(cluster)) => format!("{resource} in cluster {cluster}"),
        (Some(resource), None) => resource.to_string(),
        (None, _) => "the run itself".to_owned(),
    };
    let mut what = desired.rtype.map(|rtype| format!(" {rtype}")).unwrap_or_default();
    if !desired.targets.is_empty() {
        what = format!("{what} {}", targets(&desired.targets));
    }
    format!("{who}{what}: {}", words::fate(desired))
}

fn holdings(explanation: &Explanation) -> Vec<String> {
    let unread = explanation.zones.iter().filter_map(|zone| {
        let reason = zone.unreadable.as_ref()?;
        Some(format!("{}: it could not be read: {reason}", zone.zone))
    });
    let records = explanation.records.iter().map(|held| holding(held, ""));
    let ownership_records = explanation.orphaned.iter();
    let ownership_records =
        ownership_records.map(|held| holding(held, "an ownership record without a record, "));
    let wildcards = explanation.wildcards.iter();
    let wildcards = wildcards.map(|held| holding(held, "which answers for this name, "));
    unread.chain(records).chain(ownership_records).chain(wildcards).collect()
}

fn holding(held: &Holding, what: &str) -> String {
    let mut text =
        format!("{}: {}: {what}{}", held.zone, set(&held.set), words::owner(&held.owner));
    if let Some(resource) = &held.resource {
        text.push_str(&format!(", for {resource}"));
    }
    text
}

fn steps(explanation: &Explanation) -> Vec<String> {
    explanation.steps.iter().map(step).collect()
}

fn step(step: &Step) -> String {
    let (does, would) = match step.kind {
        ChangeKind::Create => ("creates", "would create"),
        ChangeKind::Update => ("updates", "would update"),
        ChangeKind::Delete => ("deletes", "would delete"),
    };
    let Step { zone, set: own, cause, held, .. } = step;
    match held {
        None => format!("{does} {} in {zone}: {cause}", set(own)),
        Some(held) => format!("{would} {} in {zone}: {cause}; held back: {held}", set(own)),
    }
}

/// Why a run does nothing about the name.
fn nothing_to_do(explanation: &Explanation) -> &'static str {
    if explanation.desired.iter().any(|desired| desired.fate == Fate::Taken) {
        "does nothing: the records are as they are wanted"
    } else {
        "does nothing"
    }
}

/// `A www.example.org [blue] 192.0.2.1 ttl 300`
fn set(set: &RecordSet) -> String {
    let id = match set.set_identifier() {
        "" => String::new(),
        id => format!(" [{id}]"),
    };
    let ttl = set.ttl.seconds().map(|ttl| format!(" ttl {ttl}")).unwrap_or_default();
    format!("{} {}{id} {}{ttl}", set.rtype, set.name, targets(&set.targets))
}

fn targets(targets: &Targets) -> String {
    targets.iter().map(|target| target.as_str()).collect::<Vec<_>>().join(",")
}
