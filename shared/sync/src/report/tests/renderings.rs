//! The renderings of the samples, held by files. `INSTA_UPDATE=always` takes new ones over.

use extdns_plan::Hold;
use extdns_testkit::log::Log;

use super::sample::{created, deleted, everything, failed, other_plan, plan};
use crate::report::{
    Answer, ChangeResult, Layout, MARKDOWN_LIMIT, Notice, Palette, Report, Screen, render_emf,
    render_html, render_json, render_markdown, render_metrics, render_text, write_json,
};

/// Compares with the file of this name.
macro_rules! held {
    ($name:literal, $text:expr) => {
        let mut settings = insta::Settings::clone_current();
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!($name, $text));
    };
}

#[test]
fn text() {
    held!("plan_text", render_text(&plan(), Palette::Plain));
    held!("everything_text", render_text(&everything(), Palette::Plain));
    held!("failed_text", render_text(&failed(), Palette::Plain));
    held!("other_plan_text", render_text(&other_plan(), Palette::Plain));
    held!("nothing_text", render_text(&Report::default(), Palette::Plain));
    let coloured = render_text(&everything(), Palette::Ansi);
    held!("everything_ansi", coloured.replace('\x1b', "ESC"));
}

#[test]
fn markdown() {
    held!("plan_markdown", render_markdown(&plan()));
    held!("everything_markdown", render_markdown(&everything()));
    held!("failed_markdown", render_markdown(&failed()));
}

#[test]
fn json() {
    held!("plan_json", render_json(&plan()));
    held!("everything_json", render_json(&everything()));
    held!("failed_json", render_json(&failed()));
    let mut line = Vec::new();
    write_json(&everything(), &mut line, Layout::Line).expect("memory takes everything");
    assert_eq!(line.iter().filter(|byte| **byte == b'\n').count(), 1);
    assert_eq!(
        serde_json::from_slice::<serde_json::Value>(&line).expect("JSON"),
        serde_json::from_str::<serde_json::Value>(&render_json(&everything())).expect("JSON"),
    );
}

#[test]
fn metrics() {
    let architecture = format!("arch=\"{}\"", std::env::consts::ARCH);
    let text = render_metrics(&everything()).replace(&architecture, "arch=\"..\"");
    held!("everything_metrics", text);
    let text = render_metrics(&failed()).replace(&architecture, "arch=\"..\"");
    held!("failed_metrics", text);
}

#[test]
fn emf() {
    held!("everything_emf", render_emf(&everything(), "ExternalDNS"));
    held!("failed_emf", render_emf(&failed(), "ExternalDNS"));
}

#[test]
fn answer() {
    let text = |report: &Report| serde_json::to_string_pretty(&Answer::of(report)).expect("JSON");
    held!("everything_answer", text(&everything()));
    held!("failed_answer", text(&failed()));
    let report = many(20_000);
    let answer = Answer::of(&report);
    assert_eq!((answer.changes.len(), answer.more_changes), (100, 19_900));
    assert!(text(&report).len() < 1_000_000);
}

#[test]
fn log() {
    held!("everything_log", logged(&everything()));
    held!("failed_log", logged(&failed()));
    held!("nothing_log", logged(&Report::default()));
}

/// A report of so many creates.
fn many(count: usize) -> Report {
    let mut report = plan();
    report.targets[0].zones[0].changes =
        (0..count).map(|n| created(&format!("n{n}.example.org"), ChangeResult::Planned)).collect();
    report
}

/// A plan that creates, deletes and holds back so many.
fn mixed(creates: usize, deletes: usize, held: usize) -> Report {
    let mut report = many(creates);
    let changes = &mut report.targets[0].zones[0].changes;
    changes
        .extend((0..deletes).map(|n| deleted(&format!("d{n}.example.org"), ChangeResult::Planned)));
    let result = ChangeResult::Held(Hold::Policy);
    changes.extend((0..held).map(|n| deleted(&format!("h{n}.example.org"), result.clone())));
    report
}

/// Of 3, 48 and 2,000 changes.
fn few() -> Report {
    mixed(1, 1, 1)
}

fn some() -> Report {
    mixed(20, 20, 8)
}

fn two_thousand() -> Report {
    mixed(850, 850, 300)
}

