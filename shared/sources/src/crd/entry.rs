//! An entry of a DNSEndpoint: everything about one record.

use std::sync::Arc;

use ecow::{EcoString, eco_format};
use extdns_model::{
    Endpoint, Properties, RecordSet, RecordType, RecordTypeError, Resource, Targets, Ttl,
};

use crate::annotations::{ALPHA_PREFIX, GA_PREFIX};
use crate::sink::{DropReason, Sink};

use super::object::{Entry, Property};

/// Why an entry does not become a record.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EntryError {
    /// The entry names nothing.
    #[error("it has no dnsName; give it one")]
    NoName,
    /// As in upstream, default targets are for addresses alone.
    #[error("an alias without a target gets none from --default-targets; give it one")]
    NoTarget,
    /// A dot at the end of a target is missing, or there is one too many.
    #[error("target {target:?} is not what this record type takes; write {correct:?}")]
    FinalDot {
        /// The target.
        target: EcoString,
        /// What was meant.
        correct: EcoString,
    },
}

impl From<EntryError> for DropReason {
    fn from(error: EntryError) -> Self {
        Self::Source(eco_format!("{error}"))
    }
}

/// What a dot at the end of a target means.
#[derive(Clone, Copy, PartialEq, Eq)]
enum FinalDot {
    /// The same as none.
    Stripped,
    /// What the target says.
    Kept,
    /// The target is not complete without it.
    Required,
    /// The target is something else than was meant.
    Forbidden,
}

impl FinalDot {
    fn of(rtype: RecordType) -> Self {
        match rtype {
            RecordType::Cname | RecordType::Dname => Self::Stripped,
            RecordType::Txt | RecordType::Mx | RecordType::Srv => Self::Kept,
            RecordType::Naptr => Self::Required,
            _ => Self::Forbidden,
        }
    }

    fn apply(self, target: EcoString) -> Result<EcoString, EntryError> {
        match (self, target.strip_suffix('.')) {
            (Self::Stripped, Some(stripped)) => Ok(stripped.into()),
            (Self::Required, None) => {
                Err(EntryError::FinalDot { correct: eco_format!("{target}."), target })
            }
            (Self::Forbidden, Some(stripped)) => {
                Err(EntryError::FinalDot { correct: stripped.into(), target })
            }
            _ => Ok(target),
        }
    }
}

impl Entry {
    /// The record type. An entry without targets gets those of `--default-targets` and their type,
    /// and need not name one.
    fn rtype(&self) -> Result<RecordType, RecordTypeError> {
        if self.record_type.is_empty() && self.targets.is_empty() {
            return Ok(RecordType::A);
        }
        self.record_type.parse()
    }

    /// Puts the endpoint of the entry into the sink.
    pub(super) fn put(self, sink: &mut Sink, by: &Arc<Resource>) {
        let (rtype, targets) = match self.content() {
            Ok(content) => content,
            Err(reason) => return sink.drop(&self.dns_name, by, reason),
        };
        let Some(name) = sink.name(&self.dns_name, by) else { return };
        let set = RecordSet::new(name, rtype, Ttl::from_seconds(self.record_ttl), targets)
            .with_set_identifier(self.set_identifier)
            .with_properties(properties(self.provider_specific));
        let mut endpoint = Endpoint::from_set(set).wanted_by(Arc::clone(by));
        if !self.labels.is_empty() {
            endpoint.edit_labels(|labels| {
                self.labels.iter().for_each(|(key, value)| labels.set(key, value));
            });
        }
        sink.endpoints.push(endpoint);
    }

    fn content(&self) -> Result<(RecordType, Targets), DropReason> {
        if self.dns_name.is_empty() || self.dns_name == "." {
            return Err(EntryError::NoName.into());
        }
        let rtype = self.rtype()?;
        if self.targets.is_empty() && matches!(rtype, RecordType::Cname | RecordType::Dname) {
            return Err(EntryError::NoTarget.into());
        }
        let dot = FinalDot::of(rtype);
        let targets = self.targets.iter().map(|target| dot.apply(target.clone()));
        Ok((rtype, targets.collect::<Result<Vec<_>, _>>()?.into_iter().collect()))
    }
}

/// The properties with the current spelling of Cloudflare's names, which are annotation keys.
fn properties(listed: Vec<Property>) -> Properties {
    let named = listed.into_iter().filter(|property| !property.name.is_empty());
    named.map(|Property { name, value }| (current_spelling(name), value)).collect()
}

fn current_spelling(name: EcoString) -> EcoString {
    match name.strip_prefix(ALPHA_PREFIX) {
        Some(key) if key.starts_with("cloudflare-") => eco_format!("{GA_PREFIX}{key}"),
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use extdns_model::RecordType;

    use super::{FinalDot, current_spelling};

    #[test]
    fn final_dots() {
        use RecordType::{A, Aaaa, Cname, Dname, Mx, Naptr, Ns, Ptr, Srv, Txt};
        let table: &[(RecordType, &str, Result<&str, &str>)] = &[
            (A, "1.2.3.4", Ok("1.2.3.4")),
            (A, "1.2.3.4.", Err("1.2.3.4")),
            (Aaaa, "::1.", Err("::1")),
            (Ns, "ns.a.org.", Err("ns.a.org")),
            (Ptr, "a.org.", Err("a.org")),
            (RecordType::Other(257), "0 issue \"ca.org\".", Err("0 issue \"ca.org\"")),
            (Cname, "a.org.", Ok("a.org")),
            (Cname, "a.org..", Ok("a.org.")),
            (Dname, "a.org.", Ok("a.org")),
            (Txt, "v=spf1 -all.", Ok("v=spf1 -all.")),
            (Mx, "10 a.org.", Ok("10 a.org.")),
            (Srv, "0 0 80 a.org.", Ok("0 0 80 a.org.")),
            (Srv, "0 0 80 a.org", Ok("0 0 80 a.org")),
            (Naptr, "1 1 \"S\" \"\" \"\" a.org.", Ok("1 1 \"S\" \"\" \"\" a.org.")),
            (Naptr, "1 1 \"S\" \"\" \"\" a.org", Err("1 1 \"S\" \"\" \"\" a.org.")),
        ];
        for (rtype, target, expected) in table {
            let result = FinalDot::of(*rtype).apply((*target).into());
            match (result, expected) {
                (Ok(kept), Ok(expected)) => assert_eq!(kept, *expected, "{rtype} {target}"),
                (Err(reason), Err(correct)) => {
                    let hint = format!("; write {correct:?}");
                    assert!(reason.to_string().ends_with(&hint), "{rtype} {target}: {reason}");
                }
                (result, _) => panic!("{rtype} {target}: {result:?}"),
            }
        }
    }

    #[test]
    fn names_of_properties() {
        let table = [
            ("aws/weight", "aws/weight"),
            ("alias", "alias"),
            (
                "external-dns.alpha.kubernetes.io/cloudflare-proxied",
                "external-dns.kubernetes.io/cloudflare-proxied",
            ),
            (
                "external-dns.kubernetes.io/cloudflare-tags",
                "external-dns.kubernetes.io/cloudflare-tags",
            ),
            ("external-dns.alpha.kubernetes.io/ttl", "external-dns.alpha.kubernetes.io/ttl"),
        ];
        for (name, expected) in table {
            assert_eq!(current_spelling(name.into()), expected);
        }
    }
}
