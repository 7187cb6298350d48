//! The table.

use crate::baseline::{Baseline, Cost};
use crate::row::Row;

const HEAD: [&str; 8] =
    ["workload", "wall s", "CPU s", "vs base", "peak MiB", "vs base", "calls", "least"];

/// Renders rows beside the baseline.
#[must_use]
pub fn render(rows: &[Row], baseline: &Baseline) -> String {
    let mut lines = vec![HEAD.map(str::to_owned)];
    lines.extend(rows.iter().map(|row| cells(row, baseline.rows.get(&row.name))));
    let widths: [usize; HEAD.len()] = std::array::from_fn(|at| {
        lines.iter().map(|line| line[at].chars().count()).max().unwrap_or(0)
    });
    let mut text = String::new();
    for line in lines {
        let [name, numbers @ ..] = &line;
        let mut shown = format!("{name:<width$}", width = widths[0]);
        for (number, width) in numbers.iter().zip(&widths[1..]) {
            shown.push_str(&format!("  {number:>width$}"));
        }
        text.push_str(shown.trim_end());
        text.push('\n');
    }
    text
}

fn cells(row: &Row, base: Option<&Cost>) -> [String; HEAD.len()] {
    let figures = row.figures;
    let calls = |of: fn(&crate::row::Calls) -> usize| {
        row.calls.as_ref().map(|calls| of(calls).to_string()).unwrap_or_default()
    };
    [
        row.name.clone(),
        format!("{:.2}", figures.wall),
        format!("{:.3}", figures.cpu),
        compared(figures.cpu, base.map(|base| base.cpu)),
        format!("{:.1}", figures.peak),
        compared(figures.peak, base.map(|base| base.peak)),
        calls(|calls| calls.made),
        calls(|calls| calls.least),
    ]
}

fn compared(now: f64, base: Option<f64>) -> String {
    match base {
        Some(base) if base > 0.0 => format!("{:+.0} %", (now / base - 1.0) * 100.0),
        // Less than the baseline can write.
        Some(_) => String::new(),
        None => "new".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::Figures;
    use crate::row::Calls;

    #[test]
    fn rows_stand_beside_their_baseline() {
        let row = |name: &str, calls| Row {
            name: name.into(),
            figures: Figures { wall: 4.2, cpu: 0.19, peak: 38.5 },
            calls,
            bar: None,
            faults: vec![],
        };
        let mut baseline = Baseline::default();
        baseline.rows.insert("old".into(), Cost { cpu: 0.2, peak: 35.0, calls: None });
        let rows = [row("old", Some(Calls { made: 33, least: 32 })), row("newer", None)];
        assert_eq!(
            render(&rows, &baseline),
            "workload  wall s  CPU s  vs base  peak MiB  vs base  calls  least\n\
             old         4.20  0.190     -5 %      38.5    +10 %     33     32\n\
             newer       4.20  0.190      new      38.5      new\n"
        );
    }
}
