//! Whether the keys of the configuration file are known, and whether their values are what they take.

use super::super::error::SettingsError;
use super::super::layer::FlagKind;
use super::super::origin::Given;
use super::keys::{FlagKey, Key, Section, Shape, TOP, nearest};
use super::node::{Entry, Node, Value};
use super::parser::Parser;

impl Parser<'_> {
    /// The flags of a section, each with its line.
    pub(super) fn flags(&self, node: &Node, section: Section) -> Result<Vec<Given>, SettingsError> {
        let mut given = Vec::new();
        for entry in self.entries(node, "this")? {
            if let Some(own) = section.own_keys().iter().find(|own| own.name == entry.key) {
                self.check(&entry.value, own)?;
                continue;
            }
            let flag = self.keys.get(&entry.key);
            let fits = |own: &FlagKey| section == Section::Defaults || own.section == section;
            match flag {
                Some(own) if fits(own) => {
                    self.check_flag(entry, own.kind)?;
                    given.extend(self.given(&own.flag, &entry.value));
                }
                Some(own) => {
                    let place = own.section.place();
                    return Err(self.wrong(entry.line, format!("{} belongs {place}", entry.key)));
                }
                None => return Err(self.unknown(entry, section)),
            }
        }
        Ok(given)
    }

    fn check_flag(&self, entry: &Entry, kind: FlagKind) -> Result<(), SettingsError> {
        let (key, value) = (&entry.key, &entry.value);
        let expected = match (kind, &value.value) {
            // As if it were not there.
            (_, Value::Null) | (FlagKind::Bool, Value::Bool(_)) => return Ok(()),
            (FlagKind::Bool, _) => "true or false",
            (FlagKind::List, Value::List(list)) => {
                match list.iter().find(|own| own.text().is_none()) {
                    None => return Ok(()),
                    Some(item) => {
                        let problem = format!("{key} takes texts, not {}", item.kind());
                        return Err(self.wrong(item.line, problem));
                    }
                }
            }
            (_, Value::Text(_) | Value::Number(_) | Value::Bool(_)) => return Ok(()),
            (FlagKind::List, _) => "a list of texts",
            (FlagKind::One, _) => "one value",
        };
        Err(self.wrong(value.line, format!("{key} takes {expected}, not {}", value.kind())))
    }

    /// Whether a value is what its key takes.
    pub(super) fn check(&self, node: &Node, key: &Key) -> Result<(), SettingsError> {
        let wrong = |expected: &str| {
            Err(self
                .wrong(node.line, format!("{} takes {expected}, not {}", key.name, node.kind())))
        };
        match (key.shape, &node.value) {
            (Shape::Text, _) if node.text().is_some() => Ok(()),
            (Shape::Text, _) => wrong("a text"),
            (Shape::Limit, Value::Null) => Ok(()),
            (Shape::Limit, _) => self.check_whole(node, key, u64::MAX),
            (Shape::Whole(most), _) => self.check_whole(node, key, most),
            (Shape::Texts, _) => self.texts(node).map(drop),
            (Shape::Nothing, Value::Null) => Ok(()),
            (Shape::Nothing, Value::Map(entries)) if entries.is_empty() => Ok(()),
            (Shape::Nothing, _) => wrong("{}"),
            (Shape::OneOf(texts), _) => match node.text() {
                Some(text) if texts.contains(&text.as_str()) => Ok(()),
                Some(text) => {
                    let problem =
                        format!("{} must be one of {}, not {text:?}", key.name, texts.join(", "));
                    Err(self.wrong(node.line, problem))
                }
                None => wrong(&texts.join(" or ")),
            },
            (Shape::TextOrFields(_), Value::Text(_)) => Ok(()),
            (Shape::Fields(fields) | Shape::TextOrFields(fields), Value::Map(entries)) => {
                self.check_fields(entries, fields, key.name)
            }
            (Shape::Choice(fields, _), Value::Map(entries)) => {
                if let [_, second, ..] = &**entries {
                    return Err(
                        self.wrong(second.line, format!("{} takes one of its keys only", key.name))
                    );
                }
                self.check_fields(entries, fields, key.name)
            }
            (Shape::Choice(_, texts), Value::Text(text)) if texts.contains(&text.as_str()) => {
                Ok(())
            }
            (Shape::Fields(_) | Shape::TextOrFields(_) | Shape::Choice(..), _) => {
                wrong("keys with values")
            }
            (Shape::Section(_), Value::Map(_) | Value::Null) => Ok(()),
            (Shape::Section(_), _) => wrong("keys with values"),
            (Shape::Entries(_), Value::List(_) | Value::Null) => Ok(()),
            (Shape::Entries(_), _) => wrong("a list"),
        }
    }

    fn check_fields(
        &self,
        entries: &[Entry],
        fields: &[Key],
        of: &str,
    ) -> Result<(), SettingsError> {
        for entry in entries {
            let Some(field) = fields.iter().find(|field| field.name == entry.key) else {
                let known = fields.iter().map(|field| field.name);
                let problem = unknown(&entry.key, of, nearest(&entry.key, known.clone()), known);
                return Err(self.wrong(entry.line, problem));
            };
            self.check(&entry.value, field)?;
        }
        Ok(())
    }

    fn check_whole(&self, node: &Node, key: &Key, most: u64) -> Result<(), SettingsError> {
        let number = node.text().and_then(|text| text.parse::<u64>().ok());
        if number.is_some_and(|number| number <= most) {
            return Ok(());
        }
        let range = if most == u64::MAX { String::new() } else { format!(" up to {most}") };
        let text = node.text().map_or_else(|| node.kind().to_owned(), |text| format!("{text:?}"));
        let problem = format!("{} takes a whole number{range}, not {text}", key.name);
        Err(self.wrong(node.line, problem))
    }

    pub(super) fn unknown_at_top(&self, entry: &Entry) -> SettingsError {
        let known = TOP.iter().map(|key| key.name);
        let near = nearest(&entry.key, known.clone());
        // No flag has keys of its own.
        let is_section =
            matches!(&entry.value.value, Value::Map(_) | Value::List(_)) && near.is_some();
        if let Some(flag) = self.keys.get(&entry.key).filter(|_| !is_section) {
            let place = flag.section.place();
            return self.wrong(entry.line, format!("{} belongs {place}", entry.key));
        }
        self.wrong(entry.line, unknown(&entry.key, "the file", near, known))
    }

    fn unknown(&self, entry: &Entry, section: Section) -> SettingsError {
        let elsewhere = [Section::Cluster, Section::Target]
            .into_iter()
            .find(|other| other.own_keys().iter().any(|own| own.name == entry.key));
        if let Some(other) = elsewhere {
            let what = if other == Section::Cluster { "a cluster" } else { "a target" };
            return self.wrong(entry.line, format!("{} belongs under {what}", entry.key));
        }
        let own = section.own_keys().iter().map(|own| own.name);
        let known = own.chain(self.keys.of_section(section).map(|(key, _)| key));
        let of = match section {
            Section::Defaults => "defaults",
            Section::Cluster => "a cluster",
            Section::Target => "a target",
        };
        let near = nearest(&entry.key, known);
        self.wrong(entry.line, unknown(&entry.key, of, near, std::iter::empty()))
    }
}

fn unknown<'a>(
    key: &str,
    of: &str,
    nearest: Option<&str>,
    known: impl Iterator<Item = &'a str>,
) -> String {
    let known: Vec<&str> = known.collect();
    match (nearest, known.is_empty()) {
        (Some(nearest), _) => format!("unknown key {key:?} of {of}; did you mean {nearest}?"),
        (None, true) => {
            format!("unknown key {key:?} of {of}; docs/config.schema.json lists all keys")
        }
        (None, false) => format!("unknown key {key:?} of {of}; it has {}", known.join(", ")),
    }
}
