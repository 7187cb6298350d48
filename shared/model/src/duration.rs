//! Durations in Go's syntax, as flags and annotations use them.

use std::time::Duration;

/// A text that is no duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no duration; write it like 90s, 1m30s, 12h or 1d")]
pub struct DurationError(String);

/// Nanoseconds of each unit; longer unit names that begin alike stand first.
const UNITS: &[(&str, f64)] = &[
    ("ns", 1.0),
    ("us", 1e3),
    ("µs", 1e3),
    ("μs", 1e3),
    ("ms", 1e6),
    ("s", 1e9),
    ("m", 60e9),
    ("h", 3600e9),
    ("d", 86_400e9),
    ("w", 604_800e9),
];

/// Parses a duration flag: Go's syntax (`1h30m`, `.5s`, `0`) plus days and weeks. A negative
/// duration is an error, as no flag has a use for one.
///
/// # Errors
/// The text, if it is no duration.
pub fn parse_go_duration(text: &str) -> Result<Duration, DurationError> {
    let error = || DurationError(text.to_owned());
    let unsigned = text.strip_prefix('+').unwrap_or(text);
    if unsigned == "0" {
        return Ok(Duration::ZERO);
    }
    let mut rest = unsigned;
    let mut nanos = 0.0;
    while !rest.is_empty() {
        let digits =
            rest.find(|char: char| !char.is_ascii_digit() && char != '.').ok_or_else(error)?;
        let (number, tail) = rest.split_at(digits);
        let number: f64 = number.parse().map_err(|_| error())?;
        let unit_end = tail.find(|char: char| char.is_ascii_digit() || char == '.');
        let (unit, tail) = tail.split_at(unit_end.unwrap_or(tail.len()));
        let (_, scale) = UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(error)?;
        nanos += number * scale;
        rest = tail;
    }
    if unsigned.is_empty() {
        return Err(error());
    }
    Duration::try_from_secs_f64(nanos / 1e9).map_err(|_| error())
}
