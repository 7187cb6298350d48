//! What is read of a Kubernetes object: small structs with the fields that are needed.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use ecow::EcoString;
use serde::de::{
    Deserialize, DeserializeOwned, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor,
};
use thin_vec::ThinVec;

/// `kubectl apply` keeps the whole object in this annotation; it is not read here.
pub(crate) const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// A kind of object and where the API serves it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResourceType {
    /// API group, empty for the core group.
    pub group: &'static str,
    /// Version in which the objects are read.
    pub version: &'static str,
    /// Plural name, as it stands in URLs and RBAC rules.
    pub plural: &'static str,
    /// Kind of one object, as manifests say it.
    pub kind: &'static str,
    /// Whether the objects live in namespaces.
    pub namespaced: bool,
}

impl ResourceType {
    /// A namespaced kind that is known only from the configuration and the cluster's discovery.
    #[must_use]
    pub fn found(group: &str, version: &str, plural: &str, kind: &str) -> Self {
        Self {
            group: interned(group),
            version: interned(version),
            plural: interned(plural),
            kind: interned(kind),
            namespaced: true,
        }
    }

    /// `v1` or `networking.k8s.io/v1`, as manifests say it.
    #[must_use]
    pub fn api_version(&self) -> Cow<'static, str> {
        if self.group.is_empty() {
            Cow::Borrowed(self.version)
        } else {
            Cow::Owned(format!("{}/{}", self.group, self.version))
        }
    }
}

/// `services` or `ingresses.networking.k8s.io`, as `kubectl` names a resource.
impl fmt::Display for ResourceType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.plural)?;
        if !self.group.is_empty() {
            write!(f, ".{}", self.group)?;
        }
        Ok(())
    }
}

/// Keeps a text for ever, once: kinds that only the configuration knows are few, and they are the
/// same in every run.
pub(crate) fn interned(text: &str) -> &'static str {
    static TEXTS: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut texts = TEXTS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = texts.get(text) {
        return known;
    }
    let kept: &'static str = Box::leak(Box::from(text));
    texts.insert(kept);
    kept
}

/// The part of one kind of object that a source reads.
///
/// The struct is decoded straight from the bytes of a list page (or from a manifest); fields that it does not
/// name are skipped, never stored.
pub trait Projection: DeserializeOwned + Send + 'static {
    /// Where the API serves these objects, in the newest version.
    const RESOURCE: ResourceType;

    /// Older versions in which a cluster may serve the same objects, the newest first; what is read of them is the same.
    const OLDER_VERSIONS: &'static [&'static str] = &[];

    /// The object's metadata.
    fn metadata(&self) -> &Metadata;

    /// The object's metadata, to be completed: a manifest may leave the namespace out.
    fn metadata_mut(&mut self) -> &mut Metadata;
}

/// The metadata of an object that filters, sources and reports read.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Metadata {
    /// Name, unique in its namespace.
    #[serde(deserialize_with = "nullable")]
    pub name: EcoString,
    /// Namespace; empty for kinds that live outside namespaces.
    #[serde(deserialize_with = "nullable")]
    pub namespace: EcoString,
    /// Unique id; empty in manifests.
    #[serde(deserialize_with = "nullable")]
    pub uid: EcoString,
    /// Names this state of the object; a write must name it too.
    #[serde(deserialize_with = "nullable")]
    pub resource_version: EcoString,
    /// Counts the changes of `spec`.
    #[serde(deserialize_with = "nullable")]
    pub generation: i64,
    /// Labels.
    pub labels: Pairs,
    /// Annotations, without what `kubectl apply` keeps there for itself.
    pub annotations: Pairs,
    /// When the object was deleted; it stays until its finalizers are done.
    pub deletion_timestamp: Option<EcoString>,
}

impl Metadata {
    /// Namespace and name, by which the objects of a kind are told apart.
    #[must_use]
    pub fn key(&self) -> (&str, &str) {
        (&self.namespace, &self.name)
    }

    /// `namespace/name`, or `name` for kinds that live outside namespaces.
    #[must_use]
    pub fn full_name(&self) -> EcoString {
        if self.namespace.is_empty() {
            self.name.clone()
        } else {
            ecow::eco_format!("{}/{}", self.namespace, self.name)
        }
    }
}

/// Labels or annotations: sorted by key, one value for a key, two words where there are none.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Pairs(ThinVec<(EcoString, EcoString)>);

