//! The form of a record on the wire, once for all APIs: a [`Form`] says how one API writes names,
//! values and TTLs, and brings what is wanted and what was read into one normal form, so that a
//! provider never sees a difference that is only spelling.

mod members;
mod normal;
mod numbers;
#[cfg(test)]
mod tests;
mod ttl;
mod values;

use ecow::EcoString;
use extdns_model::{Endpoint, Name, RecordType, Ttl, Zone};

pub use extdns_model::fields::{Caa, Mx, Naptr, Srv, fqdn, host};
pub use members::Members;
pub use normal::normal;
pub use numbers::Numbers;
pub use ttl::Ttls;
pub use values::{as_given, flag, keeping_texts, well_formed, with_priority};

use super::names::{absolute, relative};
use super::text;
use crate::{Adjusted, Capabilities, TxtQuoting};

/// The types that nearly every API stores.
pub const USUAL_TYPES: &[RecordType] = &[
    RecordType::A,
    RecordType::Aaaa,
    RecordType::Cname,
    RecordType::Mx,
    RecordType::Ns,
    RecordType::Srv,
    RecordType::Txt,
];

/// Those, and DNAME.
pub const USUAL_TYPES_AND_DNAME: &[RecordType] = {
    use RecordType::{A, Aaaa, Cname, Dname, Mx, Ns, Srv, Txt};
    &[A, Aaaa, Cname, Dname, Mx, Ns, Srv, Txt]
};

/// One of these types, by its name, in capitals or not.
#[must_use]
pub fn type_of(types: &[RecordType], name: &str) -> Option<RecordType> {
    let is_named =
        |it: &RecordType| it.known_text().is_some_and(|it| it.eq_ignore_ascii_case(name));
    types.iter().copied().find(is_named)
}

/// How an API writes the host names in values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dots {
    /// With a final dot: without one the API takes a name as relative to the zone.
    Final,
    /// The same, but that the target of a CNAME stays as the user gives it: without a dot it is meant within the zone.
    FinalButCname,
    /// Without.
    None,
    /// As they are given; other values and texts too.
    AsGiven,
}

/// How an API writes records.
///
/// ```
/// use extdns_model::{Name, RecordType, Ttl, Zone};
/// use extdns_providers::TxtQuoting;
/// use extdns_providers::engine::wire::{Dots, Form, Ttls};
///
/// const FORM: Form =
///     Form { apex: "@", dots: Dots::Final, txt: TxtQuoting::Quoted, ttls: Ttls::from(600) };
///
/// let zone = Zone::new("1", Name::as_listed("example.org"));
/// assert_eq!(FORM.name(&Name::as_listed("Example.org"), &zone), "@");
/// assert_eq!(FORM.value(RecordType::Mx, "010  Mail.example.org"), "10 mail.example.org.");
/// assert_eq!(FORM.ttl(Ttl::UNSET), 600);
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Form {
    /// What the API calls the apex of a zone.
    pub apex: &'static str,
    /// Host names in values.
    pub dots: Dots,
    /// The text of TXT records.
    pub txt: TxtQuoting,
    /// The TTLs that it takes.
    pub ttls: Ttls,
}

impl Form {
    /// Names within their zone, everything else as it is given.
    pub const AS_GIVEN: Self =
        Self { apex: "", dots: Dots::AsGiven, txt: TxtQuoting::AsIs, ttls: Ttls::from(0) };

    /// The capabilities of a provider that writes records so.
    #[must_use]
    pub fn capabilities(&self, provider: &'static str) -> Capabilities {
        Capabilities {
            record_types: USUAL_TYPES,
            form: *self,
            apex_symbol: self.apex,
            txt_quoting: self.txt,
            min_ttl: Ttl::from_seconds(self.ttls.min.into()),
            max_ttl: Ttl::from_seconds(self.ttls.max.into()),
            default_ttl: Ttl::from_seconds(self.ttls.default.into()),
            ..Capabilities::new(provider)
        }
    }

    /// One of the usual types, by its name.
    #[must_use]
    pub fn usual_type(&self, name: &str) -> Option<RecordType> {
        type_of(USUAL_TYPES, name)
    }

    /// A name as the API writes it within a zone: relative, as A-labels.
    #[must_use]
    pub fn name(&self, name: &Name, zone: &Zone) -> String {
        relative(name, &zone.name, self.apex)
    }

    /// The whole name of what the API wrote within a zone.
    #[must_use]
    pub fn whole_name(&self, name: &str, zone: &Zone) -> Name {
        absolute(name, &zone.name, self.apex)
    }

    /// Whether values of a type stay as they are given.
    fn keeps(&self, rtype: RecordType) -> bool {
        match self.dots {
            Dots::AsGiven => true,
            Dots::FinalButCname => rtype == RecordType::Cname,
            Dots::Final | Dots::None => false,
        }
    }

