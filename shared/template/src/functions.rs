//! The functions of templates: those of Go, and those that ExternalDNS adds.

use ecow::{EcoString, eco_format};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::address;
use crate::compare;
use crate::data::Data;
use crate::format;
use crate::source::Source;
use crate::types::{Type, value_type};
use crate::value::{Reason, Value};

/// A function, by its name.
#[derive(Debug)]
pub(crate) struct Function {
    pub(crate) name: &'static str,
    /// How many arguments it needs.
    pub(crate) fewest: usize,
    /// How many it takes; any number without it.
    pub(crate) most: Option<usize>,
    pub(crate) run: Run,
}

/// How a function gets its arguments.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Run {
    /// All of them.
    Strictly(fn(Call<'_>) -> Result<Value, Reason>),
    /// One after the other, until one is (not) true: that is the result.
    Lazily { stops_at: bool },
}

/// What a function is called with.
#[derive(Clone, Copy)]
pub(crate) struct Call<'a> {
    pub(crate) arguments: &'a [Value],
    pub(crate) source: Source<'a>,
}

const fn function(
    name: &'static str,
    fewest: usize,
    most: Option<usize>,
    run: fn(Call<'_>) -> Result<Value, Reason>,
) -> Function {
    Function { name, fewest, most, run: Run::Strictly(run) }
}

/// All functions.
static FUNCTIONS: &[Function] = &[
    Function { name: "and", fewest: 1, most: None, run: Run::Lazily { stops_at: false } },
    Function { name: "or", fewest: 1, most: None, run: Run::Lazily { stops_at: true } },
    function("not", 1, Some(1), |call| Ok(Value::Bool(!call.arguments[0].is_true()))),
    function("len", 1, Some(1), len),
    function("index", 1, None, index),
    function("slice", 1, Some(4), slice),
    function("eq", 2, None, |call| compare::equals_any(call.arguments).map(Value::Bool)),
    function("ne", 2, Some(2), |call| {
        compare::equals(&call.arguments[0], &call.arguments[1]).map(|equal| Value::Bool(!equal))
    }),
    function("lt", 2, Some(2), |call| ordered(call, compare::is_less)),
    function("le", 2, Some(2), |call| {
        ordered(call, |a, b| Ok(compare::is_less(a, b)? || compare::equals(a, b)?))
    }),
    function("gt", 2, Some(2), |call| {
        ordered(call, |a, b| Ok(!compare::is_less(a, b)? && !compare::equals(a, b)?))
    }),
    function("ge", 2, Some(2), |call| ordered(call, |a, b| Ok(!compare::is_less(a, b)?))),
    function("print", 0, None, |call| Ok(Value::Text(format::joined(call.arguments).into()))),
    function("println", 0, None, |call| Ok(Value::Text(format::line(call.arguments).into()))),
    function("printf", 1, None, |call| {
        let form = text(&call.arguments[0])?;
        Ok(Value::Text(format::printf(&form, &call.arguments[1..]).into()))
    }),
    function("html", 0, None, |call| Ok(escaped(call, html))),
    function("js", 0, None, |call| Ok(escaped(call, js))),
    function("urlquery", 0, None, |call| Ok(escaped(call, url))),
    function("call", 1, None, |call| {
        Err(eco_format!("{} is no function", call.arguments[0].type_name()))
    }),
    function("contains", 2, Some(2), |call| {
        let [text, part] = texts(call)?;
        Ok(Value::Bool(text.contains(part.as_str())))
    }),
    function("trimPrefix", 2, Some(2), |call| {
        let [text, part] = texts(call)?;
        Ok(Value::Text(text.strip_prefix(part.as_str()).unwrap_or(&text).into()))
    }),
    function("trimSuffix", 2, Some(2), |call| {
        let [text, part] = texts(call)?;
        Ok(Value::Text(text.strip_suffix(part.as_str()).unwrap_or(&text).into()))
    }),
    function("trim", 1, Some(1), |call| {
        let [text] = texts(call)?;
        Ok(Value::Text(text.trim().into()))
    }),
    function("toLower", 1, Some(1), |call| {
        let [text] = texts(call)?;
        Ok(Value::Text(text.to_lowercase()))
    }),
    function("replace", 3, Some(3), |call| {
        let [old, new, text] = texts(call)?;
        Ok(Value::Text(text.replace(old.as_str(), &new)))
    }),
    function("isIPv4", 1, Some(1), |call| {
        let [text] = texts(call)?;
        Ok(Value::Bool(address::is_v4(&text)))
    }),
    function("isIPv6", 1, Some(1), |call| {
        let [text] = texts(call)?;
        Ok(Value::Bool(address::is_v6(&text)))
    }),
    function("hasKey", 2, Some(2), has_key),
    function("fromJson", 1, Some(1), |call| {
        let [text] = texts(call)?;
        let data: Option<Data> = serde_json::from_str(&text).ok();
        Ok(Value::of(data.map(with_floats).as_ref(), &Type::Any))
    }),
    function("isSource", 1, Some(1), |call| {
        let [name] = texts(call)?;
        call.source.is(&name).map(Value::Bool)
    }),
];

/// The function of a name.
pub(crate) fn find(name: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|function| function.name == name)
}

fn ordered(
    call: Call<'_>,
    holds: fn(&Value, &Value) -> Result<bool, Reason>,
) -> Result<Value, Reason> {
    holds(&call.arguments[0], &call.arguments[1]).map(Value::Bool)
}

/// The text that an argument is.
fn text(value: &Value) -> Result<EcoString, Reason> {
    match value {
        Value::Text(text) => Ok(text.clone()),
        Value::Pointer(inner) => text(inner),
        Value::Missing => Err("invalid value; expected string".into()),
        other => Err(eco_format!("a string is expected, not {}", other.type_name())),
    }
}

