//! What the tests of a provider stand on beside its simulated service.

use std::fs;

use serde_json::Value;

use super::root;

/// Real servers and emulators of others, which the tests of a provider start.
const SERVERS: &[(&str, &str)] = &[
    ("aws", "an emulator of the service (moto)"),
    ("coredns", "real servers of etcd"),
    ("dyn", "what the vendor's client and ExternalDNS send"),
    ("hosts", "files"),
    ("rdns", "real servers of etcd"),
    ("skydns", "real servers of etcd"),
    ("pdns", "a real server"),
    ("rfc2136", "real servers"),
    ("webhook", "the published description of the protocol"),
    ("zonefile", "files and a real server that reads them"),
];

/// The providers that ExternalDNS has no more. v0.13.2 is the last release that had them all.
const REMOVED: &[&str] = &[
    "akamai",
    "bluecat",
    "designate",
    "digitalocean",
    "dyn",
    "gandi",
    "ibmcloud",
    "infoblox",
    "plural",
    "rcodezero",
    "rdns",
    "safedns",
    "tencentcloud",
    "transip",
    "ultradns",
    "vinyldns",
    "vultr",
];

/// The providers that ExternalDNS never had.
const OWN: &[&str] = &["hosts", "zonefile"];

/// The release of ExternalDNS that a provider is compatible with.
pub(super) fn release(name: &str) -> &'static str {
    match name {
        name if REMOVED.contains(&name) => "v0.13.2",
        name if OWN.contains(&name) => "our own",
        _ => "v0.22.0",
    }
}

/// The kinds of exchanges, in the order in which they count.
const KINDS: [(&str, &str); 3] = [
    ("recorded", "recorded"),
    ("documented", "documented by the vendor"),
    ("test-data", "of a client's tests"),
];

/// One line for the list of providers.
pub(super) fn of(name: &str) -> String {
    let server = SERVERS.iter().find(|(own, _)| *own == name).map(|(_, text)| (*text).to_owned());
    let folder = match name {
        "azure-dns" => "azure",
        "azure-private-dns" => "azure-private",
        "coredns" | "rdns" | "skydns" => "etcd",
        "pdns" => "powerdns",
        name => name,
    };
    let folder = root().join("tests/fixtures/wire").join(folder);
    let files = fs::read_dir(&folder).into_iter().flatten().flatten();
    let exchanges: Vec<Value> = files
        .filter_map(|file| serde_json::from_slice(&fs::read(file.path()).ok()?).ok())
        .collect();
    let count = |kind: &str| exchanges.iter().filter(|it| it["kind"] == kind).count();
    let counted = KINDS.iter().map(|(kind, text)| (count(kind), text));
    let counted = counted.filter(|(count, _)| *count > 0);
    let counted: Vec<String> = counted.map(|(count, text)| format!("{count} {text}")).collect();
    let counted = (!counted.is_empty()).then(|| format!("exchanges: {}", counted.join(", ")));
    let run = folder.join("upstream-run.json").exists();
    let run = run.then(|| "a run of ExternalDNS".to_owned());
    let all: Vec<String> = [server, counted, run].into_iter().flatten().collect();
    match all.is_empty() {
        true => "itself".to_owned(),
        false => all.join("; "),
    }
}