    /// A value as the API writes it in one text.
    #[must_use]
    pub fn value(&self, rtype: RecordType, value: &str) -> String {
        if self.keeps(rtype) {
            return value.to_owned();
        }
        let value = normal(rtype, value, self.txt);
        let host_in = |value: &str| match self.dots {
            Dots::Final | Dots::FinalButCname => fqdn(value),
            Dots::None | Dots::AsGiven => host(value),
        };
        let has_fields = match rtype {
            _ if value.trim_ascii().is_empty() => false,
            RecordType::Cname | RecordType::Ns | RecordType::Ptr | RecordType::Dname => {
                return host_in(&value);
            }
            RecordType::Mx => Mx::parse(&value).is_some(),
            RecordType::Srv => Srv::parse(&value).is_some(),
            RecordType::Naptr => Naptr::parse(&value).is_some(),
            _ => false,
        };
        match value.rsplit_once(' ').filter(|_| has_fields) {
            Some((front, last)) => format!("{front} {}", host_in(last)),
            // An ownership value is kept with nothing escaped.
            None if rtype == RecordType::Txt && self.txt == TxtQuoting::Quoted => {
                text::quoted(&value).into_owned()
            }
            None => value.into(),
        }
    }

    /// The same for an API with a field of its own for the preference of MX and the priority of SRV: that number, and the
    /// rest. A value that cannot be taken apart has no number, and is whole.
    #[must_use]
    pub fn apart(&self, rtype: RecordType, value: &str) -> (Option<u16>, String) {
        let value = self.value(rtype, value);
        let number = match rtype {
            RecordType::Mx => Mx::parse(&value).map(|it| it.preference),
            RecordType::Srv => Srv::parse(&value).map(|it| it.priority),
            _ => None,
        };
        match value.split_once(' ').filter(|_| number.is_some()) {
            Some((_, rest)) => (number, rest.to_owned()),
            None => (None, value),
        }
    }

    /// A value of two such fields as one text, in its normal form. Some services repeat the preference of MX in the rest,
    /// which is whole then.
    #[must_use]
    pub fn joined(&self, rtype: RecordType, number: Option<u16>, rest: &str) -> EcoString {
        match rtype {
            RecordType::Mx if rest.contains(' ') => self.read(rtype, rest),
            RecordType::Mx | RecordType::Srv => {
                self.read(rtype, &format!("{} {rest}", number.unwrap_or_default()))
            }
            _ => self.read(rtype, rest),
        }
    }

    /// A value that the API wrote in one text, in its normal form.
    #[must_use]
    pub fn read(&self, rtype: RecordType, value: &str) -> EcoString {
        if self.keeps(rtype) {
            return value.into();
        }
        if rtype == RecordType::Txt && self.txt == TxtQuoting::Quoted {
            return normal(rtype, &text::as_owned(value), self.txt);
        }
        normal(rtype, value, self.txt)
    }

    /// The TTL that is written, in seconds; of ownership records too.
    #[must_use]
    pub fn ttl(&self, ttl: Ttl) -> u32 {
        self.ttls.fit(ttl)
    }

    /// The desired endpoints with values in their normal form and TTLs that the API takes.
    #[must_use]
    pub fn wanted(&self, desired: Adjusted) -> Adjusted {
        desired.changed(|Endpoint { set, .. }| {
            let rtype = set.rtype;
            let is_normal =
                |value: &EcoString| normal(rtype, value, self.txt).as_str() == value.as_str();
            if !self.keeps(rtype) && !set.targets.iter().all(is_normal) {
                set.targets =
                    set.targets.iter().map(|value| normal(rtype, value, self.txt)).collect();
                set.targets.normalise();
            }
            let wanted = set.ttl;
            let step = wanted.seconds().and_then(|wanted| self.ttls.step_up(wanted))?;
            set.ttl = Ttl::from_seconds(step.into());
            Some(format!("only some TTLs can be stored; {step} seconds take the place of {wanted}"))
        })
    }
}

/// The text of a TXT record, given in any form, in the form of an API: joined to one text, and
/// cut anew.
fn txt(value: &str, quoting: TxtQuoting) -> EcoString {
    match quoting {
        TxtQuoting::AsIs => value.into(),
        TxtQuoting::Quoted if text::ownership(value).is_some() => value.into(),
        TxtQuoting::Bare => text::bare(value).into(),
        TxtQuoting::Quoted => match text::bare(value) {
            // Bytes that are no text keep the strings that their author cut.
            same if same == value => text::quoted(value).into(),
            bare => text::quote(bare.as_bytes()).into(),
        },
    }
}
