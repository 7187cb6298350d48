//! What every error of this crate says.

use std::collections::BTreeMap;
use std::path::PathBuf;

use extdns_messages::Messages;
use extdns_plan::UnknownCluster;
use extdns_providers::ProviderError;
use extdns_registry::StoreError;
use extdns_state::StateError;

use crate::report::ClusterState;
use crate::report::document::{Document, DocumentError};
use crate::settings::{ConfigText, Environment, Origin, SettingsError, resolve};
use crate::{RunError, RunRequest, moving};

#[test]
fn every_error_has_its_message() {
    let mut messages = Messages::default();
    for arguments in COMMAND_LINES {
        messages.show(refused(arguments, &[]));
    }
    for variable in VARIABLES {
        messages.show(refused(&["--source=service", "--provider=inmemory"], &[variable]));
    }
    messages.show(in_a_file());
    let not_text = [Origin::Variable("EXTERNAL_DNS_TXT_OWNER_ID".to_owned()), Origin::Argument(2)];
    for origin in not_text {
        messages.show(SettingsError::NotUtf8 { origin });
    }
    for problem in ["version", "key"] {
        messages.show(in_the_configuration(problem));
    }
    messages.show(refused(&["--config=/etc/extdns/config.yaml"], &[]));
    for error in run_errors() {
        messages.show(error);
    }
    for error in moving_errors() {
        messages.show(error);
    }
    messages.show(moving::DumpError::Zone {
        zone: "example.org".to_owned(),
        reason: "access denied".to_owned(),
    });
    messages.show(moving::DumpError::Read(RunError::Stopped));
    for text in ["zones: 3", "{}", r#"{"schemaVersion": 99}"#] {
        messages.show(Document::read(text.as_bytes()).expect_err(text));
    }
    let io = serde_json::Error::io(std::io::Error::other("Input/output error (os error 5)"));
    messages.show(DocumentError::Form(io));
    messages.assert_complete(env!("CARGO_MANIFEST_DIR"));
}

fn moving_errors() -> [moving::ImportError; 3] {
    let path = || PathBuf::from("zones/example.org.zone");
    [
        moving::ImportError::File {
            path: path(),
            source: std::io::Error::other("Input/output error (os error 5)"),
        },
        moving::ImportError::Zone { path: PathBuf::from("zones/notes") },
        moving::ImportError::Content {
            path: path(),
            problem: "line 3: $INCLUDE hides records from this program".to_owned(),
        },
    ]
}

/// Everything that can be wrong with a command line, and with what its values say together.
const COMMAND_LINES: [&[&str]; 32] = [
    &["--sorce=service"],
    &["--frobnicate-widgets"],
    &["--yandex-folder"],
    &["--contour-load-balancer=a/b"],
    &["--zone-name-filter=example.org"],
    &["-source=service"],
    &["pln"],
    &["everything"],
    &["explain"],
    &["--plan-hash=ab", "--source=service", "--provider=inmemory"],
    &["plan", "--source"],
    &["plan", "--policy=sync", "--policy=upsert-only"],
    &["plan", "--events=maybe"],
    &["plan", "--source=servce"],
    &["plan", "--source=service", "--provider=route54"],
    &["plan", "--source=service", "--provider=yandex"],
    &["plan", "--source=service", "--provider=gossip"],
    &["plan", "--source=service", "--provider=inmemory", "--registry=etcd"],
    &["plan", "--source=service", "--provider=inmemory", "--allow-deletes=example.org:many"],
    &["plan", "--source=service", "--provider=inmemory", "--kube-api-qps=many"],
    &["plan", "--source=service", "--provider=inmemory", "--kube-api-request-timeout=5"],
    &["plan", "--source=service", "--provider=inmemory", "--protect=***"],
    &["plan", "--source=service", "--provider=inmemory", "--allow-deletes=example.org:1e9"],
    &["plan"],
    &["plan", "--provider=inmemory"],
    &["@/nonexistent/arguments"],
    &["apply", "--dry-run", "--source=fake", "--provider=inmemory"],
    &["apply", "--plan-hash=12", "--source=fake", "--provider=inmemory"],
    &["apply", "--plan-hash=aws=12", "--source=fake", "--provider=inmemory"],
    &["plan", "--revert=/nonexistent/report.json", "--source=fake", "--provider=inmemory"],
    &["plan", "--source=service", "--provider=inmemory", "--timeout=-"],
    &["plan", "--source=service", "--provider=inmemory", "--output=table"],
];

