//! How endpoints of one source that want the same record set become one.

use std::sync::Arc;

use ecow::EcoString;
use extdns_model::{Endpoint, Name, RecordType, Resource, Ttl};

/// Sorts by the text of the resource label, so that the first of several objects that want one name
/// is the same in every run.
fn by_resource(endpoints: &mut [Endpoint]) {
    fn parts(endpoint: &Endpoint) -> [&str; 2] {
        let resource = endpoint.attribution.first();
        let namespace = resource.and_then(|resource| resource.namespace.as_deref());
        let name = resource.map(|resource| resource.name.as_str());
        [namespace.unwrap_or_default(), name.unwrap_or_default()]
    }
    fn label([namespace, name]: [&str; 2]) -> impl Iterator<Item = u8> {
        [namespace, "/", name].into_iter().flat_map(str::bytes)
    }
    endpoints.sort_by(|a, b| {
        let (a, b) = (parts(a), parts(b));
        // Neighbours are mostly of one namespace.
        if a[0] == b[0] { a[1].cmp(b[1]) } else { label(a).cmp(label(b)) }
    });
}

/// The last step of every source: endpoints of one name, type, set identifier and TTL become one
/// with the targets of all. Aliases (CNAME, DNAME) unite only where their target is the same, since
/// a name can have but one.
///
/// The first one wins in everything but the targets. Comes out sorted.
pub(crate) fn merge_endpoints(mut endpoints: Vec<Endpoint>) -> Vec<Endpoint> {
    endpoints.retain(|endpoint| {
        let keep = !is_pointer(endpoint) || !endpoint.set.targets.is_empty();
        if !keep {
            tracing::debug!(endpoint = %endpoint.set, "skipping an alias without a target");
        }
        keep
    });
    endpoints.sort_by(|a, b| key(a).cmp(&key(b)));
    unite_runs(&mut endpoints, |a, b| key(a) == key(b));
    for endpoint in &mut endpoints {
        endpoint.set.targets.normalise();
    }
    note_rivals(&endpoints);
    endpoints
}

/// [`merge_endpoints`], where the first of several objects is the same in every run.
pub(crate) fn merge_objects(mut endpoints: Vec<Endpoint>) -> Vec<Endpoint> {
    by_resource(&mut endpoints);
    merge_endpoints(endpoints)
}

/// The rule of services before [`merge_endpoints`]: the TTL does not matter, that of the first
/// service wins.
pub(crate) fn merge_services(mut endpoints: Vec<Endpoint>) -> Vec<Endpoint> {
    by_resource(&mut endpoints);
    endpoints.sort_by(|a, b| set_key(a).cmp(&set_key(b)));
    unite_runs(&mut endpoints, |a, b| !is_pointer(a) && set_key(a) == set_key(b));
    merge_endpoints(endpoints)
}

/// Unites neighbours that are the same: the first gets the targets and the resources of those
/// behind it.
pub(crate) fn unite_runs(
    endpoints: &mut Vec<Endpoint>,
    mut same: impl FnMut(&Endpoint, &Endpoint) -> bool,
) {
    let mut followers = Followers::default();
    endpoints.dedup_by(|later, first| {
        let same = same(first, later);
        if same {
            followers.add(later);
        } else {
            followers.join(first);
        }
        same
    });
    if let Some(last) = endpoints.last_mut() {
        followers.join(last);
    }
}

/// What the endpoints behind the first of a run add to it. Kept apart until the run ends: many may
/// follow, and the first must not change while others are compared with it.
#[derive(Default)]
struct Followers {
    targets: Vec<EcoString>,
    resources: Vec<Arc<Resource>>,
}

impl Followers {
    fn add(&mut self, endpoint: &mut Endpoint) {
        self.targets.extend(std::mem::take(&mut endpoint.set.targets).iter().cloned());
        self.resources.extend(endpoint.attribution.resources().iter().cloned());
    }

    fn join(&mut self, first: &mut Endpoint) {
        if !self.targets.is_empty() {
            self.targets.drain(..).for_each(|target| first.set.targets.push(target));
            first.set.targets.normalise();
        }
        if !self.resources.is_empty() {
            let own = first.attribution.resources().iter().cloned();
            first.attribution = own.chain(self.resources.drain(..)).collect();
        }
    }
}

type SetKey<'a> = (&'a Name, RecordType, &'a str);

fn set_key(endpoint: &Endpoint) -> SetKey<'_> {
    (&endpoint.set.name, endpoint.set.rtype, endpoint.set.set_identifier())
}

fn key(endpoint: &Endpoint) -> (SetKey<'_>, Option<&EcoString>, Ttl) {
    let pointer = if is_pointer(endpoint) { endpoint.set.targets.first() } else { None };
    (set_key(endpoint), pointer, endpoint.set.ttl)
}

fn is_pointer(endpoint: &Endpoint) -> bool {
    matches!(endpoint.set.rtype, RecordType::Cname | RecordType::Dname)
}

