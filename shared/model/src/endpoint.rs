//! Endpoints: record sets that cluster objects want, and who wants them.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use ecow::EcoString;
use thin_vec::ThinVec;

use crate::{
    LabelKey, Labels, Name, Opaque, Record, RecordSet, RecordType, ResourceKind, Targets, Ttl,
};

/// A cluster of this run, by its position in the settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct ClusterId(pub u16);

/// A record set that is desired.
///
/// Small, because a run holds one per name of every cluster: ownership labels other than the
/// resource, and a provider's hints, live apart since most endpoints have none.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// What is wanted.
    pub set: RecordSet,
    /// Who wants it.
    pub attribution: Attribution,
    extra: Option<Box<Extra>>,
}

#[derive(Debug, Clone, Default)]
struct Extra {
    labels: Labels,
    hints: Hints,
}

static NO_LABELS: Labels = Labels::new();
static NO_HINTS: Hints = Hints { zone: None, data: Opaque::none() };

/// What a provider noted on an endpoint while adjusting it; handed back with the write.
#[derive(Debug, Clone, Default)]
pub struct Hints {
    /// The zone id that the endpoint is pinned to.
    pub zone: Option<EcoString>,
    /// Anything else.
    pub data: Opaque,
}

impl Endpoint {
    /// An endpoint: one trailing dot of each target is stripped, except for TXT, NAPTR and SRV.
    #[must_use]
    pub fn new(name: Name, rtype: RecordType, ttl: Ttl, targets: Targets) -> Self {
        let targets = if rtype.keeps_target_dot() || !targets.iter().any(|t| t.ends_with('.')) {
            targets
        } else {
            targets.iter().map(|target| target.strip_suffix('.').unwrap_or(target)).collect()
        };
        Self::from_set(RecordSet::new(name, rtype, ttl, targets))
    }

    /// An endpoint of a record set as it is.
    #[must_use]
    pub fn from_set(set: RecordSet) -> Self {
        Self { set, attribution: Attribution::None, extra: None }
    }

    /// Attributed to this resource.
    #[must_use]
    pub fn wanted_by(mut self, resource: Arc<Resource>) -> Self {
        self.attribution = Attribution::One(resource);
        self
    }

    /// An endpoint that wants a record as it is, for these clusters and for the object that its
    /// label names. The labels that it has beside owner and clusters stay.
    #[must_use]
    pub fn keeping(record: &Record, clusters: impl IntoIterator<Item = ClusterId>) -> Self {
        let mut endpoint = Self::from_set(record.set.clone());
        let object = record.labels.resource().and_then(Resource::of_label);
        let object = object.unwrap_or_else(|| Resource {
            cluster: ClusterId::default(),
            kind: ResourceKind::RECORD,
            namespace: None,
            name: record.set.name.as_str().into(),
        });
        let wanting = clusters.into_iter();
        endpoint.attribution =
            wanting.map(|cluster| Arc::new(Resource { cluster, ..object.clone() })).collect();
        let written = [LabelKey::OWNER, LabelKey::CLUSTER, LabelKey::NONCE];
        let mut labels: Labels =
            record.labels.iter().filter(|(key, _)| !written.contains(key)).collect();
        if object.label().is_some() {
            labels.remove(LabelKey::RESOURCE);
        }
        if !labels.is_empty() {
            endpoint.edit_labels(|own| own.extend(&labels));
        }
        endpoint
    }

    /// Labels that the object gave itself. The resource label is not among them, see
    /// [`Endpoint::resource_label`].
    #[must_use]
    pub fn labels(&self) -> &Labels {
        self.extra.as_ref().map_or(&NO_LABELS, |extra| &extra.labels)
    }

    /// Changes the object's own labels.
    pub fn edit_labels(&mut self, edit: impl FnOnce(&mut Labels)) {
        edit(&mut self.extra.get_or_insert_default().labels);
    }

    /// The provider's hints.
    #[must_use]
    pub fn hints(&self) -> &Hints {
        self.extra.as_ref().map_or(&NO_HINTS, |extra| &extra.hints)
    }

    /// Changes the provider's hints.
    pub fn edit_hints(&mut self, edit: impl FnOnce(&mut Hints)) {
        edit(&mut self.extra.get_or_insert_default().hints);
    }

    /// The `resource` label: the first resource that wants the record, `<kind>/<namespace>/<name>`;
    /// else a label of that name that came with the endpoint (the connector protocol).
    #[must_use]
    pub fn resource_label(&self) -> Option<EcoString> {
        self.attribution
            .first()
            .and_then(|resource| resource.label())
            .or_else(|| self.labels().resource().map(EcoString::from))
    }

