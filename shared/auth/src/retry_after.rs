//! How long a server asks its clients to wait.

use std::time::{Duration, SystemTime};

/// How long an answer asks to wait before the next request (`Retry-After`: RFC 9110, 10.2.3).
///
/// It is given in seconds, of which fractions are rounded up, or as a date. A date counts from the server's own
/// clock where the answer shows it (`Date`), and from `now` where it does not. `header` looks up the text of a header
/// by its name in lower case.
pub fn retry_after<'h>(
    header: impl Fn(&str) -> Option<&'h str>,
    now: SystemTime,
) -> Option<Duration> {
    let wait = header("retry-after")?.trim();
    if let Ok(seconds) = wait.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds.ceil()).ok();
    }
    let date = |text: &str| httpdate::parse_http_date(text.trim()).ok();
    let now = header("date").and_then(date).unwrap_or(now);
    Some(date(wait)?.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_long_to_wait() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        let table = [
            (Some("120"), None, Some(120)),
            (Some("1.2"), None, Some(2)),
            (Some("-1"), None, None),
            (Some("soon"), None, None),
            (Some("Sun, 06 Nov 1994 08:50:37 GMT"), None, Some(60)),
            (Some("Sunday, 06-Nov-94 08:50:37 GMT"), None, Some(60)),
            (Some("Sun Nov  6 08:50:37 1994"), None, Some(60)),
            (Some("Sun, 06 Nov 1994 08:00:00 GMT"), None, Some(0)),
            (
                Some("Sun, 06 Nov 1994 08:50:37 GMT"),
                Some("Sun, 06 Nov 1994 08:50:07 GMT"),
                Some(30),
            ),
            (None, None, None),
        ];
        for (wait, date, expected) in table {
            let header = |name: &str| if name == "date" { date } else { wait };
            let found = retry_after(header, now);
            assert_eq!(found, expected.map(Duration::from_secs), "{wait:?} {date:?}");
        }
    }
}
