//! What services refuse beside their own rules: the fakes are as strict as they are. Written from the
//! standards, and not from what the engine holds back.

use extdns_model::{RecordSet, RecordType};

use crate::Capabilities;

/// Most bytes of a TXT value that fits into the data of a record.
const WIRE_TEXT: usize = 65_279;

/// What is wrong with a record set of a zone, without regard to other record sets.
pub(super) fn problem(
    capabilities: &Capabilities,
    apex: &str,
    set: &RecordSet,
) -> Option<&'static str> {
    let key = set.name.key();
    let labels = || key.split('.');
    let is_odd = |label: &str, at: usize| {
        let is_wildcard = label == "*" && at == 0;
        capabilities.label_characters.is_some_and(|more| {
            !is_wildcard
                && label.chars().any(|it| !it.is_ascii_alphanumeric() && !more.contains(it))
        })
    };
    let text = |value: &str| crate::engine::text::bare(value).len();
    if labels().any(str::is_empty) {
        Some("a label is empty")
    } else if labels().any(|label| label.len() > 63) || key.len() > 253 {
        Some("the name is too long")
    } else if labels().enumerate().any(|(at, label)| is_odd(label, at)) {
        Some("the name has unsupported characters")
    } else if set.targets.len() > capabilities.max_values {
        Some("the record set has too many values")
    } else if set.rtype == RecordType::Cname && set.targets.len() > 1 {
        Some("a CNAME has one target")
    } else if set.rtype == RecordType::Cname && key == apex {
        Some("a CNAME at the apex")
    } else if set.rtype == RecordType::Txt
        && set.targets.iter().any(|it| text(it) > capabilities.max_text.min(WIRE_TEXT))
    {
        Some("the text is too long")
    } else {
        None
    }
}

/// Whether record sets of these types cannot have one name.
pub(super) fn excludes(one: RecordType, other: RecordType) -> bool {
    one != other && (one == RecordType::Cname || other == RecordType::Cname)
}
