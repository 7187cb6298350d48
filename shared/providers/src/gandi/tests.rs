//! Gandi over a server that speaks as it does.

use super::dialect::DIALECT;
use super::*;
use crate::conformance::{OverHttp, SECRET};

/// Without the budget and the bound of a request: the tests make more calls than a run, and the clock
/// that they stop runs ahead while an answer is on its way.
fn make(url: &str) -> Box<dyn Provider> {
    let base = format!("{url}/v5");
    let rest = Context::default().rest(&SERVICE, Some(&base), Auth::bearer(SECRET));
    let capabilities = Capabilities { rate_limit: None, request_time: None, ..capabilities() };
    Box::new(Context::default().account(rest.expect("a client"), capabilities).stepped(Gandi))
}

mod kit {
    use super::*;

    crate::conformance! {
        #[tokio::test(start_paused = true)]
        OverHttp::start(DIALECT, make)
    }
}

mod contract {
    use extdns_model::{Name, RecordSet, RecordType, Ttl};
    use extdns_testkit::http::{Reply, ScriptedServer};
    use serde_json::json;

    use super::*;
    use crate::conformance::recorded::Exchange;
    use crate::{Environment, ErrorKind, Reader as _};

    fn recorded(name: &str) -> Exchange {
        Exchange::of("gandi", name)
    }

    /// One that is reached as the environment says.
    fn from(variables: [(&str, &str); 3]) -> Result<impl Provider + use<>, ProviderError> {
        let environment = Environment::from(variables);
        provider(&Context { environment, ..Context::default() })
    }

    #[tokio::test]
    async fn recorded_lists_are_read_of_domains_that_use_livedns() {
        let domains = json!([
            { "fqdn": "unit.tests", "nameserver": { "current": "livedns" } },
            { "fqdn": "classic.tests", "nameserver": { "current": "classic" } },
            { "fqdn": "null.tests", "nameserver": null },
        ]);
        let next = "</v5/domain/domains?page=2&per_page=500>; rel=\"next\"";
        let records = "/v5/livedns/domains/unit.tests/records?per_page=500&sharing_id=org-1";
        let server = ScriptedServer::sequence([
            (
                "GET",
                "/v5/domain/domains?per_page=500&sharing_id=org-1",
                Reply::json(200, &domains).header("link", next),
            ),
            (
                "GET",
                "/v5/domain/domains?page=2&per_page=500&sharing_id=org-1",
                Reply::json(200, &json!([])).header("total-count", "3"),
            ),
            ("GET", records, recorded("list-records-alltypes-page1").reply()),
        ]);
        let url = format!("{}/v5", server.url());
        let variables =
            [("GANDI_KEY", "k3y-of-mine"), ("GANDI_SHARING_ID", "org-1"), ("GANDI_API_URL", &url)];
        let provider = from(variables).expect("a key");
        let inventory = provider.read().await.expect("readable");
        let sets: Vec<String> =
            inventory.records().map(|(_, record)| record.set.to_string()).collect();
        assert_eq!(
            sets,
            [
                "unit.tests 10800 IN A  198.51.100.1 []",
                "unit.tests 10800 IN MX  10 spool.mail.gandi.net;50 fb.mail.gandi.net []",
                "unit.tests 10800 IN TXT  \"v=spf1 include:_mailcust.gandi.net ?all\" []",
                "webmail.unit.tests 10800 IN CNAME  webmail.gandi.net []",
                "www.unit.tests 10800 IN CNAME  webredir.vip.gandi.net []",
                "_imap._tcp.unit.tests 10800 IN SRV  0 0 0 . []",
                "_imaps._tcp.unit.tests 10800 IN SRV  0 1 993 mail.gandi.net. []",
                "_pop3._tcp.unit.tests 10800 IN SRV  0 0 0 . []",
                "_pop3s._tcp.unit.tests 10800 IN SRV  10 1 995 mail.gandi.net. []",
                "_submission._tcp.unit.tests 10800 IN SRV  0 1 465 mail.gandi.net. []",
            ]
        );
        let seen = server.requests();
        assert!(seen.iter().all(|it| it.header("authorization") == Some("Apikey k3y-of-mine")));
    }

    #[tokio::test]
    async fn recorded_failures_and_what_they_mean() {
        let table = [
            (
                "error-400",
                ErrorKind::Rejected(Vec::new()),
                "HTTP 400: '198.51.100.1.': invalid host",
            ),
            ("error-403", ErrorKind::Unauthorised, "HTTP 403: Access was denied to this resource."),
            ("get-domain-404", ErrorKind::ZoneGone, "HTTP 404: The resource could not be found."),
        ];
        for (name, kind, text) in table {
            let server = ScriptedServer::start(move |_| recorded(name).reply());
            let error = make(&server.url()).read().await.expect_err("refused");
            assert_eq!(error.kind, kind, "{name}");
            assert!(error.message.contains(text), "{name}: {error}");
        }
    }

    #[test]
    fn writes_are_those_that_the_service_took() {
        let zone = Zone::new("example.net", Name::as_listed("example.net"));
        let rest = Context::default().rest(&SERVICE, None, Auth::none()).expect("one");
        for (name, record) in
            [("delete-rrset", "delete.testfilt"), ("update-rrset-txt", "orig.test")]
        {
            let exchange = recorded(name);
            let path = ["livedns", "domains", "example.net", "records", record, "TXT"];
            let ours = match exchange.asked().0 {
                "PUT" => rest.put(&path),
                _ => rest.delete(&path),
            };
            assert_eq!(ours.to_string(), format!("{} {}", exchange.asked().0, exchange.asked().1));
        }
        let cases = [
            ("example.net", RecordType::Txt, "a b", 0, "@", "\"a b\"", 600),
            (
                "*.sub.example.net",
                RecordType::Cname,
                "Lb.example.org",
                5,
                "*.sub",
                "lb.example.org.",
                300,
            ),
            ("m.example.net", RecordType::Mx, "010 mail", 666, "m", "10 mail.", 666),
        ];
        for (name, rtype, value, ttl, relative, expected, stored) in cases {
            let targets = [value].into_iter().collect();
            let ttl = Ttl::from_seconds(ttl);
            let set = RecordSet::new(Name::as_listed(name), rtype, ttl, targets);
            let ours = serde_json::to_value(RRSET.body(&FORM, &zone, &set)).expect("JSON");
            assert_eq!(
                ours,
                json!({ "rrset_name": relative, "rrset_type": rtype.to_string(),
                    "rrset_ttl": stored, "rrset_values": [expected] })
            );
        }
    }

    #[test]
    fn a_token_or_a_key_is_needed() {
        let Err(error) = from([("GANDI_KEY", ""), ("GANDI_PAT", " "), ("OTHER", "x")]) else {
            panic!("credentials are needed");
        };
        assert_eq!(
            error.message,
            "neither GANDI_PAT nor GANDI_KEY is set; make a personal access token at Gandi"
        );
    }
}