const VARIABLES: [(&str, &str); 2] =
    [("EXTERNAL_DNS_EVENTS", "maybe"), ("EXTERNAL_DNS_POLICY", "delete")];

/// What settings and request say of these words.
fn refused(arguments: &[&str], variables: &[(&str, &str)]) -> SettingsError {
    let environment = Environment {
        arguments: arguments.iter().map(|&word| word.to_owned()).collect(),
        variables: variables
            .iter()
            .map(|&(name, value)| (name.to_owned(), value.to_owned()))
            .collect::<BTreeMap<_, _>>(),
        ..Environment::default()
    };
    let run = match resolve(&environment) {
        Ok(crate::settings::Request::Run(run)) => run,
        Ok(shown) => panic!("{arguments:?}: {shown:?}"),
        Err(error) => return error,
    };
    RunRequest::of(&run).expect_err(&format!("{arguments:?}"))
}

/// The place of a line in a file of arguments.
fn in_a_file() -> SettingsError {
    let origin = Origin::ArgumentFile { path: PathBuf::from("/etc/extdns/arguments"), line: 7 };
    SettingsError::MissingValue { flag: "source".to_owned(), origin }
}

/// What is said of something in the configuration file.
fn in_the_configuration(problem: &str) -> SettingsError {
    let text = match problem {
        "version" => "defaults: {}\n",
        _ => "apiVersion: extdns/v1\ndefaults:\n  txtOwnerID: a\n",
    };
    let config = ConfigText { place: "/etc/extdns/config.yaml".to_owned(), text: text.to_owned() };
    let environment = Environment {
        arguments: vec!["--config=/etc/extdns/config.yaml".to_owned()],
        config: Some(config),
        ..Environment::default()
    };
    resolve(&environment).map(drop).expect_err("a wrong file")
}

fn run_errors() -> Vec<RunError> {
    let provider = || {
        let text = "route53:ListHostedZones: Throttling: Rate exceeded (request id r-1)";
        ProviderError::throttled(None, text)
    };
    let cluster = |name: &str| {
        format!("read cluster {name:?}: GET /api/v1/services: HTTP 503: shutting down")
    };
    let unknown = UnknownCluster { name: "lab".to_owned(), known: "default".to_owned() };
    vec![
        RunError::Clusters(vec![cluster("prod")]),
        RunError::Clusters(vec![cluster("prod"), cluster("lab")]),
        RunError::Read(provider()),
        RunError::Ownership(StoreError {
            store: "table owners".to_owned(),
            reason: "access denied; grant dynamodb:Scan".to_owned(),
        }),
        RunError::Adjust(provider()),
        RunError::Write(provider()),
        RunError::UnknownCluster(unknown),
        RunError::OwnershipChange("--to=lab: no cluster of ours has this name".to_owned()),
        RunError::State(StateError::Lost {
            place: "item \"public\" of DynamoDB table extdns".to_owned(),
            by: Some("run 7 on dns-2".to_owned()),
        }),
        RunError::Deadline,
        RunError::Stopped,
    ]
}

/// How a cluster ended a run, in words: no error, but users read it all the same.
#[test]
fn every_state_of_a_cluster_has_its_words() {
    use ClusterState::{Complete, Failed, SuspiciouslyEmpty};
    let table = [
        (Complete, "complete"),
        (Failed, "failed"),
        (
            SuspiciouslyEmpty { records: 3, filter: None },
            "suspiciously empty: 3 records are its alone",
        ),
    ];
    for (state, words) in table {
        match state {
            Complete | Failed | SuspiciouslyEmpty { .. } => {}
        }
        assert_eq!(state.to_string(), words);
    }
}
