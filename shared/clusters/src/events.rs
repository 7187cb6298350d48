//! Events: what the objects of a cluster are told about their records (`events.k8s.io/v1`).
//! <https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/>

use std::collections::BTreeMap;
use std::fmt;

use ecow::{EcoString, eco_format};
use futures::{StreamExt as _, stream};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::object::{Metadata, Projection, ResourceType};
use crate::writer::{AT_ONCE, WriteError, Writer};
use crate::writing::ObjectRef;

/// Most bytes of a note.
const LONGEST_NOTE: usize = 1024;
/// Most bytes of a name.
const LONGEST_NAME: usize = 253;
/// Where Events of objects outside namespaces stand.
const DEFAULT_NAMESPACE: &str = "default";

/// What is told to one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The object.
    pub regarding: ObjectReference,
    /// The source that reads it.
    pub source: &'static str,
    /// What was to be done.
    pub action: &'static str,
    /// What came of it.
    pub reason: &'static str,
    /// The same for people; what is too long is cut.
    pub note: String,
}

/// An object, as an Event refers to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectReference {
    /// What it is.
    pub resource: ResourceType,
    /// Its namespace; empty for kinds outside namespaces.
    pub namespace: EcoString,
    /// Its name.
    pub name: EcoString,
    /// Its id; empty where it is not known.
    pub uid: EcoString,
}

/// What is read of the answer.
#[derive(Deserialize)]
struct Made {
    metadata: Metadata,
}

impl Projection for Made {
    const RESOURCE: ResourceType = Event::RESOURCE;

    fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    fn metadata_mut(&mut self) -> &mut Metadata {
        &mut self.metadata
    }
}

impl Event {
    /// Where the API serves Events.
    pub const RESOURCE: ResourceType = ResourceType {
        group: "events.k8s.io",
        version: "v1",
        plural: "events",
        kind: "Event",
        namespaced: true,
    };

    /// The namespace in which Events of an object of this namespace stand.
    #[must_use]
    pub fn namespace_for(namespace: &str) -> &str {
        if namespace.is_empty() { DEFAULT_NAMESPACE } else { namespace }
    }

    /// Whether the object can be told anything: its name and namespace become parts of a path and of a name.
    #[must_use]
    pub fn can_exist(&self) -> bool {
        let ObjectReference { namespace, name, .. } = &self.regarding;
        let in_namespace = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        !name.is_empty() && namespace.bytes().all(in_namespace)
    }

    fn content(&self, time: Timestamp) -> Value {
        let regarding = self.regarding.json();
        let mut content = json!({
            "metadata": {},
            "eventTime": format!("{time:.6}"),
            "reportingController": "external-dns",
            "reportingInstance": format!("external-dns/source/{}", self.source),
            "action": self.action,
            "reason": self.reason,
            "type": "Normal",
            "note": cut(&self.note),
        });
        if !self.regarding.uid.is_empty() {
            content["related"] = regarding.clone();
        }
        content["regarding"] = regarding;
        content
    }
}

/// `RecordReady of Service shop/web`
impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ObjectReference { resource, namespace, name, .. } = &self.regarding;
        write!(f, "{} of {} ", self.reason, resource.kind)?;
        if !namespace.is_empty() {
            write!(f, "{namespace}/")?;
        }
        f.write_str(name)
    }
}

impl ObjectReference {
    fn json(&self) -> Value {
        let mut json = json!({
            "apiVersion": self.resource.api_version(),
            "kind": self.resource.kind,
            "name": self.name,
        });
        for (field, text) in [("namespace", &self.namespace), ("uid", &self.uid)] {
            if !text.is_empty() {
                json[field] = json!(text);
            }
        }
        json
    }
}

impl Writer {
    /// Makes Events of this time. One that cannot be made is handed to `failed`, and the others go on; but where a right
    /// is missing, nothing more is tried in the namespace.
    ///
    /// # Errors
    /// The first rule that is missing.
    pub async fn create_events(
        &self,
        events: &[Event],
        time: Timestamp,
        mut failed: impl FnMut(&Event, &WriteError) + Send,
    ) -> Result<(), WriteError> {
        let mut by_namespace: BTreeMap<&str, Vec<(usize, &Event)>> = BTreeMap::new();
        for (number, event) in events.iter().enumerate().filter(|(_, event)| event.can_exist()) {
            let namespace = Event::namespace_for(&event.regarding.namespace);
            by_namespace.entry(namespace).or_default().push((number, event));
        }
        let mut missing = None;
        for (namespace, events) in by_namespace {
            let one = |(number, event): (usize, _)| async move {
                (event, self.create_event(namespace, event, number, time).await)
            };
            let mut calls = stream::iter(events).map(one).buffered(AT_ONCE);
            while let Some((event, made)) = calls.next().await {
                match made {
                    // A call whose answer was lost made it: no other Event has this name.
                    Ok(()) | Err(WriteError::AlreadyExists) => {}
                    Err(error @ WriteError::Forbidden(_)) => {
                        missing.get_or_insert(error);
                        break;
                    }
                    Err(error) => failed(event, &error),
                }
            }
        }
        missing.map_or(Ok(()), Err)
    }

