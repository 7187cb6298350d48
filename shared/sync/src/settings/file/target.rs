//! A target of the configuration file.

use super::super::error::SettingsError;
use super::super::origin::{Given, Origin};
use super::keys::Section;
use super::node::{Entry, Node};
use super::parser::Parser;

/// A target of the file.
#[derive(Debug)]
pub(crate) struct FileTarget {
    pub(crate) name: String,
    pub(crate) origin: Origin,
    pub(crate) clusters: Option<Vec<String>>,
    /// What it says with keys that are no flags.
    pub(crate) own: Vec<Given>,
    pub(crate) given: Vec<Given>,
}

impl Parser<'_> {
    pub(super) fn target(&self, node: &Node) -> Result<FileTarget, SettingsError> {
        let mut target = FileTarget {
            name: self.name(node, "target")?,
            origin: self.origin(node.line),
            clusters: None,
            own: self.own(node, Section::Target),
            given: self.flags(node, Section::Target)?,
        };
        for Entry { key, value, .. } in self.entries(node, "a target")? {
            if key == "clusters" {
                target.clusters = Some(self.texts(value)?);
            }
        }
        Ok(target)
    }
}
