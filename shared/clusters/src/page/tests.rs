//! Pages as they should be, and as they should not.

use super::{Page, PageError, PageReader};
use crate::object::Projection;
use crate::receiver::Fold;
use crate::testing::Service;

fn read_by(json: &str, size: usize) -> (Result<Page, PageError>, Vec<String>) {
    let mut fold = Fold::new(Vec::new, |names: &mut Vec<_>, service: Service| {
        names.push(service.metadata.full_name().to_string());
    });
    let mut reader = PageReader::new();
    let mut pieces = json.as_bytes().chunks(size);
    let fed = pieces.try_for_each(|piece| reader.feed(piece, &Service::RESOURCE, &mut fold));
    let page = fed.and_then(|()| reader.end(&Service::RESOURCE, &mut fold));
    (page, fold.into_accumulator())
}

/// Reads a page in pieces of any size, which must make no difference.
fn read(json: &str) -> (Result<Page, PageError>, Vec<String>) {
    let whole = read_by(json, json.len().max(1));
    for size in 1..json.len() {
        let (page, names) = read_by(json, size);
        let same = match (&page, &whole.0) {
            (Ok(page), Ok(all)) => page == all && names == whole.1,
            (Err(own), Err(whole)) => std::mem::discriminant(own) == std::mem::discriminant(whole),
            _ => false,
        };
        assert!(same, "{json} in pieces of {size}: {page:?}, {names:?}, not {whole:?}");
    }
    whole
}

#[test]
fn objects_come_in_order_and_the_token_wherever_it_stands() {
    let (page, names) = read(
        r#"{"items":[{"metadata":{"name":"b","namespace":"x"},"spec":{"a":[1]}},{"metadata":{"name":"a"}}],
            "metadata":{"resourceVersion":"1","continue":"t"},"apiVersion":"v1","kind":"ServiceList"}"#,
    );
    assert_eq!(page.unwrap(), Page { next: Some("t".into()), objects: 2, version: "1".into() });
    assert_eq!(names, ["x/b", "a"]);
}

#[test]
fn characters_of_several_bytes_can_be_cut_anywhere() {
    let (page, names) = read(
        r#"{"kind":"ServiceList","apiVersion":"v1","metadata":{},"items":[
            {"metadata":{"name":"a","annotations":{"town":"Zürich 東京 🦀"}}},{"metadata":{"name":"b"}}]}"#,
    );
    assert_eq!(page.unwrap().objects, 2);
    assert_eq!(names, ["a", "b"]);
}

#[test]
fn bytes_that_are_no_text_are_an_error() {
    let bytes = b"{\"items\":[{\"metadata\":{\"name\":\"a\"}},{\"metadata\":{\"name\":\"\xff\"}}]}";
    for size in 1..=bytes.len() {
        let mut fold = Fold::new(|| 0, |count: &mut u32, _: Service| *count += 1);
        let mut reader = PageReader::new();
        let mut pieces = bytes.chunks(size);
        let fed = pieces.try_for_each(|piece| reader.feed(piece, &Service::RESOURCE, &mut fold));
        match fed.and_then(|()| reader.end(&Service::RESOURCE, &mut fold)) {
            Err(PageError::Foreign(found)) => assert!(found.contains("not UTF-8"), "{found}"),
            other => panic!("in pieces of {size}: {other:?}"),
        }
        assert_eq!(fold.into_accumulator(), 1);
    }
}

#[test]
fn the_last_page_has_no_token() {
    for metadata in [r#"{"continue":""}"#, "{}", "null"] {
        let json = format!(
            r#"{{"kind":"ServiceList","apiVersion":"v1","metadata":{metadata},"items":null}}"#
        );
        assert_eq!(read(&json).0.unwrap(), Page::default(), "{metadata}");
    }
}

