//! Streams as they should be, and as they should not.

use super::{EventError, EventReader};
use crate::object::Projection;
use crate::page::PageError;
use crate::receiver::Fold;
use crate::testing::Service;

const END: &str = r#"{"type":"BOOKMARK","object":{"kind":"Service","apiVersion":"v1","metadata":{"resourceVersion":"7","annotations":{"k8s.io/initial-events-end":"true"}},"spec":{}}}"#;

fn added(name: &str) -> String {
    let object =
        format!(r#"{{"kind":"Service","apiVersion":"v1","metadata":{{"name":"{name}"}}}}"#);
    format!(r#"{{"type":"ADDED","object":{object}}}"#)
}

/// Whether the list is complete, and the objects until then.
fn read_by(text: &str, size: usize) -> (Result<bool, EventError>, Vec<String>) {
    let mut fold = Fold::new(Vec::new, |names: &mut Vec<_>, service: Service| {
        names.push(service.metadata.full_name().to_string());
    });
    let mut reader = EventReader::new();
    for piece in text.as_bytes().chunks(size) {
        match reader.feed(piece, &Service::RESOURCE, 300, &mut fold) {
            Ok(false) => {}
            end => return (end, fold.into_accumulator()),
        }
    }
    (Ok(false), fold.into_accumulator())
}

/// Reads a stream in pieces of any size, which must make no difference.
fn read(text: &str) -> (Result<bool, EventError>, Vec<String>) {
    let whole = read_by(text, text.len().max(1));
    for size in 1..text.len() {
        let (end, names) = read_by(text, size);
        assert_eq!(names, whole.1, "{text} in pieces of {size}");
        assert_eq!(format!("{end:?}"), format!("{:?}", whole.0), "{text} in pieces of {size}");
    }
    whole
}

fn lines<'a>(lines: impl IntoIterator<Item = &'a str>) -> String {
    lines.into_iter().map(|line| format!("{line}\n")).collect()
}

#[test]
fn objects_come_until_the_bookmark_and_what_follows_is_no_part_of_the_list() {
    let text = lines([&*added("b"), "", &added("a"), END, &added("later"), "no JSON"]);
    let (end, names) = read(&text);
    assert!(end.unwrap());
    assert_eq!(names, ["b", "a"]);
    let (end, names) = read(&lines([END]));
    assert!(end.unwrap() && names.is_empty(), "a kind without objects has the bookmark alone");
}

#[test]
fn other_bookmarks_end_nothing() {
    let others = [
        r#""metadata":{"resourceVersion":"7"}"#,
        r#""metadata":{"annotations":{}}"#,
        r#""metadata":{"annotations":null}"#,
        r#""metadata":{"annotations":{"k8s.io/initial-events-end":"false"}}"#,
    ];
    for metadata in others {
        let bookmark = format!(
            r#"{{"type":"BOOKMARK","object":{{"kind":"Service","apiVersion":"v1",{metadata}}}}}"#
        );
        let (end, names) = read(&lines([&*added("a"), &bookmark, &added("b")]));
        assert!(!end.unwrap(), "{metadata}");
        assert_eq!(names, ["a", "b"]);
    }
}

#[test]
fn the_order_of_members_means_nothing() {
    let turned = r#"{"object":{"metadata":{"name":"a"}},"type":"ADDED","more":[1]}"#;
    let longer = r#" { "type":"ADDED","object":{"metadata":{"name":"b"}} } "#;
    let more = r#"{"type":"ADDED","object":{"metadata":{"name":"c"}},"more":[1]}"#;
    let end = r#"{"object":{"apiVersion":"v1","kind":"Service","metadata":{"annotations":{"k8s.io/initial-events-end":"true"}}},"type":"BOOKMARK"}"#;
    let (end, names) = read(&lines([turned, longer, more, end]));
    assert!(end.unwrap());
    assert_eq!(names, ["a", "b", "c"]);
}

#[test]
fn a_stream_that_is_cut_anywhere_is_not_complete() {
    let text = lines([&*added("a"), &added("b"), END]);
    for end in 0..text.len() {
        let (complete, _) = read_by(&text[..end], 16);
        assert!(!complete.unwrap(), "cut at {end}");
    }
    assert!(read_by(&text, 16).0.unwrap());
}

#[test]
fn what_changed_in_between_is_reported() {
    for kind in ["MODIFIED", "DELETED"] {
        let change = added("a").replace("ADDED", kind);
        assert!(matches!(read(&lines([&*added("a"), &change, END])).0, Err(EventError::Changed)));
    }
}

#[test]
fn an_error_of_the_server_comes_with_its_code() {
    let status = r#"{"kind":"Status","code":410,"message":"too old resource version"}"#;
    let event = format!(r#"{{"type":"ERROR","object":{status}}}"#);
    match read(&lines([&*added("a"), &event])).0 {
        Err(EventError::Refused { code, status: text }) => {
            assert_eq!((code, &*text), (410, status))
        }
        other => panic!("{other:?}"),
    }
    let codeless = lines([r#"{"type":"ERROR","object":{}}"#]);
    assert!(matches!(read(&codeless).0, Err(EventError::Refused { code: 0, .. })));
}

#[test]
fn what_is_no_event_is_an_error() {
    const NAMELESS: &str = "Service number 1 has no name (metadata.name)";
    let event = |object: &str| format!(r#"{{"type":"ADDED","object":{object}}}"#);
    let table = [
        (event("{}"), NAMELESS),
        (event(r#"{"metadata":{}}"#), NAMELESS),
        (event(r#"{"metadata":{"name":""}}"#), NAMELESS),
        (event(r#"{"metadata":{"name":"a","labels":{"l":1}}}"#), "a: invalid type: integer `1`"),
        (event(r#"{"metadata":{"name":"a"},"metadata":{}}"#), "Service number 1: duplicate field `metadata`"),
        (r#"{"type":"ADDED","object":{"metadata":{"name":"a"}"#.to_owned(), "EOF while parsing an object"),
        (r#"{"type":"GONE","object":{"metadata":{"name":"a"}}}"#.to_owned(), "a: unknown variant `GONE`"),
        (r#"{"type":"ADDED"}"#.to_owned(), "an event of another form (missing field `object`"),
        (r#"{"object":{"metadata":{"name":"a"}}}"#.to_owned(), "a: missing field `type`"),
        (r#"{"type":"ADDED","type":"ADDED","object":{}}"#.to_owned(), "duplicate field `type`"),
        (
            r#"{"type":"ADDED","object":{"metadata":{"name":"a"}},"object":{"metadata":{"name":"b"}}}"#.to_owned(),
            "an event of another form (duplicate field `object`",
        ),
        (event(r#"{"metadata":{"name":"a"}}"#) + "{}", "malformed JSON (trailing characters"),
        ("<html>".to_owned(), "HTML or XML"),
        (END.replace("Service", "Pod"), "a bookmark of v1 Pod among v1 Service"),
        (END.replace(r#""kind":"Service","#, ""), "missing field `kind`"),
    ];
    for (line, expected) in table {
        let text = match read(&lines([&*line])).0 {
            Err(EventError::Broken(PageError::Foreign(text) | PageError::Partial(text))) => text,
            Err(EventError::Broken(PageError::Object { name, reason })) => {
                format!("{name}: {reason}")
            }
            Err(EventError::Broken(PageError::Cut(error))) => error.to_string(),
            other => panic!("{line}: {other:?}"),
        };
        assert!(text.contains(expected), "{line}: {text}");
    }
}

#[test]
fn an_event_is_bounded() {
    let endless = "{".repeat(400);
    assert!(matches!(read_by(&endless, 50).0, Err(EventError::TooLarge)));
}
