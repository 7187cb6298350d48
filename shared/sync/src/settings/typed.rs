//! From flags with texts to types: clap gets them as one canonical argument list, and its errors name the
//! places where the values are written.

use std::num::ParseIntError;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::elsewhere;
use super::error::SettingsError;
use super::layer::Flags;
use super::origin::{Given, Origin};
use super::values;

/// One canonical argument. Whole numbers may come in the forms of upstream's parser, `1e3` and
/// `10.9` among them.
pub(super) fn canonical(given: &Given, flags: &Flags) -> String {
    let text = match flags.get(&given.flag) {
        Some(flag) if flag.integer => whole_number(&given.text),
        _ => None,
    };
    format!("--{}={}", given.flag, text.as_deref().unwrap_or(&given.text))
}

fn whole_number(text: &str) -> Option<String> {
    if text.parse::<i64>().is_ok() {
        return None;
    }
    if let Some(hex) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        return i64::from_str_radix(hex, 16).ok().map(|number| number.to_string());
    }
    let number: f64 = text.parse().ok()?;
    number.is_finite().then(|| format!("{:.0}", number.trunc()))
}

/// A clap error in our words: which flag, where it was written, what would be right.
pub(super) fn explain(error: &clap::Error, given: &[Given]) -> SettingsError {
    let flag = |value: &str| {
        let name = value.trim_start_matches('-');
        name.split([' ', '=']).next().unwrap_or(name).to_owned()
    };
    if error.kind() == ErrorKind::MissingRequiredArgument
        && let Some(ContextValue::Strings(missing)) = error.get(ContextKind::InvalidArg)
    {
        let flags = missing.iter().map(|name| flag(name)).collect();
        return SettingsError::Required { flags };
    }
    let (Some(ContextValue::String(name)), Some(ContextValue::String(value))) =
        (error.get(ContextKind::InvalidArg), error.get(ContextKind::InvalidValue))
    else {
        return SettingsError::Invalid(error.to_string());
    };
    let name = flag(name);
    let origin = given
        .iter()
        .find(|given| given.flag == name && given.text == *value)
        .or_else(|| given.iter().find(|given| given.flag == name))
        .map_or(Origin::Argument(0), |given| given.origin.clone());
    let problem = match error.get(ContextKind::ValidValue) {
        Some(ContextValue::Strings(valid)) if !valid.is_empty() => {
            let hint = match elsewhere::not_here(&name, value) {
                "" => values::hint(&name, value, valid, &origin),
                not_here => not_here.to_owned(),
            };
            format!("enum value must be one of {}, got '{value}'{hint}", valid.join(","))
        }
        _ => match std::error::Error::source(error) {
            Some(source) if source.is::<ParseIntError>() => format!("'{value}' is no whole number"),
            Some(source) => source.to_string(),
            None => format!("cannot be '{value}'"),
        },
    };
    SettingsError::Value { flag: name, origin, problem }
}
