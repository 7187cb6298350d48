//! A value while a template runs, with what Go knows of it.

use std::sync::Arc;

use ecow::{EcoString, eco_format};

use crate::aliases;
use crate::data::{Data, Map};
use crate::types::{Struct, Type};

/// A value. Clones share what they hold.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    /// What stands for something that is not there: prints `<no value>`.
    Missing,
    /// An optional value that is not set: prints `<nil>`.
    Nil,
    /// An optional value that is set.
    Pointer(Box<Value>),
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(EcoString),
    /// Items of one type.
    List(Arc<[Data]>, &'static Type),
    /// A map of this type: `Any`, `Strict`, `Aliased` or the type of its values.
    Map(Arc<Map>, &'static Type),
    /// An object of known fields; what is not in the map has its zero value.
    Struct(Option<Arc<Map>>, &'static Struct),
    /// The object that a template is rendered for.
    Object(Arc<Object>),
}

/// What a template is rendered for.
#[derive(Debug)]
pub struct Object {
    /// Its fields as JSON, or as many of them as the template reads.
    pub root: Data,
    /// Its kind, e.g. `Service`.
    pub kind: EcoString,
    /// Its version, e.g. `v1`.
    pub api_version: EcoString,
    /// What is known of its fields.
    pub schema: &'static Schema,
}

/// What is known of a kind of objects.
#[derive(Debug)]
pub struct Schema {
    /// The fields besides the metadata, by their name in Go and in JSON.
    pub fields: &'static [(&'static str, &'static str, Type)],
    /// How the JSON of the metadata and of the whole object is read.
    pub raw: Type,
}

/// What is known of the objects of any kind.
pub static UNSTRUCTURED: Schema = Schema {
    fields: &[("Spec", "spec", Type::Aliased), ("Status", "status", Type::Aliased)],
    raw: Type::Any,
};

static TEXT: Type = Type::Text;
static ANY: Type = Type::Any;
static STRICT: Type = Type::Strict;

/// The metadata under its names in Go.
static METADATA: Struct = Struct {
    name: "ObjectMeta",
    fields: &[
        ("Name", Type::Text),
        ("GenerateName", Type::Text),
        ("Namespace", Type::Text),
        ("UID", Type::Text),
        ("ResourceVersion", Type::Text),
        ("Generation", Type::Int),
        ("CreationTimestamp", Type::Text),
        ("Labels", Type::Map(&TEXT)),
        ("Annotations", Type::Map(&TEXT)),
        ("Finalizers", Type::List(&TEXT)),
    ],
};

static METADATA_TYPE: Type = Type::Struct(&METADATA);

/// What is wrong; the place is added later.
pub(crate) type Reason = EcoString;

impl Value {
    /// A value of JSON that has this type; nothing where it is not there.
    pub(crate) fn of(data: Option<&Data>, kind: &'static Type) -> Self {
        let data = data.filter(|data| **data != Data::Null);
        match (kind, data) {
            (Type::Optional(_) | Type::Any | Type::Strict | Type::Aliased, None) => match kind {
                Type::Optional(_) => Self::Nil,
                _ => Self::Missing,
            },
            (Type::Keyed(_, kind), data) => Self::of(data, kind),
            (Type::Optional(inner), Some(_)) => Self::Pointer(Box::new(Self::of(data, inner))),
            (Type::Hidden, _) => Self::List(Arc::from([]), &ANY),
            (Type::Text, None) => Self::Text(EcoString::new()),
            (Type::Int | Type::Port, None) => Self::Int(0),
            (Type::Bool, None) => Self::Bool(false),
            (Type::List(items), None) => Self::List(Arc::from([]), items),
            (Type::Map(_), None) => Self::Map(Arc::default(), kind),
            (Type::Struct(known), None) => Self::Struct(None, known),
            (_, Some(data)) => Self::present(data, kind),
        }
    }

    fn present(data: &Data, kind: &'static Type) -> Self {
        match (data, kind) {
            (Data::Null, _) => Self::Missing,
            (Data::Bool(value), _) => Self::Bool(*value),
            (Data::Int(value), _) => Self::Int(*value),
            (Data::Float(value), _) => Self::Float(*value),
            (Data::Text(text), _) => Self::Text(text.clone()),
            (Data::List(list), Type::List(items)) => Self::List(Arc::clone(list), items),
            (Data::List(list), Type::Strict) => Self::List(Arc::clone(list), &STRICT),
            (Data::List(list), _) => Self::List(Arc::clone(list), &ANY),
            (Data::Map(map), Type::Struct(known)) => Self::Struct(Some(Arc::clone(map)), known),
            (Data::Map(map), Type::Map(_) | Type::Strict | Type::Aliased) => {
                Self::Map(Arc::clone(map), kind)
            }
            (Data::Map(map), _) => Self::Map(Arc::clone(map), &ANY),
        }
    }

    /// A field.
    pub(crate) fn field(&self, name: &str) -> Result<Self, Reason> {
        match self {
            Self::Missing => Ok(Self::Missing),
            Self::Nil => Err(eco_format!("{name:?} is a field of something that is not set")),
            Self::Pointer(inner) => inner.field(name),
            Self::Map(map, kind) => of_map(map, kind, name),
            Self::Struct(map, known) => match known.field(name) {
                Some(kind) => {
                    let (key, kind) = match kind {
                        Type::Keyed(key, kind) => (*key, *kind),
                        kind => (name, kind),
                    };
                    Ok(Self::of(map.as_ref().and_then(|map| map.get_any_case(key)), kind))
                }
                None => match map.as_ref().and_then(|map| map.get_any_case(name)) {
                    Some(data) => Ok(Self::of(Some(data), &STRICT)),
                    None => Err(unknown(name, known.name)),
                },
            },
            Self::Object(object) => object.field(name),
            _ => Err(unknown(name, self.type_name())),
        }
    }

    /// Whether a condition with this value holds.
    pub(crate) fn is_true(&self) -> bool {
        match self {
            Self::Missing | Self::Nil => false,
            Self::Bool(value) => *value,
            Self::Int(value) => *value != 0,
            Self::Float(value) => *value != 0.0,
            Self::Text(text) => !text.is_empty(),
            Self::List(list, _) => !list.is_empty(),
            Self::Map(map, _) => !map.is_empty(),
            Self::Pointer(_) | Self::Struct(..) | Self::Object(_) => true,
        }
    }

    /// What it is, for messages.
    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Self::Missing => "no value",
            Self::Nil => "something that is not set",
            Self::Pointer(_) => "an optional field",
            Self::Bool(_) => "a boolean",
            Self::Int(_) => "a whole number",
            Self::Float(_) => "a number",
            Self::Text(_) => "a string",
            Self::List(..) => "a list",
            Self::Map(..) => "a map",
            Self::Struct(_, known) => known.name,
            Self::Object(_) => "the object",
        }
    }
}

