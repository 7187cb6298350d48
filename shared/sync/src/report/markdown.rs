//! A report as a comment on a pull request: what to look at first, then by zone, what is deleted first, and no longer than a
//! comment may be. What does not fit is left out by whole kinds of change, so that nobody takes a part for all of it.

use std::fmt::Write as _;

use super::alerts::{Alert, alerts};
use super::line::{Line, Sign};
use super::sections::{self, Section};
use super::total::total;
use super::{Report, ZoneReport, header, unready, words};

/// Most bytes of a rendering: a comment on GitHub has at most as many characters.
pub const MARKDOWN_LIMIT: usize = 65_536;

/// What is kept free for the lines that say what was left out, and for what a job writes above it (`infra/ci`).
const RESERVE: usize = 2048;

/// Alerts and notices may take this much, so that there is room for changes.
const HEAD: usize = MARKDOWN_LIMIT / 4;

/// Zones may take this much without their changes.
const ZONES: usize = MARKDOWN_LIMIT / 2;

/// Ends a block.
const END: &str = "```\n\n</details>\n";

/// Longer lines are cut.
const LONGEST_LINE: usize = 600;

/// Renders a report as GitHub-flavoured markdown of at most [`MARKDOWN_LIMIT`] bytes.
#[must_use]
pub fn render_markdown(report: &Report) -> String {
    let mut page = Page::default();
    page.add(&title(report));
    page.list(&head(report), HEAD, "more to look at");
    page.zones(report, MARKDOWN_LIMIT - RESERVE);
    page.unready(report, MARKDOWN_LIMIT - RESERVE);
    page.text
}

fn title(report: &Report) -> String {
    let what = if report.planned_only { "DNS plan" } else { "DNS changes" };
    let mut title = format!("### {what}: {}\n", total(report));
    for line in header::lines(report) {
        // Writing to a String cannot fail.
        let _ = write!(title, "\n{}  ", escape(&cut(&line)));
    }
    for target in report.targets.iter().filter(|_| report.planned_only) {
        if let Some(hash) = &target.hash {
            let _ = write!(title, "\nPlan hash of {}: {}  ", escape(&target.name), code(hash));
        }
    }
    format!("{}\n", title.trim_end())
}

/// Alerts and notices, each a line of a list.
fn head(report: &Report) -> Vec<String> {
    let alerts = alerts(report);
    let notices = report.notices.iter().map(|notice| item(&notice.subject, &notice.message));
    let standings = report.standings().map(|standing| format!("- {}", escape(&cut(&standing))));
    alerts.iter().map(alert).chain(standings).chain(notices).collect()
}

fn alert(alert: &Alert) -> String {
    let mut text = item(&alert.subject, &alert.message);
    if let Some(allow) = &alert.allow {
        // Writing to a String cannot fail.
        let (flag, function) = (code(&allow.flag), code(&allow.function));
        let _ = write!(text, ". If this is meant: {flag}, or for the function: {function}");
    }
    text
}

fn item(subject: &str, message: &str) -> String {
    format!("- **{}**: {}", escape(&cut(subject)), escape(&cut(message)))
}

