//! Lists of several pages.

use super::*;

const PAGED: Listing = Listing::at("/items");

/// The list of a server, and the targets that it was asked for.
async fn walk(
    listing: Listing,
    answer: impl Fn(&Seen) -> Reply + Send + Sync + 'static,
) -> (Result<Vec<u32>, ProviderError>, Vec<String>) {
    let server = ScriptedServer::start(answer);
    let (rest, via) = client(&server, Auth::none());
    let first = rest.get(&["things"]).query("size", 2);
    let items = rest.list(&via, "read", first, &listing).await;
    (items, server.requests().iter().map(Seen::target).collect())
}

fn value(request: &Seen, name: &str) -> u64 {
    let pairs = request.pairs();
    let own = pairs.iter().find(|(own, _)| own == name);
    own.and_then(|(_, value)| value.parse().ok()).unwrap_or_default()
}

fn page(items: &[u32], next: Value) -> Reply {
    Reply::json(200, &json!({ "items": items, "next": next, "total": 5 }))
}

#[tokio::test]
async fn by_page_number() {
    let listing = Listing { next: More::Page("/next", "page"), total: "/total", ..PAGED };
    let (items, asked) = walk(listing, |request| match value(request, "page") {
        0 => page(&[1, 2], json!("somewhere")),
        2 => page(&[3, 4], json!(true)),
        _ => page(&[5], Value::Null),
    })
    .await;
    assert_eq!(items.expect("complete"), [1, 2, 3, 4, 5]);
    assert_eq!(
        asked,
        ["/api/things?size=2", "/api/things?size=2&page=2", "/api/things?size=2&page=3"]
    );
}

/// A full page has another behind it, which begins behind so many items or behind the last of them.
#[tokio::test]
async fn by_full_pages() {
    let full = Listing { next: More::Full("offset"), size: ("limit", 2), ..Listing::at("") };
    let (items, asked) = walk(full, |request| match value(request, "offset") {
        0 => Reply::json(200, &json!([1, 2])),
        _ => Reply::json(200, &json!([3])),
    })
    .await;
    assert_eq!(items.expect("complete"), [1, 2, 3]);
    assert_eq!(asked, ["/api/things?size=2&limit=2", "/api/things?size=2&limit=2&offset=2"]);
    // More than were asked for are all of them.
    let (items, asked) = walk(full, |_| Reply::json(200, &json!([1, 2, 3]))).await;
    assert_eq!((items.expect("complete").len(), asked.len()), (3, 1));

    let server = ScriptedServer::start(|request| match value(request, "marker") {
        0 => Reply::json(200, &json!([{ "at": "1" }, { "at": "7" }])),
        _ => Reply::json(200, &json!([])),
    });
    let (rest, via) = client(&server, Auth::none());
    let behind =
        Listing { next: More::Behind("/at", "marker"), size: ("limit", 2), ..Listing::at("") };
    let items: Result<Vec<Value>, _> = rest.list(&via, "read", rest.get(&[]), &behind).await;
    assert_eq!(items.expect("complete").len(), 2);
    let asked: Vec<String> = server.requests().iter().map(Seen::target).collect();
    assert_eq!(asked, ["/api?limit=2", "/api?limit=2&marker=7"]);
}

#[tokio::test]
async fn by_a_token_in_a_header() {
    let listing = Listing { next: More::Header("x-next", "page"), ..PAGED };
    let (items, asked) = walk(listing, |request| match value(request, "page") {
        0 => page(&[1, 2], Value::Null).header("x-next", "9"),
        _ => page(&[3], Value::Null).header("x-next", ""),
    })
    .await;
    assert_eq!(items.expect("complete"), [1, 2, 3]);
    assert_eq!(asked, ["/api/things?size=2", "/api/things?size=2&page=9"]);
}

#[tokio::test]
async fn by_members_of_the_body() {
    let listing =
        Listing { next: More::Member("Offset"), size: ("Limit", 2), total: "/total", ..PAGED };
    let server = ScriptedServer::start(|request| {
        let body: Value = serde_json::from_slice(&request.body).expect("JSON");
        match body["Offset"].as_u64() {
            Some(0) => page(&[1, 2], Value::Null),
            Some(2) => page(&[3, 4], Value::Null),
            _ => page(&[5], Value::Null),
        }
    });
    let (rest, via) = client(&server, Auth::none());
    let first = || rest.post(&["things"]).json(&json!({ "Zone": "z" })).expect("JSON");
    let items: Result<Vec<u32>, _> = rest.list(&via, "read", first(), &listing).await;
    assert_eq!(items.expect("complete"), [1, 2, 3, 4, 5]);
    let asked: Vec<Value> = server
        .requests()
        .iter()
        .map(|it| serde_json::from_slice(&it.body).expect("JSON"))
        .collect();
    let body = |offset: u32| json!({ "Zone": "z", "Offset": offset, "Limit": 2 });
    assert_eq!(asked, [body(0), body(2), body(4)]);

    // A list that ends too early, and one that comes again.
    let server = ScriptedServer::start(|_| page(&[], Value::Null));
    let (rest, via) = client(&server, Auth::none());
    let first = rest.post(&["things"]).json(&json!({})).expect("JSON");
    let items: Result<Vec<u32>, _> = rest.list(&via, "read", first, &listing).await;
    assert_eq!(items.expect_err("not complete").kind, ErrorKind::Transient);
}

