//! One text of manifests: YAML documents or JSON values.

use std::path::Path;

use serde_json::Value;

use super::object::{CUT_OFF, Found, Location, add};
use super::strict::Strict;
use crate::error::ManifestError;

/// Schemas of custom resources nest deeper than what most texts of YAML do.
const DEEPEST: usize = 256;

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

/// What stands in place of a manifest, where it is recognised; ready to be appended to a message.
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
