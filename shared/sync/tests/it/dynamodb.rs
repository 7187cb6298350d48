//! Whole runs with the registry `dynamodb`, over a table that takes ExternalDNS's statements. The numbers are those of
//! the cases that the specification has for it.

use std::collections::BTreeSet;
use std::sync::Arc;

use clap::Parser;
use extdns_auth::{AwsOptions, AwsVariables};
use extdns_model::{Name, RecordSet, RecordType, Targets, Ttl};
use extdns_providers::conformance::{Fault, RecordServer};
use extdns_providers::engine::stepped;
use extdns_providers::{Provider, Transport, ZoneReader as _};
use extdns_registry::{AwsCalls, Places, Registry, from_args};
use extdns_sync::report::{Report, Summary};
use extdns_sync::{ExitCode, RunRequest, Wiring};
use extdns_testkit::dynamodb::DynamoDbFake;
use extdns_testkit::moto::Moto;

use crate::support::{services, wired};

const PAGE: &str = include_str!("../../../../docs/ownership.md");
const ZONE: &str = "example.org";
const OWN: &str = "resource=service/test/";

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    args: extdns_registry::Args,
}

fn registry_at(variables: Vec<(&'static str, String)>, flags: &[&str]) -> Box<dyn Registry> {
    let variables = variables.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let options = AwsOptions { variables: AwsVariables::of(&variables), ..AwsOptions::default() };
    let usual = ["test", "--registry=dynamodb", "--txt-owner-id=me"];
    let words = usual.into_iter().chain(flags.iter().copied());
    let args = Cli::try_parse_from(words).expect("flags").args;
    let aws = AwsCalls { options, attempts: 2 };
    from_args(&args, &[], Places { aws, ..Places::default() }).expect("a registry")
}

fn registry(table: &DynamoDbFake, flags: &[&str]) -> Box<dyn Registry> {
    let variables = vec![
        ("AWS_ENDPOINT_URL_DYNAMODB", table.url()),
        ("AWS_ACCESS_KEY_ID", "AKIATEST".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "secret".to_owned()),
        ("AWS_REGION", "eu-west-1".to_owned()),
        ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
    ];
    registry_at(variables, flags)
}

fn provider(server: &RecordServer) -> Arc<dyn Provider> {
    let api = server.api();
    let via = Transport::new(api.capabilities());
    Arc::new(stepped(api, via))
}

/// A zone and a table.
struct World {
    server: RecordServer,
    table: DynamoDbFake,
}

impl World {
    fn new() -> Self {
        Self { server: RecordServer::new(&[ZONE]), table: DynamoDbFake::start("external-dns") }
    }

    fn parts(
        &self,
        objects: &str,
        flags: &[&str],
        of_registry: &[&str],
    ) -> (Wiring, RunRequest, tempfile::NamedTempFile) {
        let flags: Vec<&str> = [&["--no-guard"], flags].concat();
        let (mut wiring, request, file) = wired(objects, provider(&self.server), &flags);
        let target = &mut wiring.targets[0];
        target.registry = registry(&self.table, of_registry);
        target.plan.owners = target.registry.owners().clone();
        (wiring, request, file)
    }

    /// Runs over a service for each host; the calls and statements of it.
    async fn run(&self, hosts: &[&str]) -> (ExitCode, Vec<String>) {
        let (report, log) = self.run_with(hosts, &[], &[]).await;
        (code(&report), log)
    }

    async fn run_with(
        &self,
        hosts: &[&str],
        flags: &[&str],
        of_registry: &[&str],
    ) -> (Report, Vec<String>) {
        let objects = services(hosts.iter().map(|host| (*host, "192.0.2.1")));
        let (wiring, request, _file) = self.parts(&objects, flags, of_registry);
        let report = extdns_sync::run(&wiring, &request).await;
        let mut log = self.table.take_log();
        log.retain(|line| line != "DescribeTable" && line != "Scan");
        (report, log)
    }

    fn put(&self, name: &str, rtype: RecordType, target: &str) {
        let targets: Targets = [target].into_iter().collect();
        let name = Name::as_listed(name);
        self.server.put(ZONE, &RecordSet::new(name, rtype, Ttl::from_seconds(300), targets));
    }

    fn targets(&self) -> Vec<String> {
        let contents = self.server.contents();
        contents.iter().flat_map(|set| &set.targets).map(ToString::to_string).collect()
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<_> =
            self.server.contents().iter().map(|set| set.name.to_string()).collect();
        names.sort();
        names
    }
}

fn code(report: &Report) -> ExitCode {
    assert!(report.failure.is_none(), "{:?}", report.failure);
    Summary::of(report).exit_code()
}

const NEW: &str = "new.example.org";
const OLD: &str = "old.example.org";

/// D1: a new record has its item first; an item of ours without a record goes after it.
#[tokio::test]
async fn d01_a_create_inserts_and_orphans_go() {
    let world = World::new();
    world.table.put("quux.example.org#A#set-2", "me", &[]);
    world.table.put("theirs.example.org#A#", "other", &[]);
    world.server.faults().inject(Fault::Reject(Name::as_listed("none.example.org")));
    let (code, log) = world.run(&[NEW]).await;
    assert_eq!(code, ExitCode::Success);
    let expected = [
        "batch of 1",
        "INSERT new.example.org#A#",
        "batch of 1",
        "DELETE quux.example.org#A#set-2",
    ];
    assert_eq!(log, expected);
    let items = [
        format!("new.example.org#A# me {OWN}new-example-org"),
        "theirs.example.org#A# other".into(),
    ];
    assert_eq!(world.table.items(), items);
    assert_eq!(world.names(), [NEW]);
    let (code, log) = world.run(&[NEW]).await;
    assert_eq!((code, log), (ExitCode::Success, Vec::new()), "nothing is left to do");
}

/// D1: in a plan nothing is written, orphans included.
#[tokio::test]
async fn d01_a_plan_writes_nothing() {
    let world = World::new();
    world.table.put("quux.example.org#A#", "me", &[]);
    let (_, log) = world.run_with(&[NEW], &["--dry-run"], &[]).await;
    assert!(log.is_empty() && world.names().is_empty());
}

/// D2: a call has as many statements as the API takes.
#[tokio::test]
async fn d02_statements_come_in_batches() {
    let world = World::new();
    world.table.page(10);
    let hosts: Vec<String> = (0..30).map(|n| format!("h{n:02}.example.org")).collect();
    let hosts: Vec<&str> = hosts.iter().map(String::as_str).collect();
    let (code, log) = world.run(&hosts).await;
    assert_eq!(code, ExitCode::Success);
    let batches: Vec<_> = log.iter().filter(|line| line.starts_with("batch")).collect();
    assert_eq!(batches, ["batch of 25", "batch of 5"]);
    let (code, log) = world.run(&hosts).await;
    assert_eq!((code, log), (ExitCode::Success, Vec::new()), "every page is read");
}

/// D3 and D4: an item of ours that is there already is used again, with a statement only where its labels differ.
#[tokio::test]
async fn d03_d04_an_orphan_is_used_again() {
    let world = World::new();
    world.table.put("new.example.org#A#", "me", &[("resource", "service/test/new-example-org")]);
    world.table.put("old.example.org#A#", "me", &[("resource", "service/test/before")]);
    let (code, log) = world.run(&[NEW, OLD]).await;
    assert_eq!(code, ExitCode::Success);
    assert_eq!(log, ["batch of 1", "UPDATE old.example.org#A#"]);
    let items = [
        format!("new.example.org#A# me {OWN}new-example-org"),
        format!("old.example.org#A# me {OWN}old-example-org"),
    ];
    assert_eq!(world.table.items(), items);
    assert_eq!(world.names(), [NEW, OLD]);
}

/// D5: another owner has the item. The name is held back, the rest is made, and the run succeeds.
#[tokio::test]
async fn d05_the_name_of_another_owner_is_held_back() {
    let world = World::new();
    world.table.put("new.example.org#A#", "other", &[]);
    world.table.put("quux.example.org#A#", "me", &[]);
    let (report, log) = world.run_with(&[NEW, OLD], &[], &[]).await;
    assert_eq!(code(&report), ExitCode::Success);
    assert_eq!(world.names(), [OLD]);
    assert!(log.contains(&"DELETE quux.example.org#A#".to_owned()), "{log:?}");
    let items =
        ["new.example.org#A# other", "old.example.org#A# me resource=service/test/old-example-org"];
    assert_eq!(world.table.items(), items);
    let shown = format!("{report:?}");
    assert!(shown.contains("another owner has the item \\\"new.example.org#A#\\\""), "{shown}");
}

/// D6: an item that cannot be written: its record is not made, and the run says so.
#[tokio::test]
async fn d06_no_record_is_made_without_its_item() {
    let world = World::new();
    world.table.refuse("new.example.org#A#", 9, "TestingError", "testing error");
    let (report, _) = world.run_with(&[NEW], &[], &[]).await;
    assert_eq!(code(&report), ExitCode::Partial);
    let expected =
        "inserting dynamodb record \\\"new.example.org#A#\\\": TestingError: testing error";
    let shown = format!("{report:?}");
    assert!(shown.contains(expected), "{shown}");
    assert!(world.names().is_empty() && world.table.items().is_empty());
}

/// D7 and D8: a changed record has a statement only if its labels change, and that comes first.
#[tokio::test]
async fn d07_d08_an_update_writes_changed_labels() {
    let world = World::new();
    world.put(NEW, RecordType::A, "198.51.100.9");
    world.put(OLD, RecordType::A, "198.51.100.9");
    world.table.put("new.example.org#A#", "me", &[("resource", "service/test/new-example-org")]);
    world.table.put("old.example.org#A#", "me", &[("resource", "service/test/before")]);
    let (code, log) = world.run(&[NEW, OLD]).await;
    assert_eq!(
        (code, log),
        (ExitCode::Success, vec!["batch of 1".into(), "UPDATE old.example.org#A#".into()])
    );
    assert_eq!(world.targets(), ["192.0.2.1", "192.0.2.1"]);
}

/// D8: labels that cannot be written leave the record as it is.
#[tokio::test]
async fn d08_an_update_that_is_refused_leaves_the_record() {
    let world = World::new();
    world.put(OLD, RecordType::A, "198.51.100.9");
    world.table.put("old.example.org#A#", "me", &[("resource", "service/test/before")]);
    world.table.refuse("old.example.org#A#", 9, "ValidationError", "too large");
    let (report, _) = world.run_with(&[OLD], &[], &[]).await;
    assert_eq!(code(&report), ExitCode::Partial);
    assert_eq!(world.targets(), ["198.51.100.9"]);
}

fn txt(owner: &str, resource: &str) -> String {
    format!("\"heritage=external-dns,external-dns/owner={owner},external-dns/resource={resource}\"")
}

/// D9 and D11: a record with a TXT record of ours gets an item; the TXT record goes in the next run, if TXT is managed.
#[tokio::test]
async fn d09_d11_a_record_of_the_registry_txt_moves_to_the_table() {
    let world = World::new();
    world.put(NEW, RecordType::A, "192.0.2.1");
    world.put("a-new.example.org", RecordType::Txt, &txt("me", "service/test/before"));
    world.put(OLD, RecordType::A, "192.0.2.1");
    world.put("a-old.example.org", RecordType::Txt, &txt("other", "service/test/x"));
    let managed = ["--managed-record-types=A", "--managed-record-types=TXT"];
    let (_, log) = world.run_with(&[NEW, OLD], &managed, &[]).await;
    assert_eq!(log, ["batch of 1", "INSERT new.example.org#A#"]);
    assert_eq!(world.table.items(), [format!("new.example.org#A# me {OWN}new-example-org")]);
    assert_eq!(world.names().len(), 4, "the TXT record is used once more");
    world.run_with(&[NEW, OLD], &["--managed-record-types=A"], &[]).await;
    assert_eq!(world.names().len(), 4, "TXT is not managed");
    let (_, log) = world.run_with(&[NEW, OLD], &managed, &[]).await;
    assert!(log.is_empty(), "{log:?}");
    assert_eq!(world.names(), ["a-old.example.org", NEW, OLD], "that of another owner stays");
}

/// D10: the record goes, and then its item.
#[tokio::test]
async fn d10_a_delete_removes_the_item() {
    let world = World::new();
    world.run(&[NEW, OLD]).await;
    let (code, log) = world.run(&[NEW]).await;
    assert_eq!(code, ExitCode::Success);
    assert_eq!(log, ["batch of 1", "DELETE old.example.org#A#"]);
    assert_eq!((world.names().len(), world.table.items().len()), (1, 1));
    world.server.faults().inject(Fault::Reject(Name::as_listed(NEW)));
    let (code, log) = world.run(&[OLD]).await;
    assert_eq!(code, ExitCode::Partial);
    assert_eq!(log, ["batch of 1", "INSERT old.example.org#A#"], "an item stays with its record");
}

/// D12: a TXT record whose record has an item already is a record of ours, and goes if TXT is managed. One of another
/// owner, and one with a text of somebody else, stay.
#[tokio::test]
async fn d12_left_over_txt_records_of_ours_go() {
    let world = World::new();
    world.put(NEW, RecordType::A, "192.0.2.1");
    world.put("a-new.example.org", RecordType::Txt, &txt("me", "x"));
    world.put("a-gone.example.org", RecordType::Txt, &txt("other", "x"));
    world.put("a-mixed.example.org", RecordType::Txt, &txt("me", "x"));
    world.put("a-mixed.example.org", RecordType::Txt, "\"a text of a user\"");
    world.table.put("new.example.org#A#", "me", &[("resource", "service/test/new-example-org")]);
    let managed = ["--managed-record-types=A", "--managed-record-types=TXT"];
    world.run_with(&[NEW], &managed, &[]).await;
    let mut left = world.names();
    left.dedup();
    assert_eq!(left, ["a-gone.example.org", "a-mixed.example.org", NEW]);
}

/// The provider refuses: the new item goes again, and orphans go all the same.
#[tokio::test]
async fn the_item_of_a_record_that_is_refused_goes_again() {
    let world = World::new();
    world.server.faults().inject(Fault::Reject(Name::as_listed(NEW)));
    let (code, log) = world.run(&[NEW]).await;
    assert_eq!(code, ExitCode::Partial);
    let expected = ["INSERT new.example.org#A#", "DELETE new.example.org#A#"];
    assert_eq!(log.iter().filter(|line| !line.starts_with("batch")).collect::<Vec<_>>(), expected);
    assert!(world.table.items().is_empty());
}

/// A lost answer, a refusal that passes, an item that went meanwhile: the outcome is as wanted.
#[tokio::test]
async fn what_became_of_a_statement_is_found_out() {
    let world = World::new();
    world.table.lose("new.example.org#A#");
    world.table.refuse("old.example.org#A#", 2, "ThrottlingError", "slow down");
    let (code, _) = world.run(&[NEW, OLD]).await;
    assert_eq!((code, world.names().len(), world.table.items().len()), (ExitCode::Success, 2, 2));
    world.table.refuse("new.example.org#A#", 9, "ThrottlingError", "slow down");
    let (code, _) = world.run(&[OLD]).await;
    assert_eq!(code, ExitCode::Partial, "the item could not be removed");
    let (code, _) = world.run(&[OLD, "third.example.org"]).await;
    assert_eq!(code, ExitCode::Success);
}

/// The records of the old owner get the new one, in the table alone; those that nothing wants go.
#[tokio::test]
async fn the_records_of_another_owner_are_taken_over_at_the_users_word() {
    let world = World::new();
    for name in [NEW, OLD, "gone.example.org"] {
        world.put(name, RecordType::A, "192.0.2.1");
    }
    world.table.put(
        "new.example.org#A#",
        "before",
        &[("resource", "service/test/new-example-org")],
    );
    world.table.put("old.example.org#A#", "other", &[]);
    world.table.put("gone.example.org#A#", "before", &[]);
    let (report, log) =
        world.run_with(&[NEW, OLD], &[], &["--migrate-from-txt-owner=before"]).await;
    assert_eq!(code(&report), ExitCode::Success);
    let expected =
        ["batch of 1", "UPDATE new.example.org#A#", "batch of 1", "DELETE gone.example.org#A#"];
    assert_eq!(log, expected);
    let items =
        [format!("new.example.org#A# me {OWN}new-example-org"), "old.example.org#A# other".into()];
    assert_eq!(world.table.items(), items);
    assert_eq!(world.names(), [NEW, OLD]);
}

/// A table that is not there, has other keys, or may not be read ends the run before anything is written.
#[tokio::test]
async fn a_table_that_cannot_be_used_changes_nothing() {
    let table = [
        ("number", "table \"external-dns\" attribute \"k\" must have type \"S\""),
        ("name", "make the table in eu-west-1 with the partition key k"),
        ("rights", "allow dynamodb:Scan on the table"),
    ];
    for (case, expected) in table {
        let world = World::new();
        let flags: &[&str] = if case == "name" { &["--dynamodb-table=none"] } else { &[] };
        match case {
            "number" => world.table.key_type("N"),
            "rights" => world.table.allow_only(["dynamodb:DescribeTable".to_owned()]),
            _ => {}
        }
        let (report, _) = world.run_with(&[NEW], &[], flags).await;
        let failure = report.failure.expect("a failed run");
        assert!(failure.message.contains(expected), "{failure:?}");
        assert!(world.names().is_empty());
    }
}

/// The actions of the policy of the page.
fn documented() -> BTreeSet<String> {
    let (_, section) = PAGE.split_once("\n## In a DynamoDB table").expect("a heading");
    let (_, rest) = section.split_once("```json\n").expect("a policy");
    let (policy, _) = rest.split_once("```").expect("its end");
    let policy: serde_json::Value = serde_json::from_str(policy).expect("JSON");
    let statements = policy["Statement"].as_array().expect("statements").iter();
    let actions = statements.flat_map(|own| own["Action"].as_array().expect("actions").clone());
    actions.map(|action| action.as_str().expect("a text").to_owned()).collect()
}

/// The policy of the page grants what is called, and nothing else.
#[tokio::test]
async fn the_policy_of_the_page_is_what_a_life_needs() {
    let world = World::new();
    world.table.allow_only(documented());
    world.put(NEW, RecordType::A, "192.0.2.1");
    world.table.put("new.example.org#A#", "before", &[]);
    let migrating = ["--migrate-from-txt-owner=before"];
    let (report, _) = world.run_with(&[NEW, OLD], &[], &migrating).await;
    assert_eq!(code(&report), ExitCode::Success);
    assert_eq!(world.run(&[NEW]).await.0, ExitCode::Success);
    assert_eq!(world.table.rights(), documented());
    for right in documented() {
        let world = World::new();
        world.table.put("quux.example.org#A#", "me", &[]);
        world.put(OLD, RecordType::A, "198.51.100.9");
        world.table.put("old.example.org#A#", "me", &[]);
        world.table.allow_only(documented().into_iter().filter(|own| *own != right));
        let (report, _) = world.run_with(&[NEW, OLD], &[], &[]).await;
        let failed = report.failure.is_some()
            || Summary::of(&report).exit_code() == ExitCode::Partial
            || world.table.items().iter().any(|item| item.starts_with("quux"));
        assert!(failed, "{right} is not needed");
    }
}

/// The table calls of a real implementation: moto knows no PartiQL, so reading alone.
#[tokio::test]
async fn a_table_of_moto_is_read() {
    let Some(moto) = Moto::start_or_skip("a_table_of_moto_is_read").await else { return };
    let create = "dynamodb create-table --table-name external-dns --billing-mode PAY_PER_REQUEST \
                  --attribute-definitions AttributeName=k,AttributeType=S --key-schema AttributeName=k,KeyType=HASH";
    moto.aws(&create.split_whitespace().collect::<Vec<_>>());
    for (key, owner) in [("a.example.org#A#", "me"), ("b.example.org#A#", "other")] {
        let item = format!(
            r#"{{"k":{{"S":"{key}"}},"o":{{"S":"{owner}"}},"l":{{"M":{{"resource":{{"S":"service/x/y"}}}}}}}}"#
        );
        moto.aws(&["dynamodb", "put-item", "--table-name", "external-dns", "--item", &item]);
    }
    let variables = || moto.variables().into();
    let registry = registry_at(variables(), &[]);
    let store = registry.store().expect("a store");
    let loaded = store.load().await.expect("readable");
    let found: Vec<_> =
        loaded.entries.iter().map(|own| (own.set.name.as_str(), own.labels.resource())).collect();
    assert_eq!(found, [("a.example.org", Some("service/x/y"))]);
    let elsewhere = registry_at(variables(), &["--dynamodb-region=eu-north-1"]);
    let error = elsewhere.store().expect("a store").load().await.expect_err("another region");
    assert!(error.to_string().contains("make the table in eu-north-1"), "{error}");
}