    /// All labels as they are stored: the object's own and the resource. The owner is not known
    /// here.
    #[must_use]
    pub fn all_labels(&self) -> Labels {
        let mut labels = self.labels().clone();
        if let Some(resource) = self.resource_label() {
            labels.set(LabelKey::RESOURCE, resource);
        }
        labels
    }
}

/// The resources that want a record, in the order in which they were found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Attribution {
    /// No object: a generated record (a PTR, say).
    #[default]
    None,
    /// One object.
    One(Arc<Resource>),
    /// Several objects that want the same record set.
    Many(ThinVec<Arc<Resource>>),
}

/// A name whose object has no address yet: it stays as it is where the user wants that.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unready {
    /// The name, for records of every type.
    pub name: Name,
    /// The object.
    pub resource: Arc<Resource>,
}

impl Attribution {
    /// The resources.
    #[must_use]
    pub fn resources(&self) -> &[Arc<Resource>] {
        match self {
            Self::None => &[],
            Self::One(resource) => std::slice::from_ref(resource),
            Self::Many(resources) => resources,
        }
    }

    /// The first resource: its label is stored.
    #[must_use]
    pub fn first(&self) -> Option<&Arc<Resource>> {
        self.resources().first()
    }

    /// The clusters, ascending and once each.
    #[must_use]
    pub fn clusters(&self) -> Vec<ClusterId> {
        let mut clusters: Vec<_> =
            self.resources().iter().map(|resource| resource.cluster).collect();
        clusters.sort_unstable();
        clusters.dedup();
        clusters
    }

    /// Adds the other's resources behind the own ones.
    pub fn unite(&mut self, other: &Self) {
        let mut all = match std::mem::take(self) {
            Self::None => ThinVec::new(),
            Self::One(resource) => [resource].into(),
            Self::Many(resources) => resources,
        };
        for resource in other.resources() {
            if !all.contains(resource) {
                all.push(Arc::clone(resource));
            }
        }
        *self = Self::of_distinct(all);
    }

    fn of_distinct(mut resources: ThinVec<Arc<Resource>>) -> Self {
        match resources.len() {
            0 | 1 => resources.pop().map_or(Self::None, Self::One),
            _ => Self::Many(resources),
        }
    }
}

/// The resources in order, each once; for many at a time, where [`Attribution::unite`] would take
/// quadratic time.
impl FromIterator<Arc<Resource>> for Attribution {
    fn from_iter<I: IntoIterator<Item = Arc<Resource>>>(resources: I) -> Self {
        let mut seen = HashSet::new();
        Self::of_distinct(
            resources.into_iter().filter(|resource| seen.insert(Arc::clone(resource))).collect(),
        )
    }
}

/// A cluster object that wants records.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Resource {
    /// The cluster in which it lives.
    pub cluster: ClusterId,
    /// What kind of object it is.
    pub kind: ResourceKind,
    /// Its namespace; `None` for objects that have no place for one in their label.
    pub namespace: Option<EcoString>,
    /// Its name.
    pub name: EcoString,
}

impl Resource {
    /// The text of the `resource` label, if resources of this kind are written into labels.
    #[must_use]
    pub fn label(&self) -> Option<EcoString> {
        self.kind.is_labelled().then(|| self.text())
    }

    /// What `Display` writes, without the machinery of formats: it is asked for with each endpoint.
    fn text(&self) -> EcoString {
        let namespace = self.namespace.as_deref();
        let length = self.kind.as_str().len() + namespace.map_or(0, str::len) + self.name.len();
        let mut text = EcoString::with_capacity(length + 2);
        text.push_str(self.kind.as_str());
        for part in namespace.into_iter().chain([self.name.as_str()]) {
            text.push('/');
            text.push_str(part);
        }
        text
    }

    /// The object of a label `<kind>/<namespace>/<name>`, if it is written back as the same text;
    /// of which cluster is not known.
    #[must_use]
    pub fn of_label(label: &str) -> Option<Self> {
        let (kind, rest) = label.split_once('/')?;
        let kind = ResourceKind::other(kind);
        let (namespace, name) = match rest.split_once('/') {
            Some((namespace, name)) => (Some(namespace.into()), name.into()),
            None => (None, rest.into()),
        };
        let resource = Self { cluster: ClusterId::default(), kind, namespace, name };
        (resource.label().as_deref() == Some(label)).then_some(resource)
    }
}