    async fn create_event(
        &self,
        namespace: &str,
        event: &Event,
        number: usize,
        time: Timestamp,
    ) -> Result<(), WriteError> {
        let object = ObjectRef {
            resource: Event::RESOURCE,
            namespace: namespace.into(),
            name: event_name(&event.regarding.name, time, number),
        };
        self.create::<Made>(&object, event.content(time)).await.map(drop)
    }
}

/// The name of the Event with this number among those of one time: that of the object, and when it was.
fn event_name(object: &str, time: Timestamp, number: usize) -> EcoString {
    let mark = eco_format!(".{:x}", time.as_nanosecond() + number as i128);
    let mut name = EcoString::new();
    let is_plain = |char: char| char.is_ascii_lowercase() || char.is_ascii_digit();
    for char in object.chars().flat_map(char::to_lowercase) {
        name.push(if is_plain(char) || char == '.' { char } else { '-' });
    }
    if !name.starts_with(is_plain) {
        name = eco_format!("a{name}");
    }
    name.truncate(LONGEST_NAME - mark.len() - 1);
    if !name.ends_with(is_plain) {
        name.push('z');
    }
    name + mark
}

/// The note, at most as long as the API takes it.
fn cut(note: &str) -> String {
    const END: &str = "...";
    if note.len() <= LONGEST_NOTE {
        return note.to_owned();
    }
    format!("{}{END}", &note[..note.floor_char_boundary(LONGEST_NOTE - END.len())])
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::{Event, LONGEST_NAME, ObjectReference, cut, event_name};
    use crate::object::ResourceType;

    #[test]
    fn names_are_what_an_api_server_takes() {
        let time = Timestamp::from_nanosecond(0xabc).expect("a time");
        let longest = "x".repeat(LONGEST_NAME - 5);
        for (object, name) in [
            ("web", "web.abc"),
            ("My.Resource_1", "my.resource-1.abc"),
            ("!@#bad*chars", "a---bad-chars.abc"),
            ("end-", "end-z.abc"),
            ("Ünder", "a-nder.abc"),
            ("", "a.abc"),
            (&"x".repeat(300), &format!("{longest}.abc")),
            (&format!("{}-x", "x".repeat(LONGEST_NAME - 6)), &format!("{}-z.abc", "x".repeat(247))),
        ] {
            let made = event_name(object, time, 0);
            assert_eq!((made.as_str(), made.len() <= LONGEST_NAME), (name, true));
        }
        assert_eq!(event_name("web", time, 4), "web.ac0", "each of a run has its own");
    }

    #[test]
    fn a_note_that_is_too_long_is_cut_between_characters() {
        assert_eq!(cut("short"), "short");
        assert_eq!(cut(&"x".repeat(1024)).len(), 1024);
        assert_eq!(cut(&"x".repeat(1025)), format!("{}...", "x".repeat(1021)));
        assert_eq!(cut(&"ü".repeat(600)), format!("{}...", "ü".repeat(510)));
    }

    #[test]
    fn an_object_whose_name_cannot_stand_in_a_path_is_told_nothing() {
        let event = |namespace: &str, name: &str| Event {
            regarding: ObjectReference {
                resource: ResourceType::found("", "v1", "services", "Service"),
                namespace: namespace.into(),
                name: name.into(),
                uid: Default::default(),
            },
            source: "service",
            action: "Created",
            reason: "RecordReady",
            note: String::new(),
        };
        for (namespace, name, can_exist) in [
            ("shop", "web", true),
            ("", "n1", true),
            ("shop", "", false),
            ("a/../b", "web", false),
            ("a?b", "web", false),
        ] {
            assert_eq!(event(namespace, name).can_exist(), can_exist, "{namespace} {name}");
        }
        assert_eq!(event("shop", "web").to_string(), "RecordReady of Service shop/web");
        assert_eq!(event("", "n1").to_string(), "RecordReady of Service n1");
    }
}
