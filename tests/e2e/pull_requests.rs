//! `infra/ci/pull-request` with forges of the test: the plan as a comment, and that plan applied after the merge.

use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex};

use extdns_testkit::http::{Reply, Request, ScriptedServer};
use serde_json::{Value, json};

use crate::deploy::root;
use crate::program::{Bench, Run, run};

/// What differs between the forges.
struct Kind {
    name: &'static str,
    comments: &'static str,
    comment: &'static str,
    merged: &'static str,
    edit: &'static str,
    token: (&'static str, &'static str),
    author: fn(&str) -> Value,
}

const GITHUB: Kind = Kind {
    name: "GitHub",
    comments: "/repos/us/dns/issues/7/comments",
    comment: "/repos/us/dns/issues/comments/",
    merged: "/repos/us/dns/commits/c0ffee/pulls",
    edit: "PATCH",
    token: ("authorization", "Bearer the-token-of-the-job"),
    author: |name| {
        let kind = if name == "bot" { "Bot" } else { "User" };
        json!({ "login": name, "type": kind })
    },
};

const GITLAB: Kind = Kind {
    name: "GitLab",
    comments: "/projects/42/merge_requests/7/notes",
    comment: "/projects/42/merge_requests/7/notes/",
    merged: "/projects/42/repository/commits/c0ffee/merge_requests",
    edit: "PUT",
    token: ("private-token", "the-token-of-the-job"),
    author: |name| json!({ "username": name }),
};

/// A forge with one request to merge, and its comments.
struct Forge {
    kind: &'static Kind,
    server: ScriptedServer,
    comments: Arc<Mutex<Vec<Value>>>,
}

impl Forge {
    /// It has a page of comments of others, one of which claims to be a plan.
    fn start(kind: &'static Kind) -> Self {
        let other = |id: u64| {
            let body = match id {
                3 => "<!-- extdns: plan -->\n<!-- extdns: hash of-somebody-else -->",
                _ => "Looks good.",
            };
            comment(kind, id, "somebody", body)
        };
        let comments = Arc::new(Mutex::new((0..100).map(other).collect::<Vec<_>>()));
        let held = Arc::clone(&comments);
        let server = ScriptedServer::start(move |request| {
            answer(kind, request, &mut held.lock().expect("no test panics in it"))
        });
        Self { kind, server, comments }
    }

    /// What our comments say.
    fn own(&self) -> Vec<String> {
        let comments = self.comments.lock().expect("no test panics in it");
        let own = comments.iter().skip(100);
        own.map(|own| own["body"].as_str().expect("a text").to_owned()).collect()
    }

    /// Runs a job, of the request to merge or of the main branch.
    fn job(&self, bench: &Bench, words: &[&str], is_merged: bool) -> Run {
        let event = match is_merged {
            true => json!({ "ref": "refs/heads/main" }),
            false => json!({ "pull_request": { "number": 7 } }),
        };
        let event = bench.write("event.json", &event.to_string());
        let mut command = Command::new(root().join("infra/ci/pull-request"));
        command.args(words).args(flags(bench)).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", bench.path()).env("EXTERNAL_DNS", env!("CARGO_BIN_EXE_external-dns"));
        if self.kind.name == "GitLab" {
            command.env("GITLAB_CI", "true").env("CI_API_V4_URL", self.server.url());
            command.env("CI_PROJECT_ID", "42").env("CI_COMMIT_SHA", "c0ffee");
            command.env("EXTDNS_TOKEN", "the-token-of-the-job");
            if !is_merged {
                command.env("CI_MERGE_REQUEST_IID", "7");
            }
        } else {
            command.env("GITHUB_API_URL", self.server.url()).env("GITHUB_SHA", "c0ffee");
            command.env("GITHUB_REPOSITORY", "us/dns").env("GITHUB_EVENT_PATH", event);
            command.env("GITHUB_TOKEN", "the-token-of-the-job");
        }
        run(&mut command)
    }
}

fn comment(kind: &Kind, id: u64, author: &str, body: &str) -> Value {
    json!({ "id": id, "body": body, "user": (kind.author)(author), "author": (kind.author)(author) })
}

fn answer(kind: &Kind, request: &Request, comments: &mut Vec<Value>) -> Reply {
    if request.header(kind.token.0) != Some(kind.token.1) {
        return Reply::json(401, &json!({ "message": "who are you?" }));
    }
    let path = request.target();
    let (path, query) = path.split_once('?').unwrap_or((&path, ""));
    let number = |text: &str| text.parse::<usize>().unwrap_or(usize::MAX);
    match request.method.as_str() {
        "GET" if path == kind.comments => {
            let page = query.split("page=").last().map_or(1, number);
            let items: Vec<&Value> = comments.iter().skip((page - 1) * 100).take(100).collect();
            Reply::json(200, &json!(items))
        }
        "GET" if path == kind.merged => {
            let merged = json!({ "number": 7, "iid": 7, "merged_at": "2026-01-01T00:00:00Z", "state": "merged" });
            Reply::json(200, &json!([merged]))
        }
        "GET" if path == "/user" => Reply::json(200, &json!({ "username": "bot" })),
        "POST" if path == kind.comments => {
            let body = request.json()["body"].as_str().expect("a text").to_owned();
            let new = comment(kind, comments.len() as u64, "bot", &body);
            comments.push(new.clone());
            Reply::json(201, &new)
        }
        method if method == kind.edit && path.starts_with(kind.comment) => {
            let at = number(&path[kind.comment.len()..]);
            let Some(own) = comments.get_mut(at) else { return Reply::json(404, &json!({})) };
            own["body"] = request.json()["body"].clone();
            Reply::json(200, own)
        }
        _ => Reply::json(404, &json!({ "message": "there is no such thing" })),
    }
}

