//! Pi-hole: `pihole`.
//!
//! * API: that of version 6 (`six.rs`), <https://docs.pi-hole.net/api/>, or the scripts of the web interface of version 5
//!   (`five.rs`).
//! * Authentication: `--pihole-password` opens a session, which is closed after reading and after writing: a Pi-hole has
//!   16 of them at a time.
//! * Limits: none stated. There are no zones, and no TXT records: it works with `--registry=noop` only.
//! * Quirks: an address has no TTL, a CNAME has one in version 6.
//! * Changed meanwhile: the API compares nothing. All records are read again right before a delete; what changes between
//!   that and the write is overwritten.
//! * Record types: A, AAAA, CNAME.

mod args;
mod five;
#[cfg(any(test, feature = "conformance"))]
pub mod sim;
mod six;
#[cfg(test)]
mod tests;

use std::net::IpAddr;

use extdns_model::{Name, RecordSet, RecordType, Surroundings, Ttl, Zone};

use crate::engine::wire::{Dots, Form, Ttls};
use crate::rest::Service;
use crate::{
    Adjusted, Capabilities, Context, Provider, ProviderError, Stores, TxtQuoting, Updates,
};
pub use args::{PiholeArgs, PiholeVersion};

const SERVICE: Service = Service {
    texts: &["/error/message", "/error/hint", "/session/message", "/message"],
    rights: "check --pihole-password; with two-factor authentication it must be an application password",
    ..Service::new("Pi-hole", "http://pi.hole")
};

const FORM: Form = Form { apex: "", dots: Dots::None, txt: TxtQuoting::Bare, ttls: Ttls::from(0) };

const TYPES: &[RecordType] = &[RecordType::A, RecordType::Aaaa, RecordType::Cname];

const LOGIN: &str = "log in";
const ADD: &str = "add record";
const REMOVE: &str = "remove record";

/// The provider for the server of the flags. Nothing is sent yet.
///
/// # Errors
/// When there is no server, or it is no URL.
pub fn provider(args: &PiholeArgs, context: &Context) -> Result<Box<dyn Provider>, ProviderError> {
    if args.pihole_server.is_empty() {
        return Err(ProviderError::config(
            "no pihole server found in the environment or flags; give its URL with --pihole-server",
        ));
    }
    let context = context.trusting_any(args.pihole_tls_skip_verify);
    match args.pihole_api_version {
        PiholeVersion::Six => Ok(Box::new(six::provider(args, &context)?)),
        PiholeVersion::Five => Ok(Box::new(five::provider(args, &context)?)),
    }
}

fn capabilities(updates: Updates) -> Capabilities {
    Capabilities {
        record_types: TYPES,
        stores: Stores::Values(updates),
        mutating_operations: &[ADD, REMOVE],
        ..FORM.capabilities("pihole")
    }
}

/// All names: there are no zones.
fn everything() -> Zone {
    Zone::new("pihole", Name::default())
}

/// The desired endpoints, without what cannot be stored: the TTL of an address, or any.
fn wanted(desired: Adjusted, has_ttl: impl Fn(RecordType) -> bool) -> Adjusted {
    let mut desired = FORM.wanted(desired);
    for endpoint in &mut desired.endpoints {
        if !has_ttl(endpoint.set.rtype) {
            endpoint.set.ttl = Ttl::UNSET;
        }
    }
    desired
}

fn refusal(set: &RecordSet, _: Surroundings<'_>) -> Option<String> {
    set.name.as_str().contains('*').then(|| {
        format!("Pihole DNS names cannot return wildcard, as {} would; name the hosts", set.name)
    })
}

/// The type of an address.
fn type_of(address: &str) -> Option<RecordType> {
    match address.parse().ok()? {
        IpAddr::V4(_) => Some(RecordType::A),
        IpAddr::V6(_) => Some(RecordType::Aaaa),
    }
}
