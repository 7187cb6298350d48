//! Records in JSON, as tables: which member of an object holds which part.

use ecow::EcoString;
use extdns_model::{Name, Opaque, Record, RecordSet, RecordType, Targets, Ttl, Zone};
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::zone_layout::{id, missing, text};
use crate::Capabilities;
use crate::engine::wire::{Form, Members, Numbers, fqdn, type_of};

/// The members of a record, or of a record set.
///
/// ```
/// use extdns_model::{Name, RecordType, Zone};
/// use extdns_providers::TxtQuoting;
/// use extdns_providers::engine::wire::{Dots, Form, Ttls};
/// use extdns_providers::rest::{Layout, Holds};
/// use serde_json::json;
///
/// const FORM: Form =
///     Form { apex: "@", dots: Dots::Final, txt: TxtQuoting::Quoted, ttls: Ttls::from(600) };
/// const RECORD: Layout = Layout::of(&[
///     ("id", Holds::Id),
///     ("type", Holds::Type),
///     ("name", Holds::Name),
///     ("content", Holds::Value),
///     ("ttl", Holds::Ttl),
///     ("prio", Holds::Preference),
/// ]);
///
/// let zone = Zone::new("1", Name::as_listed("example.org"));
/// let item = json!({ "id": 7, "type": "MX", "name": "@", "content": "mail.example.org.", "ttl": 600, "prio": 10 });
/// let record = RECORD.record(&FORM.capabilities("example"), &zone, &item).unwrap().unwrap();
/// assert_eq!(record.set.to_string(), "example.org 600 IN MX  10 mail.example.org []");
///
/// let sent = serde_json::to_string(&RECORD.body(&FORM, &zone, &record.set)).unwrap();
/// assert_eq!(sent, r#"{"type":"MX","name":"@","content":"mail.example.org.","ttl":600,"prio":10}"#);
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Layout {
    /// The members and what each holds, in the order in which they are sent.
    pub members: &'static [(&'static str, Holds)],
    /// The members that a change of a record does not have.
    pub fixed: &'static [&'static str],
    /// Whether a number that a value does not have is sent as 0; else it is left out.
    pub zeros: bool,
    /// Whether the value `@` is the name of the zone.
    pub apex_value: bool,
    /// The property with the number in the member of the preference, for types other than MX and SRV, which have theirs in
    /// their values; empty where there is none.
    pub property: &'static str,
    /// The members of the data of a type, where they are an object of their own ([`Holds::Rdata`]).
    pub rdata: fn(RecordType) -> Members,
    /// Whether records of types that are not written are read too: one can stand in the way of another.
    pub reads_all: bool,
    /// Why an item is left alone, if it is.
    pub foreign: fn(&Value) -> Option<&'static str>,
}

/// What a member holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// The id, a number or a text. It is not sent.
    Id,
    /// The name within the zone.
    Name,
    /// The whole name.
    WholeName,
    /// The whole name with its final dot.
    Fqdn,
    /// The type: the first word, as some services write a number behind it.
    Type,
    /// The one value, or what is left of it where its numbers are members of their own.
    Value,
    /// The one value, in an object with the members of its type (RFC 1035, 3.2.1).
    Rdata,
    /// All values of a set.
    Values,
    /// All values of a set, each an object with its `content`, and whether it is switched off (`disabled`).
    Contents,
    /// The TTL in seconds.
    Ttl,
    /// The TTL in seconds; without one the service uses that of the zone.
    TtlIfSet,
    /// Whether the property of this name is on.
    Flag(&'static str),
    /// The preference of MX, where SRV is one text.
    Preference,
    /// The preference of MX and the priority of SRV.
    Priority,
    /// The weight of SRV.
    Weight,
    /// The port of SRV.
    Port,
}

