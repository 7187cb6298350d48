//! The source over a scripted API.

use std::io::empty;

use clap::Parser;
use extdns_clusters::{Access, ApiOptions, Cluster, Environment};
use extdns_model::ClusterId;
use extdns_testkit::http::{Reply, ScriptedServer};
use serde_json::{Value, json};

use crate::{Args, Found, Options, Sources, SystemResolver};

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    args: Args,
}

#[derive(Parser)]
struct Own {
    #[command(flatten)]
    flags: super::Flags,
}

fn parsed(endpoint: &str, more: &[&str]) -> Result<Options, String> {
    let endpoint = format!("--cf-api-endpoint={endpoint}");
    let words = ["test", "--source=cloudfoundry", endpoint.as_str()];
    let cli = Cli::try_parse_from(words.iter().chain(more)).expect("valid flags");
    Options::try_from(&cli.args).map_err(|error| error.to_string())
}

const LOGIN: [&str; 2] = ["--cf-username=admin@cf", "--cf-password=s&cret"];

async fn gather(server: &ScriptedServer) -> Found {
    let options = parsed(&server.url(), &LOGIN).expect("options");
    let cluster = Cluster {
        id: ClusterId(0),
        name: "none".into(),
        access: Access::Manifests(Vec::new()),
        api: ApiOptions::default(),
    };
    let view = cluster.connect(&Environment::default(), empty()).await.expect("a view");
    let resolver = std::sync::Arc::new(SystemResolver::default());
    Sources::new(options.gather, resolver).gather(&view).await
}

fn shown(found: &Found) -> Vec<String> {
    let of = |own: &extdns_model::Endpoint| {
        let set = &own.set;
        let targets: Vec<&str> = set.targets.iter().map(|target| target.as_str()).collect();
        let ttl = set.ttl.seconds().unwrap_or_default();
        format!(
            "{} {} {} ttl={ttl} {:?}",
            set.name,
            set.rtype,
            targets.join(";"),
            own.resource_label()
        )
    };
    found.sink.endpoints.iter().map(of).collect()
}

/// What the API answers: domains and routes in pages of one item each.
struct Foundation {
    domains: &'static [&'static str],
    routes: fn(&str) -> Vec<&'static str>,
}

impl Foundation {
    /// The page of a list that a request asks for.
    fn page(path: &str, page: usize, items: &[Value]) -> Reply {
        let joint = if path.contains('?') { '&' } else { '?' };
        let next = (page < items.len()).then(|| format!("{path}{joint}page={}", page + 1));
        let items: Vec<_> = items.iter().skip(page - 1).take(1).collect();
        Reply::json(200, &json!({ "next_url": next, "resources": items }))
    }

    fn answer(&self, path: &str) -> Reply {
        let (base, page) = match path.split_once("page=") {
            Some((base, page)) => {
                (base.trim_end_matches(['?', '&']), page.parse().expect("a page"))
            }
            None => (path, 1),
        };
        if base == "/v2/private_domains" {
            let domain = |name: &&str| json!({ "metadata": { "guid": format!("id-{name}") }, "entity": { "name": name } });
            return Self::page(base, page, &self.domains.iter().map(domain).collect::<Vec<_>>());
        }
        let domain = base.strip_prefix("/v2/routes?q=domain_guid%3Aid-").expect("a list of routes");
        let route =
            |host: &&str| json!({ "metadata": { "guid": host }, "entity": { "host": host } });
        Self::page(base, page, &(self.routes)(domain).iter().map(route).collect::<Vec<_>>())
    }
}

/// A server with this foundation, which knows one user.
fn server(foundation: Foundation) -> ScriptedServer {
    ScriptedServer::start(move |request| match request.target().as_str() {
        "/v2/info" => {
            let host = request.header("host").expect("a host");
            let url = format!("http://{host}/uaa");
            Reply::json(200, &json!({ "authorization_endpoint": url, "token_endpoint": url }))
        }
        "/uaa/oauth/token" => {
            let form = "grant_type=password&username=admin%40cf&password=s%26cret";
            let is_right = request.body == form.as_bytes()
                && request.header("authorization") == Some("Basic Y2Y6")
                && request.header("content-type") == Some("application/x-www-form-urlencoded");
            match is_right {
                true => {
                    Reply::json(200, &json!({ "access_token": "t0ken", "token_type": "bearer" }))
                }
                false => Reply::new(401),
            }
        }
        path if request.header("authorization") == Some("Bearer t0ken") => foundation.answer(path),
        _ => Reply::new(401),
    })
}

