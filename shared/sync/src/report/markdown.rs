//! A report as a comment on a pull request: what to look at first, then by zone, one line a change,
//! and no longer than a comment may be.

use std::fmt::Write as _;

use super::alerts::{Alert, alerts};
use super::line::Line;
use super::total::total;
use super::words::printable;
use super::{Report, ZoneReport, unready};

/// Most bytes of a rendering: a comment on GitHub has at most as many characters.
pub const MARKDOWN_LIMIT: usize = 65_536;

/// What is kept free for the lines that say what was left out.
const RESERVE: usize = 512;

/// Alerts and notices may take this much, so that there is room for changes.
const HEAD: usize = MARKDOWN_LIMIT / 2;

/// Ends a block.
const END: &str = "```";

/// Longer lines are cut.
const LONGEST_LINE: usize = 600;

/// Renders a report as GitHub-flavoured markdown of at most [`MARKDOWN_LIMIT`] bytes. What does not
/// fit is counted in its place.
#[must_use]
pub fn render_markdown(report: &Report) -> String {
    let mut page = Page::default();
    page.add(&title(report));
    page.list(&head(report), HEAD, "more to look at");
    page.changes(report, MARKDOWN_LIMIT - RESERVE);
    page.unready(report, MARKDOWN_LIMIT - RESERVE);
    page.text
}

fn title(report: &Report) -> String {
    let what = if report.planned_only { "DNS plan" } else { "DNS changes" };
    let mut title = format!("### {what}: {}\n", total(report));
    for target in report.targets.iter().filter(|_| report.planned_only) {
        if let Some(hash) = &target.hash {
            // Writing to a String cannot fail.
            let _ = write!(title, "\nPlan hash of {}: {}\n", escape(&target.name), code(hash));
        }
    }
    title
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
        self.add(END);
        self.add("\n");
    }

    fn changes(&mut self, report: &Report, limit: usize) {
        let all = report.changes().count();
        let mut shown = 0;
        let several = report.targets.len() > 1;
        let zones = report.targets.iter().flat_map(|target| {
            target.zones.iter().map(move |zone| (several.then_some(&*target.name), zone))
        });
        for (target, zone) in zones.filter(|(_, zone)| !zone.changes.is_empty()) {
            if !self.fits(&heading(target, zone), limit) {
                break;
            }
            let lines = zone.changes.iter().filter_map(Line::of).map(|line| diff_line(&line));
            shown += lines.take_while(|line| self.fits(line, limit)).count();
            // Outside the limit, within the reserve.
            self.add(END);
            self.add("\n");
        }
        if shown < all {
            self.add(&format!("\n… and {} more changes; --output=text shows all\n", all - shown));
        }
    }
}

fn heading(target: Option<&str>, zone: &ZoneReport) -> String {
    let target = target.map_or_else(String::new, |target| format!("{}: ", escape(target)));
    format!("\n#### {target}{}\n\n```diff", code(&zone.zone))
}

/// `+ A www.example.org 192.0.2.1 (service/shop/web)`: a line of a block of the language `diff`,
/// which it cannot end, since it begins with its sign.
fn diff_line(line: &Line) -> String {
    let Line { sign, rtype, label, values, about } = line;
    let mut text = format!("{} {rtype} {label}  {values}", sign.text());
    if !about.is_empty() {
        // Writing to a String cannot fail.
        let _ = write!(text, "  ({about})");
    }
    cut(&text)
}

/// One line, not too long.
fn cut(text: &str) -> String {
    let short = &text[..text.floor_char_boundary(LONGEST_LINE)];
    let end = if short.len() < text.len() { "…" } else { "" };
    format!("{}{end}", printable(short))
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
