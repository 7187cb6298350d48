//! A real etcd and a real CoreDNS, and values that a real etcd has rarely.

mod values;

use clap::Parser as _;
use extdns_model::{Endpoint, Outcome};
use extdns_testkit::coredns::CoreDns;
use extdns_testkit::dns;
use extdns_testkit::etcd::{Etcd as Server, PASSWORD};
use serde_json::{Value, json};

use super::*;
use crate::Environment;
use crate::conformance::SECRET;
use crate::conformance::contract::{calls, many, set, sync};
use crate::conformance::suite;
use crate::engine::text;
use crate::etcd::kit::{Codec, Real, keys};
use service::key_of;

/// Where all keys are by default.
const PREFIX: &str = "/skydns/";

const CODEC: Codec = Codec {
    prefix: PREFIX,
    // With credentials that the server does not ask for.
    make: |url| {
        let all = [("ETCD_URLS", url), ("ETCD_USERNAME", "root"), ("ETCD_PASSWORD", SECRET)];
        make_of(&[], &environment(&all))
    },
    encode: |set, target, number| {
        let mut service = json!({ "targetstrip": 1, "ttl": set.ttl.seconds().unwrap_or(0) });
        match set.rtype {
            RecordType::Txt => service["text"] = json!(text::bare(target)),
            _ => service["host"] = json!(target.trim_end_matches('.')),
        }
        let key = format!("{}/s{number}", key_of(PREFIX, &set.name));
        TYPES.contains(&set.rtype).then_some((key, service))
    },
    decode: |key, value| {
        let service: Service = serde_json::from_value(value.clone()).expect("a service");
        let name = name_of(PREFIX, key, service.targetstrip).expect("a name");
        let (rtype, target) = match service.host.as_str() {
            "" => (RecordType::Txt, service.text.as_str()),
            host => (service.host_type(&name), host),
        };
        let ttl = Ttl::from_seconds(service.ttl.into());
        let ttl = if service.ttl == 0 { Ttl::UNSET } else { ttl };
        RecordSet::new(name, rtype, ttl, [target].into_iter().collect())
    },
    names: |key| [0, 1].into_iter().filter_map(|strip| name_of(PREFIX, key, strip)).collect(),
};

mod kit {
    use super::*;

    crate::conformance! {
        #[tokio::test]
        Real::start(CODEC).await
    }
}

#[derive(clap::Parser)]
struct Cli {
    #[command(flatten)]
    args: CorednsArgs,
}

fn args(flags: &[&str]) -> CorednsArgs {
    Cli::try_parse_from(["test"].iter().chain(flags)).expect("flags").args
}

fn environment(variables: &[(&str, &str)]) -> Context {
    let owned = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Context { environment: Environment::new(owned.collect()), ..Context::default() }
}

fn make_of(flags: &[&str], context: &Context) -> Box<dyn Provider> {
    Box::new(provider(&args(flags), context).expect("a provider"))
}

fn make(url: &str) -> Box<dyn Provider> {
    make_of(&[], &environment(&[("ETCD_URLS", url)]))
}

fn all_applied(outcomes: &[Outcome]) {
    let applied = |it: &Outcome| *it == Outcome::Applied;
    assert!(!outcomes.is_empty() && outcomes.iter().all(applied), "{outcomes:?}");
}

async fn read(provider: &dyn Provider) -> Vec<String> {
    let inventory = provider.read().await.expect("readable");
    let unreadable: Vec<_> = inventory.unreadable().map(|(_, it)| it.reason.clone()).collect();
    assert!(unreadable.is_empty(), "{unreadable:?}");
    inventory.records().map(|(_, record)| record.set.to_string()).collect()
}

