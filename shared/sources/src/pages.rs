//! The table of sources in `README.md`, and the rules of the roles in `infra`: both are made of the rows that say what a
//! source reads. `UPDATE_EXPECT=1` writes them; a test compares.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::Parser;
use extdns_clusters::{Access, ApiOptions, Cluster, ClusterView, Environment};
use extdns_model::ClusterId;

use crate::args::Args;
use crate::options::Options;
use crate::table::{Entry, SOURCES};

/// Writes what is generated instead of comparing.
const UPDATE: &str = "UPDATE_EXPECT";
/// Between these lines stands what is generated.
const README: (&str, &str) = ("<!-- sources: generated -->", "<!-- end of sources -->");
const ROLE: (&str, &str) = ("rules:", "---");

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    args: Args,
}

fn options() -> Options {
    let flags = ["test", "--source=fake", "--gateway-listener-sets"];
    let cli = Cli::try_parse_from(flags).expect("valid flags");
    Options::try_from(&cli.args).expect("valid options")
}

/// Manifests serve everything.
async fn view() -> ClusterView {
    let (access, api) = (Access::Manifests(Vec::new()), ApiOptions::default());
    let cluster = Cluster { id: ClusterId(0), name: "docs".into(), access, api };
    cluster.connect(&Environment::default(), std::io::empty()).await.expect("a view")
}

/// One thing that a source does: what a right names, why, and the fields that are read.
struct Use {
    group: &'static str,
    plural: String,
    verb: &'static str,
    purpose: &'static str,
    is_joined: bool,
    fields: BTreeSet<String>,
}

async fn uses(entry: &Entry, options: &Options, view: &ClusterView) -> Vec<Use> {
    let mut uses = Vec::new();
    for row in (entry.needs)(&options.gather.own) {
        let is_joined = row.watched().is_some_and(|kind| kind.is_joined);
        let fields = row.fields.map(|fields| fields()).unwrap_or_default();
        let need = row.of(entry.name, None);
        let right = need.right(view).await.expect("a right");
        let plural = match right.subresource {
            "" => right.resource.plural.to_owned(),
            part => format!("{}/{part}", right.resource.plural),
        };
        let (group, verb, purpose) = (right.resource.group, right.verb, need.purpose);
        uses.push(Use { group, plural, verb, purpose, is_joined, fields });
    }
    uses
}

/// With the right to watch a list is one request; without it, it is read in pages.
fn verbs(verb: &str) -> &str {
    if verb == "list" { "list, watch" } else { verb }
}

async fn table() -> String {
    let (options, view) = (options(), view().await);
    let mut text = String::from(
        "| source | reads | fields besides the metadata | rights |\n| --- | --- | --- | --- |\n",
    );
    for entry in SOURCES {
        let uses = uses(entry, &options, &view).await;
        let (mut reads, mut fields, mut rights) = (Vec::new(), Vec::new(), Vec::new());
        for own in &uses {
            let resource = match own.group {
                "" => own.plural.clone(),
                group => format!("{}.{group}", own.plural),
            };
            rights.push(format!("`{}`: {}", own.plural, verbs(own.verb)));
            if !["list", "get"].contains(&own.verb) {
                continue;
            }
            let why = if own.is_joined { format!(" for {}", own.purpose) } else { String::new() };
            reads.push(format!("`{resource}`{why}"));
            if !own.fields.is_empty() {
                let list: Vec<_> = own.fields.iter().map(|field| format!("`{field}`")).collect();
                let of = if own.is_joined { format!("{}: ", own.plural) } else { String::new() };
                fields.push(format!("{of}{}", list.join(", ")));
            }
        }
        let cell =
            |parts: Vec<String>| if parts.is_empty() { "-".to_owned() } else { parts.join("; ") };
        let _ = writeln!(
            text,
            "| `{}` | {} | {} | {} |",
            entry.name,
            cell(reads),
            cell(fields),
            cell(rights)
        );
    }
    text
}

/// The rules of a role for all sources, with the sources that need each.
async fn rules() -> String {
    let (options, view) = (options(), view().await);
    let mut rules: BTreeMap<(&str, &str), BTreeMap<String, BTreeSet<&str>>> = BTreeMap::new();
    for entry in SOURCES {
        for own in uses(entry, &options, &view).await {
            let rule = rules.entry((own.group, verbs(own.verb))).or_default();
            rule.entry(own.plural).or_default().insert(entry.name);
        }
    }
    let mut text = String::from(
        "  # Generated from what the sources read. The rules of sources that are not used can go, and `external-dns rbac`\n  \
         # says what a run with these flags needs. With watch a kind is read in one request, as a stream; without it, in\n  \
         # pages.\n",
    );
    for ((group, verbs), resources) in rules {
        let sources: BTreeSet<_> = resources.values().flatten().copied().collect();
        let sources: Vec<_> = sources.into_iter().collect();
        let resources: Vec<_> = resources.into_keys().collect();
        let group = if group.is_empty() { "\"\"" } else { group };
        let _ = write!(
            text,
            "  # {}\n  - apiGroups: [{group}]\n    resources: [{}]\n    verbs: [{verbs}]\n",
            sources.join(", "),
            resources.join(", ")
        );
    }
    text
}

/// A file with its generated part, and what that part has to be.
fn check(file: &Path, (start, end): (&str, &str), generated: &str) {
    let text = std::fs::read_to_string(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    let found = text.find(&format!("{start}\n")).map(|at| at + start.len() + 1);
    let start = found.unwrap_or_else(|| panic!("{}: no line {start:?}", file.display()));
    let length =
        text[start..].find(end).unwrap_or_else(|| panic!("{}: no {end:?}", file.display()));
    if std::env::var_os(UPDATE).is_some() {
        let new = format!("{}{generated}{}", &text[..start], &text[start + length..]);
        std::fs::write(file, new).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        return;
    }
    let same = text[start..start + length] == *generated;
    assert!(same, "{}: run `make docs`; it has to be\n{generated}", file.display());
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[tokio::test]
async fn the_table_of_sources_is_that_of_the_rows() {
    check(&root().join("README.md"), README, &format!("\n{}\n", table().await));
}

#[tokio::test]
async fn the_roles_of_infra_are_those_of_the_rows() {
    let rules = rules().await;
    for file in ["infra/kubernetes/rbac.yaml", "infra/aws/kubernetes/rbac.yaml"] {
        check(&root().join(file), ROLE, &rules);
    }
}
