//! Which modules of a crate use which: they stand in layers if no module uses one that uses it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// The modules that each module uses.
pub type Arrows = BTreeMap<String, BTreeSet<String>>;

/// What each module directly below `src` uses of the others: `crate::a::B`, `crate::{a, b::C}`, and `crate::B` where
/// `lib.rs` takes `B` out of a module. Tests and
/// comments are left aside.
#[must_use]
pub fn arrows(src: &Path) -> Arrows {
    let lib = fs::read_to_string(src.join("lib.rs")).expect("the root of a crate");
    let mut arrows = Arrows::new();
    add_folder(src, None, &handed_on(&lib), &mut arrows);
    let modules: BTreeSet<String> = arrows.keys().cloned().collect();
    for (module, used) in &mut arrows {
        used.retain(|own| own != module && modules.contains(own));
    }
    arrows
}

/// What is left of arrows when modules that use nothing that is left are taken away, until none is: the circles, and
/// what uses them.
#[must_use]
pub fn circles(mut left: Arrows) -> Arrows {
    loop {
        let before = left.len();
        let there: BTreeSet<String> = left.keys().cloned().collect();
        left.retain(|_, used| used.iter().any(|used| there.contains(used)));
        if left.len() == before {
            return left;
        }
    }
}

fn add_folder(
    folder: &Path,
    module: Option<&str>,
    handed_on: &BTreeMap<String, String>,
    arrows: &mut Arrows,
) {
    for entry in fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry").path();
        let stem = path.file_stem().expect("a name").to_str().expect("UTF-8");
        let module = module.unwrap_or(stem);
        if matches!(stem, "lib" | "main" | "messages" | "tests") {
            continue;
        }
        if path.is_dir() {
            add_folder(&path, Some(module), handed_on, arrows);
            continue;
        }
        let text = fs::read_to_string(&path).expect("a source file");
        let lines = text.lines().take_while(|line| !line.starts_with("mod tests {"));
        let code: Vec<&str> = lines.filter(|line| !line.trim_start().starts_with("//")).collect();
        let code = code.join("\n");
        let used = code.split("crate::").skip(1).flat_map(first_names);
        let own = arrows.entry(module.to_owned()).or_default();
        own.extend(used.map(|name| handed_on.get(&name).cloned().unwrap_or(name)));
    }
}

/// What the crate's root hands on, each with the module that it is of.
fn handed_on(lib: &str) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for line in lib.split(';').filter_map(|own| own.split_once("pub use ")) {
        if let Some((module, names)) = line.1.split_once("::") {
            all.extend(first_names(names).into_iter().map(|name| (name, module.to_owned())));
        }
    }
    all
}

/// The first name of a path, or of each path in braces.
fn first_names(rest: &str) -> Vec<String> {
    let name = |path: &str| {
        let end = path.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(path.len());
        path[..end].to_owned()
    };
    let Some(list) = rest.strip_prefix('{') else { return vec![name(rest)] };
    let (mut depth, mut names, mut is_first) = (0, Vec::new(), true);
    for (at, character) in list.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => is_first = true,
            c if is_first && !c.is_whitespace() => {
                names.push(name(&list[at..]));
                is_first = false;
            }
            _ => {}
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::{Arrows, circles, first_names};

    #[test]
    fn names_are_those_of_a_path_or_of_each_in_braces() {
        let table: [(&str, &[&str]); 4] = [
            ("a::B;", &["a"]),
            ("{a, b::{C, D}, e::F,\n};", &["a", "b", "e"]),
            ("{\n    A, b,\n}", &["A", "b"]),
            ("run(x)", &["run"]),
        ];
        for (rest, expected) in table {
            assert_eq!(first_names(rest), expected, "{rest}");
        }
    }

    #[test]
    fn a_circle_stays_with_what_uses_it() {
        let arrow = |from: &str, to: &[&str]| {
            (from.to_owned(), to.iter().map(|to| (*to).to_owned()).collect())
        };
        let lines = [arrow("top", &["a"]), arrow("a", &["b", "low"]), arrow("low", &[])];
        assert_eq!(circles(lines.clone().into()), Arrows::new());
        let circle = lines.into_iter().chain([arrow("b", &["a"])]).collect();
        assert_eq!(circles(circle).into_keys().collect::<Vec<_>>(), ["a", "b", "top"]);
    }
}
