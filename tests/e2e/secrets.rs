//! No output holds a credential: every command, at the level that shows most,
//! against servers that echo all that they are sent.

use std::process::Command;

use extdns_testkit::http::{Reply, Request, ScriptedServer};
use serde_json::json;

use crate::program::{Bench, example_cluster, external_dns, run};

/// What no output may hold: as planted, and as `Authorization: Basic` has it.
const PLANTED: [&str; 12] = [
    "kube-bearer-4711-zebra",
    "kube-basic-4711-yak",
    "server-userinfo-4711-xerus",
    "proxy-userinfo-4711-wolf",
    "hook-userinfo-4711-vole",
    "hook-query-4711-urial",
    "redirect-userinfo-4711-toad",
    "redirect-query-4711-snake",
    "0123456789abcdef0123456789ABCDEF",
    "aws/secret+key-4711-rabbit",
    "aws-session-4711-quail",
    // user:kube-basic-4711-yak
    "dXNlcjprdWJlLWJhc2ljLTQ3MTEteWFr",
];

/// How a server repeats what it is sent.
#[derive(Clone, Copy, Debug)]
enum Echo {
    Body,
    Page,
    Kind,
    ContentType,
    Redirect,
}

const ECHOES: [Echo; 5] = [Echo::Body, Echo::Page, Echo::Kind, Echo::ContentType, Echo::Redirect];

fn echo(how: Echo) -> ScriptedServer {
    ScriptedServer::start(move |request: &Request| {
        let all = request.text();
        let authorization = request.header("authorization").unwrap_or("none").to_owned();
        match how {
            Echo::Body => Reply::json(
                403,
                &json!({
                    "kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 403,
                    "reason": "Forbidden", "message": all,
                }),
            ),
            Echo::Page => Reply::new(500).header("content-type", "text/html").body(all),
            Echo::Kind => Reply::json(
                200,
                &json!({ "kind": authorization, "apiVersion": all, "metadata": {}, "items": [] }),
            ),
            Echo::ContentType => Reply::new(200).header("content-type", &authorization).body(all),
            Echo::Redirect => Reply::new(302).header(
                "location",
                "http://user:redirect-userinfo-4711-toad@127.0.0.1:9/?token=redirect-query-4711-snake",
            ),
        }
    })
}

const COMMANDS: [&str; 6] = ["--once", "plan", "apply", "gc", "explain www.example.org", "doctor"];

/// Runs every command, and looks for what was planted in all that comes of it.
fn assert_silent(case: &str, arrange: impl Fn(&Bench, &mut Command)) {
    let bench = Bench::new();
    for command in COMMANDS {
        let mut program = external_dns(bench.path());
        program.args(command.split(' ')).args(["--txt-owner-id=e2e", "--policy=sync"]).args([
            "--log-level=trace",
            "--timeout=5s",
            "--txt-encrypt-enabled",
            "--txt-encrypt-aes-key=0123456789abcdef0123456789ABCDEF",
        ]);
        if command != "gc" {
            program.args(["--source=service", "--source=ingress"]);
        }
        let files = ["report.json", "metrics.prom", "out.json"].map(|name| bench.path().join(name));
        if !command.starts_with("explain") && command != "doctor" {
            let [report, metrics, out] = files.each_ref().map(|path| path.display());
            program.arg(format!("--report={report}")).arg(format!("--metrics-file={metrics}"));
            program.args(["--output=json", &format!("--out={out}")]);
        }
        arrange(&bench, &mut program);
        let run = run(&mut program);
        assert_ne!(run.code, 101, "{case} {command}: {run:?}");
        let mut all = run.out + &run.log;
        for path in files {
            all += &std::fs::read_to_string(path).unwrap_or_default();
        }
        for secret in PLANTED {
            let shown = all.lines().find(|line| line.contains(secret));
            assert_eq!(shown, None, "{case} {command}: {secret}");
        }
    }
}

/// A kubeconfig with this user, for this server.
fn kubeconfig(bench: &Bench, server: &str, user: &str) -> String {
    let path = bench.write(
        "kubeconfig",
        &format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: c\n\
             clusters: [{{ name: c, cluster: {{ server: '{server}' }} }}]\n\
             users: [{{ name: u, user: {{ {user} }} }}]\n\
             contexts: [{{ name: c, context: {{ cluster: c, user: u }} }}]\n"
        ),
    );
    format!("--kubeconfig={}", path.display())
}

