//! Whether a run has anything to do.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Hash, Known};

/// What a run that ended with everything read and written leaves for the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Gate {
    /// The hash of what was desired.
    pub hash: Hash,
    /// When the zones were last read in full.
    pub full_read_at: Timestamp,
}

/// What the gate says about a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// There is nothing to do: the same was written before.
    Gated {
        /// When the zones were last read in full.
        full_read_at: Timestamp,
    },
    /// The zones are read, and what differs is written.
    Full(Why),
}

/// Why a run is not gated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// No run has left a hash since the last that wrote.
    NothingStored,
    /// Something else is desired, or the settings or the program changed.
    Differs,
    /// The last full read is too long ago.
    Due {
        /// When it was.
        full_read_at: Timestamp,
    },
    /// The last full read lies in the future, so one of the clocks is wrong.
    Future {
        /// When it is said to have been.
        full_read_at: Timestamp,
    },
    /// What is stored cannot be read.
    Unreadable(String),
}

/// Reads after "full run:".
impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NothingStored => {
                f.write_str("no hash is stored, as the last run that wrote did not end in full")
            }
            Self::Differs => {
                f.write_str("what is desired, the settings or the program differ from the last run")
            }
            Self::Due { full_read_at } => write!(
                f,
                "the zones were last read in full at {full_read_at}, and --full-resync-interval is over"
            ),
            Self::Future { full_read_at } => write!(
                f,
                "the last full read is said to have been at {full_read_at}, which is in the future"
            ),
            Self::Unreadable(reason) => write!(f, "the stored hash cannot be read: {reason}"),
        }
    }
}

/// Whether a run that desires `hash` has anything to do.
#[must_use]
pub fn decide(stored: &Known, hash: Hash, now: Timestamp, interval: Duration) -> Verdict {
    let gate = match stored {
        Known::Nothing => return Verdict::Full(Why::NothingStored),
        Known::Unreadable(reason) => return Verdict::Full(Why::Unreadable(reason.clone())),
        Known::Gate(gate) => gate,
    };
    let full_read_at = gate.full_read_at;
    if gate.hash != hash {
        return Verdict::Full(Why::Differs);
    }
    match Duration::try_from(now.duration_since(full_read_at)) {
        Err(_) => Verdict::Full(Why::Future { full_read_at }),
        Ok(age) if age >= interval => Verdict::Full(Why::Due { full_read_at }),
        Ok(_) => Verdict::Gated { full_read_at },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).expect("a time")
    }

    #[test]
    fn a_run_is_gated_by_an_equal_hash_of_a_young_full_read_alone() {
        let [own, other] = [Hash::of(b"own"), Hash::of(b"other")];
        let full_read_at = at(10_000);
        let gate = |hash| Known::Gate(Gate { hash, full_read_at });
        let cases = [
            ("at once", gate(own), 10_000, Verdict::Gated { full_read_at }),
            ("just before the interval", gate(own), 13_599, Verdict::Gated { full_read_at }),
            ("at the interval", gate(own), 13_600, Verdict::Full(Why::Due { full_read_at })),
            ("long after", gate(own), 90_000, Verdict::Full(Why::Due { full_read_at })),
            ("clock set back", gate(own), 9_999, Verdict::Full(Why::Future { full_read_at })),
            ("another hash", gate(other), 10_000, Verdict::Full(Why::Differs)),
            ("another hash, due", gate(other), 90_000, Verdict::Full(Why::Differs)),
            ("nothing", Known::Nothing, 10_000, Verdict::Full(Why::NothingStored)),
            (
                "no JSON",
                Known::Unreadable("no JSON".to_owned()),
                10_000,
                Verdict::Full(Why::Unreadable("no JSON".to_owned())),
            ),
        ];
        for (case, stored, now, expected) in cases {
            assert_eq!(decide(&stored, own, at(now), HOUR), expected, "{case}");
        }
    }

    #[test]
    fn an_interval_of_zero_gates_nothing() {
        let hash = Hash::of(b"own");
        let stored = Known::Gate(Gate { hash, full_read_at: at(5) });
        let verdict = decide(&stored, hash, at(5), Duration::ZERO);
        assert_eq!(verdict, Verdict::Full(Why::Due { full_read_at: at(5) }));
    }
}
