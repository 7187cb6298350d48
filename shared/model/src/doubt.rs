//! What speaks against counting a record as ours although its ownership record may be there.

use std::fmt;

use crate::{Name, RecordType};

/// Why the ownership records do not say clearly who owns a record. Such a record is not ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubt {
    /// The name of the ownership record.
    pub txt: Name,
    /// What is the matter with it.
    pub why: DoubtCause,
}

/// What is the matter with an ownership record.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DoubtCause {
    /// Its zone could not be read.
    Unread,
    /// There is a TXT record of its name, but no value of it is an ownership value.
    Changed,
    /// It has several ownership values.
    Contested,
    /// It can also be the ownership record of another record that is there.
    Shared {
        /// The other record's name.
        with: Name,
        /// Its type.
        rtype: RecordType,
    },
    /// It is of the oldest format, which has no type, and was made for the record of another type
    /// that has one in today's format too.
    Superseded {
        /// The type of that record.
        rtype: RecordType,
    },
}

/// A fragment that reads after "held back:", with the remedy.
impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let txt = &self.txt;
        match &self.why {
            DoubtCause::Unread => {
                write!(f, "the zone of its ownership record {txt} could not be read")
            }
            DoubtCause::Changed => write!(
                f,
                "the ownership record {txt} was changed: it has no ownership value any more; \
                 restore it, or remove the record"
            ),
            DoubtCause::Contested => write!(
                f,
                "the ownership record {txt} has several ownership values; leave only the right one"
            ),
            DoubtCause::Shared { with, rtype } => write!(
                f,
                "the ownership record {txt} can also be that of the {rtype} record {with}; remove \
                 it, or add external-dns/ownedRecord=<name of its record> to its text"
            ),
            DoubtCause::Superseded { rtype } => write!(
                f,
                "the ownership record {txt} is an older one of the {rtype} record of the name; \
                 remove it"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cause_has_its_words() {
        let table = [
            (DoubtCause::Unread, "the zone of its ownership record a-www.org could not be read"),
            (
                DoubtCause::Changed,
                "the ownership record a-www.org was changed: it has no ownership value any more; \
                 restore it, or remove the record",
            ),
            (
                DoubtCause::Contested,
                "the ownership record a-www.org has several ownership values; leave only the \
                 right one",
            ),
            (
                DoubtCause::Shared { with: Name::as_listed("a-www.org"), rtype: RecordType::A },
                "the ownership record a-www.org can also be that of the A record a-www.org; remove \
                 it, or add external-dns/ownedRecord=<name of its record> to its text",
            ),
            (
                DoubtCause::Superseded { rtype: RecordType::A },
                "the ownership record a-www.org is an older one of the A record of the name; \
                 remove it",
            ),
        ];
        for (why, expected) in table {
            let doubt = Doubt { txt: Name::as_listed("a-www.org"), why };
            assert_eq!(doubt.to_string(), expected);
        }
    }
}
