//! Truth values in Go's syntax, as annotations use them.

/// A truth value as Go's `strconv.ParseBool` reads it.
///
/// ```
/// use extdns_model::parse_go_bool;
///
/// assert_eq!(["T", "0", "yes"].map(parse_go_bool), [Some(true), Some(false), None]);
/// ```
#[must_use]
pub fn parse_go_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
        _ => None,
    }
}
