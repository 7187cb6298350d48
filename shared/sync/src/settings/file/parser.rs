//! What all parts of the configuration file are read with: texts and flags, each with its line.

use std::sync::Arc;

use super::super::error::SettingsError;
use super::super::origin::{Given, Origin};
use super::keys::{ACCESS, FlagKeys, Section};
use super::node::{Entry, Node, Value};

/// Reads a file whose flags have these keys.
pub(super) struct Parser<'a> {
    pub(super) place: Arc<str>,
    pub(super) keys: &'a FlagKeys,
}

impl Parser<'_> {
    /// The name of a cluster or target: it stands in labels, messages and metrics.
    pub(super) fn name(&self, node: &Node, what: &str) -> Result<String, SettingsError> {
        let entries = self.entries(node, &format!("a {what}"))?;
        let Some(entry) = entries.iter().find(|own| own.key == "name") else {
            return Err(
                self.wrong(node.line, format!("the {what} has no name; give it one, like name: a"))
            );
        };
        let name = entry.value.text().unwrap_or_default();
        let is_part = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if !(1..=40).contains(&name.len()) || !name.bytes().all(is_part) {
            let problem = format!(
                "{name:?} cannot be the name of a {what}: 1 to 40 lower-case letters, digits and \"-\""
            );
            return Err(self.wrong(entry.value.line, problem));
        }
        Ok(name)
    }

    /// What a section says with keys of its own that stand for no flag.
    pub(super) fn own(&self, node: &Node, section: Section) -> Vec<Given> {
        let Value::Map(entries) = &node.value else { return Vec::new() };
        let is_own = |entry: &&Entry| section.own_keys().iter().any(|own| own.name == entry.key);
        let is_flag = |key: &str| key == "name" || ACCESS.contains(&key) && key != "inCluster";
        let shown = entries.iter().filter(is_own).filter(|entry| !is_flag(&entry.key));
        let given = shown.map(|Entry { key, value, .. }| {
            let texts: Vec<String> =
                self.given(key, value).into_iter().map(|own| own.text).collect();
            Given { flag: key.clone(), text: texts.join(", "), origin: self.origin(value.line) }
        });
        given.collect()
    }

    /// A flag with its texts; none for `null`.
    pub(super) fn given(&self, flag: &str, node: &Node) -> Vec<Given> {
        let single = std::slice::from_ref(node);
        let values = match &node.value {
            Value::List(list) => list,
            _ => single,
        };
        let given = values.iter().filter_map(|own| {
            let origin = self.origin(own.line);
            Some(Given { flag: flag.to_owned(), text: own.text()?, origin })
        });
        given.collect()
    }

    /// Several texts, or one.
    pub(super) fn texts(&self, node: &Node) -> Result<Vec<String>, SettingsError> {
        let single = std::slice::from_ref(node);
        let values = match &node.value {
            Value::List(list) => list,
            _ => single,
        };
        let text = |own: &Node| {
            let wrong = || self.wrong(own.line, format!("this takes texts, not {}", own.kind()));
            own.text().ok_or_else(wrong)
        };
        values.iter().map(text).collect()
    }

    pub(super) fn list<T>(
        &self,
        node: &Node,
        read: impl Fn(&Self, &Node) -> Result<T, SettingsError>,
    ) -> Result<Vec<T>, SettingsError> {
        match &node.value {
            Value::List(list) => list.iter().map(|own| read(self, own)).collect(),
            _ => Ok(Vec::new()),
        }
    }

    pub(super) fn entries<'n>(
        &self,
        node: &'n Node,
        what: &str,
    ) -> Result<&'n [Entry], SettingsError> {
        match &node.value {
            Value::Map(entries) => Ok(entries),
            Value::Null => Ok(&[]),
            _ => Err(self
                .wrong(node.line, format!("{what} takes keys with values, not {}", node.kind()))),
        }
    }

    pub(super) fn origin(&self, line: usize) -> Origin {
        Origin::File { place: Arc::clone(&self.place), line }
    }

    pub(super) fn wrong(&self, line: usize, problem: impl Into<String>) -> SettingsError {
        SettingsError::File { origin: self.origin(line), problem: problem.into() }
    }
}
