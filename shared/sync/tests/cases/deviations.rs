//! Where ours differs from upstream on purpose.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

use serde::Deserialize;

use crate::case::{Case, Entry};
use crate::compare::text;

/// What a deviation is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub(crate) struct Key {
    case: String,
    list: String,
    name: String,
    #[serde(rename = "type")]
    rtype: String,
    #[serde(default)]
    set: String,
}

impl Key {
    pub(crate) fn of(case: &str, list: &str, entry: &Entry) -> Self {
        Self {
            case: case.to_owned(),
            list: list.to_owned(),
            name: entry.name.clone(),
            rtype: entry.rtype.clone(),
            set: entry.set_identifier.clone(),
        }
    }
}

/// `regex-0001.2 create www.example.org A`
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {} {} {}", self.case, self.list, self.name, self.rtype, self.set)
    }
}

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    deviation: Vec<Deviation>,
}

#[derive(Deserialize)]
struct Deviation {
    #[serde(flatten)]
    key: Key,
    /// Our value, or `none`.
    ours: String,
    /// The section of the specification that decides it.
    section: String,
}

/// The file's content, and what of it was needed.
pub(crate) struct Deviations {
    by_key: BTreeMap<Key, String>,
    used: RefCell<BTreeSet<Key>>,
}

impl Deviations {
    pub(crate) fn load(path: &Path) -> Self {
        let content = std::fs::read_to_string(path).expect("deviations.toml");
        let file: File = toml::from_str(&content).expect("deviations.toml");
        let by_key = file
            .deviation
            .into_iter()
            .map(|deviation| {
                assert!(
                    !deviation.section.is_empty(),
                    "{}: which section decides it?",
                    deviation.key
                );
                (deviation.key, deviation.ours)
            })
            .collect();
        Self { by_key, used: RefCell::default() }
    }

    /// Whether our value at this place is a deviation that is written down.
    pub(crate) fn explain(&self, key: &Key, ours: &[Entry]) -> bool {
        let explained = self.by_key.get(key).is_some_and(|expected| *expected == text(ours));
        if explained {
            self.used.borrow_mut().insert(key.clone());
        }
        explained
    }

    pub(crate) fn used(&self) -> usize {
        self.used.borrow().len()
    }

    /// Deviations of cases that ran which no difference needed.
    pub(crate) fn unused(&self, cases: &BTreeMap<String, Case>) -> Vec<String> {
        let used = self.used.borrow();
        self.by_key
            .keys()
            .filter(|key| cases.contains_key(&key.case) && !used.contains(key))
            .map(|key| format!("deviations.toml: {key}: there is no such difference"))
            .collect()
    }
}
