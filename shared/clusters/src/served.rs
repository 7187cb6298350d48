//! What an API server serves, as far as it is known.

use std::collections::BTreeMap;
use std::sync::Arc;

use ecow::EcoString;
use tokio::sync::{Mutex, OnceCell};

use crate::error::ReadErrorKind;
use crate::object::ResourceType;

/// Which kinds an API server serves, as far as it was asked. The core group has its own document.
#[derive(Default)]
pub(crate) struct Kinds {
    pub(crate) core: OnceCell<Arc<Groups>>,
    pub(crate) named: OnceCell<Arc<Groups>>,
    /// Resources by path of the group version, from servers that answer plain discovery.
    pub(crate) plain: Mutex<BTreeMap<String, Arc<[Served]>>>,
}

/// Versions by group, the preferred one first.
pub(crate) type Groups = BTreeMap<EcoString, Vec<Version>>;

pub(crate) struct Version {
    pub(crate) name: EcoString,
    /// What is served; `None` where the server did not say it in the same document.
    pub(crate) resources: Option<Arc<[Served]>>,
}

/// One kind of a version, with its plural name.
pub(crate) struct Served {
    pub(crate) plural: EcoString,
    pub(crate) kind: EcoString,
    /// Whether its objects live in namespaces.
    pub(crate) namespaced: bool,
}

impl Version {
    /// A version of which it is not known yet what it serves.
    pub(crate) fn unlisted(name: EcoString) -> Self {
        Self { name, resources: None }
    }
}

/// The error about a resource of which the server has none of these versions: what it has instead, and the remedy.
pub(crate) fn not_served(
    newest: &ResourceType,
    older: &[&str],
    served: &[EcoString],
) -> ReadErrorKind {
    let remedy = if served.is_empty() {
        "install its CustomResourceDefinition, or remove the source that needs it".to_owned()
    } else {
        let wanted: Vec<&str> =
            std::iter::once(newest.version).chain(older.iter().copied()).collect();
        let (served, wanted) = (served.join(", "), wanted.join(" or "));
        format!("the server has only version {served}, and {wanted} is needed")
    };
    let ResourceType { group, version, plural, .. } = newest;
    let resource = format!("{group}/{version} {plural}").trim_start_matches('/').to_owned();
    ReadErrorKind::NotServed { resource, remedy }
}
