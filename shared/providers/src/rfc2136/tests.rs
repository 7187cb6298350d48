//! Real servers (BIND, Knot DNS), and answers that a real server gives rarely.

#[cfg(feature = "gss-tsig")]
mod gss;
mod kit;
mod responder;
mod servers;

use clap::Parser as _;
use extdns_model::{Inventory, Outcome, Routing, ZoneInventory};
use hickory_proto::op::{Message, OpCode};
use hickory_proto::rr::DNSClass;
use hickory_proto::rr::rdata::SOA;

use super::*;
use crate::ErrorKind;
use crate::conformance::contract::set;
use crate::conformance::suite;
use responder::{Responder, coded};

const FORM: Form = Form {
    apex: "",
    dots: Dots::Final,
    txt: TxtQuoting::Quoted,
    ttls: Ttls { min: 60, ..Ttls::from(60) },
};

#[derive(clap::Parser)]
struct Cli {
    #[command(flatten)]
    args: Rfc2136Args,
}

fn args(flags: &[&str]) -> Rfc2136Args {
    Cli::try_parse_from(["test"].iter().chain(flags)).expect("flags").args
}

/// A provider for the zones of the kit.
fn make(flags: &[&str]) -> Box<dyn Provider> {
    let zones = ["--rfc2136-zone=example.org", "--rfc2136-zone=sub.example.org."];
    let flags: Vec<&str> =
        ["--rfc2136-host=127.0.0.1"].iter().chain(&zones).chain(flags).copied().collect();
    Box::new(provider(&args(&flags), &Context::default()).expect("a provider"))
}

/// Makes these record sets all that there is of ours, and returns the outcomes.
async fn sync(provider: &dyn Provider, desired: &[&str]) -> Vec<Outcome> {
    let inventory = provider.read().await.expect("readable");
    let unreadable: Vec<_> = inventory.unreadable().map(|(_, it)| it.reason.to_string()).collect();
    assert!(unreadable.is_empty(), "{unreadable:?}");
    sync_with(provider, &inventory, desired).await
}

async fn sync_with(
    provider: &dyn Provider,
    inventory: &Inventory,
    desired: &[&str],
) -> Vec<Outcome> {
    let endpoints =
        desired.iter().map(|text| extdns_model::Endpoint::from_set(set(text))).collect();
    let adjusted = provider.adjust(endpoints, &inventory.index).await.expect("adjusted");
    let desired: Vec<RecordSet> = adjusted.endpoints.into_iter().map(|it| it.set).collect();
    suite::apply(provider, inventory, &desired).await
}

fn all_applied(outcomes: &[Outcome]) {
    let applied = |it: &Outcome| *it == Outcome::Applied;
    assert!(!outcomes.is_empty() && outcomes.iter().all(applied), "{outcomes:?}");
}

/// What is desired is what there is.
async fn nothing_to_do(provider: &dyn Provider, desired: &[&str]) {
    let outcomes = sync(provider, desired).await;
    assert!(outcomes.is_empty(), "still to do: {outcomes:?}");
}

/// The records of a section, as `name ttl class type data`.
fn lines(records: &[WireRecord]) -> Vec<String> {
    let line = |it: &WireRecord| {
        let class = match it.dns_class {
            DNSClass::NONE => "NONE".to_owned(),
            class => class.to_string(),
        };
        let data = record::value(&it.data).unwrap_or_default();
        format!("{} {} {class} {} {data}", it.name, it.ttl, it.record_type()).trim_end().to_owned()
    };
    records.iter().map(line).collect()
}

fn no_error(_: usize, asked: &Message) -> Vec<Message> {
    vec![coded(asked, ResponseCode::NoError)]
}

/// The answer to a transfer: the SOA, these records, the SOA.
fn zone_of(asked: &Message, records: &[&str]) -> Message {
    let zone = asked.queries[0].name().clone();
    let soa = SOA::new(zone.clone(), zone.clone(), 7, 1, 1, 1, 1);
    let soa = WireRecord::from_rdata(zone.clone(), 60, RData::SOA(soa));
    let mut answer = coded(asked, ResponseCode::NoError);
    answer.add_answer(soa.clone());
    for text in records {
        let set = set(text);
        let name = record::name(&set.name).expect("a name");
        let ttl = set.ttl.seconds().unwrap_or_default();
        for data in update::data(&set, &FORM).expect("data") {
            answer.add_answer(WireRecord::from_rdata(name.clone(), ttl, data));
        }
    }
    answer.add_answer(soa);
    answer
}