#[test]
fn no_line_is_wider_than_the_screen() {
    for width in [80, 120] {
        let screen = Screen { palette: Palette::Plain, width: Some(width) };
        for report in [few(), some(), two_thousand(), everything()] {
            let text = render_text(&report, screen);
            let widest = text.lines().map(|line| line.chars().count()).max();
            assert!(widest.is_some_and(|widest| widest <= width), "{widest:?} of {width}: {text}");
        }
    }
    let at = |width| Screen { palette: Palette::Plain, width: Some(width) };
    held!("three_changes_80", render_text(&few(), at(80)));
    held!("three_changes_120", render_text(&few(), at(120)));
    held!("some_changes_80", render_text(&some(), at(80)));
    held!("some_changes_120", render_text(&some(), at(120)));
    held!("two_thousand_changes_80", render_text(&two_thousand(), at(80)));
    held!("two_thousand_changes_120", render_text(&two_thousand(), at(120)));
    held!("everything_80", render_text(&everything(), at(80)));
}

#[test]
fn a_comment_is_never_too_long_and_leaves_out_whole_kinds_only() {
    // All deletes by their names, and how many creates there are.
    let text = render_markdown(&mixed(1_000, 1_000, 333));
    assert!(text.len() <= MARKDOWN_LIMIT, "{}", text.len());
    let lines = |mark: &str| text.lines().filter(|line| line.starts_with(mark)).count();
    assert_eq!(lines("- A d"), 1_000, "every delete");
    assert_eq!(lines("+ "), 1, "{text}");
    assert!(text.contains("+ 1000 to create, not shown"), "{text}");
    assert!(text.contains("A comment has at most 65536 characters"), "{text}");
    assert_eq!(lines("```"), 2, "the block ends");
    let deletes = text.find("- A d0.").expect("a delete");
    assert!(deletes < text.find("+ 1000").expect("creates"), "deletes come first");

    // Whatever is long: messages, many alerts, many zones.
    let mut report = many(10);
    let long = "x".repeat(100_000);
    report.targets[0].zones[0].changes[0].result =
        ChangeResult::Held(Hold::CannotBeOwned { reason: long.clone() });
    report.notices =
        (0..5_000).map(|n| Notice { subject: n.to_string(), message: long.clone() }).collect();
    for n in 0..3_000 {
        let changes = many(1).targets.remove(0).zones.remove(0).changes;
        let zone = format!("z{n}.example.org");
        report.targets[0].zones.push(crate::report::ZoneReport {
            zone,
            changes,
            ..Default::default()
        });
    }
    let text = render_markdown(&report);
    assert!(text.len() <= MARKDOWN_LIMIT, "{}", text.len());
    assert!(text.contains("more to look at") && text.contains("more changes in"), "{text}");
    assert!(text.contains("<b>example.org</b>"), "changes are shown beside many notices");
}

#[test]
fn a_page_has_every_change_and_escapes_what_it_shows() {
    let page = render_html(&everything());
    assert_eq!(page.matches("<tr><td class=").count(), everything().changes().count());
    assert!(page.contains("&lt;b&gt;") || page.contains("&#60;b&#62;"), "a note has markup");
    assert!(!page.contains("<b>`"), "which is text");
    for part in ["<title>DNS changes: 2 created", "prefers", "<script>"] {
        assert_eq!(page.contains(part), part != "prefers", "{part}");
    }
    // One file: it asks for nothing.
    for outside in ["src=", "href=", "url(", "@import", "fetch("] {
        assert!(!page.contains(outside), "{outside}");
    }
    held!("three_changes_html", render_html(&few()));
}

#[test]
fn five_thousand_changes_render_in_no_time() {
    // The bound is for the release build; here it only keeps quadratic work out.
    let report = many(5_000);
    let start = std::time::Instant::now();
    let size = render_text(&report, Palette::Ansi).len()
        + render_json(&report).len()
        + render_markdown(&report).len()
        + render_html(&report).len()
        + render_metrics(&report).len();
    assert!(size > 1_000_000);
    assert!(start.elapsed() < std::time::Duration::from_secs(10), "{:?}", start.elapsed());
}

/// What a report logs, without times.
fn logged(report: &Report) -> String {
    let log = Log::at(tracing::Level::INFO);
    report.log();
    log.text()
}