/// A record as it is sent: its members in their order.
#[derive(Debug, Clone, Default)]
pub struct Body(Vec<(&'static str, Value)>);

impl Layout {
    /// These members, all of which a change has too.
    #[must_use]
    pub const fn of(members: &'static [(&'static str, Holds)]) -> Self {
        Self {
            members,
            fixed: &[],
            zeros: false,
            apex_value: false,
            property: "",
            rdata: |_| Members(&[]),
            reads_all: false,
            foreign: |_| None,
        }
    }

    /// The record or record set of an item, if its type is managed. One is not there if all its values are switched off, or
    /// its data are empty.
    ///
    /// # Errors
    /// When the item lacks a part: what is missing.
    pub fn record(
        &self,
        can: &Capabilities,
        zone: &Zone,
        item: &Value,
    ) -> Result<Option<Record>, String> {
        let rtype = self.text(Holds::Type, item)?.split(' ').next().unwrap_or_default();
        let managed = type_of(can.record_types, rtype);
        let other = || rtype.parse().ok().filter(|_| self.reads_all);
        let Some(rtype) = managed.or_else(other) else { return Ok(None) };
        let whole = self.member(Holds::WholeName).or_else(|| self.member(Holds::Fqdn));
        let name = match whole.map(|member| text(item, member)).transpose()? {
            Some("") => zone.name.clone(),
            Some(whole) => Name::as_listed(whole),
            None => can.form.whole_name(self.text(Holds::Name, item)?, zone),
        };
        let targets = match self.targets(&can.form, rtype, zone, item) {
            Ok(targets) if managed.is_some() || !targets.is_empty() => targets,
            Err(problem) if managed.is_some() => return Err(problem),
            // That it is there is all that counts.
            _ => [can.form.read(rtype, &item.to_string())].into_iter().collect(),
        };
        if targets.is_empty() && !self.has(Holds::Values) {
            return Ok(None);
        }
        let origin = match self.member(Holds::Id) {
            Some(member) => Opaque::new(id(item, member)?),
            None => Opaque::none(),
        };
        let ttl =
            self.number::<u32>(Holds::Ttl, item).or_else(|| self.number(Holds::TtlIfSet, item));
        let ttl = ttl.unwrap_or_default();
        let mut set = RecordSet::new(name, rtype, Ttl::from_seconds(ttl.into()), targets);
        if !self.property.is_empty() && !matches!(rtype, RecordType::Mx | RecordType::Srv) {
            let number = self.number::<u32>(Holds::Preference, item).unwrap_or_default();
            let number = number.to_string();
            set.set_properties([(self.property, number.as_str())].into_iter().collect());
        }
        for (member, part) in self.members {
            if let Holds::Flag(property) = part {
                let is_on = item[*member].as_bool().unwrap_or_default();
                set.set_properties([(*property, on_or_off(is_on))].into_iter().collect());
            }
        }
        let mut record = Record::new(set, origin);
        record.set_read_only((self.foreign)(item));
        Ok(Some(record))
    }

    /// What is sent of a new record or record set. A value that cannot be taken apart is sent whole, for the API to refuse.
    #[must_use]
    pub fn body(&self, form: &Form, zone: &Zone, set: &RecordSet) -> Body {
        let value = set.targets.first().map_or("", |target| target.as_str());
        let (numbers, rest) = if self.has(Holds::Port) {
            form.in_members(set.rtype, value)
        } else {
            let (priority, rest) = match self.has(Holds::Priority) {
                true => form.apart(set.rtype, value),
                false if self.has(Holds::Preference) => form.mx_apart(set.rtype, value),
                false => (None, form.value(set.rtype, value)),
            };
            (Numbers { priority, ..Numbers::default() }, rest)
        };
        let given = set.properties().get(self.property).and_then(|text| text.parse().ok());
        let first = numbers.priority.map(u32::from).or(given);
        let number = |it: Option<u32>| it.or(self.zeros.then_some(0)).map(Value::from);
        let part = |part: Holds| match part {
            Holds::Id => None,
            Holds::Name => Some(form.name(&set.name, zone).into()),
            Holds::WholeName => Some(set.name.key().into()),
            Holds::Fqdn => Some(fqdn(&set.name.key()).into()),
            Holds::Type => Some(set.rtype.to_string().into()),
            Holds::Value => Some(rest.as_str().into()),
            Holds::Rdata => Some((self.rdata)(set.rtype).write_or_whole(&rest)),
            Holds::Values => Some(set.targets.iter().map(|it| form.value(set.rtype, it)).collect()),
            Holds::Contents => Some(form.contents(set)),
            Holds::Ttl => Some(form.ttl(set.ttl).into()),
            Holds::TtlIfSet => Some(form.ttl(set.ttl)).filter(|ttl| *ttl > 0).map(Value::from),
            Holds::Flag(property) => Some((set.properties().get(property) == Some("true")).into()),
            Holds::Preference | Holds::Priority => number(first),
            Holds::Weight => number(numbers.weight.map(u32::from)),
            Holds::Port => number(numbers.port.map(u32::from)),
        };
        Body(self.members.iter().filter_map(|(name, own)| Some((*name, part(*own)?))).collect())
    }

    /// What is sent of a record that changes.
    #[must_use]
    pub fn changed(&self, form: &Form, zone: &Zone, set: &RecordSet) -> Body {
        let mut body = self.body(form, zone, set);
        body.0.retain(|(name, _)| !self.fixed.contains(name));
        body
    }

    fn targets(
        &self,
        form: &Form,
        rtype: RecordType,
        zone: &Zone,
        item: &Value,
    ) -> Result<Targets, String> {
        let value = |text: Option<&str>, member: &str| {
            text.map(|it| form.read(rtype, it)).ok_or_else(|| missing(member))
        };
        if let Some(member) = self.member(Holds::Values) {
            return list(item, member)?.iter().map(|it| value(it.as_str(), member)).collect();
        }
        if let Some(member) = self.member(Holds::Contents) {
            let served = list(item, member)?.iter().filter(|it| it["disabled"] != true);
            return served.map(|it| value(it["content"].as_str(), "content")).collect();
        }
        if let Some(member) = self.member(Holds::Rdata) {
            let value = (self.rdata)(rtype).read(&item[member]);
            return Ok(value.iter().map(|it| form.read(rtype, it)).collect());
        }
        Ok([self.value(form, rtype, zone, item)?].into_iter().collect())
    }

    fn value(
        &self,
        form: &Form,
        rtype: RecordType,
        zone: &Zone,
        item: &Value,
    ) -> Result<EcoString, String> {
        let rest = match self.text(Holds::Value, item)? {
            "@" if self.apex_value && rtype != RecordType::Txt => zone.name.as_str(),
            rest => rest,
        };
        let number = |part| self.number::<u16>(part, item);
        let priority = number(Holds::Priority);
        Ok(if self.has(Holds::Port) {
            let (weight, port) = (number(Holds::Weight), number(Holds::Port));
            form.of_members(rtype, &Numbers { priority, weight, port }, rest)
        } else if self.has(Holds::Priority) {
            form.joined(rtype, priority, rest)
        } else if self.has(Holds::Preference) {
            form.mx_joined(rtype, number(Holds::Preference), rest)
        } else {
            form.read(rtype, rest)
        })
    }

    fn has(&self, part: Holds) -> bool {
        self.member(part).is_some()
    }

    fn member(&self, part: Holds) -> Option<&'static str> {
        self.members.iter().find(|(_, own)| *own == part).map(|(name, _)| *name)
    }

    fn text<'i>(&self, part: Holds, item: &'i Value) -> Result<&'i str, String> {
        text(item, self.member(part).unwrap_or_default())
    }

    /// A number that is there and not out of bounds: some services say -1 where there is none.
    fn number<T: TryFrom<u64>>(&self, part: Holds, item: &Value) -> Option<T> {
        T::try_from(item.get(self.member(part)?)?.as_u64()?).ok()
    }
}

impl Body {
    /// With this member, in place of the one of the name that is there.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        let value = value.into();
        match self.0.iter_mut().find(|(own, _)| *own == name) {
            Some((_, own)) => *own = value,
            None => self.0.push((name, value)),
        }
        self
    }
}

impl IntoIterator for Body {
    type Item = (&'static str, Value);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl Serialize for Body {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

fn list<'i>(item: &'i Value, member: &str) -> Result<&'i Vec<Value>, String> {
    item[member].as_array().ok_or_else(|| missing(member))
}

/// A flag as a property has it.
fn on_or_off(is_on: bool) -> &'static str {
    if is_on { "true" } else { "false" }
}
