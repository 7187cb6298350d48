//! A diagnosis as text for people.

use std::fmt::Write as _;

use super::{Advice, Check, CheckResult, Diagnosis};

/// Renders a diagnosis by sections: `ok`, `?` for what cannot be known, `hint`, `WRONG`.
#[must_use]
pub fn render(diagnosis: &Diagnosis) -> String {
    let mut out = String::new();
    for section in diagnosis.sections.iter().filter(|section| !section.checks.is_empty()) {
        line(&mut out, &section.title);
        section.checks.iter().for_each(|check| render_check(&mut out, check));
        out.push('\n');
    }
    line(&mut out, &total(diagnosis));
    out
}

fn render_check(out: &mut String, check: &Check) {
    let what = &check.what;
    match &check.result {
        CheckResult::Fine => line(out, &format!("  ok     {what}")),
        CheckResult::Unknown(why) => line(out, &format!("  ?      {what}: {why}")),
        CheckResult::Hint(advice) => render_advice(out, "hint ", what, advice),
        CheckResult::Wrong(advice) => render_advice(out, "WRONG", what, advice),
    }
}

fn render_advice(out: &mut String, sign: &str, what: &str, advice: &Advice) {
    line(out, &format!("  {sign}  {what}: {}", advice.problem));
    line(out, &format!("         so: {}", advice.consequence));
    let mut remedy = advice.remedy.as_deref().unwrap_or_default().lines();
    if let Some(first) = remedy.next() {
        line(out, &format!("         do: {first}"));
    }
    remedy.for_each(|rest| line(out, &format!("             {rest}")));
}

fn total(diagnosis: &Diagnosis) -> String {
    let wrong = diagnosis.wrong().count();
    let is_hint = |(_, check): &(_, &Check)| matches!(check.result, CheckResult::Hint(_));
    let hints = diagnosis.checks().filter(is_hint).count();
    let mut text = match wrong {
        0 => "nothing is wrong".to_owned(),
        1 => "1 thing is wrong".to_owned(),
        more => format!("{more} things are wrong"),
    };
    if hints > 0 {
        // Writing to a String cannot fail.
        let _ = write!(text, ", {hints} to think about");
    }
    text
}

fn line(out: &mut String, text: &str) {
    out.push_str(text);
    out.push('\n');
}
