//! Every command of the documentation is run by a test, or says that it needs an account. The word behind `sh` says which:
//! `sh run` is typed here, page by page, `sh by=NAME` is run by that test, and `sh account` needs an account, or a
//! cluster, or a registry of the reader's own.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use extdns_testkit::kube::{ADMIN, KubeApi};
use extdns_testkit::process::{set_up, skip};
use extdns_testkit::route53::{Route53Sim, Zone};
use serde_json::json;

use crate::program::{Bench, Run, run};

/// What stands for the flags of a reader. A flag that a command has itself is left out.
const FLAGS: [&str; 7] = [
    "--source=service",
    "--source=ingress",
    "--provider=aws",
    "--domain-filter=example.org",
    "--registry=txt",
    "--txt-owner-id=my-cluster",
    "--policy=sync",
];
/// The words of the pages for them.
const PLACES: [&str; 4] = ["<flags>", "<arguments>", "<the arguments of your deployment>", "..."];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A fenced block: the words behind the fence, and its lines without the fence's indentation.
pub(crate) struct Block {
    words: Vec<String>,
    pub(crate) lines: Vec<String>,
}

impl Block {
    pub(crate) fn word(&self, number: usize) -> &str {
        self.words.get(number).map_or("", String::as_str)
    }

    pub(crate) fn text(&self) -> String {
        self.lines.join("\n") + "\n"
    }
}

pub(crate) fn blocks(page: &str) -> Vec<Block> {
    let text = std::fs::read_to_string(root().join(page)).unwrap_or_else(|e| panic!("{page}: {e}"));
    let mut blocks = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some((indent, fence)) = line.split_once("```").filter(|(it, _)| it.trim().is_empty())
        else {
            continue;
        };
        let end = format!("{indent}```");
        let inside = lines.by_ref().take_while(|line| *line != end);
        let strip = |line: &str| line.strip_prefix(indent).unwrap_or(line).to_owned();
        let words = fence.split_whitespace().map(str::to_owned).collect();
        blocks.push(Block { words, lines: inside.map(strip).collect() });
    }
    blocks
}

/// All pages for users, and for those who work on the project.
fn pages() -> Vec<String> {
    let mut pages = vec!["README.md".to_owned(), "CONTRIBUTING.md".to_owned()];
    let mut folders = vec!["docs".to_owned(), "infra".to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(root().join(&folder)).expect("a folder") {
            let entry = entry.expect("an entry");
            let path = format!("{folder}/{}", entry.file_name().to_str().expect("a name"));
            match entry.file_type().expect("a kind").is_dir() {
                true => folders.push(path),
                false if path.ends_with(".md") => pages.push(path),
                false => {}
            }
        }
    }
    pages.sort();
    pages
}

/// What is wrong with the mark of a block of shell of a page.
fn problem(page: &str, block: &Block) -> Option<String> {
    match block.word(1) {
        "account" => None,
        "run" if PLAYED.iter().flat_map(|(_, pages)| *pages).any(|own| *own == page) => None,
        "run" => Some("no test of tests/e2e/guide.rs plays this page".to_owned()),
        "by=make" => {
            let own =
                |line: &String| line.trim().starts_with("make ") || line.starts_with("cargo ");
            (!block.lines.iter().all(own)).then(|| "not all of it is made by make".to_owned())
        }
        mark => {
            let test = mark.strip_prefix("by=").unwrap_or_default();
            let files = [format!("{test}.rs"), format!("{test}/page.rs")];
            let texts = files.map(|file| {
                std::fs::read_to_string(root().join("tests/e2e").join(file)).unwrap_or_default()
            });
            let names = |text: &String| text.contains(page);
            (!texts.iter().any(names)).then(|| format!("no test that names this page: {mark:?}"))
        }
    }
}

const RUN_BY_SETUPS: [&str; 2] = ["docs/setups/", "docs/sources/"];

