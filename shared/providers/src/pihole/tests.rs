//! Pi-hole over a server that speaks as it does. It stores no TXT records, so the suite of all providers, which looks for
//! ownership records, cannot run over it: what it checks is checked here.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use clap::Parser as _;
use extdns_model::{
    Action, Change, ChangeGroup, Endpoint, GroupId, Hints, Inventory, Labels, Outcome, Permit,
    Planned, Role, Stored, ZoneKey,
};
use extdns_testkit::http::{Reply, Request, ScriptedServer};
use serde_json::json;

use super::sim::PiholeSim;
use super::*;
use crate::conformance::contract::set;
use crate::conformance::{Fault, Lost};
use crate::{Deadline, ErrorKind};

const PASSWORD: &str = "sec\"ret\\1";

#[derive(clap::Parser)]
struct Cli {
    #[command(flatten)]
    args: PiholeArgs,
}

fn make(url: &str, flags: &[&str]) -> Box<dyn Provider> {
    let (server, password) =
        (format!("--pihole-server={url}"), format!("--pihole-password={PASSWORD}"));
    let words = ["test", &server, &password].into_iter().chain(flags.iter().copied());
    let args = Cli::try_parse_from(words).expect("flags").args;
    provider(&args, &Context::default()).expect("a provider")
}

fn key(set: &RecordSet) -> (String, RecordType) {
    (set.name.key().into_owned(), set.rtype)
}

/// What makes the records what is desired, without ownership records.
fn plan(inventory: &Inventory, desired: &[RecordSet]) -> Vec<ChangeGroup> {
    let stored = |record: &extdns_model::Record| Stored {
        set: record.set.clone(),
        labels: Labels::new(),
        origin: record.origin.clone(),
    };
    let planned = |set: &RecordSet| Planned {
        set: set.clone(),
        labels: Labels::new(),
        hints: Hints::default(),
    };
    let current: Vec<_> = inventory.records().map(|(_, record)| record).collect();
    let mut actions = Vec::new();
    for record in &current {
        if !desired.iter().any(|it| key(it) == key(&record.set)) {
            actions.push(Action::Delete(stored(record)));
        }
    }
    for new in desired {
        match current.iter().find(|it| key(&it.set) == key(new)) {
            None => actions.push(Action::Create(planned(new))),
            Some(old)
                if old.set.targets.same_as(&new.targets, new.rtype) && old.set.ttl == new.ttl => {}
            Some(old) => actions.push(Action::Update { old: stored(old), new: planned(new) }),
        }
    }
    let group = |(id, action)| {
        let change = Change { role: Role::Record, action };
        let name = change.set().name.clone();
        let (after, requires) = (Vec::new(), Vec::new());
        ChangeGroup {
            id: GroupId(id),
            zone: ZoneKey(0),
            name,
            changes: vec![change],
            after,
            requires,
        }
    };
    (0..).zip(actions).map(group).collect()
}

async fn sync(provider: &dyn Provider, desired: &[&str]) -> Vec<Outcome> {
    let inventory = provider.read().await.expect("readable");
    let problems: Vec<_> = inventory.unreadable().map(|(_, it)| it.reason.clone()).collect();
    assert!(problems.is_empty(), "{problems:?}");
    let endpoints = desired.iter().map(|text| Endpoint::from_set(set(text))).collect();
    let adjusted = provider.adjust(endpoints, &inventory.index).await.expect("adjusted");
    let desired: Vec<RecordSet> = adjusted.endpoints.into_iter().map(|it| it.set).collect();
    let groups = plan(&inventory, &desired);
    let writer = provider.writer(&Permit::grant(), &inventory.index).expect("a writer");
    writer.apply(&groups, Deadline::none()).await
}

fn all_applied(outcomes: &[Outcome]) {
    assert!(outcomes.iter().all(|it| *it == Outcome::Applied), "{outcomes:?}");
}

const FIRST: [&str; 5] = [
    "a.example.org A 300 192.0.2.1;192.0.2.2",
    "six.example.org AAAA 0 fc00::1:192:168:1:1",
    "cname.example.org CNAME 500 target.example.com",
    "plain.example.org CNAME 0 target.example.com",
    "gone.example.org A 0 192.0.2.9",
];