const NS: &str = "example.org NS 300 ns1.example.net";

#[tokio::test]
async fn one_message_has_what_goes_what_comes_and_what_it_relies_on() {
    let responder = Responder::start(1, |_, asked| {
        let is_child = asked.queries[0].name().to_ascii().starts_with("sub.");
        let records: &[&str] = match is_child {
            true => &[NS],
            false => &[
                NS,
                "old.example.org A 300 192.0.2.1;192.0.2.2",
                "own-a.old.example.org TXT 60 \"heritage=external-dns,external-dns/owner=kit\"",
            ],
        };
        match asked.metadata.op_code {
            OpCode::Update => no_error(0, asked),
            _ => vec![zone_of(
                asked,
                if is_child { &["sub.example.org NS 300 ns1.example.net"] } else { records },
            )],
        }
    })
    .await;
    let port = format!("--rfc2136-port={}", responder.port);
    let flags = ["--rfc2136-insecure", "--rfc2136-axfr", "--rfc2136-min-ttl=60s", &port];
    let desired =
        ["old.example.org A 300 192.0.2.1;192.0.2.3", "new.example.org CNAME 0 lb.example.net"];
    let outcomes = sync(make(&flags).as_ref(), &desired).await;
    all_applied(&outcomes);
    let updates = responder.updates();
    let [(0, message)] = &updates[..] else { panic!("one message: {updates:?}") };
    let zones: Vec<String> = message.queries.iter().map(ToString::to_string).collect();
    assert_eq!(zones, ["example.org. IN SOA"]);
    let prerequisites = lines(&message.answers);
    for expected in [
        "old.example.org. 0 IN A 192.0.2.1",
        "old.example.org. 0 IN A 192.0.2.2",
        "new.example.org. 0 NONE ANY",
        "own-a.old.example.org. 0 IN TXT \"heritage=external-dns,external-dns/owner=kit\"",
    ] {
        assert!(
            prerequisites.iter().any(|line| line == expected),
            "{expected} in {prerequisites:?}"
        );
    }
    let changes = lines(&message.authorities);
    assert_eq!(
        &changes[..2],
        ["old.example.org. 0 NONE A 192.0.2.1", "old.example.org. 0 NONE A 192.0.2.2"]
    );
    for expected in [
        "old.example.org. 300 IN A 192.0.2.1",
        "old.example.org. 300 IN A 192.0.2.3",
        "new.example.org. 60 IN CNAME lb.example.net.",
    ] {
        assert!(changes[2..].iter().any(|line| line == expected), "{expected} in {changes:?}");
    }
}

#[tokio::test]
async fn without_transfers_records_are_only_added() {
    let responder = Responder::start(1, no_error).await;
    let port = format!("--rfc2136-port={}", responder.port);
    let flags =
        ["--rfc2136-insecure", "--rfc2136-batch-change-size=2", "--rfc2136-min-ttl=300s", &port];
    let desired = [
        "a.example.org A 2100 192.0.2.1",
        "b.example.org A 0 192.0.2.1",
        "c.sub.example.org A 60 192.0.2.1",
    ];
    let provider = make(&flags);
    assert_eq!(provider.read().await.expect("readable").records().count(), 0);
    all_applied(&sync(provider.as_ref(), &desired).await);
    let seen = responder.seen.lock().expect("no panic").len();
    let updates = responder.updates();
    assert_eq!(seen, updates.len(), "nothing is asked for");
    let mut zones: Vec<String> =
        updates.iter().map(|(_, it)| it.queries[0].name().to_string()).collect();
    zones.sort();
    assert_eq!(zones, ["example.org.", "example.org.", "sub.example.org."]);
    assert!(updates.iter().all(|(_, it)| it.answers.is_empty()), "no prerequisites");
    let addresses = updates.iter().flat_map(|(_, it)| lines(&it.authorities));
    let mut addresses: Vec<String> = addresses.filter(|line| line.contains(" A ")).collect();
    addresses.sort();
    assert_eq!(
        addresses,
        [
            "a.example.org. 2100 IN A 192.0.2.1",
            "b.example.org. 300 IN A 192.0.2.1",
            "c.sub.example.org. 300 IN A 192.0.2.1",
        ]
    );
}

