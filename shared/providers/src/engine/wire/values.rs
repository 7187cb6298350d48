//! Values that cannot be stored, and texts that are written as they were given.

use ecow::EcoString;
use extdns_model::fields::{Mx, Srv};
use extdns_model::{Endpoint, Opaque, Planned, RecordType, parse_go_bool};

use crate::engine::text;
use crate::{Adaptation, AdaptationKind, Adjusted};

/// The desired endpoints without values that have not the fields of their type, for an API that says of such a value
/// only that something is wrong. An endpoint that has no other value is dropped.
#[must_use]
pub fn well_formed(desired: Adjusted) -> Adjusted {
    let Adjusted { mut endpoints, mut notes } = desired;
    endpoints.retain_mut(|endpoint| {
        let rtype = endpoint.set.rtype;
        let (is_good, form): (fn(&str) -> bool, _) = match rtype {
            // A preference alone is the null MX (RFC 7505) if it is 0.
            RecordType::Mx => (
                |it| Mx::parse(it).is_some_and(|mx| mx.preference == 0 || it.contains(' ')),
                "10 mail.example.org",
            ),
            RecordType::Srv => (|it| Srv::parse(it).is_some(), "10 20 5060 sip.example.org."),
            _ => return true,
        };
        let is_bad = |it: &&EcoString| !is_good(it);
        let Some(bad) = endpoint.set.targets.iter().find(is_bad).cloned() else { return true };
        endpoint.set.targets =
            endpoint.set.targets.iter().filter(|it| is_good(it)).cloned().collect();
        let stays = !endpoint.set.targets.is_empty();
        let kind = if stays { AdaptationKind::Changed } else { AdaptationKind::Dropped };
        let reason = format!(
            "the target {bad:?} is no {rtype} value and is left out; write it like {form:?}"
        );
        notes.push(Adaptation::of(endpoint, kind, reason));
        stays
    });
    Adjusted { endpoints, notes }
}

/// The desired endpoints with a property that is the priority of a record, for an API that stores one with each: 0 where none
/// is given, or what is given is no number. MX and SRV have theirs in their values, and no property.
#[must_use]
pub fn with_priority(desired: Adjusted, property: &'static str) -> Adjusted {
    desired.changed(|Endpoint { set, .. }| {
        let given = set.properties().get(property).map(ToOwned::to_owned);
        let number = given.as_deref().map_or(Some(0), |text| text.trim().parse::<u32>().ok());
        let has_it = !matches!(set.rtype, RecordType::Mx | RecordType::Srv);
        let own = number.unwrap_or_default().to_string();
        let own = has_it.then_some((property, own.as_str()));
        set.set_properties(own.into_iter().collect());
        let text = given.filter(|_| number.is_none())?;
        Some(format!("{property} is {text:?} and no number; it is 0"))
    })
}

/// Whether a flag is on that a property gives as text, and what to say where that is neither true nor false.
#[must_use]
pub fn flag(annotation: &str, text: Option<&str>, default: bool) -> (bool, Option<String>) {
    let parsed = text.map_or(Some(default), parse_go_bool);
    let odd = text.filter(|_| parsed.is_none());
    let say =
        |text| format!("{annotation} is neither true nor false but {text:?}; it is {default}");
    (parsed.unwrap_or(default), odd.map(say))
}

/// Texts as the user wrote them.
struct Texts(Vec<EcoString>);

/// Notes texts in quotes with their endpoints, for an API that is compared by bare text
/// ([`TxtQuoting::Bare`](crate::TxtQuoting::Bare)) and written with the quotes that the user gave: see
/// [`as_given`]. Called before the values are brought into their normal form.
#[must_use]
pub fn keeping_texts(mut desired: Adjusted) -> Adjusted {
    for endpoint in &mut desired.endpoints {
        let targets = &endpoint.set.targets;
        let is_text = endpoint.set.rtype == RecordType::Txt;
        if is_text && targets.iter().any(|it| text::bare(it) != it.as_str()) {
            let texts = Opaque::new(Texts(targets.iter().cloned().collect()));
            endpoint.edit_hints(|hints| hints.data = texts);
        }
    }
    desired
}

/// The text of a record with the quotes with which the user wrote it, if [`keeping_texts`] noted them.
#[must_use]
pub fn as_given<'n>(new: &'n Planned, value: &'n str) -> &'n str {
    let texts = new.hints.data.get::<Texts>().map_or(&[][..], |texts| &texts.0);
    texts.iter().find(|own| text::bare(own) == value).map_or(value, |own| own.as_str())
}
