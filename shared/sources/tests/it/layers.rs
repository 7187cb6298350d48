//! The modules of this crate stand in layers: no module uses one that uses it, over however many others.

use std::fs;
use std::path::Path;

use extdns_testkit::layers::{arrows, circles};

#[test]
fn no_module_uses_one_that_uses_it() {
    let all = arrows(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    assert!(all.len() > 20, "only {all:?}");
    let circles = circles(all);
    assert!(circles.is_empty(), "these modules use one another: {circles:#?}");
}

/// The folders of sources of one ecosystem, and the lines below which each of them stays without its tests.
const ECOSYSTEMS: [(&str, usize); 11] = [
    ("ambassador_host", 300),
    ("cloudfoundry", 300),
    ("contour_httpproxy", 300),
    ("f5", 300),
    ("gateway", 700),
    ("gloo_proxy", 300),
    ("istio", 600),
    ("kong_tcpingress", 300),
    ("openshift_route", 300),
    ("skipper_routegroup", 300),
    ("traefik_proxy", 300),
];

#[test]
fn a_source_is_short() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for (folder, limit) in ECOSYSTEMS {
        let files =
            fs::read_dir(src.join(folder)).expect("a folder").map(|own| own.unwrap().path());
        let files = files.filter(|path| !path.ends_with("tests.rs"));
        let texts = files.map(|path| fs::read_to_string(path).expect("a source file"));
        let of_file =
            |text: String| text.lines().take_while(|line| !line.starts_with("mod tests {")).count();
        let lines: usize = texts.map(of_file).sum();
        assert!(lines < limit, "{folder} has {lines} lines");
    }
}

/// What the driver and the sink do for every source: a source that names it does it by hand.
const OF_THE_DRIVER: [&str; 6] =
    ["HiddenBy", "crate::trace", "is_tracing", ".note(", ".unknown", "filter_counts"];

#[test]
fn no_source_does_by_hand_what_the_driver_does() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let folders =
        fs::read_dir(src).expect("a folder of sources").map(|entry| entry.unwrap().path());
    let mut sources = 0;
    for folder in folders.filter(|path| path.is_dir()) {
        let files = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
        let files: Vec<_> = files.filter(|path| path.is_file()).collect();
        let texts: Vec<String> =
            files.iter().map(|path| fs::read_to_string(path).unwrap()).collect();
        if !texts.iter().any(|text| text.contains("impl Definition for ")) {
            continue;
        }
        sources += 1;
        for (file, text) in files.iter().zip(&texts) {
            let found = OF_THE_DRIVER.iter().find(|word| text.contains(*word));
            assert_eq!(found, None, "{}", file.display());
        }
    }
    assert!(sources > 5, "only {sources} sources");
}