const FIRST_LINES: [&str; 6] = [
    "192.0.2.1 a.example.org",
    "192.0.2.2 a.example.org",
    "192.0.2.9 gone.example.org",
    "fc00::1:192:168:1:1 six.example.org",
    "cname.example.org,target.example.com,500",
    "plain.example.org,target.example.com",
];

const SECOND: [&str; 4] = [
    "a.example.org A 300 192.0.2.2;192.0.2.3",
    "six.example.org AAAA 0 fc00::1:192:168:1:1",
    "cname.example.org CNAME 600 target.example.com",
    "plain.example.org A 0 192.0.2.4",
];

const SECOND_LINES: [&str; 5] = [
    "192.0.2.2 a.example.org",
    "192.0.2.3 a.example.org",
    "192.0.2.4 plain.example.org",
    "fc00::1:192:168:1:1 six.example.org",
    "cname.example.org,target.example.com,600",
];

#[tokio::test]
async fn lines_come_change_and_go_and_a_second_run_has_nothing_to_do() {
    let sim = PiholeSim::start(PASSWORD, &[], &[]);
    for (desired, lines) in
        [(&FIRST[..], &FIRST_LINES[..]), (&SECOND[..], &SECOND_LINES[..]), (&[][..], &[][..])]
    {
        all_applied(&sync(make(&sim.url(), &[]).as_ref(), desired).await);
        assert_eq!(sim.lines(), lines);
        let before = sim.faults().writes();
        assert!(sync(make(&sim.url(), &[]).as_ref(), desired).await.is_empty());
        assert_eq!(sim.faults().writes(), before);
        assert_eq!(sim.sessions().0, 0, "every session is ended");
    }
    let requests = sim.requests();
    for expected in [
        "PUT /api/config/dns/hosts/fc00::1:192:168:1:1%20six.example.org",
        "PUT /api/config/dns/cnameRecords/cname.example.org%2Ctarget.example.com%2C500",
        "DELETE /api/config/dns/cnameRecords/cname.example.org%2Ctarget.example.com%2C500",
        "DELETE /api/auth",
    ] {
        assert!(requests.contains(&expected.to_owned()), "{expected} among {requests:#?}");
    }
}

/// Killed after every write and run again: everything as desired, and nothing twice.
#[tokio::test]
async fn runs_that_are_killed_converge() {
    for writes in 0.. {
        let sim = PiholeSim::start(PASSWORD, &[], &[]);
        all_applied(&sync(make(&sim.url(), &[]).as_ref(), &FIRST).await);
        sim.faults().inject(Fault::KillAfter(writes));
        let killed = tokio::select! {
            biased;
            () = sim.faults().killed() => true,
            outcomes = async { sync(make(&sim.url(), &[]).as_ref(), &SECOND).await } => {
                all_applied(&outcomes);
                false
            }
        };
        sim.faults().clear();
        all_applied(&sync(make(&sim.url(), &[]).as_ref(), &SECOND).await);
        assert_eq!(sim.lines(), SECOND_LINES, "after {writes} writes");
        if !killed {
            return;
        }
    }
}

#[tokio::test]
async fn lost_answers_are_looked_up_and_refusals_are_told() {
    for lost in [Lost::Done, Lost::NotDone] {
        let sim = PiholeSim::start(PASSWORD, &[], &[]);
        sim.faults().inject(Fault::Lose(lost));
        all_applied(&sync(make(&sim.url(), &[]).as_ref(), &FIRST).await);
        assert_eq!(sim.lines(), FIRST_LINES);
    }
    let sim = PiholeSim::start(PASSWORD, &[], &[]);
    sim.faults().inject(Fault::Unauthorised);
    let outcomes = sync(make(&sim.url(), &[]).as_ref(), &FIRST[..1]).await;
    let [Outcome::Rejected(failure)] = &outcomes[..] else { panic!("refused: {outcomes:?}") };
    assert_eq!(failure.kind, extdns_model::FailureKind::Unauthorised, "{failure}");
    assert!(sim.lines().is_empty());
}

