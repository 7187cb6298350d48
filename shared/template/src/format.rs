//! How values are printed.

use std::fmt::Write as _;

use crate::types::value_type;
use crate::value::Value;

/// Prints a value as an action does.
pub(crate) fn print(out: &mut String, value: &Value) {
    match value {
        Value::Missing => out.push_str("<no value>"),
        Value::Pointer(inner) => plain(out, inner),
        value => plain(out, value),
    }
}

/// Prints a value among others: what is not there is `<nil>`.
pub(crate) fn plain(out: &mut String, value: &Value) {
    match value {
        Value::Missing | Value::Nil => out.push_str("<nil>"),
        Value::Pointer(inner) => {
            if matches!(**inner, Value::Struct(..) | Value::Map(..) | Value::List(..)) {
                out.push('&');
            }
            plain(out, inner);
        }
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Int(number) => {
            let _ = write!(out, "{number}");
        }
        Value::Float(number) => out.push_str(&float(*number)),
        Value::Text(text) => out.push_str(text),
        Value::List(list, items) => {
            let items = list.iter().map(|data| Value::of(Some(data), items));
            group(out, ("[", "]"), items, |out, value| plain(out, &value));
        }
        Value::Map(map, kind) => {
            let pairs =
                map.iter().map(|(key, data)| (key, Value::of(Some(data), value_type(kind))));
            group(out, ("map[", "]"), pairs, |out, (key, value)| {
                out.push_str(key);
                out.push(':');
                plain(out, &value);
            });
        }
        Value::Struct(map, known) => {
            let field = |(name, kind): &'static (&str, _)| {
                Value::of(map.as_ref().and_then(|map| map.get_any_case(name)), kind)
            };
            group(out, ("{", "}"), known.fields.iter().map(field), |out, value| plain(out, &value));
        }
        Value::Object(object) => {
            plain(out, &Value::of(Some(&object.root), &crate::types::Type::Any));
        }
    }
}

fn group<T>(
    out: &mut String,
    (open, close): (&str, &str),
    items: impl Iterator<Item = T>,
    print: impl Fn(&mut String, T),
) {
    out.push_str(open);
    for (at, item) in items.enumerate() {
        if at > 0 {
            out.push(' ');
        }
        print(out, item);
    }
    out.push_str(close);
}

