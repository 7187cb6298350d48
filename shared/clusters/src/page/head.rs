//! What stands around the objects of a page.

use ecow::EcoString;
use serde::{Deserialize, Deserializer};

use crate::object::ResourceType;

/// What a page says besides its objects.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Page {
    /// Where the next page begins; `None` on the last one.
    pub(crate) next: Option<String>,
    /// Objects on this page.
    pub(crate) objects: u64,
    /// The state of the cluster that the list shows; empty where the server does not say.
    pub(crate) version: EcoString,
}

/// Why a page could not be decoded.
#[derive(Debug)]
pub(crate) enum PageError {
    /// The text ends in the middle.
    Cut(serde_json::Error),
    /// It is no list of this kind: what it is.
    Foreign(String),
    /// It is a list of this kind, but not all of it: why not.
    Partial(String),
    /// An object has another form than its kind has.
    Object { name: String, reason: String },
}

/// The fields of a list besides its objects.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Head {
    kind: Option<String>,
    api_version: Option<String>,
    metadata: Option<ListMeta>,
    #[serde(deserialize_with = "taken")]
    items: bool,
}

/// Tells that the objects stood here. Go writes a list without elements as `null`, too.
fn taken<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Option::<[(); 0]>::deserialize(deserializer).map(|_| true)
}

/// The metadata of a list, as far as it says how the list goes on.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ListMeta {
    #[serde(rename = "continue")]
    next: Option<String>,
    remaining_item_count: Option<i64>,
    resource_version: Option<EcoString>,
}

impl ListMeta {
    /// The token of the next page. Objects that remain without one are objects that are missing.
    fn next(self) -> Result<Option<String>, PageError> {
        match (self.next.filter(|next| !next.is_empty()), self.remaining_item_count) {
            (None, Some(left)) if left > 0 => Err(PageError::Partial(format!(
                "it says that {left} more objects follow (remainingItemCount), but not where \
                 (continue)"
            ))),
            (next, _) => Ok(next),
        }
    }
}

impl Head {
    pub(super) fn check(self, resource: &ResourceType, objects: u64) -> Result<Page, PageError> {
        let wanted = (format!("{}List", resource.kind), resource.api_version());
        match (self.kind, self.api_version, self.items) {
            (Some(kind), Some(version), true) if kind == wanted.0 && version == wanted.1 => {
                let mut metadata = self.metadata.unwrap_or_default();
                let version = metadata.resource_version.take().unwrap_or_default();
                Ok(Page { next: metadata.next()?, objects, version })
            }
            (Some(kind), Some(version), true) => Err(PageError::Foreign(format!(
                "a {version} {kind} where a {} {} was asked for",
                wanted.1, wanted.0
            ))),
            (Some(kind), Some(version), false) => {
                Err(PageError::Foreign(format!("a {version} {kind} without items")))
            }
            _ => Err(PageError::Foreign("JSON without kind and apiVersion".to_owned())),
        }
    }
}