/// A session that is over is replaced once; a line that is there already, or gone already, is as it shall be.
#[tokio::test]
async fn sessions_and_lines_that_others_change() {
    let sim = PiholeSim::start(PASSWORD, &[], &[]);
    let provider = make(&sim.url(), &[]);
    all_applied(&sync(provider.as_ref(), &FIRST[4..]).await);
    let inventory = provider.read().await.expect("readable");
    let desired = [set("new.example.org A 0 192.0.2.7")];
    let groups = plan(&inventory, &desired);
    let other = make(&sim.url(), &[]);
    all_applied(&sync(other.as_ref(), &["new.example.org A 0 192.0.2.7"]).await);
    sim.end_sessions();
    let writer = provider.writer(&Permit::grant(), &inventory.index).expect("a writer");
    all_applied(&writer.apply(&groups, Deadline::none()).await);
    assert_eq!(sim.lines(), ["192.0.2.7 new.example.org"]);
}

#[tokio::test]
async fn odd_lines_are_left_alone() {
    let hosts = ["192.0.2.8 nas nas.example.org", "nonsense", "192.0.2.1\tone.example.org"];
    let cnames = ["one", "b.example.org,t.example.org,many", "a.example.org,t.example.org,500"];
    let sim = PiholeSim::start(PASSWORD, &hosts, &cnames);
    let inventory = make(&sim.url(), &[]).read().await.expect("readable");
    let shown: Vec<String> = inventory
        .records()
        .map(|(_, it)| format!("{} {}", it.set, it.read_only().is_some()))
        .collect();
    assert_eq!(
        shown,
        [
            "nas 0 IN A  192.0.2.8 [] true",
            "nas.example.org 0 IN A  192.0.2.8 [] true",
            "one.example.org 0 IN A  192.0.2.1 [] false",
            "b.example.org 0 IN CNAME  t.example.org [] false",
            "a.example.org 500 IN CNAME  t.example.org [] false",
        ]
    );
}

#[tokio::test]
async fn logins_that_are_refused() {
    let sim = PiholeSim::start("another", &[], &[]);
    let inventory = make(&sim.url(), &[]).read().await.expect("one zone");
    let (_, unreadable) = inventory.unreadable().next().expect("refused");
    assert!(unreadable.reason.contains("password incorrect"), "{unreadable}");
    assert!(unreadable.reason.contains("check --pihole-password"), "{unreadable}");
    assert!(!unreadable.reason.contains(PASSWORD), "{unreadable}");
    let without = Cli::try_parse_from(["test"]).expect("flags").args;
    let Err(error) = provider(&without, &Context::default()) else { panic!("a server is needed") };
    assert_eq!(error.kind, ErrorKind::Config);
    assert!(error.message.starts_with("no pihole server found"), "{error}");
    let zone = everything();
    let name = set("*.example.org A 0 192.0.2.1");
    let refused = make("http://127.0.0.1:1", &[]).refusal(&name, Surroundings::alone(&zone, &name));
    assert!(refused.is_some_and(|it| it.starts_with("Pihole DNS names cannot return wildcard")));
}

/// The web interface of version 5: names, addresses, and whether the session is over.
#[derive(Default)]
struct Five {
    pairs: [Vec<(String, String)>; 2],
    expired: bool,
}

fn five() -> (ScriptedServer, std::sync::Arc<AtomicUsize>) {
    let logins = std::sync::Arc::new(AtomicUsize::new(0));
    let counted = std::sync::Arc::clone(&logins);
    let state = Mutex::new(Five::default());
    let server = ScriptedServer::start(move |request| {
        let fields: std::collections::BTreeMap<String, String> =
            form_urlencoded::parse(&request.body).into_owned().collect();
        let mut state = state.lock().expect("one thread");
        match (request.method.as_str(), request.target().as_str()) {
            ("GET", "/admin/index.php") => page(request, counted.load(Ordering::SeqCst)),
            ("POST", "/admin/index.php?login") => {
                assert_eq!(request.header("cookie"), Some("PHPSESSID=first"));
                if fields["pw"] == PASSWORD {
                    counted.fetch_add(1, Ordering::SeqCst);
                    state.expired = false;
                }
                Reply::new(302)
                    .header("location", "index.php")
                    .header("set-cookie", "PHPSESSID=second; path=/")
            }
            ("POST", path) => {
                assert_eq!(request.header("cookie"), Some("PHPSESSID=second"));
                if state.expired {
                    return Reply::new(200)
                        .header("content-type", "text/html")
                        .body("Session expired!");
                }
                assert_eq!(fields["token"], format!("t0ken-{}", counted.load(Ordering::SeqCst)));
                script(&mut state, path, &fields)
            }
            other => panic!("an unexpected request: {other:?}"),
        }
    });
    (server, logins)
}

