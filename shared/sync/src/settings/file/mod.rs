//! The configuration file: one more layer of settings, below arguments and variables, and the one place
//! where several clusters and targets are named.
//!
//! It is read as a tree with lines, and every section of it becomes flags with texts and the line where
//! each was written. So a cluster or target is one more layer, and clap holds types and defaults of the file,
//! too. Only the names of clusters and targets, and how they belong together, are more than flags.

mod cluster;
mod keys;
mod node;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use extdns_clusters::Access;

use extdns_registry::Affix;

use super::layer::{FlagKind, Given};
use super::{Origin, SettingsError};
use keys::{ACCESS, GUARD_FLAGS, Key, Shape, TOP, nearest};
pub(crate) use keys::{FlagKeys, Section};
use node::{Broken, Entry, Node, Value};

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

/// A cluster of the file.
#[derive(Debug)]
pub(crate) struct FileCluster {
    pub(crate) name: String,
    pub(crate) origin: Origin,
    pub(crate) access: Option<Access>,
    pub(crate) owner: Option<String>,
    pub(crate) affix: Option<Affix>,
    pub(crate) domains: Vec<String>,
    pub(crate) timeout: Option<std::time::Duration>,
    pub(crate) weight: Option<u8>,
    /// What it says with keys that are no flags.
    pub(crate) own: Vec<Given>,
    pub(crate) given: Vec<Given>,
}

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

