//! Zones in JSON, as a table: which member of an object holds which part.

use extdns_model::{Name, Opaque, Visibility, Zone};
use serde::Deserialize as _;
use serde_json::Value;

use super::Id;
use crate::zones::FOLLOWS;

/// The members of a zone in a list. An item that is no object but a text is the name, and its members have no names here.
#[derive(Debug, Clone, Copy)]
pub struct ZoneLayout {
    /// The member with the id, as the paths of its records have it: its name, or a JSON pointer (RFC 6901), which begins with
    /// a slash. So are the others.
    pub id: &'static str,
    /// The name.
    pub name: &'static str,
    /// A text that the provider needs later ([`note`](Self::note)); empty where there is none.
    pub noted: &'static str,
    /// Another id, by which `--zone-id-filter` selects too; empty where there is none.
    pub other_id: &'static str,
    /// More labels in front of the id and the name, which are one; empty where both are whole.
    pub labels: &'static str,
    /// Who can resolve the names of the zones.
    pub visibility: Visibility,
    /// A JSON pointer and the text that stands there in the zones that the service serves; `None` where it serves
    /// all of the list.
    pub served: Option<(&'static str, &'static str)>,
    /// A JSON pointer and the texts, in capitals or not, one of which stands there in a zone whose primary is elsewhere. Such
    /// a zone is never written.
    pub follows: Option<(&'static str, &'static [&'static str])>,
}

impl ZoneLayout {
    /// The members with the id and the name.
    #[must_use]
    pub const fn of(id: &'static str, name: &'static str) -> Self {
        let visibility = Visibility::Public;
        Self {
            id,
            name,
            noted: "",
            other_id: "",
            labels: "",
            visibility,
            served: None,
            follows: None,
        }
    }

    /// The other id of a zone; nothing where it has none.
    #[must_use]
    pub fn other_id(zone: &Zone) -> &str {
        zone.data.get::<Noted>().and_then(|it| it.other_id.as_ref()).map_or("", Id::as_str)
    }

    /// The text that was noted of a zone; nothing where it has none.
    #[must_use]
    pub fn note(zone: &Zone) -> &str {
        zone.data.get::<Noted>().map_or("", |it| it.text.as_str())
    }

    /// The zone of an item, if the service serves it.
    ///
    /// # Errors
    /// When the item has no id or no name, or does not say where its primary is: what is missing.
    pub fn zone(&self, item: &Value) -> Result<Option<Zone>, String> {
        let said = |at| item.pointer(at).and_then(Value::as_str).unwrap_or_default();
        if self.served.is_some_and(|(at, text)| said(at) != text) {
            return Ok(None);
        }
        let is_elsewhere = match self.follows {
            Some((at, _)) if said(at).is_empty() => return Err(missing(at)),
            Some((at, texts)) => texts.iter().any(|text| said(at).eq_ignore_ascii_case(text)),
            None => false,
        };
        let labels = item.get(self.labels).and_then(Value::as_str).filter(|it| !it.is_empty());
        let whole = |text: &str| labels.map_or(text.to_owned(), |it| format!("{it}.{text}"));
        let id = id(item, self.id)?;
        let other_id =
            if self.other_id.is_empty() { None } else { self::id(item, self.other_id).ok() };
        let noted =
            if self.noted.is_empty() { "" } else { text(item, self.noted).unwrap_or_default() };
        Ok(Some(Zone {
            data: Opaque::new(Noted { other_id, text: noted.to_owned() }),
            visibility: self.visibility,
            read_only: is_elsewhere.then_some(FOLLOWS),
            ..Zone::new(whole(id.as_str()), Name::as_listed(&whole(text(item, self.name)?)))
        }))
    }
}

/// What is noted of a zone.
struct Noted {
    other_id: Option<Id>,
    text: String,
}

pub(super) fn missing(member: &str) -> String {
    format!("an item has no {member:?}")
}

/// A member of an item, by its name or a JSON pointer; the item itself where that is empty.
fn at<'i>(item: &'i Value, member: &str) -> &'i Value {
    let is_pointer = member.is_empty() || member.starts_with('/');
    if is_pointer { item.pointer(member).unwrap_or(&Value::Null) } else { &item[member] }
}

pub(super) fn text<'i>(item: &'i Value, member: &str) -> Result<&'i str, String> {
    at(item, member).as_str().ok_or_else(|| missing(member))
}

pub(super) fn id(item: &Value, member: &str) -> Result<Id, String> {
    Id::deserialize(at(item, member)).map_err(|_| missing(member))
}