fn texts<const N: usize>(call: Call<'_>) -> Result<[EcoString; N], Reason> {
    let mut found = [const { EcoString::new() }; N];
    for (own, value) in found.iter_mut().zip(call.arguments) {
        *own = text(value)?;
    }
    Ok(found)
}

fn int(value: &Value) -> Result<usize, Reason> {
    match value {
        Value::Int(number) => {
            usize::try_from(*number).map_err(|_| eco_format!("index {number} is out of range"))
        }
        other => Err(eco_format!("cannot index with {}", other.type_name())),
    }
}

fn len(call: Call<'_>) -> Result<Value, Reason> {
    fn count(value: &Value) -> Result<usize, Reason> {
        Ok(match value {
            Value::Text(text) => text.len(),
            Value::List(list, _) => list.len(),
            Value::Map(map, _) => map.len(),
            Value::Pointer(inner) => count(inner)?,
            other => return Err(eco_format!("{} has no length", other.type_name())),
        })
    }
    let count = count(&call.arguments[0])?;
    Ok(Value::Int(i64::try_from(count).unwrap_or(i64::MAX)))
}

fn index(call: Call<'_>) -> Result<Value, Reason> {
    let [value, keys @ ..] = call.arguments else { return Ok(Value::Missing) };
    keys.iter().try_fold(value.clone(), |value, key| item(&value, key))
}

fn item(value: &Value, key: &Value) -> Result<Value, Reason> {
    match value {
        Value::Pointer(inner) => item(inner, key),
        Value::List(list, items) => match list.get(int(key)?) {
            Some(data) => Ok(Value::of(Some(data), items)),
            None => Err(eco_format!(
                "index {} is out of range: the list has {} items",
                int(key)?,
                list.len()
            )),
        },
        Value::Text(text) => match text.as_bytes().get(int(key)?) {
            Some(byte) => Ok(Value::Int(i64::from(*byte))),
            None => Err("the index is out of range".into()),
        },
        Value::Map(map, kind) => {
            let key = text(key)?;
            match kind {
                Type::Aliased => value.field(&key),
                _ => Ok(Value::of(map.get(&key), value_type(kind))),
            }
        }
        Value::Missing | Value::Nil => Err("there is nothing to index".into()),
        other => Err(eco_format!("{} cannot be indexed", other.type_name())),
    }
}

fn slice(call: Call<'_>) -> Result<Value, Reason> {
    let [value, indices @ ..] = call.arguments else { return Ok(Value::Missing) };
    let value = match value {
        Value::Pointer(inner) => inner,
        value => value,
    };
    let bounds = |length: usize| -> Result<std::ops::Range<usize>, Reason> {
        let mut found = [0, length];
        for (own, index) in found.iter_mut().zip(indices) {
            *own = int(index)?;
        }
        let [start, end] = found;
        if start > end || end > length {
            return Err(eco_format!("{start}:{end} is out of range: the length is {length}"));
        }
        Ok(start..end)
    };
    match value {
        Value::Text(_) if indices.len() > 2 => Err("a string takes no third index".into()),
        Value::Text(text) => {
            let bytes = &text.as_bytes()[bounds(text.len())?];
            Ok(Value::Text(String::from_utf8_lossy(bytes).as_ref().into()))
        }
        Value::List(list, items) => Ok(Value::List(list[bounds(list.len())?].into(), items)),
        other => Err(eco_format!("{} cannot be sliced", other.type_name())),
    }
}

/// Only of labels, annotations and the like: in Go it takes a map of strings.
fn has_key(call: Call<'_>) -> Result<Value, Reason> {
    let [map, key] = call.arguments else { return Ok(Value::Missing) };
    match map {
        Value::Map(map, Type::Map(Type::Text)) => Ok(Value::Bool(map.get(&text(key)?).is_some())),
        other => Err(eco_format!("a map of strings is expected, not {}", other.type_name())),
    }
}

/// Numbers of `fromJson` are floats.
#[expect(clippy::cast_precision_loss, reason = "as in Go")]
fn with_floats(data: Data) -> Data {
    match data {
        Data::Int(number) => Data::Float(number as f64),
        Data::List(list) => Data::List(list.iter().cloned().map(with_floats).collect()),
        Data::Map(map) => {
            let pairs = map.iter().map(|(key, data)| (key.clone(), with_floats(data.clone())));
            Data::Map(std::sync::Arc::new(pairs.collect()))
        }
        other => other,
    }
}

/// What is not there is escaped as an action prints it, not as `<nil>` like among the operands of `print`.
fn escaped(call: Call<'_>, escape: fn(&str) -> String) -> Value {
    let printed = |value: &Value| match value {
        Value::Missing => Value::Text("<no value>".into()),
        value => value.clone(),
    };
    let arguments: Vec<Value> = call.arguments.iter().map(printed).collect();
    Value::Text(escape(&format::joined(&arguments)).into())
}

fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\0' => out.push('\u{fffd}'),
            '"' => out.push_str("&#34;"),
            '\'' => out.push_str("&#39;"),
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            c => out.push(c),
        }
    }
    out
}

fn js(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\'' => out.push_str("\\'"),
            '"' => out.push_str("\\\""),
            '<' | '>' | '&' | '=' => out.push_str(&format!("\\u{:04X}", u32::from(c))),
            c if c.is_control() => out.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}

fn url(text: &str) -> String {
    /// What stays in a query besides letters and digits.
    const KEPT: AsciiSet =
        NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b' ');
    utf8_percent_encode(text, &KEPT).to_string().replace(' ', "+")
}
