//! Manifests on disk as a cluster.

mod document;
mod object;
pub(crate) mod pipes;
mod strict;

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use ecow::EcoString;
use serde::Deserialize;

use crate::error::{self, ManifestError, ReadErrorKind, io_words};
use crate::object::ResourceType;
use crate::receiver::Receiver;
use object::{Found, Object};
use pipes::Pipes;

/// Folders nest less deeply than this, unless a link leads back up.
const DEEPEST: usize = 32;

/// The objects of all files, in the order of files and documents.
pub(crate) struct Manifests {
    files: Vec<PathBuf>,
    found: Found,
    /// The objects by group and kind, and the kinds of empty lists.
    kinds: OnceLock<BTreeMap<(EcoString, EcoString), OfKind>>,
    /// Whether the text that was read last is nothing but white space.
    last_is_blank: bool,
}

/// The objects of a kind, as positions among all.
#[derive(Default)]
struct OfKind {
    all: Vec<usize>,
    by_name: HashMap<EcoString, Vec<usize>>,
}

impl Manifests {
    /// Reads files, folders and standard input (`-`). Of pipes the text is there already.
    pub(crate) fn read(
        paths: &[PathBuf],
        mut stdin: impl Read,
        mut pipes: Pipes,
    ) -> Result<Self, ManifestError> {
        let (files, found, kinds) = (Vec::new(), Found::default(), OnceLock::new());
        let mut all = Self { files, found, kinds, last_is_blank: false };
        for path in paths {
            let before = all.found.statements();
            if path.as_os_str() == "-" {
                all.add_text(path, |text| stdin.read_to_string(text))?;
            } else if let Some(piped) = pipes.remove(path) {
                all.add_text(path, |text| {
                    *text = piped?;
                    Ok(text.len())
                })?;
            } else if path.is_dir() {
                all.add_folder(path, 0)?;
            } else {
                all.add_file(path)?;
            }
            if all.found.statements() == before {
                return Err(whole_file(path, all.nothing_in(path)));
            }
        }
        all.refuse_twins()?;
        Ok(all)
    }

