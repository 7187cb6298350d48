//! What is absent: the invariants of `ARCHITECTURE.md` that a test can hold.

use std::path::{Path, PathBuf};

use extdns_testkit::layers::{arrows, circles};

/// Every Rust file of a folder of the repository, with its text.
fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut files = Vec::new();
    let mut open = vec![root.join(folder)];
    while let Some(folder) = open.pop() {
        for entry in
            std::fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()))
        {
            let path = entry.expect("folder entry").path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).expect("source file");
                files.push((path, text));
            }
        }
    }
    assert!(!files.is_empty(), "{folder} has no sources");
    files
}

/// The files in which a text stands, outside comments.
fn with(folder: &str, text: &str) -> Vec<String> {
    sources(folder)
        .into_iter()
        .filter(|(_, code)| {
            code.lines().any(|line| !line.trim_start().starts_with("//") && line.contains(text))
        })
        .map(|(path, _)| path.display().to_string())
        .collect()
}

#[test]
fn model_and_plan_do_no_io_and_know_no_clock() {
    for folder in ["shared/model/src", "shared/plan/src"] {
        for text in [
            "tokio",
            "async ",
            "std::fs",
            "std::env",
            "std::net::Tcp",
            "Instant::now",
            "SystemTime",
            "kube::",
            "extdns_providers",
        ] {
            assert_eq!(with(folder, text), [""; 0], "{text} in {folder}");
        }
    }
}

#[test]
fn only_sync_knows_both_sides() {
    for text in ["extdns_clusters", "extdns_sources", "kube::"] {
        assert_eq!(with("shared/providers/src", text), [""; 0], "{text}");
    }
    for folder in ["shared/clusters/src", "shared/sources/src"] {
        assert_eq!(with(folder, "extdns_providers"), [""; 0], "{folder}");
    }
}

/// The right to write is granted in one place; tests and the conformance kit grant it to themselves.
#[test]
fn only_the_apply_path_grants_a_permit() {
    let folders = [
        "shared/model/src",
        "shared/plan/src",
        "shared/registry/src",
        "shared/clusters/src",
        "shared/sources/src",
        "shared/providers/src",
        "shared/state/src",
        "shared/sync/src",
        "functions",
    ];
    let granted: Vec<String> = folders
        .iter()
        .flat_map(|folder| with(folder, "Permit::grant"))
        .filter(|path| !path.contains("/conformance/") && !path.contains("tests"))
        .collect();
    assert_eq!(granted.len(), 1, "{granted:?}");
    assert!(granted[0].ends_with("shared/sync/src/permit.rs"), "{granted:?}");
}

/// Whether a file makes the pages about providers and sources, which is done by a test alone.
fn is_of_pages(path: &str) -> bool {
    path.contains("/providers/src/pages/") || path.ends_with("/sources/src/pages.rs")
}

#[test]
fn no_provider_knows_of_dry_runs() {
    for text in ["dry_run", "dry-run", "DryRun"] {
        let found = with("shared/providers/src", text);
        let found: Vec<String> = found.into_iter().filter(|path| !is_of_pages(path)).collect();
        assert_eq!(found, [""; 0], "{text}");
    }
}

/// Settings read the environment as a value; only the functions read the process's own.
#[test]
fn only_functions_read_the_environment_or_exit() {
    for folder in [
        "shared/model/src",
        "shared/plan/src",
        "shared/registry/src",
        "shared/clusters/src",
        "shared/sources/src",
        "shared/providers/src",
        "shared/state/src",
        "shared/sync/src",
        "shared/auth/src",
    ] {
        for text in ["std::env::var", "env::vars", "process::exit"] {
            let is_code = |path: &String| !path.contains("tests") && !is_of_pages(path);
            let found: Vec<String> = with(folder, text).into_iter().filter(is_code).collect();
            assert_eq!(found, [""; 0], "{text} in {folder}");
        }
    }
}

/// What the program is made of: one TLS, one HTTP stack, one source of cryptography.
#[test]
fn there_is_one_http_stack_and_one_crypto_provider() {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../Cargo.toml");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let tree = std::process::Command::new(cargo)
        .args(["tree", "--offline", "--package", "external-dns", "--edges", "normal"])
        .args(["--prefix", "none", "--manifest-path"])
        .arg(manifest)
        .output()
        .expect("cargo tree");
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let tree = String::from_utf8(tree.stdout).expect("text");
    let versions = |name: &str| {
        let mut versions: Vec<&str> = tree
            .lines()
            .filter_map(|line| line.split_once(' '))
            .filter(|(own, _)| *own == name)
            .map(|(_, rest)| rest.split_whitespace().next().unwrap_or_default())
            .collect();
        versions.sort_unstable();
        versions.dedup();
        versions.len()
    };
    for name in ["rustls", "hyper", "h2", "http", "reqwest", "aws-lc-rs"] {
        assert_eq!(versions(name), 1, "{name}");
    }
    for name in ["ring", "openssl", "native-tls"] {
        assert_eq!(versions(name), 0, "{name}");
    }
}

/// The modules of a crate stand in layers: no module uses one that uses it, over however many others.
#[test]
fn no_module_uses_one_that_uses_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for name in CRATES_IN_LAYERS {
        let all = arrows(&root.join(name).join("src"));
        assert!(all.len() > 5, "{name}: only {all:?}");
        let circles = circles(all);
        assert!(circles.is_empty(), "{name}: these modules use one another: {circles:#?}");
    }
}

/// The crates whose modules stand in layers; `sources` has this test of its own.
const CRATES_IN_LAYERS: [&str; 7] = [
    "shared/auth",
    "shared/clusters",
    "shared/model",
    "shared/registry",
    "shared/relay",
    "shared/sync",
    "shared/template",
];
