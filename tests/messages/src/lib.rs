//! Holds what a crate's errors say: every variant of every error has its message in the crate's
//! `messages.txt`, and no variant is without one.

use std::any::type_name;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{Debug, Display};
use std::path::{Path, PathBuf};

/// Set to take what the errors say over into `messages.txt`.
const UPDATE: &str = "UPDATE_MESSAGES";

/// What the errors of a crate say.
#[derive(Debug, Default)]
pub struct Messages {
    entries: BTreeMap<String, Vec<String>>,
    unseen: BTreeSet<String>,
}

impl Messages {
    /// Adds what an error says. Its type and its variant are found by themselves; a variant may be
    /// shown several times.
    ///
    /// # Panics
    /// If the type shows itself as something else than its variants.
    pub fn show<E: Display + Debug>(&mut self, error: E) -> &mut Self {
        let full = type_name::<E>();
        let name = full.split('<').next().and_then(|path| path.rsplit("::").next());
        let name = name.unwrap_or(full);
        let debug = format!("{error:?}");
        let variant: String =
            debug.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        assert!(!variant.is_empty(), "{full} shows itself as {debug}");
        let key = if variant == name { variant } else { format!("{name}::{variant}") };
        self.entries.entry(key).or_default().push(error.to_string());
        self
    }

    /// Leaves out an error that no user ever sees as it is, and says why.
    pub fn leave_out(&mut self, name: &str, _why: &str) -> &mut Self {
        self.unseen.insert(name.to_owned());
        self
    }

    /// Compares with `messages.txt` in the crate's folder (`env!("CARGO_MANIFEST_DIR")`), and asks
    /// for an entry for every variant of every type below `src` that derives `thiserror::Error`.
    ///
    /// # Panics
    /// If one is missing, or says something else.
    pub fn assert_complete(&self, folder: &str) {
        let errors = errors_below(&Path::new(folder).join("src"));
        let missing: Vec<&String> = errors
            .iter()
            .filter(|key| !self.entries.contains_key(*key) && !self.is_left_out(key))
            .collect();
        assert!(missing.is_empty(), "errors without a message in the test: {missing:#?}");
        let path = Path::new(folder).join("messages.txt");
        let page = self.page();
        if std::env::var_os(UPDATE).is_some() {
            std::fs::write(&path, page).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
            return;
        }
        let held = std::fs::read_to_string(&path).unwrap_or_default();
        let differing: Vec<_> =
            page.lines().zip(held.lines()).filter(|(now, held)| now != held).take(5).collect();
        assert!(
            page == held,
            "{} is not what errors say now; {UPDATE}=1 takes it over: {differing:#?}",
            path.display()
        );
    }

    fn is_left_out(&self, key: &str) -> bool {
        let name = key.split("::").next().unwrap_or(key);
        self.unseen.contains(key) || self.unseen.contains(name)
    }

    fn page(&self) -> String {
        let mut page = String::new();
        for (key, messages) in &self.entries {
            page.push_str(key);
            page.push('\n');
            for message in messages {
                for line in message.lines() {
                    page.push_str(&format!("    {line}\n"));
                }
            }
        }
        page
    }
}

/// `Enum::Variant` of every enum, and `Struct` of every struct, that derives an error.
fn errors_below(folder: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for path in rust_files(folder) {
        let text = std::fs::read_to_string(&path).expect("a source file");
        let file = syn::parse_file(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        collect(&file.items, &mut found);
    }
    found
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

fn collect(items: &[syn::Item], found: &mut BTreeSet<String>) {
    for item in items {
        match item {
            syn::Item::Enum(item) if derives_error(&item.attrs) => found.extend(
                item.variants.iter().map(|variant| format!("{}::{}", item.ident, variant.ident)),
            ),
            syn::Item::Struct(item) if derives_error(&item.attrs) => {
                found.insert(item.ident.to_string());
            }
            syn::Item::Mod(item) => {
                if let Some((_, items)) = &item.content {
                    collect(items, found);
                }
            }
            _ => {}
        }
    }
}

fn derives_error(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().filter(|attribute| attribute.path().is_ident("derive")).any(|attribute| {
        let mut derives = false;
        // What is no list of paths derives nothing.
        let _ = attribute.parse_nested_meta(|meta| {
            derives |= meta.path.segments.last().is_some_and(|last| last.ident == "Error");
            Ok(())
        });
        derives
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    enum Wrong {
        Big(u8),
    }

    impl Display for Wrong {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            let Self::Big(size) = self;
            write!(f, "{size} is too big\nby far")
        }
    }

    #[test]
    fn variants_are_found_by_themselves() {
        let mut messages = Messages::default();
        messages.show(Wrong::Big(7));
        assert_eq!(messages.page(), "Wrong::Big\n    7 is too big\n    by far\n");
    }

    #[test]
    fn errors_are_found_in_sources() {
        let file = syn::parse_file(
            "#[derive(Debug, thiserror::Error)] enum A { #[error(\"x\")] B, C(u8) }\n\
             #[derive(Debug, Error)] struct D;\n#[derive(Debug)] enum E { F }",
        )
        .expect("a file");
        let mut found = BTreeSet::new();
        collect(&file.items, &mut found);
        assert_eq!(found.into_iter().collect::<Vec<_>>(), ["A::B", "A::C", "D"]);
    }

    #[test]
    #[should_panic(expected = "errors without a message")]
    fn a_variant_without_a_message_fails() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("src")).expect("a folder");
        let source = "#[derive(Debug, thiserror::Error)] enum A { B }";
        std::fs::write(folder.path().join("src/lib.rs"), source).expect("a file");
        Messages::default().assert_complete(&folder.path().display().to_string());
    }
}