const IN_MEMORY: [&str; 2] = ["--provider=inmemory", "--inmemory-zone=example.org"];

#[test]
fn no_output_holds_the_credentials_of_a_cluster() {
    let users = ["token: kube-bearer-4711-zebra", "username: user, password: kube-basic-4711-yak"];
    for how in ECHOES {
        for user in users {
            let server = echo(how);
            assert_silent(&format!("{how:?} {user}"), |bench, program| {
                program.args(IN_MEMORY).arg(kubeconfig(bench, &server.url(), user));
            });
        }
    }
}

#[test]
fn no_output_holds_what_urls_of_the_settings_hide() {
    let server = echo(Echo::Body);
    let address = server.address();
    let user = "token: kube-bearer-4711-zebra";
    assert_silent("--server", |bench, program| {
        program
            .args(IN_MEMORY)
            .arg(kubeconfig(bench, "http://127.0.0.1:9", user))
            .arg(format!("--server=http://user:server-userinfo-4711-xerus@{address}"));
    });
    assert_silent("the server of a kubeconfig", |bench, program| {
        let server = format!("https://user:server-userinfo-4711-xerus@{address}");
        program.args(IN_MEMORY).arg(kubeconfig(bench, &server, user));
    });
    assert_silent("a proxy", |bench, program| {
        program
            .args(IN_MEMORY)
            .arg(kubeconfig(bench, "https://kube.example.org", user))
            .env("HTTPS_PROXY", format!("http://user:proxy-userinfo-4711-wolf@{address}"));
    });
    assert_silent("a proxy that is no URL", |bench, program| {
        program
            .args(IN_MEMORY)
            .arg(kubeconfig(bench, "https://kube.example.org", user))
            .env("HTTPS_PROXY", "http://user:proxy-userinfo-4711-wolf@:port/");
    });
}

#[test]
fn no_output_holds_what_is_secret_of_a_provider() {
    let manifests = format!("--manifests={}", example_cluster().display());
    for how in ECHOES {
        let server = echo(how);
        let address = server.address();
        assert_silent(&format!("webhook {how:?}"), |_, program| {
            program.args(["--provider=webhook", &manifests]).arg(format!(
                "--webhook-provider-url=http://user:hook-userinfo-4711-vole@{address}/?token=hook-query-4711-urial"
            ));
        });
        assert_silent(&format!("aws {how:?}"), |_, program| {
            program
                .args(["--provider=aws", "--aws-api-retries=1", &manifests])
                .env("AWS_ENDPOINT_URL", server.url())
                .env("AWS_REGION", "us-east-1")
                .env("AWS_ACCESS_KEY_ID", "AKIATEST")
                .env("AWS_SECRET_ACCESS_KEY", "aws/secret+key-4711-rabbit")
                .env("AWS_SESSION_TOKEN", "aws-session-4711-quail");
        });
    }
}

#[test]
fn a_mistake_beside_a_secret_does_not_show_it() {
    let bench = Bench::new();
    let lines: [&[&str]; 5] = [
        &["plan", "--txt-encrypt-aes-key=kube-bearer-4711-zebra", "--txt-encrypt-enabled"],
        &["plan", "--txt-encrypt-aes-ky=kube-bearer-4711-zebra"],
        &["plan", "--txt-encrypt-aes-key", "kube-bearer-4711-zebra", "kube-bearer-4711-zebra"],
        &["--once", "--pdns-api-key=kube-bearer-4711-zebra"],
        &["plan", "--webhook-provider-url=://user:hook-userinfo-4711-vole@"],
    ];
    for words in lines {
        let usual = ["--source=fake", "--provider=webhook", "--policy=sync"];
        let run = run(external_dns(bench.path()).args(words).args(usual));
        assert!([1, 2].contains(&run.code), "{words:?}: {run:?}");
        for secret in PLANTED {
            assert!(!run.log.contains(secret) && !run.out.contains(secret), "{words:?}: {run:?}");
        }
    }
}
