//! The JSON Schema of the configuration file, made of the tables of keys and the types of the flags.

use clap::CommandFactory as _;
use serde_json::{Map, Value, json};

use super::super::super::Arguments;
use super::super::super::layer::{FlagKind, Flags};
use super::super::keys::{FlagKey, FlagKeys, Key, Section, Shape, TOP};

/// Set to take the generated schema over.
const UPDATE: &str = "UPDATE_EXPECT";

const SCHEMA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/config.schema.json");

#[test]
fn the_schema_of_the_configuration_is_that_of_keys_and_flags() {
    let mut generated = serde_json::to_string_pretty(&Generator::new().schema()).expect("JSON");
    generated.push('\n');
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(SCHEMA, &generated).expect("schema written");
    }
    let checked_in = std::fs::read_to_string(SCHEMA).unwrap_or_default();
    assert!(
        checked_in == generated,
        "docs/config.schema.json is out of date; {UPDATE}=1 takes the new one over"
    );
}

/// The schema as a validator.
pub(super) fn validator() -> jsonschema::Validator {
    jsonschema::validator_for(&Generator::new().schema()).expect("a schema")
}

struct Generator {
    parser: clap::Command,
    keys: FlagKeys,
}

impl Generator {
    fn new() -> Self {
        let mut parser = Arguments::command();
        parser.build();
        let flags = Flags::of(&parser);
        Self { keys: FlagKeys::of(&parser, &flags), parser }
    }

    fn schema(&self) -> Value {
        let mut schema = self.fields(TOP, &["apiVersion"]);
        schema["$schema"] = "https://json-schema.org/draft/2020-12/schema".into();
        schema["title"] = "Configuration of external-dns".into();
        schema
    }

    fn fields(&self, keys: &[Key], required: &[&str]) -> Value {
        let properties: Map<String, Value> = keys
            .iter()
            .map(|key| (key.name.to_owned(), described(self.shape(key.shape), key.about)))
            .collect();
        json!({
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": false,
        })
    }

    fn shape(&self, shape: Shape) -> Value {
        match shape {
            Shape::Text => text(),
            Shape::Whole(u64::MAX) => json!({ "type": "integer", "minimum": 0 }),
            Shape::Whole(most) => json!({ "type": "integer", "minimum": 0, "maximum": most }),
            Shape::Limit => json!({ "type": ["integer", "null"], "minimum": 0 }),
            Shape::Texts => texts(),
            Shape::Nothing => json!({ "type": ["object", "null"], "maxProperties": 0 }),
            Shape::OneOf(texts) => json!({ "enum": texts }),
            Shape::Fields(fields) => self.fields(fields, &[]),
            Shape::TextOrFields(fields) => {
                json!({ "anyOf": [{ "type": "string" }, self.fields(fields, &[])] })
            }
            Shape::Choice(fields, texts) => {
                let mut one = self.fields(fields, &[]);
                one["minProperties"] = 1.into();
                one["maxProperties"] = 1.into();
                json!({ "anyOf": [{ "enum": texts }, one] })
            }
            Shape::Section(section) => self.section(section),
            Shape::Entries(section) => {
                let mut entry = self.section(section);
                entry["required"] = json!(["name"]);
                json!({ "type": ["array", "null"], "items": entry })
            }
        }
    }

    fn section(&self, section: Section) -> Value {
        let mut fields = self.fields(section.own_keys(), &[]);
        let own: Vec<&str> = section.own_keys().iter().map(|key| key.name).collect();
        let flags = self.keys.of_section(section).filter(|(key, _)| !own.contains(key));
        if let Some(properties) = fields["properties"].as_object_mut() {
            properties.extend(flags.map(|(key, flag)| (key.to_owned(), self.flag(flag))));
        }
        fields
    }

    fn flag(&self, key: &FlagKey) -> Value {
        let arg = self.parser.get_arguments().find(|arg| arg.get_long() == Some(&key.flag));
        let arg = arg.expect("a flag of the parser");
        let words: Vec<String> =
            arg.get_possible_values().iter().map(|own| own.get_name().to_owned()).collect();
        let one = if words.is_empty() { text() } else { json!({ "enum": words }) };
        let schema = match key.kind {
            FlagKind::Bool => json!({ "type": ["boolean", "null"] }),
            FlagKind::One => json!({ "anyOf": [one, { "type": "null" }] }),
            FlagKind::List => {
                json!({ "anyOf": [one, { "type": "array", "items": one }, { "type": "null" }] })
            }
        };
        let about = arg.get_help().map(ToString::to_string).unwrap_or_default();
        described(schema, about.lines().next().unwrap_or_default())
    }
}

fn described(mut schema: Value, about: &str) -> Value {
    schema["description"] = about.into();
    schema
}

fn text() -> Value {
    json!({ "type": ["string", "number", "boolean"] })
}

fn texts() -> Value {
    json!({ "anyOf": [text(), { "type": "array", "items": text() }] })
}
