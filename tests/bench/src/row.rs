//! A row of the table, and what is asked of it.

use crate::figures::Figures;

/// One workload and what it cost.
#[derive(Debug)]
pub struct Row {
    /// Its name, also in the baseline.
    pub name: String,
    /// The medians of its runs.
    pub figures: Figures,
    /// Calls of all APIs.
    pub calls: Option<Calls>,
    /// What it may cost at most.
    pub bar: Option<Bar>,
    /// Calls that are wrong, in words.
    pub faults: Vec<String>,
}

/// How many calls were made, and with how many it can be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Calls {
    /// Calls made.
    pub made: usize,
    /// The least possible.
    pub least: usize,
}

/// The most that a row may cost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bar {
    /// Seconds of processor time.
    pub cpu: f64,
    /// MiB at the peak.
    pub peak: Option<f64>,
    /// Seconds from start to end.
    pub wall: Option<f64>,
}

impl Row {
    /// What is wrong with it.
    #[must_use]
    pub fn misses(&self) -> Vec<String> {
        let Self { name, figures, bar, faults, .. } = self;
        let mut misses: Vec<String> =
            faults.iter().map(|fault| format!("{name}: {fault}")).collect();
        if let Some(bar) = bar {
            if figures.cpu > bar.cpu {
                misses.push(format!("{name}: {:.2} s CPU, the bar is {:.2}", figures.cpu, bar.cpu));
            }
            if let Some(peak) = bar.peak.filter(|peak| figures.peak > *peak) {
                misses.push(format!("{name}: {:.1} MiB, the bar is {peak:.0}", figures.peak));
            }
            if let Some(wall) = bar.wall.filter(|wall| figures.wall > *wall) {
                misses.push(format!("{name}: {:.2} s, the bar is {wall:.2}", figures.wall));
            }
        }
        misses
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_bar_is_missed_by_itself() {
        let row = |cpu, peak, faults: &[&str]| Row {
            name: "x".into(),
            figures: Figures { wall: 1.0, cpu, peak },
            calls: None,
            bar: Some(Bar { cpu: 0.3, peak: Some(40.0), wall: Some(1.0) }),
            faults: faults.iter().map(|&fault| fault.into()).collect(),
        };
        assert!(row(0.3, 40.0, &[]).misses().is_empty());
        assert_eq!(row(0.31, 40.0, &[]).misses(), ["x: 0.31 s CPU, the bar is 0.30"]);
        assert_eq!(row(0.3, 40.5, &[]).misses(), ["x: 40.5 MiB, the bar is 40"]);
        assert_eq!(row(0.3, 1.0, &["lists pods"]).misses(), ["x: lists pods"]);
        let mut slow = row(0.3, 1.0, &[]);
        slow.figures.wall = 1.01;
        assert_eq!(slow.misses(), ["x: 1.01 s, the bar is 1.00"]);
    }
}
