//! Clusters that each had an ExternalDNS of their own move into one run.

use std::fmt::Write as _;

use serde_json::json;

use crate::many_clusters::world::services;
use crate::program::{Bench, Run, external_dns, run};

const CLUSTERS: usize = 10;
/// The prefix that two of them used for their ownership records.
const PREFIX: &str = "%{record_type}-old.";

fn has_prefix(cluster: usize) -> bool {
    cluster == 3 || cluster == 7
}

fn program(bench: &Bench, words: &[&str]) -> Run {
    let mut command = external_dns(bench.path());
    run(command.current_dir(bench.path()).args(words))
}

/// Each cluster first runs alone, with the flags that its ExternalDNS had.
#[test]
fn ten_clusters_with_owner_ids_of_their_own_move_in_and_the_first_plan_is_empty() {
    let bench = Bench::new();
    let mut config = "apiVersion: extdns/v1\nclusters:\n".to_owned();
    for cluster in 0..CLUSTERS {
        let letter = char::from(b'a' + u8::try_from(cluster).expect("a letter"));
        let objects: Vec<_> = services(letter, 5, "example.org").collect();
        let list = json!({ "apiVersion": "v1", "kind": "List", "items": objects });
        let file = format!("{letter}.json");
        bench.write(&file, &list.to_string());
        let owner = format!("--txt-owner-id=dns-of-{letter}");
        let manifests = format!("--manifests={file}");
        let mut alone = vec!["--once", "--source=service", "--provider=zonefile", "--policy=sync"];
        alone.extend(["--zonefile-dir=zones", "--zonefile-create=example.org", &owner, &manifests]);
        let prefix = format!("--txt-prefix={PREFIX}");
        writeln!(
            config,
            "  - name: {letter}\n    manifests: [{file}]\n    txtOwnerId: dns-of-{letter}"
        )
        .expect("text");
        if has_prefix(cluster) {
            alone.push(&prefix);
            writeln!(config, "    txtPrefix: \"{PREFIX}\"").expect("text");
        }
        let run = program(&bench, &alone);
        assert_eq!(run.code, 0, "{}", run.log);
    }
    config.push_str("defaults: { sources: [service], policy: sync, zonefileDir: zones }\n");
    config.push_str("targets: [{ name: public, provider: zonefile }]\n");
    bench.write("extdns.yaml", &config);
    let before = bench.zone();
    let planned = program(&bench, &["plan", "--config=extdns.yaml", "--detailed-exitcode"]);
    assert_eq!(planned.code, 0, "{}{}", planned.out, planned.log);
    assert!(planned.out.contains("all records are up to date"), "{}", planned.out);
    let applied = program(&bench, &["--once", "--config=extdns.yaml"]);
    assert_eq!((applied.code, bench.zone()), (0, before), "{}", applied.log);

    // What the central run then changes keeps the owner and the form of its cluster.
    bench.write("d.json", r#"{ "apiVersion": "v1", "kind": "List", "items": [] }"#);
    let emptied = program(&bench, &["--once", "--config=extdns.yaml", "--allow-empty=d"]);
    assert_eq!(emptied.code, 0, "{}", emptied.log);
    let zone = bench.zone();
    assert!(!zone.contains("a-old.d00") && zone.contains("a-old.h00"), "{zone}");
}