impl Pairs {
    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        let at = self.0.binary_search_by(|(k, _)| k.as_str().cmp(key)).ok()?;
        Some(self.0[at].1.as_str())
    }

    /// All pairs, by key.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(k, v)| (k.as_str(), v.as_str()))
    }

    /// The pairs whose key begins with `prefix`, by key.
    pub fn with_prefix<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        let start = self.0.partition_point(|(k, _)| k.as_str() < prefix);
        self.0[start..]
            .iter()
            .map(|(k, v)| (k.as_str(), v.as_str()))
            .take_while(move |(k, _)| k.starts_with(prefix))
    }

    /// Sorts what the API answers in order of keys as a rule. Of pairs with one key the last stays.
    fn sorted(mut pairs: ThinVec<(EcoString, EcoString)>) -> Self {
        if !pairs.is_sorted_by(|a, b| a.0 < b.0) {
            pairs.reverse();
            pairs.sort_by(|a, b| a.0.cmp(&b.0));
            pairs.dedup_by(|later, kept| later.0 == kept.0);
        }
        Self(pairs)
    }

    /// The same, or the key that stands twice: no API server answers so, and it is not known which of the values is
    /// meant.
    fn distinct(pairs: ThinVec<(EcoString, EcoString)>) -> Result<Self, EcoString> {
        if pairs.is_sorted_by(|a, b| a.0 < b.0) {
            return Ok(Self(pairs));
        }
        let mut keys: Vec<&EcoString> = pairs.iter().map(|(key, _)| key).collect();
        keys.sort_unstable();
        match keys.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(pair[0].clone()),
            None => Ok(Self::sorted(pairs)),
        }
    }

    /// Whether all of the other pairs are among these, as with the selector of a Service: an empty one is always met.
    #[must_use]
    pub fn include(&self, others: &Self) -> bool {
        others.iter().all(|(key, value)| self.get(key) == Some(value))
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Pairs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<K: Into<EcoString>, V: Into<EcoString>> FromIterator<(K, V)> for Pairs {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        Self::sorted(pairs.into_iter().map(|(key, value)| (key.into(), value.into())).collect())
    }
}

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_option(PairsVisitor)
    }
}

struct PairsVisitor;

impl<'de> Visitor<'de> for PairsVisitor {
    type Value = Pairs;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map of strings")
    }

    fn visit_none<E>(self) -> Result<Pairs, E> {
        Ok(Pairs::default())
    }

    fn visit_unit<E>(self) -> Result<Pairs, E> {
        Ok(Pairs::default())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Pairs, D::Error> {
        deserializer.deserialize_map(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
        let mut pairs = ThinVec::new();
        while let Some(key) = map.next_key::<EcoString>()? {
            if key == LAST_APPLIED {
                map.next_value::<IgnoredAny>()?;
            } else {
                pairs.push((key, map.next_value::<EcoString>()?));
            }
        }
        Pairs::distinct(pairs)
            .map_err(|key| A::Error::custom(format_args!("the key {key:?} stands twice")))
    }
}

/// Reads `null` as the default value, as Go does: use with `#[serde(default, deserialize_with = "..")]`.
///
/// # Errors
/// When the value is neither `null` nor of the type.
pub fn nullable<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::{Metadata, Pairs};

    #[test]
    fn metadata_keeps_what_is_read_and_drops_the_rest() {
        let meta: Metadata = serde_json::from_str(
            r#"{"name":"web","namespace":"shop","uid":"u1","generation":3,"resourceVersion":"9",
                "creationTimestamp":null,"labels":null,
                "annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{}","b":"2","a":"1"},
                "managedFields":[{"manager":"kubectl"}],"deletionTimestamp":"2026-01-01T00:00:00Z"}"#,
        )
        .unwrap();
        assert_eq!(meta.full_name(), "shop/web");
        assert_eq!((meta.uid.as_str(), meta.generation), ("u1", 3));
        assert_eq!(meta.resource_version, "9");
        assert!(meta.labels.is_empty());
        assert_eq!(meta.annotations.iter().collect::<Vec<_>>(), [("a", "1"), ("b", "2")]);
        assert!(meta.deletion_timestamp.is_some());
    }

    #[test]
    fn a_node_has_no_namespace() {
        let meta: Metadata = serde_json::from_str(r#"{"name":"n1","namespace":null}"#).unwrap();
        assert_eq!(meta.full_name(), "n1");
    }

    #[test]
    fn pairs_are_found_by_key_and_by_prefix_whatever_their_order() {
        let pairs: Pairs = [("x/b", "2"), ("z", "9"), ("x/a", "1"), ("x/b", "3"), ("a", "0")]
            .into_iter()
            .collect();
        assert_eq!(pairs.len(), 4);
        assert_eq!(pairs.get("x/b"), Some("3"), "the last one counts");
        assert_eq!(pairs.get("x/"), None);
        assert_eq!(pairs.with_prefix("x/").collect::<Vec<_>>(), [("x/a", "1"), ("x/b", "3")]);
        assert_eq!(pairs.with_prefix("y").count(), 0);
    }

    #[test]
    fn a_number_is_no_annotation() {
        let error = serde_json::from_str::<Metadata>(r#"{"annotations":{"ttl":60}}"#).unwrap_err();
        assert!(error.to_string().contains("invalid type: integer `60`"), "{error}");
    }
}