/// The plan tells the one that loses; here is only what came of one source.
fn note_rivals(sorted: &[Endpoint]) {
    for pair in sorted.windows(2) {
        let [first, second] = pair else { continue };
        let rivals = is_pointer(first)
            && set_key(first) == set_key(second)
            && first.set.targets.first() != second.set.targets.first();
        if rivals {
            tracing::debug!(
                first = %first.set,
                second = %second.set,
                "a name can have only one {}; the plan chooses",
                first.set.rtype,
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use extdns_model::{ClusterId, Endpoint, Name, RecordType, Resource, ResourceKind, Ttl};

    use super::{merge_endpoints, merge_services};

    /// `name type ttl targets [resource]`, targets joined by commas.
    fn endpoint(text: &str) -> Endpoint {
        let mut words = text.split(' ');
        let mut word = || words.next().unwrap();
        let name = Name::parse(word()).unwrap();
        let rtype: RecordType = word().parse().unwrap();
        let ttl = Ttl::from_seconds(word().parse().unwrap());
        let targets = word().split(',').filter(|target| !target.is_empty()).collect();
        let (namespace, object) = word().split_once('/').unwrap();
        let resource = Resource {
            cluster: ClusterId(0),
            kind: ResourceKind::SERVICE,
            namespace: Some(namespace.into()),
            name: object.into(),
        };
        Endpoint::new(name, rtype, ttl, targets).wanted_by(Arc::new(resource))
    }

    fn shown(endpoint: &Endpoint) -> String {
        let targets: Vec<_> = endpoint.set.targets.iter().map(|target| target.as_str()).collect();
        let by: Vec<_> = endpoint.attribution.resources().iter().map(ToString::to_string).collect();
        let set = &endpoint.set;
        format!("{} {} {} {} {}", set.name, set.rtype, set.ttl, targets.join(","), by.join("+"))
    }

    type Merge = fn(Vec<Endpoint>) -> Vec<Endpoint>;

    #[test]
    fn merging() {
        let table: &[(Merge, &[&str], &[&str])] = &[
            // Targets are sorted as text, not as addresses, and each stays once.
            (
                merge_endpoints,
                &["a.org A 0 10.0.0.9,10.0.0.10 n/x", "a.org A 0 10.0.0.9,1.1.1.1 n/y"],
                &["a.org A 0 1.1.1.1,10.0.0.10,10.0.0.9 service/n/x+service/n/y"],
            ),
            (
                merge_endpoints,
                &["a.org A 0 2.2.2.2,1.1.1.1,1.1.1.1 n/x"],
                &["a.org A 0 1.1.1.1,2.2.2.2 service/n/x"],
            ),
            // The TTL is part of the key.
            (
                merge_endpoints,
                &["a.org A 60 1.1.1.1 n/x", "a.org A 30 1.1.1.2 n/y"],
                &["a.org A 30 1.1.1.2 service/n/y", "a.org A 60 1.1.1.1 service/n/x"],
            ),
            // Aliases unite by their first target only.
            (
                merge_endpoints,
                &[
                    "a.org CNAME 0 x.net n/y",
                    "a.org CNAME 0 y.net n/x",
                    "a.org CNAME 0 x.net,z.net n/z",
                ],
                &[
                    "a.org CNAME 0 x.net,z.net service/n/y+service/n/z",
                    "a.org CNAME 0 y.net service/n/x",
                ],
            ),
            (
                merge_endpoints,
                &["a.org CNAME 0  n/x", "b.org A 0  n/x"],
                &["b.org A 0  service/n/x"],
            ),
            // One object that wants a name twice is one object.
            (
                merge_endpoints,
                &["a.org A 0 1.1.1.1 n/x", "a.org A 0 1.1.1.1 n/x"],
                &["a.org A 0 1.1.1.1 service/n/x"],
            ),
            // Of services the first by label wins, whatever its TTL: `a-b/` sorts before `a/`.
            (
                merge_services,
                &["a.org A 30 1.1.1.2 a/x", "a.org A 60 1.1.1.1 a-b/x"],
                &["a.org A 60 1.1.1.1,1.1.1.2 service/a-b/x+service/a/x"],
            ),
            (
                merge_services,
                &["a.org CNAME 30 x.net n/y", "a.org CNAME 60 x.net n/x"],
                &["a.org CNAME 30 x.net service/n/y", "a.org CNAME 60 x.net service/n/x"],
            ),
            (
                merge_services,
                &["a.org CNAME 60 x.net n/y", "a.org CNAME 60 x.net n/x"],
                &["a.org CNAME 60 x.net service/n/x+service/n/y"],
            ),
        ];
        for (merge, input, expected) in table {
            let merged = merge(input.iter().map(|text| endpoint(text)).collect());
            assert_eq!(merged.iter().map(shown).collect::<Vec<_>>(), *expected, "{input:?}");
        }
    }

    #[test]
    fn many_objects_of_one_name_are_united_in_one_go() {
        let many: Vec<_> = (0..20_000)
            .map(|n| endpoint(&format!("a.org A 0 10.0.{}.{} n/s{n}", n / 250, n % 250)))
            .collect();
        let merged = merge_services(many);
        assert_eq!(merged.len(), 1);
        assert_eq!(merged[0].set.targets.len(), 20_000);
        assert_eq!(merged[0].attribution.resources().len(), 20_000);
    }
}
