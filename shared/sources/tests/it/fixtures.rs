//! Runs every folder of `tests/fixtures/sources`: manifests and flags in, endpoints out. Its
//! README says how to add one.

use std::collections::BTreeMap;
use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use clap::Parser;
use extdns_clusters::{Access, ApiOptions, Cluster, ClusterView, Environment};
use extdns_model::{ClusterId, Endpoint};
use extdns_sources::{
    Args, Desired, Found, Frozen, GatherOptions, Options, Pipeline, ResolveError, Resolver,
    Sources, retain_properties,
};
use extdns_testkit::log::Log;
use serde::{Deserialize, Serialize};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;
use tracing::Level;

/// The folder whose cases run through the pipeline, too.
const PIPELINE: &str = "pipeline";

/// Rewrites every `expected.yaml` instead of comparing.
const UPDATE: &str = "UPDATE_EXPECT";

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    args: Args,
    /// As in the plan's flags.
    #[arg(long, default_values = ["A", "AAAA", "CNAME"])]
    managed_record_types: Vec<String>,
    /// The beginning of the names of properties that are kept; all without it.
    #[arg(long)]
    keep_properties: Option<String>,
}

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    /// Why the flags are refused when a run starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refused: Option<String>,
    #[serde(default)]
    endpoints: Vec<Record>,
    /// `name (resource)`
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    unready: Vec<String>,
    /// `name,.. (resource): reason`
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    frozen: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    dropped: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    failures: Vec<String>,
    /// What the log says, from warnings on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    log: Vec<String>,
    /// `kind namespace/name: generation`
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    seen: Vec<String>,
    /// How often each kind was listed.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    lists: BTreeMap<String, u64>,
}

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Record {
    dns_name: String,
    record_type: String,
    targets: Vec<String>,
    #[serde(default, rename = "recordTTL", skip_serializing_if = "is_zero")]
    record_ttl: u32,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    set_identifier: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    labels: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    provider_specific: Vec<Property>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Property {
    name: String,
    value: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that serde calls")]
fn is_zero(ttl: &u32) -> bool {
    *ttl == 0
}

impl From<&Endpoint> for Record {
    fn from(endpoint: &Endpoint) -> Self {
        let set = &endpoint.set;
        let labels = endpoint.all_labels();
        let property = |p: &extdns_model::Property| Property {
            name: p.name.to_string(),
            value: p.value.to_string(),
        };
        Self {
            dns_name: set.name.to_string(),
            record_type: set.rtype.to_string(),
            targets: set.targets.iter().map(ToString::to_string).collect(),
            record_ttl: set.ttl.seconds().unwrap_or_default(),
            set_identifier: set.set_identifier().to_owned(),
            labels: labels.iter().map(|(key, value)| (key.into(), value.into())).collect(),
            provider_specific: set.properties().iter().map(property).collect(),
        }
    }
}

/// Answers from `resolver.yaml`: addresses by host, or the word `temporary`.
struct Script(BTreeMap<String, Vec<String>>);

#[async_trait]
impl Resolver for Script {
    async fn lookup(&self, host: &str) -> Result<Vec<IpAddr>, ResolveError> {
        match self.0.get(host).map(Vec::as_slice) {
            None | Some([]) => Err(ResolveError::NotFound),
            Some([word]) if word == "temporary" => {
                Err(ResolveError::Temporary("the name server does not answer".into()))
            }
            Some(addresses) => Ok(addresses.iter().map(|text| text.parse().unwrap()).collect()),
        }
    }
}

struct Case<'a> {
    source: &'a str,
    folder: &'a Path,
}

impl Case<'_> {
    fn file(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.folder.join(name)).ok()
    }

    fn cli(&self, more: &[&str]) -> Cli {
        let text = self.file("args").unwrap_or_default();
        let mut words = vec!["fixture".to_owned()];
        words.extend(text.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned));
        words.extend(more.iter().map(|word| (*word).to_owned()));
        if !words.iter().any(|word| word.starts_with("--source=")) {
            words.push(format!("--source={}", self.source));
        }
        Cli::try_parse_from(words).unwrap_or_else(|error| panic!("{:?}: {error}", self.folder))
    }

    async fn view(&self) -> ClusterView {
        let manifest = Some(self.folder.join("manifest.yaml")).filter(|path| path.exists());
        let cluster = Cluster {
            id: ClusterId(0),
            name: "fixture".into(),
            access: Access::Manifests(manifest.into_iter().collect()),
            api: ApiOptions::default(),
        };
        let view = cluster.connect(&Environment::default(), std::io::empty()).await;
        view.unwrap_or_else(|error| panic!("{:?}: {error}", self.folder))
    }

    async fn run(&self, more: &[&str]) -> Expected {
        let Some(stream) = self.file("stream.hex") else { return self.run_with(more).await };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = listener.local_addr().unwrap().to_string();
        let flag = format!("--connector-source-server={server}");
        let flags: Vec<&str> = more.iter().copied().chain([flag.as_str()]).collect();
        let serve = async {
            let (mut connection, _) = listener.accept().await.unwrap();
            connection.write_all(&bytes(&stream)).await.unwrap();
        };
        let ((), mut expected) = tokio::join!(serve, self.run_with(&flags));
        expected.failures.iter_mut().for_each(|text| *text = text.replace(&server, "SERVER"));
        expected
    }

    async fn run_with(&self, more: &[&str]) -> Expected {
        let cli = self.cli(more);
        let ptr = cli.managed_record_types.iter().any(|rtype| rtype == "PTR");
        let parts = Options::try_from(&cli.args).map_err(|error| error.to_string());
        let parts = parts.and_then(|options| {
            let pipeline =
                Pipeline::new(options.pipeline, ptr).map_err(|error| error.to_string())?;
            Ok((options.gather, pipeline))
        });
        match parts {
            Ok((gather, pipeline)) => {
                let pipeline = Some(pipeline).filter(|_| self.source == PIPELINE);
                self.gather(gather, pipeline, cli.keep_properties.as_deref()).await
            }
            Err(refused) => Expected { refused: Some(refused), ..Expected::default() },
        }
    }

    async fn gather(
        &self,
        options: GatherOptions,
        pipeline: Option<Pipeline>,
        keep_properties: Option<&str>,
    ) -> Expected {
        let answers = self.file("resolver.yaml").unwrap_or_else(|| "{}".into());
        let resolver = Script(serde_saphyr::from_str(&answers).unwrap());
        let view = self.view().await;
        let log = Log::at(Level::WARN);
        let found = Sources::new(options, Arc::new(resolver)).gather(&view).await;
        let lists =
            view.lists().iter().map(|list| (list.resource.to_string(), list.lists)).collect();
        let Found { sink, failures, .. } = found;
        let desired = match pipeline {
            Some(pipeline) => {
                let mut desired = pipeline.run(sink.endpoints);
                let own = keep_properties.map(|own| [own]);
                retain_properties(&mut desired.endpoints, own.as_ref().map(|own| &own[..]));
                desired
            }
            None => Desired { endpoints: sink.endpoints, ..Desired::default() },
        };
        let unready = sink.unready.iter().map(|it| format!("{} ({})", it.name, it.resource));
        Expected {
            refused: None,
            endpoints: desired.endpoints.iter().map(Record::from).collect(),
            unready: unready.collect(),
            frozen: sink.frozen.iter().map(frozen).collect(),
            dropped: sink.dropped.iter().chain(&desired.dropped).map(ToString::to_string).collect(),
            seen: sink.seen.iter().map(|it| format!("{it}: {}", it.generation)).collect(),
            failures: failures.iter().map(ToString::to_string).collect(),
            log: log.text().lines().map(|line| line.trim().to_owned()).collect(),
            lists,
        }
    }
}

