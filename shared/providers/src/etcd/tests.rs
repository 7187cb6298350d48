use extdns_testkit::http::{Reply, ScriptedServer};
use serde_json::json;

use super::*;
use crate::{Capabilities, Environment};

fn client(variables: &[(&str, &str)]) -> Result<Etcd, ProviderError> {
    let owned = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let environment = Environment::new(owned.collect());
    Etcd::new(&Context { environment, ..Context::default() })
}

#[test]
fn urls_and_files_of_tls() {
    let table: [(&[(&str, &str)], &str); 5] = [
        (&[("ETCD_URLS", "http://a:2379, HTTPS://b:2379")], ""),
        (&[("ETCD_URLS", "ftp://a:2379")], "etcd URLs must start with either http:// or https://"),
        (&[("ETCD_URLS", " , ")], "names no server"),
        (
            &[("ETCD_URLS", "https://a"), ("ETCD_CERT_FILE", "c.pem")],
            "either both cert and key or none must be provided",
        ),
        (
            &[("ETCD_URLS", "https://a"), ("ETCD_CA_FILE", "/no/ca.pem")],
            "failed to read /no/ca.pem",
        ),
    ];
    for (variables, problem) in table {
        let found = client(variables).err().map(|error| error.message).unwrap_or_default();
        assert!(found.contains(problem) && found.is_empty() == problem.is_empty(), "{found}");
    }
}

#[test]
fn the_end_of_a_prefix() {
    assert_eq!(end_of("/skydns/"), STANDARD.encode("/skydns0"));
}

/// A server that fails hands on to the next one; an answer that is no list is an error.
#[tokio::test]
async fn the_next_server_has_its_turn() {
    let down = ScriptedServer::start(|_| Reply::new(503));
    let up = ScriptedServer::start(|request| {
        assert_eq!(request.text().lines().next(), Some("POST /v3/kv/range"));
        Reply::json(200, &json!({ "header": { "revision": "7" } }))
    });
    let etcd = client(&[("ETCD_URLS", &format!("{},{}", down.url(), up.url()))]).expect("a client");
    let can = Capabilities { request_time: None, ..Capabilities::new("etcd") };
    let via = etcd.rest().transport(&can);
    for _ in 0..2 {
        let (pairs, next) =
            etcd.page(&via, "list", "/x/", &PageFrom::Start).await.expect("the second answers");
        assert!(pairs.is_empty() && next.is_none());
    }
    assert_eq!((down.requests().len(), up.requests().len()), (1, 2));
    let odd = ScriptedServer::start(|_| Reply::json(200, &json!({ "status": "ok" })));
    let etcd = client(&[("ETCD_URLS", &odd.url())]).expect("a client");
    let answer = etcd.page(&via, "list", "/x/", &PageFrom::Start).await;
    let Err(error) = answer else { panic!("it is no list of keys") };
    assert!(error.message.contains("not what the API promises"), "{error}");
}