#[test]
fn what_is_no_such_list_is_said() {
    let table = [
        ("<html><body>Sign in</body></html>", "HTML or XML"),
        ("sorry", "no JSON"),
        ("{}", "JSON without kind and apiVersion"),
        (r#"{"kind":"ServiceList","apiVersion":"v1"}"#, "a v1 ServiceList without items"),
        (
            r#"{"kind":"PodList","apiVersion":"v1","items":[]}"#,
            "a v1 PodList where a v1 ServiceList was asked for",
        ),
        (r#"{"kind":"ServiceList",]"#, "malformed JSON (key must be a string at line 1 column 23)"),
    ];
    for (text, expected) in table {
        match read(text).0 {
            Err(PageError::Foreign(found)) => assert_eq!(found, expected),
            other => panic!("{text}: {other:?}"),
        }
    }
}

#[test]
fn a_list_that_says_that_it_is_not_complete_is_none() {
    let list = |metadata: &str, items: &str| {
        format!(
            r#"{{"kind":"ServiceList","apiVersion":"v1","metadata":{metadata},"items":{items}}}"#
        )
    };
    let one = r#"[{"metadata":{"name":"a"}}]"#;
    let follows =
        "it says that 3 more objects follow (remainingItemCount), but not where (continue)";
    let table = [
        (list(r#"{"remainingItemCount":3}"#, one), Some(follows)),
        (list(r#"{"remainingItemCount":3,"continue":""}"#, one), Some(follows)),
        (list(r#"{"remainingItemCount":0}"#, one), None),
        (list(r#"{"remainingItemCount":null}"#, one), None),
        (list(r#"{"remainingItemCount":3,"continue":"t"}"#, one), None),
        (
            list("{}", r#"[{"metadata":{"name":"a"}},{}]"#),
            Some("Service number 2 has no name (metadata.name)"),
        ),
        (list("{}", r#"[{"metadata":{}}]"#), Some("Service number 1 has no name (metadata.name)")),
        (
            list("{}", r#"[{"metadata":{"name":""}}]"#),
            Some("Service number 1 has no name (metadata.name)"),
        ),
    ];
    for (json, expected) in table {
        match (read(&json).0, expected) {
            (Ok(_), None) => {}
            (Err(PageError::Partial(found)), Some(expected)) => assert_eq!(found, expected),
            (page, _) => panic!("{json}: {page:?}"),
        }
    }
}

#[test]
fn a_member_that_stands_twice_is_an_error() {
    let table = [
        r#"{"kind":"ServiceList","kind":"ServiceList","apiVersion":"v1","items":[]}"#,
        r#"{"kind":"ServiceList","apiVersion":"v1","apiVersion":"v1","items":[]}"#,
        r#"{"kind":"ServiceList","apiVersion":"v1","metadata":{"continue":"t"},"metadata":{},"items":[]}"#,
        r#"{"kind":"ServiceList","apiVersion":"v1","metadata":{"continue":"t","continue":""},"items":[]}"#,
        r#"{"kind":"ServiceList","apiVersion":"v1","items":[],"items":[]}"#,
        r#"{"kind":"ServiceList","apiVersion":"v1","items":[{"metadata":{"name":"a"},"metadata":{"name":"b"}}]}"#,
        r#"{"kind":"ServiceList","apiVersion":"v1","items":[{"metadata":{"name":"a","name":"b"}}]}"#,
        r#"{"kind":"ServiceList","apiVersion":"v1","items":[{"metadata":{"name":"a","annotations":{"k":"1","k":"2"}}}]}"#,
        r#"{"kind":"ServiceList","apiVersion":"v1","items":[{"metadata":{"name":"a","labels":{"k":"1"},"labels":{}}}]}"#,
    ];
    for json in table {
        let text = match read(json).0 {
            Err(PageError::Foreign(text) | PageError::Object { reason: text, .. }) => text,
            other => panic!("{json}: {other:?}"),
        };
        assert!(text.contains("duplicate field") || text.contains("stands twice"), "{text}");
    }
}

#[test]
fn every_cut_is_noticed() {
    let json = r#"{"kind":"ServiceList","apiVersion":"v1","metadata":{},"items":[{"metadata":{"name":"a"}}]}"#;
    for end in 0..json.len() {
        assert!(matches!(read(&json[..end]).0, Err(PageError::Cut(_))), "cut at {end}");
    }
}

#[test]
fn the_object_that_is_wrong_is_named() {
    let (page, _) = read(
        r#"{"kind":"ServiceList","apiVersion":"v1","items":[
            {"metadata":{"name":"good"}},{"metadata":{"name":"bad","namespace":"x","labels":{"a":1}}}]}"#,
    );
    match page {
        Err(PageError::Object { name, reason }) => {
            assert_eq!(name, "x/bad");
            assert!(reason.starts_with("invalid type: integer `1`, expected a string"), "{reason}");
        }
        other => panic!("{other:?}"),
    }
}
