//! Which fields of an object a template reads, so that no other is kept.

use std::collections::{BTreeMap, BTreeSet};

use ecow::EcoString;

use crate::ast::{Branch, Node, Operand, Pipe, Tree, Word};
use crate::value::is_metadata;

/// Fields of an object in JSON: its first keys, and, where that is enough, only some keys below them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields {
    everything: bool,
    /// Second keys by first key; `None` stands for all of them. Their letters may differ in case.
    paths: BTreeMap<EcoString, Option<BTreeSet<EcoString>>>,
}

impl Fields {
    /// These fields: the first key, and the second one or all.
    #[must_use]
    pub fn new(paths: &[(&str, Option<&str>)]) -> Self {
        let mut fields = Self::default();
        paths.iter().for_each(|(first, second)| fields.insert(first, second.map(Into::into)));
        fields
    }

    fn insert(&mut self, first: &str, second: Option<EcoString>) {
        let seconds = self
            .paths
            .entry(first.to_ascii_lowercase().into())
            .or_insert_with(|| Some(BTreeSet::new()));
        match (second, seconds) {
            (Some(second), Some(seconds)) => {
                seconds.insert(second.to_ascii_lowercase().as_str().into());
            }
            (None, seconds) => *seconds = None,
            (Some(_), None) => {}
        }
    }

    /// Adds those of another.
    pub fn add(&mut self, other: &Self) {
        self.everything |= other.everything;
        for (first, seconds) in &other.paths {
            match seconds {
                None => self.insert(first, None),
                Some(own) => own.iter().for_each(|own| self.insert(first, Some(own.clone()))),
            }
        }
    }

    /// What a template reads.
    pub(crate) fn of(tree: &Tree) -> Self {
        let mut fields = Self::default();
        fields.nodes(&tree.root, true);
        // What a template is called with may be the object.
        tree.defined.values().for_each(|nodes| fields.nodes(nodes, true));
        fields
    }

    /// What is kept of the value of a first key.
    pub(crate) fn below(&self, key: &str) -> Below<'_> {
        if self.everything {
            return Below::All;
        }
        match self.paths.iter().find(|(first, _)| first.eq_ignore_ascii_case(key)) {
            None => Below::Nothing,
            Some((_, None)) => Below::All,
            Some((_, Some(keys))) => Below::These(keys),
        }
    }

    fn nodes(&mut self, nodes: &[Node], at_root: bool) {
        for node in nodes {
            match node {
                Node::Action(pipe) => self.pipe(pipe, at_root),
                Node::If(branch) => self.branch(branch, at_root, at_root),
                Node::With(branch) | Node::Range(branch) => self.branch(branch, at_root, false),
                Node::Template { argument: Some(pipe), .. } if !is_whole(pipe) => {
                    self.pipe(pipe, at_root);
                }
                Node::Template { .. } | Node::Text(_) | Node::Break | Node::Continue => {}
            }
        }
    }

    fn branch(&mut self, branch: &Branch, at_root: bool, body_at_root: bool) {
        self.pipe(&branch.pipe, at_root);
        self.nodes(&branch.body, body_at_root);
        self.nodes(&branch.otherwise, at_root);
    }

    fn pipe(&mut self, pipe: &Pipe, at_root: bool) {
        for command in &pipe.commands {
            self.operand(&command.head, at_root);
            command.arguments.iter().for_each(|operand| self.operand(operand, at_root));
        }
    }

    fn operand(&mut self, operand: &Operand, at_root: bool) {
        match &operand.word {
            Word::Dot => self.everything |= at_root,
            Word::Variable(name, path) if path.is_empty() => self.everything |= name.is_empty(),
            // A field of something below the object is looked for in the object, too: that does no harm.
            Word::Field(path) | Word::Variable(_, path) => self.path(path),
            Word::Paren(pipe, _) => self.pipe(pipe, at_root),
            Word::Function(_) | Word::Nil | Word::Constant(_) => {}
        }
    }

    fn path(&mut self, path: &[EcoString]) {
        let [first, rest @ ..] = path else { return };
        let second = rest.first().cloned();
        let own = first.strip_prefix("Get").unwrap_or(first);
        match first.as_str() {
            "Kind" | "APIVersion" => {}
            "ObjectMeta" | "Metadata" => {
                self.insert("metadata", second);
            }
            "Object" => match rest {
                [] => self.everything = true,
                [first, rest @ ..] => {
                    self.insert(first, rest.first().cloned());
                }
            },
            _ if is_metadata(own) => {
                self.insert("metadata", Some(own.into()));
            }
            _ => {
                self.insert(first, second);
            }
        }
    }
}

/// Whether a template is called with the data as they are.
fn is_whole(pipe: &Pipe) -> bool {
    match &pipe.commands[..] {
        [command] if command.arguments.is_empty() => match &command.head.word {
            Word::Dot => true,
            Word::Variable(name, path) => name.is_empty() && path.is_empty(),
            _ => false,
        },
        _ => false,
    }
}

/// What is kept of a value.
pub(crate) enum Below<'a> {
    Nothing,
    All,
    These(&'a BTreeSet<EcoString>),
}