/// The shortest digits, with an exponent where it is below -4 or at least 6.
pub(crate) fn float(number: f64) -> String {
    const MOST_DIGITS: i32 = 6;
    if !number.is_finite() {
        let text = if number.is_nan() { "NaN" } else { "+Inf" };
        return if number == f64::NEG_INFINITY { "-Inf" } else { text }.to_owned();
    }
    let scientific = format!("{number:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if (-4..MOST_DIGITS).contains(&exponent) {
        return format!("{number}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

/// `print`: blanks stand between two values of which neither is a string.
pub(crate) fn joined(values: &[Value]) -> String {
    let mut out = String::new();
    let mut before_is_text = true;
    for (at, value) in values.iter().enumerate() {
        let is_text = matches!(value, Value::Text(_));
        if at > 0 && !before_is_text && !is_text {
            out.push(' ');
        }
        plain(&mut out, value);
        before_is_text = is_text;
    }
    out
}

/// `println`: blanks stand between all values.
pub(crate) fn line(values: &[Value]) -> String {
    let mut out = String::new();
    for (at, value) in values.iter().enumerate() {
        if at > 0 {
            out.push(' ');
        }
        plain(&mut out, value);
    }
    out.push('\n');
    out
}

/// The flags, the width and the precision of a verb.
#[derive(Default)]
struct Form {
    left: bool,
    zeros: bool,
    plus: bool,
    sharp: bool,
    width: usize,
    precision: Option<usize>,
}

/// Nothing is printed wider than this.
const WIDEST: usize = 1000;

/// `printf`.
pub(crate) fn printf(form: &str, values: &[Value]) -> String {
    let mut out = String::new();
    let mut used = 0;
    let mut chars = form.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut how = Form::default();
        while let Some(flag) = chars.next_if(|c| "-0+# ".contains(*c)) {
            match flag {
                '-' => how.left = true,
                '0' => how.zeros = true,
                '+' => how.plus = true,
                '#' => how.sharp = true,
                _ => {}
            }
        }
        how.width = number(&mut chars).unwrap_or_default();
        if chars.next_if_eq(&'.').is_some() {
            how.precision = Some(number(&mut chars).unwrap_or_default());
        }
        match chars.next() {
            None => out.push_str("%!(NOVERB)"),
            Some('%') => out.push('%'),
            Some(verb) => match values.get(used) {
                None => {
                    let _ = write!(out, "%!{verb}(MISSING)");
                }
                Some(value) => {
                    used += 1;
                    pad(&mut out, &formatted(value, verb, &how), &how);
                }
            },
        }
    }
    if used < values.len() {
        let extra: Vec<String> = values[used..].iter().map(typed).collect();
        let _ = write!(out, "%!(EXTRA {})", extra.join(", "));
    }
    out
}

fn number(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<usize> {
    let mut number = None;
    while let Some(digit) = chars.next_if(char::is_ascii_digit) {
        let digit = digit.to_digit(10)? as usize;
        number = Some((number.unwrap_or(0) * 10 + digit).min(WIDEST));
    }
    number
}

fn formatted(value: &Value, verb: char, form: &Form) -> String {
    let value = match value {
        Value::Pointer(inner) if !matches!(**inner, Value::Struct(..)) => inner,
        value => value,
    };
    let plus = if form.plus { "+" } else { "" };
    let mut out = String::new();
    let _ = match (verb, value) {
        ('v', value) => {
            plain(&mut out, value);
            Ok(())
        }
        ('T', value) => write!(out, "{}", go_type(value)),
        ('s', Value::Text(text)) => {
            let length = form.precision.unwrap_or(usize::MAX);
            out.extend(text.chars().take(length));
            Ok(())
        }
        ('s', Value::List(..) | Value::Map(..)) => {
            plain(&mut out, value);
            Ok(())
        }
        ('q', Value::Text(text)) => write!(out, "{text:?}"),
        ('x', Value::Text(text)) => text.bytes().try_for_each(|byte| write!(out, "{byte:02x}")),
        ('X', Value::Text(text)) => text.bytes().try_for_each(|byte| write!(out, "{byte:02X}")),
        ('t', Value::Bool(value)) => write!(out, "{value}"),
        ('d', Value::Int(number)) if *number >= 0 => write!(out, "{plus}{number}"),
        ('d', Value::Int(number)) => write!(out, "{number}"),
        ('x', Value::Int(number)) => {
            radix(&mut out, *number, if form.sharp { "0x" } else { "" }, |n| format!("{n:x}"))
        }
        ('X', Value::Int(number)) => {
            radix(&mut out, *number, if form.sharp { "0X" } else { "" }, |n| format!("{n:X}"))
        }
        ('o', Value::Int(number)) => {
            radix(&mut out, *number, if form.sharp { "0" } else { "" }, |n| format!("{n:o}"))
        }
        ('b', Value::Int(number)) => radix(&mut out, *number, "", |n| format!("{n:b}")),
        ('c', Value::Int(number)) => {
            let c = u32::try_from(*number).ok().and_then(char::from_u32);
            write!(out, "{}", c.unwrap_or(char::REPLACEMENT_CHARACTER))
        }
        ('f' | 'F', Value::Float(number)) => {
            write!(out, "{number:.*}", form.precision.unwrap_or(6))
        }
        ('e', Value::Float(number)) => {
            let text = format!("{number:.*e}", form.precision.unwrap_or(6));
            let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
            let exponent: i32 = exponent.parse().unwrap_or_default();
            let sign = if exponent < 0 { '-' } else { '+' };
            write!(out, "{digits}e{sign}{:02}", exponent.abs())
        }
        ('g', Value::Float(number)) => write!(out, "{}", float(*number)),
        (verb, Value::Missing | Value::Nil) => write!(out, "%!{verb}(<nil>)"),
        (verb, value) => write!(out, "%!{verb}({})", typed(value)),
    };
    out
}

fn radix(
    out: &mut String,
    number: i64,
    prefix: &str,
    digits: fn(u64) -> String,
) -> std::fmt::Result {
    let sign = if number < 0 { "-" } else { "" };
    write!(out, "{sign}{prefix}{}", digits(number.unsigned_abs()))
}

/// `string=x`, for arguments that a verb does not fit.
fn typed(value: &Value) -> String {
    if matches!(value, Value::Missing | Value::Nil) {
        return "<nil>".to_owned();
    }
    let mut out = format!("{}=", go_type(value));
    plain(&mut out, value);
    out
}

fn go_type(value: &Value) -> &'static str {
    match value {
        Value::Missing | Value::Nil => "<nil>",
        Value::Pointer(_) => "*string",
        Value::Bool(_) => "bool",
        Value::Int(_) => "int",
        Value::Float(_) => "float64",
        Value::Text(_) => "string",
        Value::List(..) => "[]interface {}",
        Value::Map(..) => "map[string]interface {}",
        Value::Struct(_, known) => known.name,
        Value::Object(_) => "object",
    }
}

fn pad(out: &mut String, text: &str, form: &Form) {
    let missing = form.width.saturating_sub(text.chars().count());
    match (form.left, form.zeros) {
        (true, _) => {
            out.push_str(text);
            out.extend(std::iter::repeat_n(' ', missing));
        }
        (false, true) => {
            let digits = text.trim_start_matches(['+', '-']);
            out.push_str(&text[..text.len() - digits.len()]);
            out.extend(std::iter::repeat_n('0', missing));
            out.push_str(digits);
        }
        (false, false) => {
            out.extend(std::iter::repeat_n(' ', missing));
            out.push_str(text);
        }
    }
}