/// `service/default/web`, `node/ip-10-0-1-1`
impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::KindName;

    fn resource(cluster: u16, kind: ResourceKind, namespace: &str, name: &str) -> Arc<Resource> {
        let namespace = (!namespace.is_empty()).then(|| namespace.into());
        Arc::new(Resource { cluster: ClusterId(cluster), kind, namespace, name: name.into() })
    }

    fn endpoint() -> Endpoint {
        let targets = ["192.0.2.1"].into_iter().collect();
        Endpoint::new(Name::as_listed("a.org"), RecordType::A, Ttl::UNSET, targets)
    }

    #[test]
    fn targets_lose_one_dot_by_type() {
        let cases: &[(RecordType, &[&str], &[&str])] = &[
            (RecordType::A, &["1.2.3.4."], &["1.2.3.4"]),
            (RecordType::Cname, &["a.org.", "b.org"], &["a.org", "b.org"]),
            (RecordType::Cname, &["a.org.."], &["a.org."]),
            (RecordType::Mx, &["10 mail.example.com."], &["10 mail.example.com"]),
            (RecordType::Ns, &["ns.a.org."], &["ns.a.org"]),
            (RecordType::Srv, &["0 0 1 a.org."], &["0 0 1 a.org."]),
            (RecordType::Txt, &["text.with.dots..."], &["text.with.dots..."]),
            (RecordType::Naptr, &["x."], &["x."]),
        ];
        for (rtype, given, expected) in cases {
            let targets = given.iter().copied().collect();
            let endpoint = Endpoint::new(Name::as_listed("a.org"), *rtype, Ttl::UNSET, targets);
            assert_eq!(endpoint.set.targets.as_slice(), *expected, "{rtype} {given:?}");
        }
    }

    #[test]
    fn resource_labels() {
        const POD: ResourceKind = ResourceKind::new(&KindName::Unlabelled("pod"));
        let other = ResourceKind::other;
        let cases = [
            (ResourceKind::SERVICE, "default", "web", Some("service/default/web")),
            (other("ingress"), "ns", "n", Some("ingress/ns/n")),
            (other("node"), "", "ip-10-0-1-1", Some("node/ip-10-0-1-1")),
            (ResourceKind::CRD, "ns", "n", Some("crd/ns/n")),
            (other("fake"), "default", "a.org", Some("fake/default/a.org")),
            (other("HTTPRoute"), "ns", "n", Some("httproute/ns/n")),
            (POD, "ns", "n", None),
        ];
        for (kind, namespace, name, expected) in cases {
            let resource = resource(0, kind, namespace, name);
            assert_eq!(resource.label().as_deref(), expected, "{resource}");
            let endpoint = endpoint().wanted_by(resource);
            assert_eq!(endpoint.all_labels().resource(), expected);
        }
    }

    #[test]
    fn a_label_that_came_with_the_endpoint_counts_where_no_object_is_known() {
        let mut endpoint = endpoint();
        assert!(endpoint.labels().is_empty() && endpoint.resource_label().is_none());
        endpoint.edit_labels(|labels| labels.set("resource", "ingress/a/b"));
        assert_eq!(endpoint.resource_label().as_deref(), Some("ingress/a/b"));
        let endpoint = endpoint.wanted_by(resource(0, ResourceKind::SERVICE, "c", "d"));
        assert_eq!(endpoint.resource_label().as_deref(), Some("service/c/d"));
    }

    #[test]
    fn hints_do_not_touch_labels() {
        let mut endpoint = endpoint();
        endpoint.edit_hints(|hints| hints.zone = Some("Z1".into()));
        assert_eq!(endpoint.hints().zone.as_deref(), Some("Z1"));
        assert!(endpoint.labels().is_empty());
    }

    #[test]
    fn attribution_unites_in_order_and_once() {
        let [a, b, c] = [(2, "a"), (1, "b"), (2, "c")]
            .map(|(cluster, name)| resource(cluster, ResourceKind::SERVICE, "ns", name));
        let mut all = Attribution::None;
        let steps = [
            (Attribution::None, vec![]),
            (Attribution::One(Arc::clone(&a)), vec![&a]),
            (Attribution::One(Arc::clone(&a)), vec![&a]),
            (Attribution::Many([&c, &b].map(Arc::clone).into()), vec![&a, &c, &b]),
            (Attribution::One(Arc::clone(&b)), vec![&a, &c, &b]),
        ];
        for (other, expected) in steps {
            all.unite(&other);
            assert_eq!(all.resources().iter().collect::<Vec<_>>(), expected, "after {other:?}");
        }
        assert_eq!(all.clusters(), [ClusterId(1), ClusterId(2)]);
        assert_eq!(all.first(), Some(&a));

        let collected: Attribution = [&a, &c, &a, &b, &c].map(Arc::clone).into_iter().collect();
        assert_eq!(collected, all);
        let one: Attribution = [&a, &a].map(Arc::clone).into_iter().collect();
        assert_eq!(one, Attribution::One(a));
        assert_eq!(std::iter::empty().collect::<Attribution>(), Attribution::None);
    }
}
