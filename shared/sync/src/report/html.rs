//! A report as one page that needs nothing else: a table of all changes, and a picture of whose names they are. Scripts in it
//! filter and sort; without them it is the table.
//!
//! A browser takes most of its time for the cells of a table. So the page shows [`SHOWN`] rows, and has the others in a
//! `noscript`: that is text where scripts run, and they make rows of it when somebody filters, sorts or wants to see more.

use std::collections::BTreeMap;

use askama::Template as _;

use super::alerts::alerts;
use super::graph::Graph;
use super::line::{Line, Sign};
use super::total::total;
use super::words::printable;
use super::{Report, ReportedChange, ZoneReport, header, unready};

/// So many rows are there at once: more than a screen has.
const SHOWN: usize = 100;

/// Renders a report as a page of HTML.
#[must_use]
pub fn render_html(report: &Report) -> String {
    let rows = rows(report);
    let (first, rest) = rows.split_at(SHOWN.min(rows.len()));
    let page = Page {
        title: if report.planned_only { "DNS plan" } else { "DNS changes" },
        total: total(report),
        header: header::lines(report),
        alerts: alerts(report).iter().map(|alert| clean(&alert.sentence())).collect(),
        notes: notes(report),
        hashes: report.targets.iter().filter_map(hash).filter(|_| report.planned_only).collect(),
        graph: Graph::of(&rows),
        filters: FILTERS.iter().filter_map(|filter| filter.of(&rows)).collect(),
        first,
        rest,
    };
    // Writing to a String cannot fail, and the template holds nothing else that can.
    page.render().unwrap_or_default()
}

#[derive(askama::Template)]
#[template(path = "report.html")]
struct Page<'a> {
    title: &'static str,
    total: String,
    header: Vec<String>,
    alerts: Vec<String>,
    notes: Vec<String>,
    /// Targets with the hashes of their plans.
    hashes: Vec<(String, String)>,
    graph: Graph,
    filters: Vec<Filter<'a>>,
    first: &'a [Row],
    rest: &'a [Row],
}

/// A list of the values of a column, of which one can be chosen.
struct Filter<'a> {
    title: &'static str,
    column: usize,
    /// Each value with the number of its rows.
    values: BTreeMap<&'a str, usize>,
}

/// A column that rows can be chosen by.
struct FilterColumn {
    title: &'static str,
    /// Its place in the table.
    column: usize,
    /// A list of fewer values is of no use.
    least: usize,
    /// What stands there, empty where nothing does.
    value: fn(&Row) -> &str,
}

const FILTERS: [FilterColumn; 6] = [
    FilterColumn { title: "action", column: 0, least: 2, value: |row| row.action },
    FilterColumn { title: "zone", column: 5, least: 2, value: |row| &row.zone },
    FilterColumn { title: "owner", column: 6, least: 2, value: |row| &row.owner },
    FilterColumn { title: "cluster", column: 7, least: 2, value: |row| &row.cluster },
    FilterColumn { title: "namespace", column: 8, least: 2, value: |row| &row.namespace },
    FilterColumn { title: "held because", column: 9, least: 1, value: Row::held_because },
];

impl FilterColumn {
    fn of<'a>(&self, rows: &'a [Row]) -> Option<Filter<'a>> {
        let mut values = BTreeMap::new();
        for value in rows.iter().map(self.value).filter(|value| !value.is_empty()) {
            *values.entry(value).or_default() += 1;
        }
        let filter = Filter { title: self.title, column: self.column, values };
        (filter.values.len() >= self.least).then_some(filter)
    }
}

/// A change as a row of the table.
pub(super) struct Row {
    /// Its sign, and what that stands for.
    sign: &'static str,
    action: &'static str,
    pub(super) zone: String,
    rtype: String,
    pub(super) name: String,
    values: String,
    wanted_by: String,
    pub(super) namespace: String,
    pub(super) cluster: String,
    pub(super) owner: String,
    reason: String,
    is_held: bool,
}

fn rows(report: &Report) -> Vec<Row> {
    let several = report.targets.len() > 1;
    let mut rows = Vec::new();
    for target in &report.targets {
        for zone in &target.zones {
            let name = match several {
                true => format!("{}: {}", target.name, zone.zone),
                false => zone.zone.clone(),
            };
            rows.extend(rows_of(&clean(&name), zone));
        }
    }
    rows
}

fn rows_of<'a>(name: &'a str, zone: &'a ZoneReport) -> impl Iterator<Item = Row> + 'a {
    let mut changes: Vec<(Line, &ReportedChange)> =
        zone.changes.iter().filter_map(|own| Some((Line::of(own)?, own))).collect();
    changes.sort_by_key(|(line, _)| line.sign.rank());
    changes.into_iter().map(move |(line, change)| Row::of(name, &line, change))
}

impl Row {
    fn of(zone: &str, line: &Line, change: &ReportedChange) -> Self {
        let state = change.after.as_ref().or(change.before.as_ref());
        let owners = [&change.before, &change.after].map(Option::as_ref);
        let owner = owners.into_iter().flatten().find_map(|own| own.labels.owner());
        let resource = state.and_then(|own| own.labels.resource());
        let resource = change.resource.as_deref().or(resource).unwrap_or_default();
        Self {
            sign: line.sign.text(),
            action: action(line.sign),
            zone: zone.to_owned(),
            rtype: line.rtype.clone(),
            name: clean(&line.label),
            values: clean(&line.values),
            wanted_by: clean(&line.wanted_by),
            namespace: clean(namespace(resource).unwrap_or_default()),
            cluster: clean(change.cluster.as_deref().unwrap_or_default()),
            owner: clean(owner.unwrap_or_default()),
            reason: clean(&line.reason),
            is_held: line.sign == Sign::Held,
        }
    }

    fn held_because(&self) -> &str {
        if self.is_held { &self.reason } else { "" }
    }
}

/// `service/shop/web` is in the namespace `shop`; `node/n1` is in none.
fn namespace(resource: &str) -> Option<&str> {
    let mut parts = resource.split('/');
    let (namespace, _name) = (parts.nth(1)?, parts.next()?);
    Some(namespace)
}

fn action(sign: Sign) -> &'static str {
    match sign {
        Sign::Delete => "delete",
        Sign::Failed => "failed",
        Sign::Update => "update",
        Sign::Create => "create",
        Sign::Held => "held",
    }
}

fn notes(report: &Report) -> Vec<String> {
    let notices = report.notices.iter().map(|own| format!("{}: {}", own.subject, own.message));
    let unready = unready::rows(report).map(|row| format!("{} {row}", unready::MARK));
    report.standings().chain(notices).chain(unready).map(|text| clean(&text)).collect()
}

fn hash(target: &super::TargetReport) -> Option<(String, String)> {
    Some((target.name.clone(), target.hash.clone()?))
}

fn clean(text: &str) -> String {
    printable(text).into_owned()
}
