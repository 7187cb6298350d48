//! One recorded run, and its replay.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use extdns_model::{Action, ChangeGroup, Labels, RecordSet};
use extdns_sync::settings::{Environment, Request, resolve};
use extdns_sync::{RunRequest, Wiring};
use serde::Deserialize;

use crate::provider::RecordedZone;

/// One change, as the collection writes it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub(crate) struct Entry {
    #[serde(rename = "n")]
    pub name: String,
    #[serde(rename = "t")]
    pub rtype: String,
    #[serde(rename = "s")]
    pub set_identifier: String,
    #[serde(rename = "x")]
    targets: Vec<String>,
    ttl: i64,
    #[serde(rename = "l")]
    labels: BTreeMap<String, String>,
    #[serde(rename = "p")]
    properties: Vec<(String, String)>,
}

/// Changes by list.
pub(crate) type Changes = BTreeMap<String, Vec<Entry>>;

/// A recorded run.
pub(crate) struct Case {
    /// `<set>-<seed>.<round>`
    pub name: String,
    cluster: PathBuf,
    run: Run,
}

#[derive(Deserialize)]
struct Run {
    args: Vec<String>,
    records: Vec<serde_json::Value>,
    exit: i32,
    certain: Changes,
    possible: Changes,
}

/// Every run of a folder.
pub(crate) fn load(folder: &Path) -> Vec<Case> {
    let mut cases = Vec::new();
    let entries =
        std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    for entry in entries {
        let path = entry.expect("folder entry").path();
        let file = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let Some(name) = file.strip_suffix(".json").filter(|name| !name.ends_with(".cluster"))
        else {
            continue;
        };
        let text = std::fs::read(&path).expect("case file");
        let run = serde_json::from_slice(&text)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let seed = name.split('.').next().unwrap_or_default();
        cases.push(Case {
            name: name.to_owned(),
            cluster: folder.join(format!("{seed}.cluster.json")),
            run,
        });
    }
    cases
}

impl Case {
    /// The changes that all of upstream's runs made.
    pub(crate) fn certain(&self, list: &str) -> &[Entry] {
        self.run.certain.get(list).map_or(&[], Vec::as_slice)
    }

    /// The changes that some of upstream's runs made.
    pub(crate) fn possible(&self, list: &str) -> &[Entry] {
        self.run.possible.get(list).map_or(&[], Vec::as_slice)
    }

    /// Whether upstream's runs failed.
    pub(crate) fn fails(&self) -> bool {
        self.run.exit != 0
    }

    /// Runs ours with the same arguments, objects and records; `None` if the run fails.
    pub(crate) async fn replay(&self) -> Option<Changes> {
        let round = self.name.rsplit('.').next().unwrap_or_default();
        let objects = objects_of_round(&self.cluster, round);
        let mut arguments = self.run.args.clone();
        arguments.extend([
            "--once".to_owned(),
            // The one difference that every third round would show.
            "--no-guard".to_owned(),
            "--provider=inmemory".to_owned(),
            format!("--manifests={}", objects.path().display()),
        ]);
        let environment = Environment { arguments, ..Environment::default() };
        let request =
            resolve(&environment).unwrap_or_else(|error| panic!("{}: {error}", self.name));
        let Request::Run(arguments) = request else { panic!("{}: no run", self.name) };
        let applied = Arc::new(Mutex::new(Vec::new()));
        let zone = RecordedZone::new(&self.run.records, Arc::clone(&applied));
        let wiring = Wiring::assemble(&arguments, &environment, Arc::new(zone), "webhook")
            .unwrap_or_else(|error| panic!("{}: {error}", self.name));
        let report = extdns_sync::run(&wiring, &RunRequest::apply()).await;
        if report.failure.is_some() {
            return None;
        }
        let groups = applied.lock().expect("no panic in the writer").split_off(0);
        Some(changes(&groups))
    }
}

/// The cluster's objects in a file of their own; the third round has every second object gone.
fn objects_of_round(cluster: &Path, round: &str) -> tempfile::NamedTempFile {
    let text = std::fs::read(cluster).unwrap_or_else(|e| panic!("{}: {e}", cluster.display()));
    let all: Vec<serde_json::Value> = serde_json::from_slice(&text).expect("cluster file");
    let step = if round == "3" { 2 } else { 1 };
    let mut left: Vec<_> = all.into_iter().step_by(step).collect();
    // The cluster has no more objects of these kinds than there are here.
    for (version, kind) in [
        ("v1", "PodList"),
        ("v1", "NodeList"),
        ("v1", "NamespaceList"),
        ("discovery.k8s.io/v1", "EndpointSliceList"),
        ("gateway.networking.k8s.io/v1", "GatewayList"),
    ] {
        left.push(serde_json::json!({ "apiVersion": version, "kind": kind, "items": [] }));
    }
    let file = tempfile::Builder::new().suffix(".json").tempfile().expect("temporary file");
    std::fs::write(file.path(), serde_json::to_vec(&left).expect("JSON")).expect("objects");
    file
}

fn changes(groups: &[ChangeGroup]) -> Changes {
    let mut changes = Changes::new();
    let mut put = |list: &str, entry| changes.entry(list.to_owned()).or_default().push(entry);
    for change in groups.iter().flat_map(|group| &group.changes) {
        match &change.action {
            Action::Create(new) => put("create", entry(&new.set, &new.labels)),
            Action::Delete(old) => put("delete", entry(&old.set, &old.labels)),
            Action::Update { old, new } => {
                let (old, new) = (entry(&old.set, &old.labels), entry(&new.set, &new.labels));
                if old != new {
                    put("updateOld", old);
                    put("updateNew", new);
                }
            }
        }
    }
    changes
}

fn entry(set: &RecordSet, labels: &Labels) -> Entry {
    let mut targets: Vec<String> = set.targets.iter().map(ToString::to_string).collect();
    targets.sort();
    let mut properties: Vec<(String, String)> =
        set.properties().iter().map(|own| (own.name.to_string(), own.value.to_string())).collect();
    properties.sort();
    Entry {
        name: set.name.to_string(),
        rtype: set.rtype.to_string(),
        set_identifier: set.set_identifier().to_owned(),
        targets,
        ttl: set.ttl.seconds().map_or(0, i64::from),
        labels: labels.iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect(),
        properties,
    }
}

/// `192.0.2.1 192.0.2.2 ttl 60 {owner=me} [aws/weight=10]`
impl std::fmt::Display for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let pairs = |pairs: &mut dyn Iterator<Item = (&String, &String)>| {
            pairs.map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(" ")
        };
        write!(
            f,
            "{} ttl {} {{{}}} [{}]",
            self.targets.join(" "),
            self.ttl,
            pairs(&mut self.labels.iter()),
            pairs(&mut self.properties.iter().map(|(key, value)| (key, value))),
        )
    }
}