/// Reads a file whose flags have these keys.
struct Parser<'a> {
    place: Arc<str>,
    keys: &'a FlagKeys,
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

    fn target(&self, node: &Node) -> Result<FileTarget, SettingsError> {
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

    /// The name of a cluster or target: it stands in labels, messages and metrics.
    fn name(&self, node: &Node, what: &str) -> Result<String, SettingsError> {
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

    /// The flags of a section, each with its line.
    fn flags(&self, node: &Node, section: Section) -> Result<Vec<Given>, SettingsError> {
        let mut given = Vec::new();
        for entry in self.entries(node, "this")? {
            if let Some(own) = section.own_keys().iter().find(|own| own.name == entry.key) {
                self.check(&entry.value, own)?;
                continue;
            }
            let flag = self.keys.get(&entry.key);
            let fits = |own: &keys::FlagKey| section == Section::Defaults || own.section == section;
            match flag {
                Some(own) if fits(own) => {
                    self.check_flag(entry, own.kind)?;
                    given.extend(self.given(&own.flag, &entry.value));
                }
                Some(own) => {
                    let place = own.section.place();
                    return Err(self.wrong(entry.line, format!("{} belongs {place}", entry.key)));
                }
                None => return Err(self.unknown(entry, section)),
            }
        }
        Ok(given)
    }

    /// What a section says with keys of its own that stand for no flag.
    fn own(&self, node: &Node, section: Section) -> Vec<Given> {
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

    fn check_flag(&self, entry: &Entry, kind: FlagKind) -> Result<(), SettingsError> {
        let (key, value) = (&entry.key, &entry.value);
        let expected = match (kind, &value.value) {
            // As if it were not there.
            (_, Value::Null) | (FlagKind::Bool, Value::Bool(_)) => return Ok(()),
            (FlagKind::Bool, _) => "true or false",
            (FlagKind::List, Value::List(list)) => {
                match list.iter().find(|own| own.text().is_none()) {
                    None => return Ok(()),
                    Some(item) => {
                        let problem = format!("{key} takes texts, not {}", item.kind());
                        return Err(self.wrong(item.line, problem));
                    }
                }
            }
            (_, Value::Text(_) | Value::Number(_) | Value::Bool(_)) => return Ok(()),
            (FlagKind::List, _) => "a list of texts",
            (FlagKind::One, _) => "one value",
        };
        Err(self.wrong(value.line, format!("{key} takes {expected}, not {}", value.kind())))
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

    /// A flag with its texts; none for `null`.
    fn given(&self, flag: &str, node: &Node) -> Vec<Given> {
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

    /// Whether a value is what its key takes.
    fn check(&self, node: &Node, key: &Key) -> Result<(), SettingsError> {
        let wrong = |expected: &str| {
            Err(self
                .wrong(node.line, format!("{} takes {expected}, not {}", key.name, node.kind())))
        };
        match (key.shape, &node.value) {
            (Shape::Text, _) if node.text().is_some() => Ok(()),
            (Shape::Text, _) => wrong("a text"),
            (Shape::Limit, Value::Null) => Ok(()),
            (Shape::Limit, _) => self.check_whole(node, key, u64::MAX),
            (Shape::Whole(most), _) => self.check_whole(node, key, most),
            (Shape::Texts, _) => self.texts(node).map(drop),
            (Shape::Nothing, Value::Null) => Ok(()),
            (Shape::Nothing, Value::Map(entries)) if entries.is_empty() => Ok(()),
            (Shape::Nothing, _) => wrong("{}"),
            (Shape::OneOf(texts), _) => match node.text() {
                Some(text) if texts.contains(&text.as_str()) => Ok(()),
                Some(text) => {
                    let problem =
                        format!("{} must be one of {}, not {text:?}", key.name, texts.join(", "));
                    Err(self.wrong(node.line, problem))
                }
                None => wrong(&texts.join(" or ")),
            },
            (Shape::TextOrFields(_), Value::Text(_)) => Ok(()),
            (Shape::Fields(fields) | Shape::TextOrFields(fields), Value::Map(entries)) => {
                self.check_fields(entries, fields, key.name)
            }
            (Shape::Choice(fields, _), Value::Map(entries)) => {
                if let [_, second, ..] = &**entries {
                    return Err(
                        self.wrong(second.line, format!("{} takes one of its keys only", key.name))
                    );
                }
                self.check_fields(entries, fields, key.name)
            }
            (Shape::Choice(_, texts), Value::Text(text)) if texts.contains(&text.as_str()) => {
                Ok(())
            }
            (Shape::Fields(_) | Shape::TextOrFields(_) | Shape::Choice(..), _) => {
                wrong("keys with values")
            }
            (Shape::Section(_), Value::Map(_) | Value::Null) => Ok(()),
            (Shape::Section(_), _) => wrong("keys with values"),
            (Shape::Entries(_), Value::List(_) | Value::Null) => Ok(()),
            (Shape::Entries(_), _) => wrong("a list"),
        }
    }

    fn check_fields(
        &self,
        entries: &[Entry],
        fields: &[Key],
        of: &str,
    ) -> Result<(), SettingsError> {
        for entry in entries {
            let Some(field) = fields.iter().find(|field| field.name == entry.key) else {
                let known = fields.iter().map(|field| field.name);
                let problem = unknown(&entry.key, of, nearest(&entry.key, known.clone()), known);
                return Err(self.wrong(entry.line, problem));
            };
            self.check(&entry.value, field)?;
        }
        Ok(())
    }

    fn check_whole(&self, node: &Node, key: &Key, most: u64) -> Result<(), SettingsError> {
        let number = node.text().and_then(|text| text.parse::<u64>().ok());
        if number.is_some_and(|number| number <= most) {
            return Ok(());
        }
        let range = if most == u64::MAX { String::new() } else { format!(" up to {most}") };
        let text = node.text().map_or_else(|| node.kind().to_owned(), |text| format!("{text:?}"));
        let problem = format!("{} takes a whole number{range}, not {text}", key.name);
        Err(self.wrong(node.line, problem))
    }

    /// Several texts, or one.
    fn texts(&self, node: &Node) -> Result<Vec<String>, SettingsError> {
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

    fn list<T>(
        &self,
        node: &Node,
        read: impl Fn(&Self, &Node) -> Result<T, SettingsError>,
    ) -> Result<Vec<T>, SettingsError> {
        match &node.value {
            Value::List(list) => list.iter().map(|own| read(self, own)).collect(),
            _ => Ok(Vec::new()),
        }
    }

    fn entries<'n>(&self, node: &'n Node, what: &str) -> Result<&'n [Entry], SettingsError> {
        match &node.value {
            Value::Map(entries) => Ok(entries),
            Value::Null => Ok(&[]),
            _ => Err(self
                .wrong(node.line, format!("{what} takes keys with values, not {}", node.kind()))),
        }
    }

    fn unknown_at_top(&self, entry: &Entry) -> SettingsError {
        let known = TOP.iter().map(|key| key.name);
        let near = nearest(&entry.key, known.clone());
        // No flag has keys of its own.
        let is_section =
            matches!(&entry.value.value, Value::Map(_) | Value::List(_)) && near.is_some();
        if let Some(flag) = self.keys.get(&entry.key).filter(|_| !is_section) {
            let place = flag.section.place();
            return self.wrong(entry.line, format!("{} belongs {place}", entry.key));
        }
        self.wrong(entry.line, unknown(&entry.key, "the file", near, known))
    }

    fn unknown(&self, entry: &Entry, section: Section) -> SettingsError {
        let elsewhere = [Section::Cluster, Section::Target]
            .into_iter()
            .find(|other| other.own_keys().iter().any(|own| own.name == entry.key));
        if let Some(other) = elsewhere {
            let what = if other == Section::Cluster { "a cluster" } else { "a target" };
            return self.wrong(entry.line, format!("{} belongs under {what}", entry.key));
        }
        let own = section.own_keys().iter().map(|own| own.name);
        let known = own.chain(self.keys.of_section(section).map(|(key, _)| key));
        let of = match section {
            Section::Defaults => "defaults",
            Section::Cluster => "a cluster",
            Section::Target => "a target",
        };
        let near = nearest(&entry.key, known);
        self.wrong(entry.line, unknown(&entry.key, of, near, std::iter::empty()))
    }

    fn origin(&self, line: usize) -> Origin {
        Origin::File { place: Arc::clone(&self.place), line }
    }

    fn wrong(&self, line: usize, problem: impl Into<String>) -> SettingsError {
        SettingsError::File { origin: self.origin(line), problem: problem.into() }
    }
}

fn unknown<'a>(
    key: &str,
    of: &str,
    nearest: Option<&str>,
    known: impl Iterator<Item = &'a str>,
) -> String {
    let known: Vec<&str> = known.collect();
    match (nearest, known.is_empty()) {
        (Some(nearest), _) => format!("unknown key {key:?} of {of}; did you mean {nearest}?"),
        (None, true) => {
            format!("unknown key {key:?} of {of}; docs/config.schema.json lists all keys")
        }
        (None, false) => format!("unknown key {key:?} of {of}; it has {}", known.join(", ")),
    }
}
