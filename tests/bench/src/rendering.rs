//! A report of many changes, in every form in which it is shown.

use std::hint::black_box;

use anyhow::Context as _;
use extdns_model::{LabelKey, Labels, Name, RecordSet, RecordType, Ttl};
use extdns_plan::{Cause, Differences};
use extdns_sync::report::{
    Answer, ChangeKind, ChangeResult, Layout, Palette, Report, ReportedChange, Snapshot,
    TargetReport, ZoneReport, render_emf, render_json, render_markdown, render_metrics,
    render_text, write_json,
};

use crate::figures::{Figures, of_part};

/// How many changes are rendered.
pub const CHANGES: usize = 5_000;

/// The most seconds of processor time that a form may take.
pub const BAR: f64 = 0.2;

/// The name of a form, and what renders it.
type Form = (&'static str, fn(&Report) -> anyhow::Result<Vec<u8>>);

/// Every form.
pub const FORMS: [Form; 8] = [
    ("text", |report| Ok(render_text(report, Palette::Plain).into())),
    ("text in colour", |report| Ok(render_text(report, Palette::Ansi).into())),
    ("Markdown", |report| Ok(render_markdown(report).into())),
    ("JSON", |report| Ok(render_json(report).into())),
    ("JSON on one line", |report| {
        let mut text = Vec::new();
        write_json(report, &mut text, Layout::Line)?;
        Ok(text)
    }),
    ("metrics", |report| Ok(render_metrics(report).into())),
    ("embedded metrics", |report| Ok(render_emf(report, "ExternalDNS").into())),
    ("answer of a function", |report| Ok(serde_json::to_vec(&Answer::of(report))?)),
];

/// Renders [`CHANGES`] updates in one form.
///
/// # Errors
/// When there is no such form, or it comes out empty.
pub fn render(form: &str) -> anyhow::Result<Figures> {
    let known = FORMS.iter().find(|(name, _)| *name == form);
    let (_, render) = known.with_context(|| format!("there is no form {form:?}"))?;
    let report = report(CHANGES)?;
    let (text, figures) = of_part(|| black_box(render(&report)))?;
    anyhow::ensure!(!text?.is_empty(), "{form} is empty");
    Ok(figures)
}

fn report(changes: usize) -> anyhow::Result<Report> {
    let changes = (0..changes).map(change).collect::<Result<_, _>>()?;
    let zone = ZoneReport {
        zone: "example.org".into(),
        id: "Z1".into(),
        records: 2 * CHANGES,
        owned: CHANGES,
        unreadable: None,
        changes,
    };
    let target = TargetReport { name: "aws".into(), zones: vec![zone], ..TargetReport::default() };
    Ok(Report { planned_only: true, targets: vec![target], ..Report::default() })
}

/// An update, which shows two record sets.
fn change(number: usize) -> anyhow::Result<ReportedChange> {
    let resource = format!("service/team/svc-{number:06}");
    let mut labels = Labels::new();
    labels.set(LabelKey::OWNER, "me");
    labels.set(LabelKey::RESOURCE, resource.as_str());
    let snapshot = |target: String| -> anyhow::Result<Snapshot> {
        let name = Name::parse(&format!("svc-{number:06}.example.org"))?;
        let targets = [target].into_iter().collect();
        let set = RecordSet::new(name, RecordType::A, Ttl::from_seconds(300), targets);
        Ok(Snapshot { set, labels: labels.clone() })
    };
    let [low, high] = [number % 250, number / 250];
    Ok(ReportedChange {
        kind: ChangeKind::Update,
        before: Some(snapshot(format!("10.0.{high}.{low}"))?),
        after: Some(snapshot(format!("10.1.{high}.{low}"))?),
        resource: Some(resource),
        also: Default::default(),
        cluster: None,
        cause: Cause::Differs(Differences { targets: true, ..Differences::default() }),
        moves_to: None,
        result: ChangeResult::Planned,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_shows_something() {
        let report = report(3).unwrap();
        for (name, render) in FORMS {
            assert!(!render(&report).unwrap().is_empty(), "{name}");
        }
    }
}
