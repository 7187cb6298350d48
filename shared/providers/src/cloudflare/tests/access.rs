//! Zones, pages, credentials, and which failures may pass.

use extdns_testkit::http::{Reply, ScriptedServer};
use serde_json::json;

use super::super::*;
use super::support::{apply, endpoint, failing, listed, plain, server};
use super::{args, make, make_with};
use crate::{Environment, ErrorKind, Reader as _};

use RecordType::A;

#[tokio::test]
async fn cloudflare_case_08_zones_that_are_named_by_id_are_not_listed() {
    let zone = |id: &str| json!({ "result": { "id": id, "name": format!("z{id}.com") } });
    let server = ScriptedServer::sequence([
        ("GET", "/client/v4/zones/001", Reply::json(200, &zone("001"))),
        ("GET", "/client/v4/zones/002", Reply::json(200, &zone("002"))),
    ]);
    let base = format!("{}/client/v4", server.url());
    let rest = Context::default().rest(&SERVICE, Some(&base), crate::rest::Auth::none());
    let domains = extdns_model::DomainFilter::lists(["other.com"], []);
    let filter = ZoneFilter::new(domains, &["001".to_owned(), "002".to_owned()]);
    let api = Cloudflare {
        rest: rest.expect("a client"),
        args: args(),
        capabilities: capabilities(),
        filter,
    };
    let via = api.rest.transport(&api.capabilities);
    let zones = api.zones(&via).await.expect("both");
    assert_eq!(zones.iter().map(ToString::to_string).collect::<Vec<_>>(), ["z001.com", "z002.com"]);
}

#[tokio::test(start_paused = true)]
async fn cloudflare_case_09_which_failures_may_pass() {
    let table = [
        (429, "more than 1200 requests", true),
        (500, "internal", true),
        (400, "exceeded available rate limit retries", true),
        (0, "", true),
        (400, "bad request", false),
        (401, "unauthorised", false),
        (404, "not found", false),
    ];
    for (status, message, soft) in table {
        let server = ScriptedServer::start(move |_| match status {
            0 => Reply::hang_up(),
            status => failing(status, message),
        });
        let error = make(&server.url()).read().await.expect_err("failed");
        assert_eq!(error.failure().kind.may_pass(), soft, "{status} {message}: {error:?}");
    }
}

#[tokio::test]
async fn cloudflare_case_10_pages_are_as_large_as_the_flag_says() {
    for (size, first) in [(1, "?per_page=1"), (0, "")] {
        let server = server("free", json!([]), move |request| {
            let path = "/client/v4/zones/001/dns_records";
            let second = if first.is_empty() { "?page=2" } else { "?per_page=1&page=2" };
            let page = match request.target().strip_prefix(path)? {
                query if query == first => 1,
                query if query == second => 2,
                query => panic!("{query}"),
            };
            let record =
                listed(&format!("r{page}"), "A", "a.bar.com", &format!("192.0.2.{page}"), 1);
            let info = json!({ "page": page, "total_pages": 2, "total_count": 2 });
            Some(Reply::json(200, &json!({ "result": [record], "result_info": info })))
        });
        let args = CloudflareArgs { cloudflare_dns_records_per_page: size, ..args() };
        let inventory = make_with(&server.url(), args).read().await.expect("readable");
        let (_, record) = inventory.records().next().expect("one");
        assert_eq!(record.set.targets.as_slice(), ["192.0.2.1", "192.0.2.2"]);
        assert_eq!(server.requests().len(), 1 + 2, "no page is asked for in vain");
    }
}

#[tokio::test]
async fn cloudflare_case_11_ways_to_authenticate() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), " from-file\n").expect("written");
    let named = format!("file:{}", file.path().display());
    let key = [("CF_API_KEY", "k3y-of-mine"), ("CF_API_EMAIL", "me@bar.com")];
    type Seen = [Option<&'static str>; 3];
    let by_key: Seen = [None, Some("k3y-of-mine"), Some("me@bar.com")];
    let bearer = |text| -> Seen { [Some(text), None, None] };
    let table: Vec<(Vec<(&str, &str)>, Seen)> = vec![
        (vec![("CF_API_TOKEN", "t0ken-1")], bearer("Bearer t0ken-1")),
        (vec![("CLOUDFLARE_API_TOKEN", "t0ken-2")], bearer("Bearer t0ken-2")),
        (vec![("CF_API_TOKEN", "t0ken-1"), key[0], key[1]], bearer("Bearer t0ken-1")),
        (vec![("CF_API_TOKEN", &named)], bearer("Bearer from-file")),
        (key.to_vec(), by_key),
        (vec![("CLOUDFLARE_API_KEY", key[0].1), ("CLOUDFLARE_EMAIL", key[1].1)], by_key),
    ];
    for (variables, expected) in table {
        let server = ScriptedServer::start(|_| Reply::json(200, &json!({ "result": [] })));
        let url = format!("{}/client/v4", server.url());
        let all = variables.iter().copied().chain([("CLOUDFLARE_BASE_URL", url.as_str())]);
        let all = all.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let context = Context { environment: Environment::new(all), ..Context::default() };
        provider(&args(), &context).expect("credentials").read().await.expect("readable");
        let request = server.requests().remove(0);
        let names = ["authorization", "x-auth-key", "x-auth-email"];
        assert_eq!(names.map(|name| request.header(name)), expected, "{variables:?}");
    }
    let missing = [
        (("CF_API_TOKEN", "file:/nowhere/token"), "the token file /nowhere/token cannot be used"),
        (
            ("CF_API_KEY", "k3y"),
            "CF_API_EMAIL is not set; set both to the global key and the mail address of a user",
        ),
        (
            ("CF_API_EMAIL", "me@bar.com"),
            "cloudflare credentials are not configured: no credentials in any of 2 places: (1) the environment \
             (CF_API_TOKEN): not set; set it to a token with the rights Zone Read and DNS Edit",
        ),
    ];
    for (variable, text) in missing {
        let environment = Environment::from([variable]);
        let error = provider(&args(), &Context { environment, ..Context::default() });
        let error = error.err().expect("no credentials");
        assert_eq!(error.kind, ErrorKind::Config);
        assert!(error.message.contains(text), "{error}");
    }
}

#[tokio::test]
async fn cloudflare_case_27_a_name_outside_all_zones_is_ignored() {
    let server = plain(json!([]));
    let provider = make(&server.url());
    let inventory = provider.read().await.expect("readable");
    assert!(inventory.index.route("a.foo.com", None).is_empty());
    let own = endpoint("a.foo.com", A, 0, &["1.2.3.4"]);
    let adjusted = provider.adjust(vec![own], &inventory.index).await.expect("adjusted");
    assert_eq!((adjusted.endpoints.len(), adjusted.notes.len()), (1, 0));
    assert!(apply(&*provider, &inventory, &[]).await.is_empty());
}
