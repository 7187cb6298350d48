//! The configuration file: one more layer of settings, below arguments and variables, and the one place
//! where several clusters and targets are named.
//!
//! It is read as a tree with lines, and every section of it becomes flags with texts and the line where
//! each was written. So a cluster or target is one more layer, and clap holds types and defaults of the file,
//! too. Only the names of clusters and targets, and how they belong together, are more than flags.

mod check;
mod cluster;
mod keys;
mod node;
mod parser;
mod target;
#[cfg(test)]
mod tests;

use super::error::SettingsError;
use super::origin::Given;

pub(crate) use cluster::FileCluster;
pub(crate) use keys::{FlagKeys, Section};
use keys::{GUARD_FLAGS, TOP};
use node::{Broken, Entry, Node, Value};
use parser::Parser;
pub(crate) use target::FileTarget;

/// The text of the configuration file, and the place where it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigText {
    /// The place as `--config` has it.
    pub place: String,
    /// What it held.
    pub text: String,
}

/// A configuration file as layers of flags.
#[derive(Debug, Default)]
pub(crate) struct File {
    /// What counts for all clusters and targets.
    pub(crate) defaults: Vec<Given>,
    pub(crate) clusters: Vec<FileCluster>,
    pub(crate) targets: Vec<FileTarget>,
}

impl File {
    /// Reads a configuration file.
    ///
    /// # Errors
    /// The first thing that is wrong, with its line.
    pub(crate) fn parse(config: &ConfigText, keys: &FlagKeys) -> Result<Self, SettingsError> {
        let parser = Parser { place: config.place.as_str().into(), keys };
        let root = Node::parse(&config.text)
            .map_err(|Broken { line, problem }| parser.wrong(line, problem))?;
        parser.file(&root)
    }
}

impl Parser<'_> {
    fn file(&self, root: &Node) -> Result<File, SettingsError> {
        let entries = self.entries(root, "the file")?;
        let mut file = File::default();
        let version = entries.iter().find(|own| own.key == "apiVersion");
        if version.is_none() {
            return Err(self.wrong(root.line, "apiVersion is missing; write apiVersion: extdns/v1"));
        }
        for entry in entries {
            let Some(key) = TOP.iter().find(|key| key.name == entry.key) else {
                return Err(self.unknown_at_top(entry));
            };
            self.check(&entry.value, key)?;
            match key.name {
                "defaults" => file.defaults.extend(self.flags(&entry.value, Section::Defaults)?),
                "clusters" => file.clusters = self.list(&entry.value, Self::cluster)?,
                "targets" => file.targets = self.list(&entry.value, Self::target)?,
                "sharing" => file.defaults.extend(self.given("sharing", &entry.value)),
                "guard" => file.defaults.extend(self.guard(&entry.value)),
                "state" => file.defaults.push(self.state(&entry.value)?),
                _ => {}
            }
        }
        self.check_names(&file)?;
        Ok(file)
    }

    /// Names are unique, and a target lists clusters that there are.
    fn check_names(&self, file: &File) -> Result<(), SettingsError> {
        let clusters: Vec<_> = file.clusters.iter().map(|own| (&own.name, &own.origin)).collect();
        let targets: Vec<_> = file.targets.iter().map(|own| (&own.name, &own.origin)).collect();
        for (what, names) in [("cluster", &clusters), ("target", &targets)] {
            for (index, (name, origin)) in names.iter().enumerate() {
                if names[..index].iter().any(|(earlier, _)| earlier == name) {
                    let problem = format!("there is another {what} with the name {name:?}");
                    return Err(SettingsError::File { origin: (*origin).clone(), problem });
                }
            }
        }
        for target in &file.targets {
            for name in target.clusters.iter().flatten() {
                if clusters.iter().all(|(known, _)| *known != name) {
                    let known: Vec<&str> = clusters.iter().map(|(name, _)| name.as_str()).collect();
                    let problem = format!(
                        "target {:?} lists the cluster {name:?}, which there is not; there is {}",
                        target.name,
                        known.join(", ")
                    );
                    return Err(SettingsError::File { origin: target.origin.clone(), problem });
                }
            }
        }
        Ok(())
    }

    fn guard(&self, node: &Node) -> Vec<Given> {
        let Value::Map(entries) = &node.value else { return Vec::new() };
        let flag =
            |key: &str| GUARD_FLAGS.iter().find(|(own, _)| *own == key).map(|(_, flag)| *flag);
        entries
            .iter()
            .filter_map(|entry| Some((flag(&entry.key)?, &entry.value)))
            .flat_map(|(flag, value)| self.given(flag, value))
            .collect()
    }

    /// The place of `--state`.
    fn state(&self, node: &Node) -> Result<Given, SettingsError> {
        let field = |node: &Node, name: &str| match &node.value {
            Value::Map(entries) => {
                entries.iter().find(|own| own.key == name).and_then(|own| own.value.text())
            }
            _ => None,
        };
        let text = match &node.value {
            Value::Map(entries) => {
                let Some(Entry { key, value, .. }) = entries.first() else {
                    return Err(self.wrong(node.line, "state is empty; write state: none"));
                };
                let required = |name: &str| {
                    let missing = || self.wrong(value.line, format!("{key} needs {name}"));
                    field(value, name).ok_or_else(missing)
                };
                match key.as_str() {
                    "dynamodb" => format!("dynamodb:{}", required("table")?),
                    "s3" => {
                        let prefix = field(value, "prefix").unwrap_or_default();
                        format!("s3://{}/{prefix}", required("bucket")?)
                    }
                    "kubernetes" => {
                        format!("kubernetes:{}/{}", required("namespace")?, required("name")?)
                    }
                    _ => format!("file:{}", required("path")?),
                }
            }
            _ => node.text().unwrap_or_default(),
        };
        Ok(Given { flag: "state".to_owned(), text, origin: self.origin(node.line) })
    }
}
