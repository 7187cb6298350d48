//! Values whose numbers are members of their own.

use ecow::EcoString;
use extdns_model::{Opaque, Record, RecordSet, RecordType, Ttl, Zone};
use serde::{Deserialize, Serialize};

use super::Form;

/// The numbers of a value, for an API with a member for each: of MX the first, of SRV all. They are members of the object
/// that holds them (`#[serde(flatten)]`).
///
/// ```
/// use extdns_model::RecordType;
/// use extdns_providers::TxtQuoting;
/// use extdns_providers::engine::wire::{Dots, Form, Ttls};
///
/// const FORM: Form = Form { apex: "", dots: Dots::None, txt: TxtQuoting::AsIs, ttls: Ttls::from(0) };
///
/// let (numbers, host) = FORM.in_members(RecordType::Srv, "10 20 5060 sip.example.org.");
/// assert_eq!((numbers.priority, numbers.port, host.as_str()), (Some(10), Some(5060), "sip.example.org"));
/// assert_eq!(FORM.of_members(RecordType::Srv, &numbers, &host), "10 20 5060 sip.example.org.");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Numbers {
    /// The preference of MX, the priority of SRV.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<u16>,
    /// The weight of SRV.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight: Option<u16>,
    /// The port of SRV.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
}

impl Form {
    /// The numbers of a value, and its host. A value that cannot be taken apart has none, and is whole.
    #[must_use]
    pub fn in_members(&self, rtype: RecordType, value: &str) -> (Numbers, String) {
        let (priority, rest) = self.apart(rtype, value);
        let mut words = rest.splitn(3, ' ');
        let mut number = || words.next().and_then(|word| word.parse().ok());
        match (rtype, priority, number(), number(), words.next()) {
            (RecordType::Srv, Some(_), weight, port, Some(host)) => {
                (Numbers { priority, weight, port }, host.to_owned())
            }
            _ => (Numbers { priority, ..Numbers::default() }, rest),
        }
    }

    /// A value of such members as one text, in its normal form.
    #[must_use]
    pub fn of_members(&self, rtype: RecordType, numbers: &Numbers, rest: &str) -> EcoString {
        let [weight, port] = [numbers.weight, numbers.port].map(Option::unwrap_or_default);
        match rtype {
            RecordType::Srv => {
                self.joined(rtype, numbers.priority, &format!("{weight} {port} {rest}"))
            }
            _ => self.joined(rtype, numbers.priority, rest),
        }
    }

    /// As [`apart`](Self::apart), for an API that keeps SRV whole.
    #[must_use]
    pub fn mx_apart(&self, rtype: RecordType, value: &str) -> (Option<u16>, String) {
        match rtype {
            RecordType::Mx => self.apart(rtype, value),
            _ => (None, self.value(rtype, value)),
        }
    }

    /// As [`joined`](Self::joined), for such an API.
    #[must_use]
    pub fn mx_joined(&self, rtype: RecordType, number: Option<u16>, rest: &str) -> EcoString {
        match rtype {
            RecordType::Mx => self.joined(rtype, number, rest),
            _ => self.read(rtype, rest),
        }
    }

    /// A record of one value as it was read: the name as the API wrote it within the zone, seconds, the value in its
    /// normal form, and what a later write needs to know of it, which is its id at the least.
    #[must_use]
    pub fn record<I: std::any::Any + Send + Sync>(
        &self,
        (zone, name): (&Zone, &str),
        (rtype, ttl): (RecordType, Option<u32>),
        value: EcoString,
        id: I,
    ) -> Record {
        let ttl = Ttl::from_seconds(ttl.unwrap_or_default().into());
        let targets = [value].into_iter().collect();
        let set = RecordSet::new(self.whole_name(name, zone), rtype, ttl, targets);
        Record::new(set, Opaque::new(id))
    }
}
