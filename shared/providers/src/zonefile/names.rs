//! Names in a zone file, and the same names as the rest of the program writes them.
//!
//! A file has absolute names of A-labels with RFC 1035 escapes. Elsewhere names have no final dot,
//! show U-labels, and only what would be read otherwise is escaped: dots and backslashes inside
//! labels, and bytes that are no printable ASCII.

use std::fmt::Write as _;

use domain::base::name::ToName;
use ecow::EcoString;
use extdns_model::Name;

use crate::engine;

/// What a token of a zone file must not hold bare.
const SPECIAL_IN_FILE: &[u8] = b".\\\"();@$";
/// What a name must not hold bare in a label.
const SPECIAL_IN_TEXT: &[u8] = b".\\";

/// The absolute name in a zone file, in lower-case A-labels.
pub(super) fn to_file(name: &Name) -> Result<String, String> {
    let ascii = name.to_ascii().map_err(|error| error.to_string())?;
    if ascii.is_empty() {
        return Ok(".".to_owned());
    }
    let mut out = String::with_capacity(ascii.len() + 1);
    let mut label = 0;
    let mut bytes = ascii.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'.' if label == 0 => return Err(format!("name {ascii:?} has an empty label")),
            b'.' => {
                out.push('.');
                label = 0;
                continue;
            }
            // The escapes of names are those of zone files.
            b'\\' => {
                out.push('\\');
                match bytes.next() {
                    Some(next @ 0x21..=0x7e) => out.push(char::from(next)),
                    _ => return Err(format!("name {ascii:?} ends within an escape")),
                }
            }
            0x21..=0x7e => push(&mut out, byte, SPECIAL_IN_FILE),
            _ => return Err(format!("name {ascii:?} has white space or a control character")),
        }
        label += 1;
    }
    if label == 0 {
        return Err(format!("name {ascii:?} has an empty label"));
    }
    out.push('.');
    Ok(out)
}

/// The absolute name in a zone file, as it was read.
pub(super) fn absolute(name: &impl ToName) -> String {
    let mut text = dotted(name, SPECIAL_IN_FILE);
    text.push('.');
    text
}

/// The name as the rest of the program knows it; the root is empty.
pub(super) fn to_text(name: &impl ToName) -> EcoString {
    readable(&dotted(name, SPECIAL_IN_TEXT))
}

/// With U-labels, where they lead back to the same A-labels.
pub(super) fn readable(ascii: &str) -> EcoString {
    match engine::names::readable(&Name::as_listed(ascii)) {
        Some(unicode) => EcoString::from(unicode.as_str()),
        None => EcoString::from(ascii),
    }
}

fn dotted(name: &impl ToName, special: &[u8]) -> String {
    let mut out = String::new();
    for label in name.iter_labels().filter(|label| !label.is_root()) {
        if !out.is_empty() {
            out.push('.');
        }
        for byte in label.as_slice() {
            push(&mut out, *byte, special);
        }
    }
    out
}

/// One byte of a label or of a quoted string.
pub(super) fn push(out: &mut String, byte: u8, special: &[u8]) {
    match byte {
        _ if special.contains(&byte) => {
            out.push('\\');
            out.push(char::from(byte));
        }
        0x21..=0x7e => out.push(char::from(byte)),
        // Writing to a String cannot fail.
        _ => {
            let _ = write!(out, "\\{byte:03}");
        }
    }
}