/// A text that grows up to its limit.
#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    fn add(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Adds a line if the text is no longer than the limit then.
    fn fits(&mut self, line: &str, limit: usize) -> bool {
        let fits = self.text.len() + line.len() < limit;
        if fits {
            self.text.push_str(line);
            self.text.push('\n');
        }
        fits
    }

    /// As many lines as fit, and how many more there are.
    fn list(&mut self, lines: &[String], limit: usize, what: &str) {
        if lines.is_empty() {
            return;
        }
        self.add("\n");
        let shown = lines.iter().take_while(|line| self.fits(line, limit)).count();
        if shown < lines.len() {
            self.add(&format!("- … and {} {what}\n", lines.len() - shown));
        }
    }

    /// The zones with what fits of their changes, and how many zones do not fit at all.
    fn zones(&mut self, report: &Report, limit: usize) {
        let mut zones = Vec::new();
        let (mut taken, mut left) = (0, Vec::new());
        for block in blocks(report) {
            taken += block.least();
            match taken < ZONES {
                true => zones.push(block),
                false => left.push(block),
            }
        }
        let least: usize = zones.iter().map(Block::least).sum();
        widen(&mut zones, (limit - self.text.len()).saturating_sub(least));
        let is_cut = !left.is_empty() || zones.iter().any(Block::is_cut);
        for zone in &zones {
            zone.write(&mut self.text);
        }
        if !left.is_empty() {
            let changes: usize = left.iter().map(|block| block.changes).sum();
            self.add(&format!("\n… and {changes} more changes in {} more zones\n", left.len()));
        }
        if is_cut {
            self.add(&format!(
                "\nA comment has at most {MARKDOWN_LIMIT} characters: --output=html or text shows all.\n"
            ));
        }
    }

    /// The names that have no address yet, in a block of their own: they are no changes.
    fn unready(&mut self, report: &Report, limit: usize) {
        let mut rows = unready::rows(report).peekable();
        if rows.peek().is_none() || !self.fits("\n#### No address yet\n\n```diff", limit) {
            return;
        }
        for row in rows {
            if !self.fits(&cut(&format!("{} {row}", unready::MARK)), limit) {
                break;
            }
        }
        self.add("```\n");
    }
}

/// How much is shown of one kind of change in a zone.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Detail {
    /// How many they are.
    Count,
    /// Their types and names.
    Names,
    /// Everything.
    Full,
}

/// All changes of one kind in a zone.
struct Kind {
    sign: Sign,
    detail: Detail,
    count: String,
    names: String,
    full: String,
}

impl Kind {
    fn of(sign: Sign, sections: &[Section], is_planned: bool) -> Self {
        let (mut names, mut full, mut lines) = (String::new(), String::new(), 0);
        for section in sections.iter().filter(|section| section.sign == sign) {
            if let Some(heading) = section.heading() {
                full.extend([&cut(&format!("# {heading}")), "\n"]);
            }
            for line in &section.lines {
                full.extend([&cut(&diff_line(line)), "\n"]);
                let name = format!("{} {} {}", mark(sign), line.rtype, line.label);
                names.extend([&cut(&name), "\n"]);
                lines += 1;
            }
        }
        let count = format!("{} {lines} {}, not shown\n", mark(sign), verb(sign, is_planned));
        // What is shorter than its count is shown.
        let detail = if full.len() <= count.len() { Detail::Full } else { Detail::Count };
        Self { sign, detail, count, names, full }
    }

    fn text(&self, detail: Detail) -> &str {
        match detail {
            Detail::Count => &self.count,
            Detail::Names => &self.names,
            Detail::Full => &self.full,
        }
    }
}

/// A zone as a part of the page that opens and closes.
struct Block {
    head: String,
    kinds: Vec<Kind>,
    changes: usize,
}

impl Block {
    fn of(target: Option<&str>, zone: &ZoneReport, is_planned: bool) -> Self {
        let sections = sections::of_zone(zone);
        let mut signs: Vec<Sign> = sections.iter().map(|section| section.sign).collect();
        signs.dedup();
        let target = target.map_or_else(String::new, |target| format!("{}: ", html(target)));
        let (name, total) = (html(&zone.zone), counts(&sections, is_planned));
        let open = if signs.contains(&Sign::Held) && signs.len() == 1 { "" } else { " open" };
        Self {
            head: format!(
                "\n<details{open}><summary>{target}<b>{name}</b>: {total}</summary>\n\n```diff\n"
            ),
            kinds: signs.into_iter().map(|sign| Kind::of(sign, &sections, is_planned)).collect(),
            changes: zone.changes.len(),
        }
    }

    /// Its length without any detail.
    fn least(&self) -> usize {
        let kinds = self.kinds.iter().map(|kind| kind.text(kind.detail).len());
        self.head.len() + END.len() + kinds.sum::<usize>()
    }

    fn is_cut(&self) -> bool {
        self.kinds.iter().any(|kind| kind.detail != Detail::Full)
    }