/// A page says its number and how many there are, or else how many items there are in all.
#[tokio::test]
async fn by_the_number_of_pages_or_of_items() {
    let listing = Listing {
        next: More::Numbered("/at/page", "/at/pages", "page"),
        total: "/at/total",
        ..PAGED
    };
    for pages in [json!(3), Value::Null] {
        let (items, asked) = walk(listing, move |request| {
            let number = value(request, "page").max(1);
            let items: Vec<u64> = (2 * number - 1..=(2 * number).min(5)).collect();
            let at = json!({ "page": number, "pages": pages, "total": 5 });
            Reply::json(200, &json!({ "items": items, "at": at }))
        })
        .await;
        assert_eq!(items.expect("complete"), [1, 2, 3, 4, 5]);
        assert_eq!(asked[1..], ["/api/things?size=2&page=2", "/api/things?size=2&page=3"]);
    }
}

#[tokio::test]
async fn by_offset() {
    let listing = Listing { next: More::Offset("offset"), total: "/total", ..PAGED };
    let (items, asked) = walk(listing, |request| match value(request, "offset") {
        0 => page(&[1, 2], Value::Null),
        2 => page(&[3, 4], Value::Null),
        _ => page(&[5], Value::Null),
    })
    .await;
    assert_eq!(items.expect("complete"), [1, 2, 3, 4, 5]);
    assert_eq!(asked[1..], ["/api/things?size=2&offset=2", "/api/things?size=2&offset=4"]);
}

#[tokio::test]
async fn by_token() {
    let listing = Listing { next: More::Token("/next", "after"), ..PAGED };
    let (items, asked) = walk(listing, |request| match request.query.as_deref() {
        Some("size=2") => page(&[1], json!("a&b")),
        _ => page(&[2], json!("")),
    })
    .await;
    assert_eq!(items.expect("complete"), [1, 2]);
    assert_eq!(asked[1..], ["/api/things?size=2&after=a%26b"]);
}

#[tokio::test]
async fn by_link_header() {
    let listing = Listing { next: More::Link, ..Listing::at("") };
    let (items, asked) = walk(listing, |request| match request.query.as_deref() {
        Some("size=2") => Reply::json(200, &json!([1, 2])).header(
            "link",
            "</api/x,y>; rel=\"first\", </api/things?p=2>; title=\"a, b\"; rel=next",
        ),
        _ => Reply::json(200, &json!([3])).header("link", "</api/things>; rel=\"prev last\""),
    })
    .await;
    assert_eq!(items.expect("complete"), [1, 2, 3]);
    assert_eq!(asked[1..], ["/api/things?p=2"]);
}

#[tokio::test]
async fn a_next_page_on_another_server_is_not_read() {
    for url in ["https://evil.example.net/things", "//127.0.0.1:1/things", "https://127.0.0.1/x"] {
        let other = ScriptedServer::start(|_| Reply::json(200, &json!([])));
        let listing = Listing { next: More::Url("/next"), ..PAGED };
        let (items, asked) = walk(listing, move |_| page(&[1], json!(url))).await;
        let error = items.expect_err("another server");
        assert_eq!(error.kind, ErrorKind::Config, "{url}");
        assert!(error.message.ends_with("the next page lies on another server; it is not read"));
        assert_eq!((asked.len(), other.requests().len()), (1, 0));
    }
}

#[tokio::test]
async fn lists_without_an_end() {
    let token = Listing { next: More::Token("/next", "after"), ..PAGED };
    let number = Listing { next: More::Page("/next", "page"), ..PAGED };
    // A token that comes back at once, and one that comes back later.
    let (items, asked) = walk(token, |_| page(&[], json!("a"))).await;
    assert!(items.expect_err("a cycle").message.contains("the list does not end"));
    assert_eq!(asked.len(), 2);
    let (items, asked) = walk(token, |request| {
        let is_a = request.query.as_deref().is_some_and(|query| query.ends_with("after=a"));
        page(&[], json!(if is_a { "b" } else { "a" }))
    })
    .await;
    assert!(items.expect_err("a cycle").message.contains("one that was read before"));
    assert_eq!(asked.len(), 3);
    // A server that knows nothing of pages.
    let (items, asked) = walk(number, |_| page(&[1, 2], json!("more"))).await;
    assert!(items.expect_err("the same page").message.contains("a page comes back"));
    assert_eq!(asked.len(), 2);
    // Empty pages for ever.
    let (items, asked) = walk(number, |_| page(&[], json!("more"))).await;
    assert!(items.expect_err("empty pages").message.contains("empty pages follow each other"));
    assert_eq!(asked.len(), 33);
}

#[tokio::test]
async fn a_list_that_is_not_complete_is_an_error() {
    let total = Listing { total: "/total", ..PAGED };
    let header = Listing { total_header: "x-total", ..PAGED };
    let offset = Listing { next: More::Offset("offset"), ..PAGED };
    let (items, _) = walk(total, |_| page(&[1, 2, 3, 4], Value::Null)).await;
    let error = items.expect_err("one is missing");
    assert_eq!(error.kind, ErrorKind::Transient);
    assert!(error.message.ends_with("the list is not complete, 4 of 5 items came; run again"));
    let (items, _) = walk(header, |_| page(&[1], Value::Null).header("x-total", "2")).await;
    assert!(items.is_err());
    // Nothing says how many there are, or where they are.
    let (items, _) = walk(offset, |_| page(&[1], Value::Null)).await;
    assert!(items.expect_err("no total").message.ends_with("it has no total"));
    let (items, _) = walk(PAGED, |_| Reply::json(200, &json!({ "other": [1] }))).await;
    assert!(items.expect_err("no items").message.ends_with("it has no /items"));
    let (items, _) = walk(PAGED, |_| Reply::json(200, &json!({ "items": null }))).await;
    assert!(items.is_err());
    // More may have come in between.
    let (items, _) = walk(total, |_| page(&[1, 2, 3, 4, 5, 6], Value::Null)).await;
    assert_eq!(items.expect("complete").len(), 6);
}