#[tokio::test]
async fn coredns_answers_what_was_written() {
    let test = "coredns_answers_what_was_written";
    let Some(etcd) = Server::start_or_skip(test, false).await else { return };
    let zones = ["example.org", "26.172.in-addr.arpa"];
    let Some(dns) = CoreDns::start_or_skip(test, &zones, &etcd.url(), "/skydns").await else {
        return;
    };
    let provider = make(&etcd.url());
    let desired = [
        "www.example.org A 60 192.0.2.1;192.0.2.2",
        "six.example.org AAAA 0 2001:db8::6",
        "alias.example.org CNAME 300 www.example.org",
        "text.example.org TXT 300 hello world",
        "2.0.26.172.in-addr.arpa PTR 300 host.example.org",
        "20.0.26.172.in-addr.arpa PTR 300 other.example.org",
    ];
    all_applied(&sync(provider.as_ref(), &desired).await);
    let answers = [
        ("www.example.org", "A", &["192.0.2.1", "192.0.2.2"][..]),
        ("six.example.org", "AAAA", &["2001:db8::6"]),
        // It looks for a CNAME itself at a key without a label more, which no provider writes.
        ("alias.example.org", "A", &["192.0.2.1", "192.0.2.2", "www.example.org."]),
        ("text.example.org", "TXT", &["\"hello world\""]),
        ("2.0.26.172.in-addr.arpa", "PTR", &["host.example.org."]),
        ("20.0.26.172.in-addr.arpa", "PTR", &["other.example.org."]),
    ];
    for (name, rtype, expected) in answers {
        assert_eq!(answered(dns.port, name, rtype), expected, "{name} {rtype}");
    }
    // The PTR of .2 goes, and .20 stays; the address and the text change, and nothing else.
    let desired = [
        "www.example.org A 60 192.0.2.9",
        "six.example.org AAAA 0 2001:db8::6",
        "text.example.org TXT 300 again",
        "20.0.26.172.in-addr.arpa PTR 300 third.example.org",
    ];
    all_applied(&sync(provider.as_ref(), &desired).await);
    let answers = [
        ("www.example.org", "A", &["192.0.2.9"][..]),
        ("alias.example.org", "A", &[]),
        ("text.example.org", "TXT", &["\"again\""]),
        ("2.0.26.172.in-addr.arpa", "PTR", &[]),
        ("20.0.26.172.in-addr.arpa", "PTR", &["third.example.org."]),
    ];
    for (name, rtype, expected) in answers {
        assert_eq!(answered(dns.port, name, rtype), expected, "{name} {rtype}");
    }
    let outcomes = sync(provider.as_ref(), &desired).await;
    assert!(outcomes.is_empty(), "still to do: {outcomes:?}");
}

/// What CoreDNS answers, without the ownership records of the kit: their keys lie below that of the name, and it takes all
/// of them for texts of the name.
fn answered(port: u16, name: &str, rtype: &str) -> Vec<String> {
    let mut lines = dns::dig(port, name, rtype);
    lines.retain(|line| !line.contains("heritage="));
    lines
}

#[tokio::test]
async fn tls_with_a_certificate_of_the_client_and_a_name_of_the_server() {
    let test = "tls_with_a_certificate_of_the_client";
    let Some(etcd) = Server::start_or_skip(test, true).await else { return };
    let file = |name: &str| etcd.file(name).display().to_string();
    let (ca, certificate, key) = (file("ca.crt"), file("client.crt"), file("client.key"));
    let url = etcd.url();
    let of_client = [
        ("ETCD_URLS", url.as_str()),
        ("ETCD_CA_FILE", &ca),
        ("ETCD_CERT_FILE", &certificate),
        ("ETCD_KEY_FILE", &key),
    ];
    let with = |more: (&'static str, &'static str)| {
        make_of(&[], &environment(&[&of_client[..], &[more]].concat()))
    };
    let right = [
        ("ETCD_TLS_SERVER_NAME", ""),
        ("ETCD_TLS_SERVER_NAME", "localhost"),
        ("ETCD_TLS_INSECURE", "Yes"),
    ];
    for (number, more) in right.into_iter().enumerate() {
        let desired = format!("www.example.org A 60 192.0.2.{number}");
        all_applied(&sync(with(more).as_ref(), &[&desired]).await);
    }
    let trouble = with(("ETCD_TLS_SERVER_NAME", "etcd.example.org")).read().await;
    let inventory = trouble.expect("one zone, which cannot be read");
    let (_, unreadable) = inventory.unreadable().next().expect("another name");
    assert!(unreadable.reason.contains("certificate"), "{unreadable}");
    let nobody = make_of(&[], &environment(&of_client[..2])).read().await.expect("one zone");
    assert!(nobody.unreadable().next().is_some(), "without a certificate of the client");
}

