//! Inputs that are nearly right.

use serde_json::Value;

use crate::dice::Dice;

/// Texts that parsers of all kinds find hard.
const ODD: [&str; 24] = [
    "",
    "\0",
    "\u{feff}",
    "\r\n",
    "\"",
    "\\",
    "'",
    "{",
    "]",
    "<",
    "&amp;",
    "%00",
    "%zz",
    "..",
    "*",
    "-",
    "_",
    "@",
    "ü",
    "\u{202e}",
    "99999999999999999999",
    "-1",
    "1e400",
    "nan",
];

/// Changes a text in up to four places: a byte flipped, a piece gone, doubled or moved, something odd put in, an end.
pub fn bytes(dice: &mut Dice, text: &[u8]) -> Vec<u8> {
    let mut text = text.to_vec();
    for _ in 0..dice.between(1, 4) {
        let at = dice.between(0, text.len());
        let end = (at + dice.between(0, 40)).min(text.len());
        match dice.between(1, 7) {
            1 if at < text.len() => text[at] ^= 1 << dice.between(0, 7),
            2 => {
                text.drain(at..end);
            }
            3 => {
                let piece = text[at..end].to_vec();
                text.splice(at..at, piece);
            }
            4 => {
                let piece: Vec<u8> = text.drain(at..end).collect();
                let to = dice.between(0, text.len());
                text.splice(to..to, piece);
            }
            5 => text.truncate(at),
            6 => {
                let long = dice.pick(&ODD).repeat(dice.between(1, 300));
                text.splice(at..at, long.into_bytes());
            }
            _ => {
                text.splice(at..at, dice.pick(&ODD).bytes());
            }
        }
    }
    text
}

/// [`bytes`], and what is no UTF-8 replaced.
pub fn text(dice: &mut Dice, text: &str) -> String {
    String::from_utf8_lossy(&bytes(dice, text.as_bytes())).into_owned()
}

/// Changes a document in up to three places, so that it stays a document: a member gone, renamed or of another type, an
/// element gone or doubled.
pub fn json(dice: &mut Dice, value: &Value) -> Value {
    let mut value = value.clone();
    for _ in 0..dice.between(1, 3) {
        edit(dice, &mut value);
    }
    value
}

fn edit(dice: &mut Dice, value: &mut Value) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            let names: Vec<String> = fields.keys().cloned().collect();
            let name = dice.pick(&names);
            match dice.between(1, 8) {
                1 => {
                    fields.remove(&name);
                }
                2 => {
                    let taken = fields.remove(&name).unwrap_or_default();
                    fields.insert(text(dice, &name), taken);
                }
                3 => {
                    fields.insert(name, scalar(dice));
                }
                _ => edit(dice, &mut fields[&name]),
            }
        }
        Value::Array(elements) if !elements.is_empty() => {
            let at = dice.between(0, elements.len() - 1);
            match dice.between(1, 6) {
                1 => {
                    elements.remove(at);
                }
                2 => elements.push(elements[at].clone()),
                3 => elements[at] = scalar(dice),
                _ => edit(dice, &mut elements[at]),
            }
        }
        Value::String(own) if !dice.once_in(3) => *own = text(dice, own),
        other => *other = scalar(dice),
    }
}

fn scalar(dice: &mut Dice) -> Value {
    match dice.between(1, 7) {
        1 => Value::Null,
        2 => true.into(),
        3 => (-1).into(),
        4 => u64::MAX.into(),
        5 => Value::Array(Vec::new()),
        6 => Value::Object(serde_json::Map::new()),
        _ => (dice.pick(&ODD)).into(),
    }
}
