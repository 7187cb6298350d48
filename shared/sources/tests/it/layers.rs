//! The modules of this crate stand in layers: no module uses one that uses it, over however many others.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

type Arrows = BTreeMap<String, BTreeSet<String>>;

/// What each module below `src` uses of the others, tests left aside.
fn arrows(folder: &Path, module: Option<&str>, arrows: &mut Arrows) {
    for entry in fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry").path();
        let stem = path.file_stem().expect("a name").to_str().expect("UTF-8").to_owned();
        let module = module.unwrap_or(&stem);
        if matches!(stem.as_str(), "lib" | "messages" | "tests") {
            continue;
        }
        if path.is_dir() {
            self::arrows(&path, Some(module), arrows);
            continue;
        }
        let text = fs::read_to_string(&path).expect("a source file");
        let code = text.split("mod tests {").next().unwrap_or_default();
        let used = code.split("crate::").skip(1).map(|rest| {
            rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>()
        });
        let own = arrows.entry(module.to_owned()).or_default();
        own.extend(used.filter(|used| !used.is_empty() && used != module));
    }
}

#[test]
fn no_module_uses_one_that_uses_it() {
    let mut left = Arrows::new();
    arrows(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), None, &mut left);
    assert!(left.len() > 20, "only {left:?}");
    // Takes away what uses nothing that is left, until nothing is: a circle never goes.
    loop {
        let before = left.len();
        let there: BTreeSet<String> = left.keys().cloned().collect();
        left.retain(|_, used| used.iter().any(|used| there.contains(used)));
        if left.len() == before {
            break;
        }
    }
    assert!(left.is_empty(), "these modules use one another: {left:#?}");
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
