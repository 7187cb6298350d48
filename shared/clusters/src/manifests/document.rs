//! One text of manifests: YAML documents or JSON values, cut into objects.

use std::path::Path;

use ecow::EcoString;
use serde_json::{Map, Value};

use super::strict::Strict;
use crate::error::ManifestError;

/// Schemas of custom resources nest deeper than what most texts of YAML do.
const DEEPEST: usize = 256;

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
struct Location<'a> {
    path: &'a Path,
    file: usize,
    document: usize,
    line: usize,
}

impl Location<'_> {
    fn error(&self, message: impl Into<String>) -> ManifestError {
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
}

impl Found {
    /// How much has been said, so that a text without an object is told from one that says that there is none.
    pub(super) fn statements(&self) -> usize {
        self.objects.len() + self.empty_lists
    }
}

/// Adds what a text holds.
pub(super) fn split(
    path: &Path,
    file: usize,
    text: &str,
    all: &mut Found,
) -> Result<(), ManifestError> {
    let text = text.trim_start_matches('\u{feff}');
    let location = Location { path, file, document: 0, line: 0 };
    if path.extension().is_some_and(|extension| extension == "json") {
        return split_json(location, text, all);
    }
    // JSON is YAML, but its own parser is faster and takes tabs. What only begins like JSON is YAML.
    if text.trim_start().starts_with(['{', '[']) {
        let (objects, lists) = (all.objects.len(), all.empty_lists);
        let Err(no_json) = split_json(location, text, all) else { return Ok(()) };
        all.objects.truncate(objects);
        all.empty_lists = lists;
        return split_yaml(location, text, all).map_err(|no_yaml| {
            let quoted = text.trim_start_matches(|c: char| c.is_whitespace() || "{[".contains(c));
            if quoted.starts_with('"') { no_json } else { no_yaml }
        });
    }
    split_yaml(location, text, all)
}

fn split_json(at: Location<'_>, text: &str, all: &mut Found) -> Result<(), ManifestError> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<Strict>();
    let mut document = 0;
    loop {
        let start = values.byte_offset();
        let blank = text[start..].len() - text[start..].trim_start().len();
        document += 1;
        let location = Location { document, line: line_of(text, start + blank), ..at };
        match values.next() {
            None => return Ok(()),
            Some(Ok(Strict(value))) => add(location, value, all)?,
            Some(Err(error)) => {
                let line = error.line();
                let cut = if error.is_eof() { CUT_OFF } else { "" };
                let found = found(&text[start..]);
                return Err(
                    Location { line, ..location }.error(format!("no JSON: {error}{cut}{found}"))
                );
            }
        }
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    1 + text[..offset].matches('\n').count()
}

fn split_yaml(at: Location<'_>, text: &str, all: &mut Found) -> Result<(), ManifestError> {
    let mut document = 0;
    for (index, chunk) in documents(text).enumerate() {
        let blank = is_blank(chunk.text);
        // What stands before the first separator is a document only if something stands there.
        if index > 0 || !blank {
            document += 1;
        }
        if blank {
            continue;
        }
        let location =
            Location { document, line: chunk.line + leading_blank_lines(chunk.text), ..at };
        let value = parse_yaml(chunk.text, 0).map_err(|error| {
            // The second parse only counts the lines from the top of the file.
            let error = parse_yaml(chunk.text, chunk.line - 1).err().unwrap_or(error);
            let line = error
                .location()
                .map_or(location.line, |at| usize::try_from(at.line()).unwrap_or_default());
            let found = found(chunk.text);
            // The advice is for those who write programs.
            let problem = error.without_snippet().to_string().replace(ADVICE, "");
            Location { line, ..location }.error(format!("it is not valid YAML: {problem}{found}"))
        })?;
        add(location, value, all).map_err(|error| ManifestError {
            message: format!("{}{}", error.message, found(chunk.text)),
            ..error
        })?;
    }
    Ok(())
}

/// What the parser says behind a key that is there twice.
const ADVICE: &str = ", set DuplicateKeyPolicy in Options if acceptable";

/// What to think of where a text ends too early.
const CUT_OFF: &str = "; was the text cut off (did the command in front of a pipe fail)?";

/// What stands in place of a manifest, where that can be told; ready to be appended.
fn found(text: &str) -> String {
    /// How `kubectl` begins what it says when it fails.
    const KUBECTL: [&str; 5] = [
        "error: ",
        "Error from server",
        "Unable to connect to the server",
        "The connection to the server",
        "No resources found",
    ];
    let text = text.trim_start();
    let first_line = text.lines().next().unwrap_or_default();
    if first_line.starts_with('<') {
        "; it looks like HTML or XML".to_owned()
    } else if KUBECTL.iter().any(|beginning| first_line.starts_with(beginning)) {
        let said: String = first_line.chars().filter(|c| !c.is_control()).take(200).collect();
        format!("; it looks like an error of kubectl: {said:?}")
    } else {
        String::new()
    }
}

fn parse_yaml(text: &str, lines_before: usize) -> Result<Value, serde_saphyr::Error> {
    // A text has no more nodes than bytes: its size is the budget. What aliases add has limits of its own.
    let size = text.len().max(1 << 20);
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_events: size,
            max_nodes: size,
            max_total_scalar_bytes: size.max(64 << 20),
            max_depth: DEEPEST,
        },
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: 100_000 },
        with_snippet: false,
        non_finite_float_policy: serde_saphyr::options::NonFiniteFloatPolicy::Reject,
    };
    if lines_before == 0 {
        serde_saphyr::from_str_with_options(text, options)
    } else {
        let padded = "\n".repeat(lines_before) + text;
        serde_saphyr::from_str_with_options(&padded, options)
    }
}

/// The text between two separators, and the line on which it begins.
struct Chunk<'a> {
    text: &'a str,
    line: usize,
}

/// Cuts at lines that begin with `---`: in YAML such a line separates documents wherever it stands, and so each
/// document is parsed on its own and an error knows its number.
fn documents(text: &str) -> impl Iterator<Item = Chunk<'_>> {
    let mut rest = Some(text);
    let mut line = 1;
    std::iter::from_fn(move || {
        let current = rest?;
        let mut end = 0;
        let mut lines = 0;
        rest = None;
        for candidate in current.split_inclusive('\n') {
            if let Some(tail) = candidate.strip_prefix("---")
                && tail.chars().next().is_none_or(char::is_whitespace)
            {
                rest = Some(&current[end + 3..]);
                break;
            }
            end += candidate.len();
            lines += 1;
        }
        let chunk = Chunk { text: &current[..end], line };
        line += lines;
        Some(chunk)
    })
}

/// Nothing but blank lines, comments and directives.
fn is_blank(text: &str) -> bool {
    leading_blank_lines(text) == text.lines().count()
}

fn leading_blank_lines(text: &str) -> usize {
    text.lines()
        .take_while(|line| {
            let line = line.trim();
            line.is_empty() || line.starts_with(['#', '%'])
        })
        .count()
}

/// Adds a value: an object, a list of objects, or an array of them.
fn add(location: Location<'_>, value: Value, all: &mut Found) -> Result<(), ManifestError> {
    match value {
        Value::Null => Ok(()),
        Value::Array(items) => items.into_iter().try_for_each(|item| add(location, item, all)),
        Value::Object(mut fields) => match items(location, &mut fields)? {
            Some(Items::Listed(items)) => add_items(location, &fields, items, all),
            Some(Items::Nothing) => {
                all.empty_lists += 1;
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
