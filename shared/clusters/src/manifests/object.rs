//! The objects that a document of manifests holds: one, a list of them, or an array.

use std::path::Path;

use ecow::EcoString;
use serde_json::{Map, Value};

use crate::error::ManifestError;

/// The likely cause of a text that ends too early; ready to be appended to a message.
pub(super) const CUT_OFF: &str =
    "; was the text cut off (did the command in front of a pipe fail)?";

/// An object as it stands in a file. Its text is decoded when a source asks for its kind.
pub(crate) struct Object {
    pub(super) file: usize,
    pub(super) document: usize,
    pub(super) line: usize,
    pub(super) group: EcoString,
    pub(super) kind: EcoString,
    pub(super) namespace: EcoString,
    pub(super) name: EcoString,
    pub(super) json: Box<str>,
}

impl Object {
    /// `Service shop/web`, for messages.
    pub(super) fn title(&self) -> String {
        title(&self.kind, &self.namespace, &self.name)
    }
}

fn title(kind: &str, namespace: &str, name: &str) -> String {
    match namespace {
        "" => format!("{kind} {name}"),
        _ => format!("{kind} {namespace}/{name}"),
    }
}

/// Where a document stands.
#[derive(Clone, Copy)]
pub(super) struct Location<'a> {
    pub(super) path: &'a Path,
    pub(super) file: usize,
    pub(super) document: usize,
    pub(super) line: usize,
}

impl Location<'_> {
    pub(super) fn error(&self, message: impl Into<String>) -> ManifestError {
        ManifestError {
            path: self.path.to_owned(),
            document: self.document,
            line: self.line,
            message: message.into(),
        }
    }
}

/// What texts hold.
#[derive(Default)]
pub(super) struct Found {
    pub(super) objects: Vec<Object>,
    /// How many lists are whole and hold nothing, as `kubectl get` prints them where there is no object.
    pub(super) empty_lists: usize,
    /// The kinds of those that say theirs (`PodList`), with their group.
    pub(super) empty_kinds: Vec<(EcoString, EcoString)>,
}

impl Found {
    /// How many objects and empty lists there are: a text with an empty list says that there is no object, and an empty text
    /// says nothing.
    pub(super) fn statements(&self) -> usize {
        self.objects.len() + self.empty_lists
    }
}

/// Adds a value: an object, a list of objects, or an array of them.
pub(super) fn add(
    location: Location<'_>,
    value: Value,
    all: &mut Found,
) -> Result<(), ManifestError> {
    match value {
        Value::Null => Ok(()),
        Value::Array(items) => items.into_iter().try_for_each(|item| add(location, item, all)),
        Value::Object(mut fields) => match items(location, &mut fields)? {
            Some(Items::Listed(items)) => add_items(location, &fields, items, all),
            Some(Items::Nothing) => {
                all.empty_lists += 1;
                let text = |key| fields.get(key).and_then(Value::as_str).unwrap_or_default();
                let kind = text("kind");
                if let Some(kind) = kind.strip_suffix("List").filter(|kind| !kind.is_empty()) {
                    let group = text("apiVersion").split_once('/').map(|(group, _)| group.into());
                    all.empty_kinds.push((group.unwrap_or_default(), kind.into()));
                }
                Ok(())
            }
            Some(Items::Unsaid) => Ok(()),
            None => {
                all.objects.push(object(location, fields)?);
                Ok(())
            }
        },
        _ => Err(location.error("no Kubernetes object: it is a single value")),
    }
}

/// What a list says that it holds.
enum Items {
    Listed(Vec<Value>),
    /// `items: []`: there is nothing, and that is all.
    Nothing,
    /// `items:` alone, as it stands where a text that a person or another program wrote was cut behind it.
    Unsaid,
}

