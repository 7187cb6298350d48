//! What a server says (RFC 1035, 4.1.1; RFC 2136, 2.2).

use hickory_proto::op::ResponseCode;

use crate::{ErrorKind, ProviderError};

/// What a server was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// A whole zone.
    Transfer,
    /// Changes of a zone.
    Update,
}

impl Purpose {
    /// The error of an answer with this code, which is not "no error".
    pub(super) fn refused(self, code: ResponseCode) -> ProviderError {
        let none = Vec::new;
        let (kind, name, remedy) = match code {
            ResponseCode::ServFail => {
                (ErrorKind::Transient, "SERVFAIL", "see the log of the server")
            }
            ResponseCode::Refused => (ErrorKind::Unauthorised, "REFUSED", self.right()),
            ResponseCode::NotAuth => (ErrorKind::Unauthorised, "NOTAUTH", self.zone_or_right()),
            ResponseCode::FormErr => (
                ErrorKind::Rejected(none()),
                "FORMERR",
                "the server does not understand the message",
            ),
            ResponseCode::NotImp => {
                (ErrorKind::Rejected(none()), "NOTIMP", "the server does not do this at all")
            }
            ResponseCode::NotZone => {
                (ErrorKind::Rejected(none()), "NOTZONE", "a name lies outside the zone")
            }
            ResponseCode::YXDomain => (ErrorKind::Conflict(none()), "YXDOMAIN", CHANGED),
            ResponseCode::YXRRSet => (ErrorKind::Conflict(none()), "YXRRSET", CHANGED),
            ResponseCode::NXRRSet => (ErrorKind::Conflict(none()), "NXRRSET", CHANGED),
            ResponseCode::NXDomain => (ErrorKind::Conflict(none()), "NXDOMAIN", CHANGED),
            code => {
                let message = format!("bad return code: {code}; see the log of the server");
                return ProviderError::new(ErrorKind::Rejected(none()), message);
            }
        };
        ProviderError::new(kind, format!("bad return code: {name}; {remedy}"))
    }

    fn right(self) -> &'static str {
        match self {
            Self::Transfer => {
                "let the key or the address of this machine transfer the zone (allow-transfer in BIND)"
            }
            Self::Update => {
                "let the key or the address of this machine update the zone (update-policy or \
                 allow-update in BIND)"
            }
        }
    }

    fn zone_or_right(self) -> &'static str {
        match self {
            Self::Transfer => {
                "the server has no such zone (--rfc2136-zone), or does not let this key transfer it"
            }
            Self::Update => {
                "the server is not the primary of such a zone (--rfc2136-zone), or does not let this \
                 key update it"
            }
        }
    }
}

/// The error of a server that refuses one of several records, and does not say which.
pub(super) fn refused_record() -> ProviderError {
    let message = "bad return code: REFUSED; the server takes updates of this zone, but not this record: let the key \
                   update the name and the type (update-policy in BIND, the ACL in Knot DNS), or correct the record, see \
                   the log of the server";
    ProviderError::new(ErrorKind::Rejected(Vec::new()), message)
}

/// What a prerequisite that does not hold means.
const CHANGED: &str = "a record was changed since it was read, or another one is in its way; the next run \
                       reads it again";