fn page(request: &Request, logins: usize) -> Reply {
    let html = |body: String| Reply::new(200).header("content-type", "text/html").body(body);
    match request.header("cookie") {
        None => html("<form>".to_owned()).header("set-cookie", "PHPSESSID=first; path=/"),
        Some("PHPSESSID=second") if logins > 0 => {
            html(format!("<div id=\"token\" hidden>t0ken-{logins}</div>"))
        }
        Some(_) => html("<form>Wrong password".to_owned()),
    }
}

fn script(
    state: &mut Five,
    path: &str,
    fields: &std::collections::BTreeMap<String, String>,
) -> Reply {
    let (list, member) = match path {
        "/admin/scripts/pi-hole/php/customdns.php" => (&mut state.pairs[0], "ip"),
        "/admin/scripts/pi-hole/php/customcname.php" => (&mut state.pairs[1], "target"),
        path => panic!("an unexpected script: {path}"),
    };
    let done = |success: bool, message: &str| {
        Reply::json(200, &json!({ "success": success, "message": message }))
    };
    if fields["action"] == "get" {
        return Reply::json(200, &json!({ "data": list }));
    }
    let pair = (fields["domain"].clone(), fields[member].clone());
    let place = list.iter().position(|own| *own == pair);
    match (fields["action"].as_str(), place) {
        ("add", _)
            if list.iter().any(|(name, value)| {
                *name == pair.0 && value.contains(':') == pair.1.contains(':')
            }) =>
        {
            done(false, "This domain already has a custom DNS entry")
        }
        ("add", _) => {
            list.push(pair);
            state.expired = list.len() == 2;
            done(true, "")
        }
        ("delete", Some(place)) => {
            list.remove(place);
            done(true, "")
        }
        ("delete", None) => done(false, "This domain/ip association does not exist"),
        other => panic!("an unexpected action: {other:?}"),
    }
}

#[tokio::test]
async fn version_five_takes_forms_and_a_session_that_is_over_is_replaced() {
    let (server, logins) = five();
    let provider = make(&server.url(), &["--pihole-api-version=5"]);
    let desired = [
        "a.example.org A 300 192.0.2.1;192.0.2.2",
        "b.example.org A 0 192.0.2.3",
        "six.example.org AAAA 0 2001:db8::6",
        "c.example.org CNAME 500 target.example.com",
    ];
    all_applied(&sync(provider.as_ref(), &desired).await);
    assert_eq!(logins.load(Ordering::SeqCst), 2, "the session was over once");
    assert!(sync(provider.as_ref(), &desired).await.is_empty());
    all_applied(
        &sync(provider.as_ref(), &["a.example.org A 300 192.0.2.9", "c.example.org A 0 192.0.2.4"])
            .await,
    );
    let inventory = provider.read().await.expect("readable");
    let mut left: Vec<String> = inventory.records().map(|(_, it)| it.set.to_string()).collect();
    left.sort();
    assert_eq!(left, ["a.example.org 0 IN A  192.0.2.9 []", "c.example.org 0 IN A  192.0.2.4 []"]);
    let (server, _) = five();
    let url = format!("--pihole-server={}", server.url());
    let words = ["test", &url, "--pihole-api-version=5", "--pihole-password=wrong"];
    let args = Cli::try_parse_from(words).expect("flags").args;
    let wrong = super::provider(&args, &Context::default()).expect("a provider");
    let inventory = wrong.read().await.expect("one zone");
    let (_, unreadable) = inventory.unreadable().next().expect("refused");
    let text = "could not parse token from login response";
    assert!(unreadable.reason.contains(text), "{unreadable}");
}