#[tokio::test]
async fn a_user_and_a_password_are_exchanged_for_a_token() {
    let test = "a_user_and_a_password_are_exchanged_for_a_token";
    let Some(etcd) = Server::start_or_skip(test, false).await else { return };
    etcd.enable_auth().await;
    let url = etcd.url();
    let with = |user: &'static str, password: &'static str| {
        let all = [("ETCD_URLS", &*url), ("ETCD_USERNAME", user), ("ETCD_PASSWORD", password)];
        make_of(&[], &environment(&all))
    };
    let provider = with("root", PASSWORD);
    all_applied(&sync(provider.as_ref(), &["www.example.org A 60 192.0.2.1"]).await);
    assert_eq!(read(provider.as_ref()).await.len(), 2, "with its ownership record");
    let logins =
        provider.calls().iter().find(|it| it.operation == "authenticate").map(|it| it.calls);
    assert_eq!(logins, Some(1), "one token for the whole run");
    for (user, password, text) in
        [("root", "wrong-password", "invalid user ID or password"), ("", "", "user name is empty")]
    {
        let inventory = with(user, password).read().await.expect("one zone");
        let (_, unreadable) = inventory.unreadable().next().expect("refused");
        assert!(unreadable.reason.contains(text), "{unreadable}");
        assert!(unreadable.reason.contains("check ETCD_USERNAME"), "{unreadable}");
        assert!(!unreadable.reason.contains("wrong-password"), "{unreadable}");
    }
}

/// 10,000 records with their ownership records: 20,000 keys, 128 in a transaction.
#[tokio::test]
async fn ten_thousand_records_take_the_least_possible_number_of_calls() {
    let test = "ten_thousand_records_take_the_least_possible_number_of_calls";
    let Some(etcd) = Server::start_or_skip(test, false).await else { return };
    let provider = make(&etcd.url());
    let desired = many(10_000);
    all_applied(&sync(provider.as_ref(), &desired).await);
    let count = || [CHANGE, LIST].map(|operation| calls(provider.as_ref(), operation));
    assert_eq!(count(), [20_000_u64.div_ceil(128), 1]);
    assert!(sync(provider.as_ref(), &desired).await.is_empty());
    assert_eq!(count(), [157, 1 + 20_000 / 5000]);
    all_applied(&sync(provider.as_ref(), &desired[..0]).await);
    assert_eq!(count(), [2 * 157, 5 + 20_000 / 5000]);
    assert!(keys(etcd.port(), PREFIX).await.is_empty());
}

/// The server dies at its tenth transaction, with no answer to it, and comes back for the next run.
#[tokio::test]
async fn a_server_that_is_killed_in_the_middle_converges_in_the_next_run() {
    let kit = Real::start(CODEC).await;
    let desired = many(1000);
    kit.kill_at(10);
    let outcomes = sync(kit.make().as_ref(), &desired).await;
    let applied = outcomes.iter().filter(|it| **it == Outcome::Applied).count();
    assert_eq!(applied, 9 * 64, "nine transactions of 64 records: {outcomes:?}");
    kit.restart().await;
    let found = read(kit.make().as_ref()).await;
    let of_type = |rtype: &str| found.iter().filter(|it| it.contains(rtype)).count();
    assert_eq!(of_type(" IN A "), of_type(" IN TXT "), "each with its ownership record");
    all_applied(&sync(kit.make().as_ref(), &desired).await);
    assert!(sync(kit.make().as_ref(), &desired).await.is_empty());
    assert_eq!(kit.keys().await.len(), 2000);
}