/// The items, if the fields are those of a list. `kubectl` prints the kind of a list behind its items: where it is
/// missing, or only its beginning is there, the text was cut off, and the last items may be missing, too.
fn items(
    location: Location<'_>,
    fields: &mut Map<String, Value>,
) -> Result<Option<Items>, ManifestError> {
    let kind = fields.get("kind").and_then(Value::as_str).unwrap_or_default().to_owned();
    let named = fields.get("metadata").is_some_and(|metadata| metadata.get("name").is_some());
    match fields.get_mut("items") {
        Some(Value::Array(items)) if kind.ends_with("List") => Ok(Some(match items.is_empty() {
            true => Items::Nothing,
            false => Items::Listed(std::mem::take(items)),
        })),
        Some(Value::Null) if kind.ends_with("List") => Ok(Some(Items::Unsaid)),
        Some(Value::Array(_) | Value::Null) if !named => {
            let what = if kind.is_empty() {
                "a list without its `kind`".to_owned()
            } else {
                format!("a list, but of kind {kind:?}, which is none")
            };
            Err(location.error(format!("it is {what}{CUT_OFF}")))
        }
        None if kind.ends_with("List") && !named => {
            Err(location.error(format!("it is a {kind} without `items`{CUT_OFF}")))
        }
        _ => Ok(None),
    }
}

/// The items of a `ServiceList` are services, also where they do not say so themselves: the API leaves it out.
fn add_items(
    location: Location<'_>,
    list: &Map<String, Value>,
    items: Vec<Value>,
    all: &mut Found,
) -> Result<(), ManifestError> {
    let kind = list.get("kind").and_then(Value::as_str).and_then(|kind| kind.strip_suffix("List"));
    let version = list.get("apiVersion");
    for mut item in items {
        if let (Value::Object(fields), Some(kind), Some(version)) =
            (&mut item, kind.filter(|kind| !kind.is_empty()), version)
            && !fields.contains_key("kind")
        {
            fields.insert("kind".to_owned(), kind.into());
            fields.insert("apiVersion".to_owned(), version.clone());
        }
        add(location, item, all)?;
    }
    Ok(())
}

fn object(location: Location<'_>, mut fields: Map<String, Value>) -> Result<Object, ManifestError> {
    let text = |fields: &Map<String, Value>, key: &str| {
        fields.get(key).and_then(Value::as_str).map(EcoString::from)
    };
    let Some(kind) = text(&fields, "kind") else {
        return Err(location.error(format!("no Kubernetes object: `kind` is missing{CUT_OFF}")));
    };
    let Some(version) = text(&fields, "apiVersion") else {
        return Err(location
            .error(format!("no Kubernetes object: `apiVersion` is missing beside kind {kind}")));
    };
    let group = version.split_once('/').map(|(group, _)| group.into()).unwrap_or_default();
    let (mut namespace, mut name) = Default::default();
    if let Some(Value::Object(metadata)) = fields.get_mut("metadata") {
        namespace = text(metadata, "namespace").unwrap_or_default();
        name = text(metadata, "name").unwrap_or_default();
        for (field, one) in [("annotations", "annotation"), ("labels", "label")] {
            let Some(Value::Object(pairs)) = metadata.get_mut(field) else { continue };
            require_text(pairs).map_err(|reason| {
                location.error(format!("{}: {one} {reason}", title(&kind, &namespace, &name)))
            })?;
        }
    }
    Ok(Object {
        file: location.file,
        document: location.document,
        line: location.line,
        group,
        kind,
        namespace,
        name,
        json: Value::Object(fields).to_string().into(),
    })
}

/// YAML reads `60` and `yes` without quotes as number and boolean; an API server refuses them as annotations.
fn require_text(pairs: &mut Map<String, Value>) -> Result<(), String> {
    for (key, value) in pairs {
        let what = match value {
            Value::String(_) => continue,
            Value::Null => {
                *value = "".into();
                continue;
            }
            Value::Number(_) => "a number",
            Value::Bool(_) => "a boolean",
            Value::Array(_) | Value::Object(_) => "no text",
        };
        return Err(format!("{key:?} is {what} ({value}); write it in quotes"));
    }
    Ok(())
}