#[test]
fn every_command_is_run_by_a_test_or_needs_an_account() {
    let mut problems = Vec::new();
    let mut seen = 0;
    for page in pages() {
        for block in blocks(&page) {
            let language = block.word(0);
            if !["sh", "bash", "shell", "console"].contains(&language) {
                continue;
            }
            seen += 1;
            // Those are run by `setups`, which knows no other pages.
            if language == "console" && RUN_BY_SETUPS.iter().any(|own| page.starts_with(own)) {
                continue;
            }
            if let Some(problem) = problem(&page, &block) {
                problems.push(format!("{page}: {problem}:\n{}", block.text()));
            }
        }
    }
    assert!(seen > 60, "only {seen} blocks were found");
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn a_block_without_a_mark_is_found() {
    let block = |words: &[&str]| Block {
        words: words.iter().map(|word| (*word).to_owned()).collect(),
        lines: vec!["kubectl get pods".to_owned()],
    };
    for words in [&["sh"][..], &["sh", "later"], &["sh", "by=nobody"], &["sh", "by=make"]] {
        assert!(problem("docs/eks.md", &block(words)).is_some(), "{words:?}");
    }
    assert!(problem("docs/lambda.md", &block(&["sh", "run"])).is_some());
    assert!(problem("docs/lambda.md", &block(&["sh", "account"])).is_none());
}

/// The pages that are typed here: those of a row into one cluster, one after the other.
const PLAYED: [(&str, &[&str]); 2] = [
    (
        "pages_for_beginners_do_what_they_say",
        &["docs/cronjob.md", "docs/loop.md", "infra/README.md", "docs/templates.md", "docs/eks.md"],
    ),
    (
        "pages_for_users_of_external_dns_do_what_they_say",
        &["docs/migrating.md", "docs/guard.md", "docs/clusters.md", "README.md"],
    ),
];

/// A real API server, Route 53 simulated, and a folder in which a reader types.
struct Desk {
    api: KubeApi,
    route53: Route53Sim,
    zone: Zone,
    tools: PathBuf,
    bench: Bench,
    hash: String,
}

impl Desk {
    async fn start(test: &str) -> Option<Self> {
        let Some(tools) = set_up("helm").await else {
            skip(test, "helm");
            return None;
        };
        let api = KubeApi::start_or_skip(test).await?;
        let route53 = Route53Sim::start();
        let zone = route53.zone("example.org");
        let bench = Bench::new();
        let bin = bench.path().join("bin");
        std::fs::create_dir(&bin).expect("a folder");
        let links = [
            (PathBuf::from(env!("CARGO_BIN_EXE_external-dns")), bin.join("external-dns")),
            (root().join("tests/e2e/guide/kubectl"), bin.join("kubectl")),
            (tools.join("helm"), bin.join("helm")),
            (root().join("infra"), bench.path().join("infra")),
        ];
        // A zone that somebody brings along.
        bench.write("example.org.yaml", "www: { type: A, value: 192.0.2.1 }\n");
        for (to, link) in links {
            symlink(to.canonicalize().expect("a file"), link).expect("a link");
        }
        let hash = "HASH".to_owned();
        Some(Self { api, route53, zone, tools, bench, hash })
    }

    fn command(&self, line: &str) -> Command {
        let own = self.bench.path().join("bin");
        let path = std::env::var("PATH").unwrap_or_default();
        let kubeconfig = self.bench.path().join("kubeconfig");
        let mut command = Command::new("bash");
        command.args(["-e", "-o", "pipefail", "-c", line]).current_dir(self.bench.path());
        command.env_clear().env("HOME", self.bench.path()).stdin(Stdio::null());
        command.env("PATH", format!("{}:{path}", own.display())).env("KUBECONFIG", kubeconfig);
        command.env("KUBECTL", self.tools.join("kubectl")).env("AWS_REGION", "us-east-1");
        command.env("AWS_ENDPOINT_URL", self.route53.url());
        command.env("AWS_ACCESS_KEY_ID", "AKIATEST").env("AWS_SECRET_ACCESS_KEY", "secret");
        command
    }

    /// Types a command, with flags where the page leaves them to the reader. Code 3 is one that the pages explain.
    fn type_in(&mut self, page: &str, line: &str) -> Run {
        let mut line = line.replace("NAME..", "www.example.org");
        line = line.replace("HASH", &self.hash).replace("<hash of the plan>", &self.hash);
        for place in PLACES {
            if line.contains(place) {
                line = line.replace(place, &usual(&line));
            }
        }
        let ran = run(&mut self.command(&line));
        let fine = ran.code == 0 || ran.code == 3 && line.contains("external-dns ");
        assert!(fine, "{page}: {line}\ncode {}\n{}{}", ran.code, ran.out, ran.log);
        let file = line.split_whitespace().find_map(|word| word.strip_prefix("--out="));
        let told = file.map_or_else(|| ran.out.clone(), |file| self.bench.read(file));
        if let Some((_, rest)) = told.split_once("--plan-hash=") {
            self.hash = rest.split_whitespace().next().unwrap_or_default().to_owned();
        }
        ran
    }

    fn play(&mut self, page: &str) {
        let mut last = None;
        for block in blocks(page) {
            match (block.word(0), block.word(1)) {
                ("sh", "run") => {
                    let text = block.text().replace("\\\n", " ");
                    for line in text.lines().filter(|line| !line.trim().is_empty()) {
                        last = Some(self.type_in(page, line));
                    }
                }
                ("yaml", file) if !file.is_empty() => drop(self.bench.write(file, &block.text())),
                ("text", _) => {
                    let last = last.as_ref().unwrap_or_else(|| panic!("{page}: output of what?"));
                    assert_prints(page, &block.lines, &last.out.replace(&self.hash, "HASH"));
                }
                _ => {}
            }
        }
    }
}

fn usual(line: &str) -> String {
    let name = |flag: &str| flag.split('=').next().unwrap_or_default().to_owned();
    let own: Vec<String> = line.split_whitespace().map(name).collect();
    let flags = FLAGS.iter().filter(|flag| !own.contains(&name(flag)));
    flags.copied().collect::<Vec<_>>().join(" ")
}

/// The lines of a block stand in what was printed, in their order.
fn assert_prints(page: &str, lines: &[String], printed: &str) {
    let mut rest = printed.lines();
    for line in lines {
        assert!(rest.any(|own| own == line), "{page}: {line:?} is missing in\n{printed}");
    }
}

async fn start(number: usize) -> Option<Desk> {
    let desk = Desk::start(PLAYED[number].0).await?;
    desk.bench.write("kubeconfig", &desk.api.kubeconfig(ADMIN).to_string());
    Some(desk)
}

/// What somebody has who uses ExternalDNS.
async fn running_external_dns(api: &KubeApi) {
    let metadata = json!({ "name": "external-dns", "namespace": "external-dns" });
    let labels = json!({ "app": "external-dns" });
    api.apply(json!({
        "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "external-dns" },
    }))
    .await;
    api.apply(json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata,
        "spec": { "selector": { "matchLabels": labels }, "template": {
            "metadata": { "labels": labels },
            "spec": { "containers": [{
                "name": "external-dns", "image": "external-dns:v0.22.0", "args": FLAGS,
            }] },
        } },
    }))
    .await;
}

/// A Service that wants a name which no record has yet.
async fn wants(api: &KubeApi, label: &str) {
    let host = format!("{label}.example.org");
    api.apply(json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": { "namespace": "default", "name": label, "annotations": {
            "external-dns.kubernetes.io/hostname": host,
            "external-dns.kubernetes.io/target": "192.0.2.1",
        } },
        "spec": { "type": "LoadBalancer", "ports": [{ "port": 80 }] },
    }))
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_for_beginners_do_what_they_say() {
    let Some(mut desk) = start(0).await else { return };
    for page in PLAYED[0].1 {
        desk.play(page);
        let owned = desk.zone.find("a-www.example.org", "TXT").len();
        assert!(owned == 1 || *page != "docs/cronjob.md", "it makes a record with its owner");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_for_users_of_external_dns_do_what_they_say() {
    let Some(mut desk) = start(1).await else { return };
    running_external_dns(&desk.api).await;
    for (number, page) in PLAYED[1].1.iter().enumerate() {
        // So that each page has something to plan and to apply.
        wants(&desk.api, &format!("shop-{number}")).await;
        desk.play(page);
    }
}