/// The bytes of a text of hexadecimal digits, in any number of lines.
fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u32> = hex.chars().filter_map(|digit| digit.to_digit(16)).collect();
    digits.chunks(2).map(|pair| u8::try_from(pair[0] * 16 + pair[1]).unwrap()).collect()
}

fn frozen(frozen: &Frozen) -> String {
    let Frozen { resource, names, reason } = frozen;
    let names: Vec<&str> = names.iter().map(extdns_model::Name::as_str).collect();
    format!("{} ({resource}): {reason}", names.join(","))
}

fn folders(of: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(of).unwrap_or_else(|error| panic!("{of:?}: {error}"));
    let mut folders: Vec<_> =
        entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

/// With a template some fields are kept while an object is read: it must be the same object.
#[tokio::test]
async fn a_template_that_gives_nothing_changes_nothing() {
    const NOTHING: [&str; 2] = ["--fqdn-template={{if false}}{{end}}", "--combine-fqdn-annotation"];
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/sources");
    let mut count = 0;
    for source in folders(&root) {
        let name = source.file_name().unwrap().to_str().unwrap();
        // Here the template of names is what the records are made of.
        if name == "fake" {
            continue;
        }
        for folder in folders(&source) {
            let case = Case { source: name, folder: &folder };
            if case.file("args").is_some_and(|args| args.contains("-template=")) {
                continue;
            }
            count += 1;
            // A template can need what the object alone does not: so more lists may be read.
            let found =
                async |more: &[&str]| Expected { lists: BTreeMap::new(), ..case.run(more).await };
            assert_eq!(found(&NOTHING).await, found(&[]).await, "{folder:?}");
        }
    }
    assert!(count > 400, "only {count} fixtures found");
}

#[tokio::test]
async fn every_fixture_gives_what_it_expects() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/sources");
    let update = std::env::var_os(UPDATE).is_some();
    let mut failed = Vec::new();
    let mut count = 0;
    for source in folders(&root) {
        let name = source.file_name().unwrap().to_str().unwrap();
        for folder in folders(&source) {
            count += 1;
            let actual = Case { source: name, folder: &folder }.run(&[]).await;
            let file = folder.join("expected.yaml");
            if update {
                fs::write(&file, serde_saphyr::to_string(&actual).unwrap()).unwrap();
                continue;
            }
            let text = fs::read_to_string(&file).unwrap_or_default();
            let expected: Expected =
                serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{file:?}: {error}"));
            if actual != expected {
                let actual = serde_saphyr::to_string(&actual).unwrap();
                failed.push(format!("{name}/{}:\n{actual}", folder.file_name().unwrap().display()));
            }
        }
    }
    assert!(count > 50, "only {count} fixtures found");
    assert!(
        failed.is_empty(),
        "{} of {count} fixtures differ; what they gave is below ({UPDATE}=1 takes it over):\n\n{}",
        failed.len(),
        failed.join("\n")
    );
}