fn unknown(name: &str, of: &str) -> Reason {
    eco_format!("can't evaluate field {name}: {of} has none of this name")
}

fn of_map(map: &Map, kind: &'static Type, name: &str) -> Result<Value, Reason> {
    Ok(match kind {
        Type::Strict => match map.get_any_case(name) {
            Some(data) => Value::of(Some(data), &STRICT),
            None => return Err(eco_format!("there is no key {name:?}")),
        },
        Type::Aliased => Value::of(aliases::find(map, name), &ANY),
        Type::Map(values) => match map.get(name) {
            Some(data) => Value::of(Some(data), values),
            None => Value::Missing,
        },
        _ => Value::of(map.get(name), &ANY),
    })
}

/// Whether a field of an object is one of its metadata.
pub(crate) fn is_metadata(name: &str) -> bool {
    METADATA.fields.iter().any(|(own, _)| *own == name)
}

impl Object {
    fn field(&self, name: &str) -> Result<Value, Reason> {
        let metadata = self.root.get("metadata");
        let text = |text: &EcoString| Ok(Value::Text(text.clone()));
        let raw = |data: Option<&Data>| match data {
            Some(data) => Value::of(Some(data), &self.schema.raw),
            None => Value::Map(Arc::default(), &self.schema.raw),
        };
        match name {
            "Kind" => return text(&self.kind),
            "APIVersion" => return text(&self.api_version),
            "Metadata" => return Ok(raw(metadata)),
            "Object" => return Ok(raw(Some(&self.root))),
            _ => {}
        }
        let meta = |name: &str| {
            let kind =
                METADATA.fields.iter().find(|(own, _)| *own == name).map(|(_, kind)| kind)?;
            let data = match metadata {
                Some(Data::Map(map)) => map.get_any_case(name),
                _ => None,
            };
            Some(Value::of(data, kind))
        };
        let of_metadata = match name.strip_prefix("Get") {
            Some(name) => meta(name),
            None if name == "ObjectMeta" => {
                return Ok(Value::of(metadata, &METADATA_TYPE));
            }
            None => meta(name),
        };
        if let Some(value) = of_metadata {
            return Ok(value);
        }
        let known = self.schema.fields.iter().find(|(go, _, _)| *go == name);
        match known {
            // Templates that read nothing below `spec` may do without it.
            Some((_, json, kind @ Type::Aliased)) => Ok(match self.root.get(json) {
                Some(data) => Value::of(Some(data), kind),
                None => Value::Map(Arc::default(), kind),
            }),
            Some((_, json, kind)) => Ok(Value::of(self.root.get(json), kind)),
            None => Err(unknown(name, &self.kind)),
        }
    }
}