#[tokio::test]
async fn a_message_goes_on_to_the_next_server_only_if_it_changed_nothing() {
    let hosts = ["--rfc2136-host=127.0.0.2", "--rfc2136-insecure"];
    let desired = ["a.example.org A 300 192.0.2.1"];
    // What the first server answers, and where the message goes in turn.
    let refusing = Responder::start(2, |host, asked| match host {
        0 => vec![coded(asked, ResponseCode::ServFail)],
        _ => no_error(host, asked),
    });
    let refusing = refusing.await;
    let port = format!("--rfc2136-port={}", refusing.port);
    all_applied(&sync(make(&[hosts[0], hosts[1], &port]).as_ref(), &desired).await);
    assert_eq!(refusing.updates().iter().map(|(host, _)| *host).collect::<Vec<_>>(), [0, 1]);

    let silent = Responder::start(2, |host, asked| match asked.metadata.op_code {
        OpCode::Update if host == 0 => Vec::new(),
        OpCode::Update => no_error(host, asked),
        _ => vec![coded(asked, ResponseCode::ServFail)],
    });
    let silent = silent.await;
    let port = format!("--rfc2136-port={}", silent.port);
    let provider = make(&[hosts[0], hosts[1], "--rfc2136-axfr", &port]);
    let inventory = empty();
    let outcomes = sync_with(provider.as_ref(), &inventory, &desired).await;
    let [Outcome::Unknown(failure)] = &outcomes[..] else { panic!("{outcomes:?}") };
    assert!(failure.message.contains("before the whole answer"), "{failure}");
    assert_eq!(silent.updates().iter().map(|(host, _)| *host).collect::<Vec<_>>(), [0]);
}

/// As a run finds the zones when there is nothing in them.
fn empty() -> Inventory {
    let names = ["example.org".to_owned(), "sub.example.org".to_owned()];
    let index = ZoneIndex::new(super::zones(&names, &Context::default()), Routing::Longest);
    let zones = index.iter().map(|(zone, _)| ZoneInventory { zone, records: Ok(Vec::new()) });
    Inventory { zones: zones.collect(), index, ..Inventory::default() }
}

#[tokio::test]
async fn a_transfer_that_is_not_whole_is_an_error() {
    type Answer = fn(&Message) -> Vec<Message>;
    let only_soa = |asked: &Message| {
        let mut answer = zone_of(asked, &[]);
        answer.answers.truncate(1);
        vec![answer]
    };
    let cut = |asked: &Message| vec![cut_of(asked)];
    let refused = |asked: &Message| vec![coded(asked, ResponseCode::Refused)];
    let broken = |asked: &Message| vec![cut_of(asked), coded(asked, ResponseCode::NotAuth)];
    fn cut_of(asked: &Message) -> Message {
        let mut answer = zone_of(asked, &["www.sub.example.org A 60 192.0.2.1"]);
        answer.answers.truncate(2);
        answer
    }
    let table: [(Answer, &str); 5] = [
        (refused, "bad return code: REFUSED"),
        (broken, "bad return code: NOTAUTH"),
        (only_soa, "the connection ended before the whole answer"),
        (cut, "the connection ended before the whole answer"),
        (|asked| vec![zone_of(asked, &[])], "nothing but the SOA"),
    ];
    for (answer, expected) in table {
        let responder = Responder::start(1, move |_, asked| answer(asked)).await;
        let port = format!("--rfc2136-port={}", responder.port);
        let provider = make(&["--rfc2136-insecure", "--rfc2136-axfr", &port]);
        let inventory = provider.read().await.expect("the list of zones is that of the flags");
        let reasons: Vec<_> = inventory.unreadable().map(|(_, it)| it.reason.to_string()).collect();
        assert_eq!(reasons.len(), 2, "{reasons:?}");
        assert!(reasons.iter().all(|reason| reason.contains(expected)), "{expected}: {reasons:?}");
    }
}

