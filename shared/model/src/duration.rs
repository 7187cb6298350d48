//! Durations in Go's syntax, as flags and annotations use them.

use std::time::Duration;

/// A text that is no duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no duration; write it like 90s, 1m30s, 12h or 1d")]
pub struct DurationError(String);

/// Nanoseconds of each unit.
const UNITS: &[(&str, u64)] = &[
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("μs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
    ("d", 86_400_000_000_000),
    ("w", 604_800_000_000_000),
];

/// Parses a duration flag: Go's syntax (`1h30m`, `.5s`, `0`) plus days and weeks, up to Go's limit
/// of 2^63 - 1 nanoseconds. A negative duration is an error, as no flag has a use for one.
///
/// # Errors
/// The text, if it is no duration.
pub fn parse_go_duration(text: &str) -> Result<Duration, DurationError> {
    nanoseconds(text).map(Duration::from_nanos).ok_or_else(|| DurationError(text.to_owned()))
}

fn nanoseconds(text: &str) -> Option<u64> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let mut rest = unsigned;
    let mut sum = 0_u64;
    if unsigned == "0" {
        return Some(0);
    }
    if unsigned.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let (number, tail) = rest.split_at(rest.find(|char| !is_number(char))?);
        let (unit, tail) = tail.split_at(tail.find(is_number).unwrap_or(tail.len()));
        let (_, scale) = UNITS.iter().find(|(name, _)| *name == unit)?;
        sum = sum.checked_add(scaled(number, *scale)?)?;
        rest = tail;
    }
    let fits = sum <= i64::MAX.unsigned_abs() && (sum == 0 || !text.starts_with('-'));
    fits.then_some(sum)
}

fn is_number(char: char) -> bool {
    char.is_ascii_digit() || char == '.'
}

/// A decimal number times a unit, in whole nanoseconds.
fn scaled(number: &str, unit: u64) -> Option<u64> {
    /// More digits than a week has nanoseconds change nothing.
    const DIGITS: usize = 18;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') {
        return None;
    }
    let whole = if whole.is_empty() { 0 } else { whole.parse::<u64>().ok()? };
    let fraction = &fraction[..fraction.len().min(DIGITS)];
    let part = format!("{fraction:0<DIGITS$}").parse::<u128>().ok()? * u128::from(unit)
        / 10_u128.pow(DIGITS as u32);
    whole.checked_mul(unit)?.checked_add(u64::try_from(part).ok()?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn go_durations() {
        let nanos = Duration::from_nanos;
        let secs = Duration::from_secs;
        let cases = [
            ("0", secs(0)),
            ("-0", secs(0)),
            ("-0s", secs(0)),
            ("0s", secs(0)),
            ("1s", secs(1)),
            ("+1s", secs(1)),
            ("90s", secs(90)),
            ("1h30m", secs(5400)),
            ("1m30s", secs(90)),
            ("30m1h", secs(5400)),
            ("1s1s", secs(2)),
            (".5s", nanos(500_000_000)),
            ("1.s", secs(1)),
            ("1.5h", secs(5400)),
            ("0.29s", nanos(290_000_000)),
            ("1.000000001s", nanos(1_000_000_001)),
            ("0.0000000019s", nanos(1)),
            ("0.3333333333333333333h", nanos(1_199_999_999_999)),
            ("5ns", nanos(5)),
            ("5us", nanos(5_000)),
            ("5µs", nanos(5_000)),
            ("5μs", nanos(5_000)),
            ("5ms", nanos(5_000_000)),
            ("1d", secs(86_400)),
            ("1w2d", secs(9 * 86_400)),
            ("9223372036854775807ns", nanos(i64::MAX.unsigned_abs())),
        ];
        for (text, expected) in cases {
            assert_eq!(parse_go_duration(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn no_durations() {
        let texts = [
            "",
            "+",
            "-",
            "+-1s",
            "1",
            "60",
            "00",
            ".s",
            ".",
            "s",
            "1.2.3s",
            "1 s",
            " 1s",
            "1s ",
            "1S",
            "1y",
            "-1s",
            "1h-1m",
            "1e3s",
            "0x1s",
            "9223372036854775808ns",
            "99999999999999999999s",
            "300y",
            "15251w",
            "١s",
        ];
        for text in texts {
            let error = parse_go_duration(text).expect_err(text);
            assert_eq!(
                error.to_string(),
                format!("{text:?} is no duration; write it like 90s, 1m30s, 12h or 1d")
            );
        }
    }

    proptest! {
        #[test]
        fn whole_units_add_up(h in 0..2000_u64, m in 0..200_u64, s in 0..200_u64, ms in 0..2000_u64) {
            let expected = Duration::from_millis(((h * 60 + m) * 60 + s) * 1000 + ms);
            prop_assert_eq!(parse_go_duration(&format!("{h}h{m}m{s}s{ms}ms")), Ok(expected));
        }

        #[test]
        fn no_text_makes_it_panic(text in "[-+]?([0-9.]{0,30}[a-zµμ]{0,2}){0,3}|\\PC{0,20}") {
            let _ = parse_go_duration(&text);
        }
    }
}
