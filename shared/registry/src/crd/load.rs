//! From objects to ownership records. One whose owner is not clear is not ours, and is reported.

use std::collections::HashMap;

use extdns_clusters::{
    ListScope, ObjectFilter, Projection as _, ReadError, ReadErrorKind, ResourceType,
};
use extdns_model::{Labels, Opaque, RecordSet};

use super::location::Location;
use super::object::{DNS_RECORD, DnsRecord};
use crate::Entry;
use crate::entries::key;
use crate::store::{Loaded, Unclear};

/// How the CustomResourceDefinition is installed.
pub(super) const INSTALL: &str = "install the CustomResourceDefinition dnsrecords.externaldns.k8s.io (kubectl apply -f \
     infra/kubernetes/crd-dnsrecord.yaml)";

/// All objects of the namespace, those of other owners included: their names are not to be taken.
pub(super) async fn list(location: &Location) -> Result<Vec<DnsRecord>, String> {
    let filter = ObjectFilter::default();
    let scope = ListScope { namespace: Some(&location.namespace), filter: &filter };
    let keep = |all: &mut Vec<DnsRecord>, object, _| all.push(object);
    location.view.fold(scope, Vec::new, keep).await.map_err(explained)
}

/// What went wrong, with what to do where it is the definition that is missing.
fn explained(error: ReadError) -> String {
    let ReadError { kind, .. } = &error;
    match &**kind {
        ReadErrorKind::NotServed { .. } => not_served(DNS_RECORD),
        kind => kind.to_string(),
    }
}

pub(super) fn not_served(resource: ResourceType) -> String {
    format!("the cluster does not serve {}; {INSTALL}", resource.api_version())
}

/// The ownership records among the objects, in the order of their names.
pub(super) fn judged(mut objects: Vec<DnsRecord>) -> Loaded {
    objects.sort_by(|a, b| a.metadata().name.cmp(&b.metadata().name));
    let mut loaded = Loaded::default();
    let mut by_key: HashMap<_, Vec<(RecordSet, Option<Entry>)>> = HashMap::new();
    for object in &objects {
        let shown = format!("{} {}", DNS_RECORD.kind, object.metadata().full_name());
        match object.claim() {
            Ok(claim) => {
                let entry = Entry {
                    set: claim.set.clone(),
                    labels: claim.labels,
                    shown,
                    origin: Opaque::new(object.origin()),
                };
                by_key.entry(key(&claim.set)).or_default().push((claim.set, Some(entry)));
            }
            Err(unreliable) => {
                if let Some(set) = &unreliable.set {
                    by_key.entry(key(set)).or_default().push((set.clone(), None));
                }
                loaded.unclear.push(Unclear { shown, why: unreliable.why });
            }
        }
    }
    for (_, mut claims) in by_key {
        match (claims.len(), claims.pop()) {
            (1, Some((_, Some(entry)))) => loaded.entries.push(entry),
            (count, Some((set, entry))) => {
                let shown = format!("{} of {} {}", DNS_RECORD.kind, set.rtype, set.name);
                if count > 1 {
                    let why = format!(
                        "{count} objects stand for this record; delete all of them but the one with the right owner"
                    );
                    loaded.unclear.push(Unclear { shown: shown.clone(), why });
                }
                let origin = entry.map(|entry| entry.origin).unwrap_or_default();
                loaded.entries.push(Entry { set, labels: Labels::new(), shown, origin });
            }
            (_, None) => {}
        }
    }
    loaded.entries.sort_by_cached_key(|entry| key(&entry.set));
    loaded.unclear.sort();
    loaded
}