    fn write(&self, out: &mut String) {
        out.push_str(&self.head);
        self.kinds.iter().for_each(|kind| out.push_str(kind.text(kind.detail)));
        out.push_str(END);
    }
}

fn blocks(report: &Report) -> impl Iterator<Item = Block> {
    let several = report.targets.len() > 1;
    let zones = report.targets.iter().flat_map(move |target| {
        target.zones.iter().map(move |zone| (several.then_some(&*target.name), zone))
    });
    let changed = zones.filter(|(_, zone)| !zone.changes.is_empty());
    changed.map(|(target, zone)| Block::of(target, zone, report.planned_only))
}

/// Gives details to as much as the room takes: to the deletes of all zones first, and names to all of a kind before
/// anything has more.
fn widen(zones: &mut [Block], mut room: usize) {
    for sign in Sign::ORDER {
        for detail in [Detail::Names, Detail::Full] {
            let kinds = zones.iter_mut().flat_map(|zone| &mut zone.kinds);
            for kind in kinds.filter(|kind| kind.sign == sign) {
                let (wanted, has) = (kind.text(detail).len(), kind.text(kind.detail).len());
                if kind.detail != Detail::Full && wanted.saturating_sub(has) <= room {
                    room = room + has - wanted;
                    kind.detail = detail;
                }
            }
        }
    }
}

/// `12 to delete, 1 held back`
fn counts(sections: &[Section], is_planned: bool) -> String {
    let counts = Sign::ORDER.into_iter().filter_map(|sign| {
        let own = sections.iter().filter(|section| section.sign == sign);
        let count: usize = own.map(|section| section.lines.len()).sum();
        (count > 0).then(|| format!("{count} {}", verb(sign, is_planned)))
    });
    counts.collect::<Vec<_>>().join(", ")
}

fn verb(sign: Sign, is_planned: bool) -> &'static str {
    match (sign, is_planned) {
        (Sign::Delete, true) => "to delete",
        (Sign::Delete, false) => "deleted",
        (Sign::Update, true) => "to update",
        (Sign::Update, false) => "updated",
        (Sign::Create, true) => "to create",
        (Sign::Create, false) => "created",
        (Sign::Failed, _) => "failed",
        (Sign::Held, _) => "held back",
    }
}

/// What a line of a block of the language `diff` begins with: forges show `-` in red, `+` in green, `!` in orange and `#` in
/// grey.
fn mark(sign: Sign) -> &'static str {
    match sign {
        Sign::Delete => "-",
        Sign::Create => "+",
        Sign::Update | Sign::Failed => "!",
        Sign::Held => "#",
    }
}

/// `+ A www.example.org 192.0.2.1 (service/shop/web)`: it cannot end the block, since it begins with its mark.
fn diff_line(line: &Line) -> String {
    let Line { sign, rtype, label, values, .. } = line;
    let failed = if *sign == Sign::Failed { "FAILED " } else { "" };
    let text = format!("{} {failed}{rtype} {label}  {values}  {}", mark(*sign), line.about());
    text.trim_end().to_owned()
}

/// One line, not too long.
fn cut(text: &str) -> String {
    words::cut(text, LONGEST_LINE)
}

/// Text within an element of HTML.
fn html(text: &str) -> String {
    cut(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Text as it is: no markup, no link, no mention of a user.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 8);
    for char in text.chars() {
        match char {
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '<' | '>' | '#' | '|' | '~' | '&' => {
                escaped.push('\\');
                escaped.push(char);
            }
            // A zero width space keeps a name from being a mention.
            '@' => escaped.push_str("@\u{200b}"),
            _ => escaped.push(char),
        }
    }
    escaped
}

/// Text to copy. A code span is ended by as many backticks as began it.
fn code(text: &str) -> String {
    let text = cut(text);
    let runs = text.split(|char| char != '`').map(str::len);
    let fence = "`".repeat(runs.max().unwrap_or(0) + 1);
    if text.starts_with('`') || text.ends_with('`') {
        format!("{fence} {text} {fence}")
    } else {
        format!("{fence}{text}{fence}")
    }
}
