//! `make new-provider`. That the template compiles and says what is to be written, it shows itself:
//! it is the module `newapi` of the test build.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const LISTS: [&str; 3] = ["lib.rs", "table.rs", "args.rs"];

/// A tree with what `templates/new` reads.
fn tree() -> tempfile::TempDir {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let tree = tempfile::tempdir().expect("a folder");
    for folder in ["templates/provider", "shared/providers/src/rest"] {
        fs::create_dir_all(tree.path().join(folder)).expect("a folder");
    }
    let sources = LISTS.map(|file| format!("shared/providers/src/{file}"));
    let template = ["mod", "dialect", "tests"].map(|file| format!("templates/provider/{file}.rs"));
    let rest = ["templates/new", "templates/provider/page.md", "rustfmt.toml"].map(str::to_owned);
    for file in sources.into_iter().chain(template).chain(rest) {
        fs::copy(root.join(&file), tree.path().join(&file)).expect("a copy");
    }
    tree
}

fn new_provider(tree: &Path, name: &str) -> Output {
    let mut command = Command::new(tree.join("templates/new"));
    command.args(["provider", name]).output().expect("a shell")
}

fn read(tree: &Path, file: &str) -> String {
    fs::read_to_string(tree.join("shared/providers/src").join(file)).expect("a file")
}

#[test]
fn a_new_provider_has_its_files_and_its_lines() {
    let tree = tree();
    let before = LISTS.map(|file| read(tree.path(), file));
    // In front of all others, between them, behind them.
    for (name, capital) in [("akamai", "Akamai"), ("ovh", "Ovh"), ("zzz", "Zzz")] {
        let output = new_provider(tree.path(), name);
        assert!(output.status.success(), "{name}: {output:?}");
        for file in ["mod.rs", "dialect.rs", "tests.rs", "page.md"] {
            let text = read(tree.path(), &format!("{name}/{file}"));
            assert!(text.contains(capital), "{file} of {name}");
            for word in ["newapi", "template"] {
                assert!(!text.to_lowercase().contains(word), "{word} in {file} of {name}");
            }
        }
        assert!(read(tree.path(), &format!("{name}/tests.rs")).contains("\nmod kit {"));
    }
    let added = |file: &str, before: &str| {
        let after = read(tree.path(), file);
        assert!(before.lines().all(|line| after.contains(line)), "{file} has lost a line");
        after
    };
    let lib = added("lib.rs", &before[0]);
    let args = added("args.rs", &before[2]);
    for name in ["akamai", "ovh", "zzz"] {
        assert!(lib.contains(&format!("\npub mod {name};\n")), "{lib}");
        assert!(args.contains(&format!("    #[command(flatten)]\n    pub {name}: ")), "{args}");
    }
    let table = added("table.rs", &before[1]);
    let entries = table.lines().filter_map(|line| line.strip_prefix("        name: "));
    let names: Vec<&str> = entries.collect();
    assert!(names.is_sorted() && names.len() > 9, "{names:?}");
}

#[test]
fn a_name_that_cannot_be_one_changes_nothing() {
    let tree = tree();
    let before = LISTS.map(|file| read(tree.path(), file));
    for name in ["", "rest", "args", "newapi", "type", "Ovh", "9x", "a-b", "../x", "x y"] {
        let output = new_provider(tree.path(), name);
        assert!(!output.status.success(), "{name:?}: {output:?}");
        assert_eq!(LISTS.map(|file| read(tree.path(), file)), before, "{name:?}");
        let is_there = tree.path().join("shared/providers/src").join(name).join("mod.rs").exists();
        assert!(!is_there, "{name:?}");
    }
}
