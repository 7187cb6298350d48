//! The figures that a change is compared with, checked in beside this crate.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use crate::row::Row;

/// Where the baseline is kept.
pub const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/baseline.toml");

const HEAD: &str = "\
# What runs cost when somebody last looked. `make bench` compares its table with `rows`, and
# `make bench ARGS=--write-baseline` replaces them. The tests compare a run with `alarm`; when one costs
# too much, it prints the figures to put here.
";

/// All figures.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// Of the test that rings at 110 %.
    pub alarm: Alarm,
    /// Of the table, by name.
    pub rows: BTreeMap<String, Cost>,
}

/// What a run over 10,000 Services costs without optimisation, as valgrind counts it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alarm {
    /// Instructions.
    pub instructions: u64,
    /// The most bytes that were allocated at a time.
    pub peak_heap: u64,
}

/// What a row of the table costs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cost {
    /// Seconds of processor time.
    pub cpu: f64,
    /// MiB at the peak.
    pub peak: f64,
    /// Calls made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calls: Option<usize>,
}

impl Baseline {
    /// The one that is checked in.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read() -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(PATH).context(PATH)?;
        toml::from_str(&text).context(PATH)
    }

    /// Takes over rows; others stay.
    pub fn take(&mut self, rows: &[Row]) {
        let rounded = |value: f64, digits: f64| (value * digits).round() / digits;
        self.rows.extend(rows.iter().map(|row| {
            let cost = Cost {
                cpu: rounded(row.figures.cpu, 1000.0),
                peak: rounded(row.figures.peak, 10.0),
                calls: row.calls.map(|calls| calls.made),
            };
            (row.name.clone(), cost)
        }));
    }

    /// Puts it in the place of the one that is checked in.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self) -> anyhow::Result<()> {
        std::fs::write(Path::new(PATH), format!("{HEAD}\n{}", toml::to_string(self)?)).context(PATH)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::Figures;
    use crate::row::Calls;

    #[test]
    fn the_baseline_that_is_checked_in_can_be_read() {
        let baseline = Baseline::read().unwrap();
        assert!(baseline.alarm.instructions > 0 && baseline.alarm.peak_heap > 0);
    }

    #[test]
    fn what_is_written_is_read_back() {
        let figures = Figures { wall: 4.2, cpu: 0.190_04, peak: 38.51 };
        let calls = Some(Calls { made: 33, least: 33 });
        let row = Row { name: "10,000 Services".into(), figures, calls, bar: None, faults: vec![] };
        let mut baseline = Baseline::default();
        baseline.take(&[row]);
        let text = toml::to_string(&baseline).unwrap();
        assert_eq!(toml::from_str::<Baseline>(&text).unwrap(), baseline);
        let cost = Cost { cpu: 0.19, peak: 38.5, calls: Some(33) };
        assert_eq!(baseline.rows["10,000 Services"], cost);
    }
}