fn flags(bench: &Bench) -> Vec<String> {
    let place = |flag: &str, name: &str| format!("--{flag}={}", bench.path().join(name).display());
    vec![
        "--source=service".to_owned(),
        "--provider=zonefile".to_owned(),
        "--zonefile-create=example.org".to_owned(),
        "--policy=sync".to_owned(),
        "--txt-owner-id=pull-requests".to_owned(),
        place("zonefile-dir", "zones"),
        place("manifests", "objects.yaml"),
    ]
}

/// What the branch wants: a name with this address.
fn wants(bench: &Bench, address: &str) -> PathBuf {
    let service = json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": { "namespace": "shop", "name": "web",
            "annotations": { "external-dns.kubernetes.io/hostname": "www.example.org" } },
        "spec": { "type": "LoadBalancer" },
        "status": { "loadBalancer": { "ingress": [{ "ip": address }] } },
    });
    bench.write("objects.yaml", &service.to_string())
}

fn reviewed_and_merged(kind: &'static Kind) {
    let (forge, bench) = (Forge::start(kind), Bench::new());
    let name = kind.name;
    wants(&bench, "192.0.2.1");
    let planned = forge.job(&bench, &["plan"], false);
    assert_eq!(planned.code, 0, "{name}: {planned:?}");
    let [comment] = &forge.own()[..] else { panic!("{name}: one comment: {:?}", forge.own()) };
    assert!(comment.contains("DNS plan: 1 to create"), "{name}: {comment}");

    // A second commit of the branch: the same comment with a new text.
    wants(&bench, "192.0.2.2");
    let planned = forge.job(&bench, &["plan"], false);
    assert_eq!(planned.code, 0, "{name}: {planned:?}");
    let [comment] = &forge.own()[..] else { panic!("{name}: one comment: {:?}", forge.own()) };
    assert!(comment.contains("192.0.2.2") && !comment.contains("192.0.2.1"), "{name}: {comment}");
    assert!(!bench.zone_file().exists(), "{name}: nothing is written before the merge");

    // Meanwhile somebody has changed what the branch wants: that was not reviewed.
    wants(&bench, "192.0.2.66");
    let refused = forge.job(&bench, &["apply"], true);
    assert_eq!(refused.code, 5, "{name}: {refused:?}");
    let result = forge.own()[1].clone();
    assert!(result.contains("nothing was written"), "{name}: {result}");
    let zone = std::fs::read_to_string(bench.zone_file()).unwrap_or_default();
    assert!(!zone.contains("192.0.2"), "{name}: {zone}");

    wants(&bench, "192.0.2.2");
    let applied = forge.job(&bench, &["apply"], true);
    assert_eq!(applied.code, 0, "{name}: {applied:?}");
    assert!(bench.zone().contains("192.0.2.2"), "{name}: {}", bench.zone());
    let own = forge.own();
    assert_eq!(own.len(), 2, "{name}: {own:?}");
    assert!(own[1].contains("DNS changes: 1 created"), "{name}: {}", own[1]);
}

#[test]
fn a_plan_is_a_comment_and_is_applied_as_it_was_reviewed() {
    reviewed_and_merged(&GITHUB);
    reviewed_and_merged(&GITLAB);
}

#[test]
fn a_comment_of_somebody_else_is_no_plan() {
    let (forge, bench) = (Forge::start(&GITHUB), Bench::new());
    wants(&bench, "192.0.2.1");
    let refused = forge.job(&bench, &["apply"], true);
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(refused.log.contains("no comment with a plan"), "{refused:?}");
    assert!(!bench.zone_file().exists());
}

/// The step of the action, as a runner starts it.
#[test]
fn the_action_hands_its_flags_over_one_a_line() {
    let action =
        std::fs::read_to_string(root().join("infra/ci/github/action.yml")).expect("a file");
    let action: Value = extdns_testkit::kube::documents(&action).remove(0);
    let step = &action["runs"]["steps"][0];
    let (forge, bench) = (Forge::start(&GITHUB), Bench::new());
    wants(&bench, "192.0.2.1");
    let event = bench.write("event.json", r#"{ "pull_request": { "number": 7 } }"#);
    let mut command = Command::new("bash");
    command.args(["-e", "-c", step["run"].as_str().expect("a script")]).env_clear();
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", bench.path());
    command.env("GITHUB_ACTION_PATH", root().join("infra/ci/github"));
    command.env("COMMAND", "plan").env("FLAGS", format!("\n{}\n", flags(&bench).join("\n")));
    command.env("EXTERNAL_DNS", env!("CARGO_BIN_EXE_external-dns"));
    command.env("GITHUB_API_URL", forge.server.url()).env("GITHUB_REPOSITORY", "us/dns");
    command.env("GITHUB_EVENT_PATH", event).env("GITHUB_TOKEN", "the-token-of-the-job");
    let names: Vec<&str> =
        step["env"].as_object().expect("variables").keys().map(String::as_str).collect();
    assert_eq!(names, ["COMMAND", "EXTERNAL_DNS", "FLAGS", "GITHUB_TOKEN"]);
    let planned = run(&mut command);
    assert_eq!(planned.code, 0, "{planned:?}");
    assert!(forge.own()[0].contains("1 to create"), "{:?}", forge.own());
}