    /// What to say of a path without an object. An empty pipe is a command that failed, and does
    /// not mean that nothing is wanted.
    fn nothing_in(&self, path: &Path) -> &'static str {
        if path.as_os_str() == "-" && self.last_is_blank {
            "standard input is empty: the command in front of the pipe printed nothing; look at what it says on \
             standard error"
        } else {
            "there is no Kubernetes object in it"
        }
    }

    fn add_folder(&mut self, folder: &Path, depth: usize) -> Result<(), ManifestError> {
        if depth > DEEPEST {
            return Err(whole_file(folder, "folders nest too deeply; does a link lead back up?"));
        }
        let unreadable = |error: std::io::Error| whole_file(folder, error);
        let entries = std::fs::read_dir(folder).map_err(unreadable)?;
        let mut paths = entries
            .map(|entry| Ok(entry?.path()))
            .collect::<Result<Vec<_>, std::io::Error>>()
            .map_err(unreadable)?;
        paths.sort_unstable();
        for path in paths.iter().filter(|path| !is_hidden(path)) {
            if path.is_dir() {
                self.add_folder(path, depth + 1)?;
            } else if is_manifest(path) {
                self.add_file(path)?;
            }
        }
        Ok(())
    }

    fn add_file(&mut self, path: &Path) -> Result<(), ManifestError> {
        self.add_text(path, |text| std::fs::File::open(path)?.read_to_string(text))
    }

    fn add_text(
        &mut self,
        path: &Path,
        read: impl FnOnce(&mut String) -> std::io::Result<usize>,
    ) -> Result<(), ManifestError> {
        let mut text = String::new();
        read(&mut text).map_err(|error| whole_file(path, io_words(&error)))?;
        self.last_is_blank = text.trim().is_empty();
        let file = self.files.len();
        self.files.push(path.to_owned());
        document::split(path, file, &text, &mut self.found)
    }

    /// The API has one object of a kind and name; of two in the files it is not known which one
    /// counts.
    fn refuse_twins(&self) -> Result<(), ManifestError> {
        let mut seen = HashMap::new();
        for object in self.found.objects.iter().filter(|object| !object.name.is_empty()) {
            let namespace = if object.namespace.is_empty() { "default" } else { &object.namespace };
            match seen.entry((&object.group, &object.kind, namespace, &object.name)) {
                Entry::Vacant(entry) => {
                    entry.insert(object);
                }
                Entry::Occupied(entry) => {
                    let first = entry.get();
                    let first =
                        error::location(&self.files[first.file], first.document, first.line);
                    let message = format!("stands already in {first}");
                    return Err(self.fault(object, message));
                }
            }
        }
        Ok(())
    }

    /// Hands on the objects of a kind; how many they are.
    pub(crate) fn list(
        &self,
        resource: &ResourceType,
        namespace: &str,
        receiver: &mut dyn Receiver,
    ) -> Result<u64, ReadErrorKind> {
        let all = self.of_kind(resource).map(|own| &*own.all);
        self.hand_on(all.unwrap_or_default(), resource, namespace, receiver)
    }

    /// Hands on the object of this name, if it is there.
    pub(crate) fn object(
        &self,
        resource: &ResourceType,
        namespace: &str,
        name: &str,
        receiver: &mut dyn Receiver,
    ) -> Result<(), ReadErrorKind> {
        let named = self.of_kind(resource).and_then(|own| own.by_name.get(name));
        let named = named.map(Vec::as_slice).unwrap_or_default();
        self.hand_on(named, resource, namespace, receiver).map(|_| ())
    }

    /// Versions of a group are spellings of the same objects.
    fn of_kind(&self, resource: &ResourceType) -> Option<&OfKind> {
        let kinds = self.kinds.get_or_init(|| {
            let mut kinds: BTreeMap<_, OfKind> = BTreeMap::new();
            for (at, object) in self.found.objects.iter().enumerate() {
                let own = kinds.entry((object.group.clone(), object.kind.clone())).or_default();
                own.all.push(at);
                own.by_name.entry(object.name.clone()).or_default().push(at);
            }
            for kind in &self.found.empty_kinds {
                kinds.entry(kind.clone()).or_default();
            }
            kinds
        });
        kinds.get(&(resource.group.into(), resource.kind.into()))
    }

    fn hand_on(
        &self,
        positions: &[usize],
        resource: &ResourceType,
        namespace: &str,
        receiver: &mut dyn Receiver,
    ) -> Result<u64, ReadErrorKind> {
        let mut objects = 0;
        for &at in positions {
            let manifest = &self.found.objects[at];
            if manifest.name.is_empty() {
                return Err(self.fault(manifest, "it has no name (`metadata.name`)").into());
            }
            let received = receiver.receive(&manifest.json, &mut |metadata| {
                if !resource.namespaced {
                    metadata.namespace = EcoString::new();
                } else if metadata.namespace.is_empty() {
                    metadata.namespace = "default".into();
                }
                let is_wanted = namespace.is_empty() || metadata.namespace == namespace;
                objects += u64::from(is_wanted);
                is_wanted
            });
            received.map_err(|error| {
                // The place is one in our own copy; the user's is in front of the message.
                let text = error.to_string();
                let reason = text.split(" at line ").next().unwrap_or_default();
                self.fault(manifest, reason)
            })?;
        }
        Ok(objects)
    }

    /// Whether a namespace is one of these manifests: there is an object in it, or it is an object itself.
    pub(crate) fn has_namespace(&self, name: &str) -> bool {
        self.found.objects.iter().any(|object| {
            let own = if object.namespace.is_empty() { "default" } else { &object.namespace };
            own == name || object.kind == "Namespace" && object.name == name
        })
    }

    /// Whether these manifests say which objects of a kind there are: by objects, or by an empty list of the kind.
    pub(crate) fn hold(&self, resource: &ResourceType) -> bool {
        self.of_kind(resource).is_some()
    }

    /// The kind whose list has this name: as a definition among these manifests says it, else the kind among them whose
    /// usual plural this is. With it, whether its objects live in namespaces, where that is known.
    pub(crate) fn kind_of(&self, group: &str, plural: &str) -> Option<(EcoString, Option<bool>)> {
        let mut defined = self.definitions(group);
        if let Some(own) = defined.find(|own| own.names.plural == plural) {
            return Some((own.names.kind, Some(own.scope != CLUSTER_WIDE)));
        }
        self.usual_kind_of(group, plural).map(|kind| (kind, None))
    }

    /// The name of the lists of a kind that a definition among these manifests gives it.
    pub(crate) fn plural_of(&self, group: &str, kind: &str) -> Option<EcoString> {
        let mut defined = self.definitions(group);
        defined.find(|own| own.names.kind == kind).map(|own| own.names.plural)
    }

    /// The custom kinds of a group that these manifests define. A definition that says too little defines none.
    fn definitions(&self, group: &str) -> impl Iterator<Item = DefinedKind> {
        let is_definition = |object: &&Object| {
            object.group == "apiextensions.k8s.io" && object.kind == "CustomResourceDefinition"
        };
        let definitions = self.found.objects.iter().filter(is_definition);
        let all = definitions.filter_map(|object| {
            let definition: Definition = serde_json::from_str(&object.json).ok()?;
            Some(definition.spec)
        });
        all.filter(move |own| own.group == group)
    }

    fn usual_kind_of(&self, group: &str, plural: &str) -> Option<EcoString> {
        let is_plural_of = |kind: &str| {
            let kind = kind.to_lowercase();
            let stem = kind.strip_suffix('y').map(|stem| format!("{stem}ies"));
            plural == kind
                || plural.strip_prefix(&*kind).is_some_and(|end| matches!(end, "s" | "es"))
                || stem.is_some_and(|stem| stem == plural)
        };
        let mut of_group = self.found.objects.iter().filter(|object| object.group == group);
        of_group.find(|object| is_plural_of(&object.kind)).map(|object| object.kind.clone())
    }

    fn fault(&self, object: &Object, message: impl std::fmt::Display) -> ManifestError {
        ManifestError {
            path: self.files[object.file].clone(),
            document: object.document,
            line: object.line,
            message: format!("{}: {message}", object.title()),
        }
    }
}

/// What a `CustomResourceDefinition` says.
#[derive(Deserialize)]
struct Definition {
    spec: DefinedKind,
}

/// A custom kind.
#[derive(Deserialize)]
struct DefinedKind {
    group: EcoString,
    #[serde(default)]
    scope: EcoString,
    names: DefinedNames,
}

#[derive(Deserialize)]
struct DefinedNames {
    kind: EcoString,
    plural: EcoString,
}

/// The scope of kinds that live outside namespaces.
const CLUSTER_WIDE: &str = "Cluster";

fn is_hidden(path: &Path) -> bool {
    // Besides what the user hides: a mounted ConfigMap has each file a second time, in a folder `..data`.
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}

fn is_manifest(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension == "yaml" || extension == "yml" || extension == "json")
}

fn whole_file(path: &Path, message: impl std::fmt::Display) -> ManifestError {
    ManifestError { path: path.to_owned(), document: 0, line: 0, message: message.to_string() }
}
