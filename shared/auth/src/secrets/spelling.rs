//! The spellings in which a server or a library may repeat a text.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// All but what RFC 3986, section 2.3, calls unreserved.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The spellings of a secret, each once.
pub(super) fn spellings(secret: &str) -> Vec<String> {
    let percent = utf8_percent_encode(secret, RESERVED).to_string();
    let escaped = format!("{secret:?}");
    let escaped = escaped.trim_start_matches('"').strip_suffix('"').unwrap_or(&escaped);
    let mut all = vec![
        secret.to_owned(),
        // In a form, a space is a plus sign.
        percent.replace("%20", "+"),
        percent,
        // As Go's encoding/json, and so the API server, writes it; and as PHP does.
        escaped.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026"),
        escaped.replace('/', "\\/"),
        escaped.to_owned(),
    ];
    for before in 0..3 {
        let standard = base64(secret, before);
        all.push(standard.replace('+', "-").replace('/', "_"));
        all.push(standard);
    }
    all.sort_unstable();
    all.dedup();
    all
}

/// The characters of a base64 text (RFC 4648) that the secret alone decides, behind as many other bytes.
fn base64(secret: &str, before: usize) -> String {
    let mut bytes = vec![0; before];
    bytes.extend_from_slice(secret.as_bytes());
    let text = STANDARD_NO_PAD.encode(&bytes);
    // A character has six bits: those with a bit of a neighbour can be anything.
    let (first, behind) = ((before * 8).div_ceil(6), bytes.len() * 8 / 6);
    text[first..behind].to_owned()
}

/// What a part of a URL stands for.
pub(super) fn decoded(part: &str) -> Cow<'_, str> {
    percent_decode_str(part).decode_utf8_lossy()
}
