//! `apply --plan-hash` holds a run to the plan that a user read: each difference for a reader is another
//! plan.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use extdns_providers::{Context, Provider};
use extdns_sync::report::{Report, Summary};
use extdns_sync::{ExitCode, Mode, RunRequest};

use crate::commands::support::{apply, in_memory, reading, settings, wiring};

const FLAGS: [&str; 2] = ["--source=service", "--manifests=-"];

fn service(name: &str, host: &str, address: &str) -> String {
    format!(
        "---\napiVersion: v1\nkind: Service\nmetadata:\n  namespace: shop\n  name: {name}\n  annotations: {{ \
         external-dns.kubernetes.io/hostname: {host} }}\nspec: {{ type: LoadBalancer }}\nstatus: {{ loadBalancer: {{ \
         ingress: [ {{ ip: {address} }} ] }} }}\n"
    )
}

async fn run(
    provider: &Arc<dyn Provider>,
    flags: &[&str],
    objects: &str,
    request: RunRequest,
) -> Report {
    let flags = [&FLAGS, flags].concat();
    let report = extdns_sync::run(&reading(wiring(provider, &flags), objects), &request).await;
    assert!(report.failure.is_none(), "{:?}", report.failure);
    report
}

/// The hash that the plan of the one target must have.
fn expecting(hash: &str) -> BTreeMap<String, String> {
    BTreeMap::from([("inmemory".to_owned(), hash.to_owned())])
}

async fn hash(provider: &Arc<dyn Provider>, flags: &[&str], objects: &str) -> String {
    let request = RunRequest { mode: Mode::Plan, ..RunRequest::default() };
    let report = run(provider, flags, objects, request).await;
    report.targets[0].hash.clone().expect("a plan has a hash")
}

/// The zone files of a folder.
async fn folder(path: &std::path::Path) -> Arc<dyn Provider> {
    let dir = format!("--zonefile-dir={}", path.display());
    let flags = ["--source=fake", "--provider=zonefile", &dir, "--zonefile-create=example.org"];
    let (arguments, _) = settings(&flags);
    let entry = arguments.providers.provider;
    entry.build(&arguments.providers, &Context::default()).await.expect("a provider").into()
}

#[tokio::test]
async fn whatever_a_reader_sees_is_in_the_hash() {
    let provider = in_memory(&["example.org"]).await;
    let web = service("web", "www.example.org", "192.0.2.1");
    let twice = [hash(&provider, &[], &web).await, hash(&provider, &[], &web).await];
    assert_eq!(twice[0], twice[1]);
    let key = "--txt-encrypt-aes-key=0123456789abcdef0123456789abcdef";
    let encrypted = ["--txt-encrypt-enabled", key];
    // Encrypted, the text of an ownership record is another one in every run.
    let secret = hash(&provider, &encrypted, &web).await;
    assert_eq!(hash(&provider, &encrypted, &web).await, secret);
    let renamed = service("shop", "www.example.org", "192.0.2.1");
    let elsewhere = in_memory(&["org"]).await;
    let loser = [web.clone(), service("other", "www.example.com", "192.0.2.1")].concat();
    let hashes = [
        ("plain", twice[0].clone()),
        ("encrypted", secret),
        ("prefix", hash(&provider, &["--txt-prefix=x-"], &web).await),
        ("owner", hash(&provider, &["--txt-owner-id=you"], &web).await),
        ("resource", hash(&provider, &[], &renamed).await),
        ("zone", hash(&elsewhere, &[], &web).await),
        ("a name in no zone", hash(&provider, &[], &loser).await),
        ("policy", hash(&provider, &["--registry=noop"], &web).await),
    ];
    let distinct: HashSet<&String> = hashes.iter().map(|(_, hash)| hash).collect();
    assert_eq!(distinct.len(), hashes.len(), "{hashes:#?}");
}

#[tokio::test]
async fn another_folder_of_zone_files_is_another_plan() {
    let folders = [tempfile::tempdir().expect("folder"), tempfile::tempdir().expect("folder")];
    let web = service("web", "www.example.org", "192.0.2.1");
    let flags = ["--provider=zonefile"];
    let mut hashes = Vec::new();
    for path in folders.each_ref().map(|folder| folder.path()) {
        hashes.push(hash(&folder(path).await, &flags, &web).await);
    }
    assert_ne!(hashes[0], hashes[1]);
}

/// What was held back when the plan was read, and is possible now, is not made.
#[tokio::test]
async fn what_is_possible_by_now_was_not_in_the_plan() {
    let provider = in_memory(&["example.org"]).await;
    apply(
        &provider,
        &[&FLAGS[..], &["--txt-owner-id=other"]].concat(),
        &service("theirs", "b.example.org", "192.0.2.9"),
    )
    .await;
    let desired =
        [service("a", "a.example.org", "192.0.2.1"), service("b", "b.example.org", "192.0.2.1")]
            .concat();
    let seen = hash(&provider, &[], &desired).await;
    // The other owner gives its name up.
    let other = ["--txt-owner-id=other", "--no-guard"];
    let elsewhere = service("elsewhere", "b.example.com", "192.0.2.9");
    run(&provider, &other, &elsewhere, RunRequest { mode: Mode::Apply, ..RunRequest::default() })
        .await;
    let request = || RunRequest {
        mode: Mode::Apply,
        expected_hashes: expecting(&seen),
        ..RunRequest::default()
    };
    let report = run(&provider, &[], &desired, request()).await;
    assert_eq!(report.exit_code(), ExitCode::HashDiffers);
    let now = hash(&provider, &[], &desired).await;
    assert_ne!(now, seen, "nothing was written");
    let request = RunRequest { expected_hashes: expecting(&now), ..request() };
    let report = run(&provider, &[], &desired, request).await;
    assert_eq!((report.exit_code(), Summary::of(&report).create), (ExitCode::Success, 2));
}
