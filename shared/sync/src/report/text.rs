//! A report as text for people: what was read and what comes of it, what to look at first, then by zone, one line a
//! change.

use super::alerts::{Alert, alerts};
use super::flow::{
    BOLD, Colour, DIM, GREEN, RED, Screen, Span, YELLOW, columns, flow, painted, plain,
};
use super::line::{Line, Sign};
use super::sections::{self, Section};
use super::total::total;
use super::words::printable;
use super::{Report, Summary, ZoneReport, header, unready};

/// Renders a report: `-` delete, `!` failed, `~` update, `+` create, `=` held back, `?` not known yet. On a screen no line is
/// wider than it.
#[must_use]
pub fn render_text(report: &Report, screen: impl Into<Screen>) -> String {
    let mut page = Page { out: String::new(), screen: screen.into() };
    for line in header::lines(report) {
        page.paragraph(2, &[painted(DIM, &printable(&line))]);
    }
    page.paragraph(2, &[painted(BOLD, &total(report))]);
    for alert in alerts(report) {
        page.alert(&alert);
    }
    for target in &report.targets {
        let zones = target.zones.iter().filter(|zone| !zone.changes.is_empty());
        for (index, zone) in zones.enumerate() {
            page.out.push('\n');
            if report.targets.len() > 1 && index == 0 {
                let name = format!("target {}", printable(&target.name));
                page.paragraph(2, &[painted(BOLD, &name)]);
            }
            page.zone(zone);
        }
    }
    page.rest(report);
    page.out
}

struct Page {
    out: String,
    screen: Screen,
}

impl Page {
    fn paragraph(&mut self, indent: usize, spans: &[Span<'_>]) {
        flow(&mut self.out, self.screen, indent, spans);
    }

    fn alert(&mut self, alert: &Alert) {
        let Alert { subject, message, allow } = alert;
        let (subject, message) = (format!("{}:", printable(subject)), printable(message));
        let spans = [painted(RED, "!"), painted(BOLD, &subject), plain(&message)];
        self.paragraph(2, &spans);
        if let Some(allow) = allow {
            self.paragraph(2, &[Span { gap: 3, ..plain(&printable(&allow.sentence())) }]);
        }
    }

    fn zone(&mut self, zone: &ZoneReport) {
        self.paragraph(2, &[painted(BOLD, &format!("zone {}", printable(&zone.zone)))]);
        let sections = sections::of_zone(zone);
        let widths = Widths::of(&sections);
        for section in &sections {
            if let Some(heading) = section.heading() {
                self.paragraph(4, &[Span { gap: 3, ..painted(DIM, &printable(&heading)) }]);
            }
            section.lines.iter().for_each(|line| self.change(line, widths));
        }
    }

    /// What does not fit goes below the name.
    fn change(&mut self, line: &Line, widths: Widths) {
        let (label, values) = (printable(&line.label), printable(&line.values));
        let about = line.about();
        let about = printable(&about);
        let behind = |width: usize, text: &str| width.saturating_sub(columns(text));
        let spans = [
            Span { gap: 3, ..painted(colour(line.sign), line.sign.text()) },
            plain(&line.rtype),
            Span { gap: 1 + behind(widths.rtype, &line.rtype), ..plain(&label) },
            Span { gap: 2 + behind(widths.name, &label), ..plain(&values) },
            Span { gap: 2, ..painted(DIM, &about) },
        ];
        self.paragraph(5 + widths.rtype, &spans);
    }

    /// What is no change, and how to make these.
    fn rest(&mut self, report: &Report) {
        let standings = report.standings();
        let notes = report.notices.iter().map(|notice| {
            let (subject, message) = (printable(&notice.subject), printable(&notice.message));
            (YELLOW, "note", format!("{subject}: {message}"))
        });
        let unready = unready::rows(report).map(|row| (YELLOW, unready::MARK, row));
        let hashes = hashes(report).map(|hash| ("", "", hash));
        let standings = standings.map(|text| ("", "", printable(&text).into_owned()));
        let mut rest = standings.chain(notes).chain(unready).chain(hashes).peekable();
        if rest.peek().is_some() {
            self.out.push('\n');
        }
        for (colour, mark, text) in rest {
            self.paragraph(2, &[painted(colour, mark), plain(&text)]);
        }
    }
}

fn colour(sign: Sign) -> Colour {
    match sign {
        Sign::Create => GREEN,
        Sign::Update => YELLOW,
        Sign::Delete | Sign::Failed => RED,
        Sign::Held => DIM,
    }
}

/// How exactly this plan is carried out, where that is worth it.
fn hashes(report: &Report) -> impl Iterator<Item = String> {
    let is_worth_it = report.planned_only && Summary::of(report).good() > 0;
    let several = report.targets.len() > 1;
    report.targets.iter().filter(move |_| is_worth_it).filter_map(move |target| {
        let of = if several { format!("{}=", target.name) } else { String::new() };
        Some(format!("to apply exactly this: apply --plan-hash={of}{}", target.hash.as_ref()?))
    })
}

/// Widths of the columns, so that a zone reads as a table.
#[derive(Clone, Copy)]
struct Widths {
    rtype: usize,
    name: usize,
}

impl Widths {
    /// Longer names than this push their line's rest to the right instead of everybody's.
    const WIDEST_NAME: usize = 48;

    fn of(sections: &[Section]) -> Self {
        let lines = || sections.iter().flat_map(|section| &section.lines);
        let names = lines().map(|line| columns(&printable(&line.label)));
        Self {
            rtype: lines().map(|line| line.rtype.len()).max().unwrap_or(0),
            name: names.filter(|width| *width <= Self::WIDEST_NAME).max().unwrap_or(0),
        }
    }
}