#[tokio::test]
async fn routes_are_aliases_of_the_api() {
    let foundation = Foundation {
        domains: &["apps.org", "web.org", "none.org"],
        routes: |domain| match domain {
            "apps.org" => vec!["a", "b", "", "x"],
            "web.org" => vec!["x"],
            _ => vec![],
        },
    };
    let server = server(foundation);
    let found = gather(&server).await;
    assert!(found.failures.is_empty(), "{:?}", found.failures);
    let expected = ["a.apps.org", "b.apps.org", "x.apps.org", "x.web.org"];
    let expected = expected.map(|name| format!("{name} CNAME 127.0.0.1 ttl=300 None"));
    assert_eq!(shown(&found), expected);
    let requests: Vec<_> =
        server.requests().iter().map(|own| format!("{} {}", own.method, own.target())).collect();
    let expected = [
        "GET /v2/info",
        "POST /uaa/oauth/token",
        "GET /v2/private_domains",
        "GET /v2/private_domains?page=2",
        "GET /v2/private_domains?page=3",
        "GET /v2/routes?q=domain_guid%3Aid-apps.org",
        "GET /v2/routes?q=domain_guid%3Aid-apps.org&page=2",
        "GET /v2/routes?q=domain_guid%3Aid-apps.org&page=3",
        "GET /v2/routes?q=domain_guid%3Aid-apps.org&page=4",
        "GET /v2/routes?q=domain_guid%3Aid-web.org",
        "GET /v2/routes?q=domain_guid%3Aid-none.org",
    ];
    assert_eq!(requests, expected);
}

#[tokio::test]
async fn without_a_domain_there_is_no_record() {
    let server = server(Foundation { domains: &[], routes: |_| vec![] });
    let found = gather(&server).await;
    assert!(found.failures.is_empty() && found.sink.endpoints.is_empty());
}

/// A path, what is answered there, and what the error says.
type Refusal = (&'static str, fn(&str) -> Reply, &'static str);

/// Upstream took a list that fails for an empty one, and deleted its records.
#[tokio::test]
async fn a_list_that_is_not_whole_is_an_error() {
    let table: [Refusal; 5] = [
        (
            "/v2/info",
            |_| Reply::new(404),
            "GET URL/v2/info: 127.0.0.1 answers HTTP 404; check --cf-api-endpoint",
        ),
        (
            "/uaa/oauth/token",
            |_| Reply::new(401),
            "POST URL/uaa/oauth/token: 127.0.0.1 answers HTTP 401; check --cf-username and --cf-password",
        ),
        (
            "/v2/private_domains",
            |_| Reply::new(500),
            "GET URL/v2/private_domains: 127.0.0.1 answers HTTP 500",
        ),
        (
            "/v2/routes",
            |_| Reply::new(500),
            "GET URL/v2/routes?q=domain_guid%3Aid-apps.org: 127.0.0.1 answers HTTP 500",
        ),
        (
            "/v2/routes",
            |_| Reply::json(200, &json!({ "next_url": "https://evil.test/", "resources": [] })),
            "GET URL/v2/routes?q=domain_guid%3Aid-apps.org: the list goes on at \"https://evil.test/\", which is no \
             further page of it",
        ),
    ];
    for (path, reply, expected) in table {
        let foundation = Foundation { domains: &["apps.org"], routes: |_| vec!["a"] };
        let server = ScriptedServer::start(move |request| match request.target().as_str() {
            target if target.starts_with(path) => reply(target),
            "/v2/info" => {
                let url = format!("http://{}/uaa", request.header("host").expect("a host"));
                Reply::json(200, &json!({ "token_endpoint": url }))
            }
            "/uaa/oauth/token" => Reply::json(200, &json!({ "access_token": "t0ken" })),
            target => foundation.answer(target),
        });
        let found = gather(&server).await;
        assert!(found.sink.endpoints.is_empty(), "{path}");
        let errors: Vec<_> = found.failures.iter().map(|own| own.error.to_string()).collect();
        assert_eq!(errors, [expected.replace("URL", &server.url())], "{path}");
    }
}

#[test]
fn all_flags_are_needed() {
    let table: [(&str, &[&str], &str); 3] = [
        ("", &LOGIN, "the source cloudfoundry needs --cf-api-endpoint"),
        ("api.cf.test", &LOGIN[1..], "the source cloudfoundry needs --cf-username"),
        ("api.cf.test", &LOGIN[..1], "the source cloudfoundry needs --cf-password"),
    ];
    for (endpoint, flags, expected) in table {
        assert_eq!(parsed(endpoint, flags).err().as_deref(), Some(expected));
    }
    let words = ["test", "--source=fake"];
    assert!(
        Options::try_from(&Cli::parse_from(words).args).is_ok(),
        "other sources need none of them"
    );
}

#[test]
fn the_target_is_the_host_of_the_api() {
    let table = [
        ("api.cf.test", "https://api.cf.test", "api.cf.test"),
        ("api.cf.test:8443", "https://api.cf.test:8443", "api.cf.test"),
        ("https://api.cf.test/", "https://api.cf.test", "api.cf.test"),
    ];
    for (endpoint, url, target) in table {
        let flag = format!("--cf-api-endpoint={endpoint}");
        let words = ["test", flag.as_str(), "--cf-username=u", "--cf-password=s3cret"];
        let flags = Own::parse_from(words).flags;
        let options = super::Options::read(&flags, true).expect("options");
        assert_eq!((options.endpoint.as_str(), options.target()), (url, target));
        assert!(!format!("{flags:?} {options:?}").contains("s3cret"), "the password is not shown");
    }
}
