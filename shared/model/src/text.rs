//! The presentation format of text (RFC 1035, 5.1).

/// The strings of a text in presentation format; `None` if it is not in this format.
#[must_use]
pub fn txt_strings(text: &str) -> Option<Vec<Vec<u8>>> {
    let mut strings = Vec::new();
    let mut rest = text.trim_ascii();
    while !rest.is_empty() {
        let (string, tail) = string(rest.strip_prefix('"')?)?;
        strings.push(string);
        rest = tail.trim_ascii_start();
        if rest.len() == tail.len() && !rest.is_empty() {
            return None;
        }
    }
    (!strings.is_empty()).then_some(strings)
}

/// One string behind its opening quote, and what follows its closing one.
fn string(text: &str) -> Option<(Vec<u8>, &str)> {
    let bytes = text.as_bytes();
    let mut string = Vec::new();
    let mut at = 0;
    loop {
        match *bytes.get(at)? {
            b'"' => return Some((string, &text[at + 1..])),
            b'\\' => match code(bytes, at + 1) {
                Some(code) => {
                    string.push(code);
                    at += 4;
                }
                None => {
                    string.push(*bytes.get(at + 1)?);
                    at += 2;
                }
            },
            byte => {
                string.push(byte);
                at += 1;
            }
        }
    }
}

/// The byte that three decimal digits stand for.
fn code(bytes: &[u8], at: usize) -> Option<u8> {
    let digits = bytes.get(at..at + 3)?;
    let value = digits.iter().try_fold(0_u16, |value, digit| {
        digit.is_ascii_digit().then(|| value * 10 + u16::from(digit - b'0'))
    })?;
    u8::try_from(value).ok()
}
