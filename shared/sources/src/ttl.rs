//! The grammar of the `ttl` annotation.

use extdns_model::Ttl;

/// A text that is no TTL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no TTL; write seconds (1 to 2147483647) or a duration like 90s, 10m, 1h30m")]
pub(crate) struct TtlError(String);

/// Nanoseconds of the units of a Go duration; longer names that begin alike stand first.
const UNITS: &[(&str, i128)] = &[
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("μs", 1_000),
    ("ms", 1_000_000),
    ("s", SECOND),
    ("m", 60 * SECOND),
    ("h", 3600 * SECOND),
];
const SECOND: i128 = 1_000_000_000;

/// A Go duration, cut to whole seconds, or a whole number of seconds.
pub(crate) fn parse_ttl(text: &str) -> Result<Ttl, TtlError> {
    duration_seconds(text)
        .or_else(|| text.parse().ok())
        .filter(|seconds| (1..=i64::from(i32::MAX)).contains(seconds))
        .map(Ttl::from_seconds)
        .ok_or_else(|| TtlError(text.to_owned()))
}

/// The whole seconds of a Go duration: a sign in front, then numbers with a unit each, or a bare 0.
fn duration_seconds(text: &str) -> Option<i64> {
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(0);
    }
    if rest.is_empty() {
        return None;
    }
    let mut nanos: i128 = 0;
    while !rest.is_empty() {
        let (whole, tail) = digits(rest);
        let (fraction, tail) = tail.strip_prefix('.').map_or(("", tail), digits);
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let unit_end = tail.find(|char: char| char.is_ascii_digit() || char == '.');
        let (unit, tail) = tail.split_at(unit_end.unwrap_or(tail.len()));
        let (_, scale) = UNITS.iter().find(|(name, _)| *name == unit)?;
        nanos = nanos.checked_add(amount(whole, fraction, *scale)?)?;
        rest = tail;
    }
    i64::try_from(sign * nanos / SECOND).ok()
}

fn digits(text: &str) -> (&str, &str) {
    text.split_at(text.find(|char: char| !char.is_ascii_digit()).unwrap_or(text.len()))
}

/// `whole.fraction` units; digits of the fraction that are below a nanosecond do not count.
fn amount(whole: &str, fraction: &str, scale: i128) -> Option<i128> {
    let whole: i128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let fraction = &fraction[..fraction.len().min(15)];
    let part: i128 = if fraction.is_empty() { 0 } else { fraction.parse().ok()? };
    let power = 10_i128.pow(u32::try_from(fraction.len()).ok()?);
    whole.checked_mul(scale)?.checked_add(part * scale / power)
}

#[cfg(test)]
mod tests {
    use super::parse_ttl;

    #[test]
    fn ttls() {
        let table: &[(&str, u32)] = &[
            ("60", 60),
            ("+60", 60),
            ("007", 7),
            ("1m30s", 90),
            ("1h30m", 5400),
            ("10m", 600),
            ("20.5s", 20),
            (".5m", 30),
            ("1.s", 1),
            ("+1m", 60),
            ("1500ms", 1),
            ("1000000us", 1),
            ("1000000µs", 1),
            ("1000000000ns", 1),
            ("2147483647", 2_147_483_647),
            ("2147483647s", 2_147_483_647),
        ];
        for (text, seconds) in table {
            assert_eq!(parse_ttl(text).map(|ttl| ttl.seconds()), Ok(Some(*seconds)), "{text:?}");
        }
    }

    #[test]
    fn what_is_no_ttl() {
        for text in [
            "",
            "foo",
            "1d",
            "1w",
            "1.5",
            " 60",
            "60 ",
            "0",
            "-1",
            "+0",
            "-0",
            "500ms",
            "2147483648",
            "1e3",
            "0x10",
            "-5m",
            "1h-5m",
            ".s",
            "s",
            "+",
            "-",
            "1m 30s",
            "1.2.3s",
            "99999999999999999999h",
            "999999999999999999999999999999999999999999s",
            "६0s",
            "1µ",
        ] {
            let error = parse_ttl(text).expect_err(text);
            assert!(error.to_string().starts_with(&format!("{text:?} is no TTL")), "{error}");
        }
    }
}
