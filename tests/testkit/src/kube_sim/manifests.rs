//! Objects from files: YAML and JSON, several documents in one, lists.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// All objects of a file, or of all files of a folder and those below it, in the order of their paths.
pub(super) fn read(path: &Path) -> io::Result<Vec<Value>> {
    let mut objects = Vec::new();
    for file in files(path)? {
        let text = fs::read_to_string(&file).map_err(|error| named(&file, &error))?;
        objects.extend(parse(&text).map_err(|error| named(&file, &error))?);
    }
    Ok(objects)
}

/// All objects of a text.
pub(super) fn parse(text: &str) -> io::Result<Vec<Value>> {
    let documents: Vec<Value> = if text.trim_start().starts_with('{') && !text.contains("\n---") {
        serde_json::Deserializer::from_str(text)
            .into_iter()
            .collect::<Result<_, _>>()
            .or_else(|_| serde_saphyr::from_multiple(text))
            .map_err(io::Error::other)?
    } else {
        serde_saphyr::from_multiple(text).map_err(io::Error::other)?
    };
    let mut objects = Vec::new();
    for document in documents {
        unfold(document, &mut objects);
    }
    Ok(objects)
}

/// A list counts as its items.
fn unfold(mut document: Value, objects: &mut Vec<Value>) {
    let is_list = document["kind"].as_str().is_some_and(|kind| kind.ends_with("List"));
    match document.get_mut("items").map(Value::take) {
        Some(Value::Array(items)) if is_list => {
            for item in items {
                unfold(item, objects);
            }
        }
        _ if document.is_null() => {}
        _ => objects.push(document),
    }
}

fn files(path: &Path) -> io::Result<Vec<PathBuf>> {
    if path.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    let entries = fs::read_dir(path).map_err(|error| named(path, &error))?;
    let mut paths =
        entries.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    let mut found = Vec::new();
    for path in paths {
        let known =
            path.extension().is_some_and(|own| own == "yaml" || own == "yml" || own == "json");
        if path.is_dir() {
            found.extend(files(&path)?);
        } else if known {
            found.push(path);
        }
    }
    Ok(found)
}

fn named(path: &Path, error: &dyn std::fmt::Display) -> io::Error {
    io::Error::other(format!("{}: {error}", path.display()))
}