#[test]
fn a_transfer_is_read_as_sets_of_one_spelling() {
    let servers = Servers::new(&args(&["--rfc2136-insecure"]), &Context::default());
    let capabilities = capabilities(&FORM, 50, true, 3);
    let api = Rfc2136 {
        servers: servers.expect("servers"),
        capabilities,
        form: FORM,
        zones: Vec::new(),
        lists: true,
    };
    let name = |text: &str| hickory_proto::rr::Name::from_ascii(text).expect("a name");
    let strings = hickory_proto::rr::rdata::TXT::from_bytes(vec![b"one", b"two"]);
    let address =
        |last| RData::A(hickory_proto::rr::rdata::A(std::net::Ipv4Addr::new(192, 0, 2, last)));
    let records = vec![
        WireRecord::from_rdata(name("foo.com."), 3600, address(1)),
        WireRecord::from_rdata(name("FOO.com."), 60, address(2)),
        WireRecord::from_rdata(name("foo.com."), 60, RData::TXT(strings)),
        WireRecord::from_rdata(
            name("foo.com."),
            60,
            RData::ANAME(hickory_proto::rr::rdata::ANAME(name("x."))),
        ),
    ];
    let sets = api.sets(records);
    let texts: Vec<String> = sets.iter().map(|record| record.set.to_string()).collect();
    assert_eq!(
        texts,
        ["foo.com 3600 IN A  192.0.2.1;192.0.2.2 []", "foo.com 60 IN TXT  \"onetwo\" []"]
    );
    assert!(sets[0].origin.get::<AsRead>().is_none());
    assert!(sets[1].origin.get::<AsRead>().is_some(), "a server removes the strings as they are");
}

#[test]
fn flags_that_cannot_be_right() {
    let signed = [
        "--rfc2136-tsig-keyname=k",
        "--rfc2136-tsig-secret-alg=hmac-sha256",
        "--rfc2136-tsig-secret=c2VjcmV0",
    ];
    let table: [(&[&str], &str); 8] = [
        (&[], "--rfc2136-tsig-secret-alg=: not a supported TSIG algorithm"),
        (&["--rfc2136-tsig-secret-alg=hmac-md5"], "hmac-md5: not a supported TSIG algorithm"),
        (&["--rfc2136-tsig-secret-alg=HMAC-SHA256"], "not a supported TSIG algorithm"),
        (&["--rfc2136-tsig-secret-alg=hmac-sha256"], "--rfc2136-tsig-keyname is missing"),
        (&[signed[0], signed[1]], "--rfc2136-tsig-secret is missing, or no base64"),
        (&["--rfc2136-insecure", "--rfc2136-gss-tsig"], "exclude each other"),
        (&["--rfc2136-gss-tsig"], "needs --rfc2136-kerberos-username"),
        (&["--rfc2136-insecure", "--rfc2136-batch-change-size=0"], "must be 1 or more"),
    ];
    for (flags, expected) in table {
        let Err(error) = provider(&args(flags), &Context::default()) else { panic!("{flags:?}") };
        assert_eq!(error.kind, ErrorKind::Config);
        assert!(error.message.contains(expected), "{flags:?}: {error}");
    }
    assert!(provider(&args(&signed), &Context::default()).is_ok());
    let kerberos = [
        "--rfc2136-gss-tsig",
        "--rfc2136-kerberos-username=u",
        "--rfc2136-kerberos-password=p",
        "--rfc2136-kerberos-realm=R",
        "--rfc2136-host=ns1.example.org",
    ];
    let built = provider(&args(&kerberos), &Context::default());
    if cfg!(feature = "gss-tsig") {
        assert!(built.is_ok());
        let address = [&kerberos[..4], &["--rfc2136-host=[::1]"]].concat();
        let Err(error) = provider(&args(&address), &Context::default()) else { panic!("no name") };
        assert!(error.message.contains("it must be a name"), "{error}");
    } else {
        let Err(error) = built else { panic!("refused") };
        assert!(error.message.contains("build external-dns with the feature gss-tsig"), "{error}");
    }
}

#[test]
fn zones_are_those_of_the_flags_and_the_filters() {
    let filtered = |domain: &str, ids: &[&str]| {
        let ids: Vec<String> = ids.iter().map(|id| (*id).to_owned()).collect();
        let domains = extdns_model::DomainFilter::lists([domain.to_owned()], []);
        Context { zones: crate::ZoneFilter::new(domains, &ids), ..Context::default() }
    };
    let all = ["b.org", "a.org.", "A.org"].map(str::to_owned);
    let table: [(&[String], Context, &[&str]); 5] = [
        (&[], Context::default(), &[""]),
        (&[".".to_owned()], filtered("a.org", &["b.org"]), &[""]),
        (&all, Context::default(), &["a.org", "b.org"]),
        (&all, filtered("www.a.org", &[]), &["a.org"]),
        (&all, filtered("", &["b.org"]), &["b.org"]),
    ];
    for (names, context, expected) in table {
        let zones = super::zones(names, &context);
        let found: Vec<&str> = zones.iter().map(|zone| zone.name.as_str()).collect();
        assert_eq!(found, expected, "{names:?}");
    }
}
