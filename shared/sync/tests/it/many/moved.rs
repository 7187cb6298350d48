//! Clusters that each ran their own ExternalDNS move into one central run.

use std::fmt::Write as _;

use extdns_sync::ExitCode;
use extdns_sync::report::Summary;

use crate::commands::support::in_memory;
use crate::many::support::{host, objects, run};

/// The last two had another prefix of their ownership records.
const PREFIXED: [usize; 2] = [8, 9];

#[tokio::test]
async fn ten_clusters_with_owner_ids_and_prefixes_of_their_own_move_without_a_change() {
    let zone = in_memory(&["example.org"]).await;
    let folder = tempfile::tempdir().expect("a folder");
    let mut clusters = "clusters:\n".to_owned();
    for cluster in 0..10 {
        let name = format!("c{cluster}");
        let path = objects(folder.path(), &name, &host(&name));
        let prefix = if PREFIXED.contains(&cluster) { ", txtPrefix: x-" } else { "" };
        // As upstream ran: one cluster, one owner id.
        let alone = format!(
            "apiVersion: extdns/v1\ndefaults: {{ sources: [service], policy: sync, provider: inmemory, txtOwnerId: \
             own-{name}, manifests: [{path:?}]{prefix} }}\n"
        );
        let report = run(&alone, &["--once"], std::slice::from_ref(&zone)).await;
        assert_eq!((Summary::of(&report).create, report.exit_code()), (1, ExitCode::Success));
        writeln!(
            clusters,
            "- {{ name: {name}, txtOwnerId: own-{name}, manifests: [{path:?}]{prefix} }}"
        )
        .expect("a text");
    }
    let central = format!(
        "apiVersion: extdns/v1\ndefaults: {{ sources: [service], policy: sync, provider: inmemory, txtOwnerId: \
         central }}\ntargets: [{{ name: all }}]\n{clusters}"
    );
    let report = run(&central, &["plan"], std::slice::from_ref(&zone)).await;
    let changes: Vec<_> = report.changes().collect();
    assert!(changes.is_empty(), "{changes:#?}");
    assert_eq!(report.exit_code(), ExitCode::Success, "{:?}", report.notices);
    let owned: Vec<usize> = report.zones().map(|zone| zone.owned).collect();
    assert_eq!(owned, [10], "each record is known as the one of its cluster");
}
