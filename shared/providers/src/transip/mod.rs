//! TransIP: `transip`.
//!
//! * API: <https://api.transip.nl/rest/docs.html#domains-dns>; single values without ids, one change per call. An entry is
//!   found by all that it is: name, TTL, type and value.
//! * Authentication: a login that the key of the account signs gives a token (`sign.rs`): one that can only read, and another
//!   one for changes.
//! * Limits: 1,000 calls in 15 minutes; TTLs of at least 60 seconds. Lists are not cut into pages.
//! * Quirks: the apex is `@`. A host without a final dot is within the zone, and `@` is the zone. Text is kept as it is given.
//!   A zone takes one change at a time and answers 409 to another (so it is sent again), 406 to what is not valid. `PATCH`
//!   finds an entry without its value, so it is no use where there are several; `PUT` replaces the whole zone.
//! * Changed meanwhile: a delete says what it takes away, and takes nothing else. The zone is read again right before it.
//! * Record types: A, AAAA, CNAME, MX, NS, SRV, TXT. How the service refuses an entry that is there already is not documented.

mod args;
#[cfg(any(test, feature = "conformance"))]
pub mod dialect;
mod sign;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use async_trait::async_trait;
use extdns_model::{Action, Record, RecordSet, RecordType, Zone, ZoneIndex};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::engine::names::absolute;
use crate::engine::wire::{Dots, Form, Ttls};
use crate::rest::{
    Account, Advice, CONFLICT, Listing, Meaning, Rest, Service, THROTTLED, ZoneLayout, origin,
};
use crate::{
    Adjusted, Capabilities, Context, Page, PageFrom, Provider, ProviderError, RateLimit,
    RecordWriter, Step, Stores, Transport, TxtQuoting, Updates, ZoneReader,
};
pub use args::TransipArgs;
use sign::Key;

const SERVICE: Service = Service {
    texts: &["/error"],
    meanings: &[
        Meaning::of("already exist", CONFLICT),
        // Another change of the zone is under way.
        Meaning { status: 409, text: "", kind: THROTTLED },
    ],
    rights: "check that --transip-keyfile holds a key of --transip-account, and that the API is enabled there",
    advice: Advice {
        zone_gone: "add the domain at TransIP, or leave it out with --exclude-domains",
        throttled: "TransIP takes 1,000 calls of an account in 15 minutes, and one change of a zone at a time: wait, or call it less often",
        ..Advice::USUAL
    },
    ..Service::new("TransIP", "https://api.transip.nl/v6")
};

const FORM: Form = Form {
    apex: "@",
    dots: Dots::Final,
    txt: TxtQuoting::AsIs,
    ttls: Ttls::from(60).within(60, i32::MAX as u32),
};

const DOMAINS: Listing = Listing::at("/domains");
const RECORDS: Listing = Listing::at("/dnsEntries");

const CREATE: &str = "create record";
const DELETE: &str = "delete record";

/// The provider for the domains of the account. Nothing is sent yet.
///
/// # Errors
/// When the account or its key is not given, or the key cannot be used.
pub fn provider(
    args: &TransipArgs,
    context: &Context,
) -> Result<impl Provider + use<>, ProviderError> {
    over(args.key()?, context.environment.get("TRANSIP_API_URL"), capabilities(), context)
}

fn over(
    key: Key,
    base: Option<&str>,
    capabilities: Capabilities,
    context: &Context,
) -> Result<impl Provider + use<>, ProviderError> {
    let client = |reads_only| {
        let auth = key.tokens(reads_only, |auth| context.rest(&SERVICE, base, auth))?;
        context.rest(&SERVICE, base, auth)
    };
    let (reads, writes) = (client(true)?, client(false)?);
    Ok(context.account(reads, capabilities).stepped(|account| Transip { account, writes }))
}

fn capabilities() -> Capabilities {
    Capabilities {
        stores: Stores::Values(Updates::DeleteAndCreate),
        parallel_zones: 4,
        rate_limit: Some(RateLimit::new(1, 100)),
        mutating_operations: &[CREATE, DELETE],
        ..FORM.capabilities("transip")
    }
}

struct Transip {
    /// With a token that can only read.
    account: Account,
    /// With a token that can change records. A run that changes nothing never asks for it.
    writes: Rest,
}

#[async_trait]
impl ZoneReader for Transip {
    fn capabilities(&self) -> &Capabilities {
        &self.account.capabilities
    }

    async fn zones(&self, via: &Transport) -> Result<Vec<Zone>, ProviderError> {
        let first = self.account.rest.get(&["domains"]);
        self.account.list_zones(via, first, &DOMAINS, &ZoneLayout::of("name", "name")).await
    }

    async fn page(&self, via: &Transport, zone: &Zone, _: PageFrom) -> Result<Page, ProviderError> {
        let rest = &self.account.rest;
        let first = rest.get(&["domains", &zone.id, "dns"]);
        rest.records(via, first, &RECORDS, |it: &Entry| it.record(zone)).await
    }

    fn adjust(&self, desired: Adjusted, _: &ZoneIndex) -> Adjusted {
        FORM.wanted(desired)
    }
}

#[async_trait]
impl RecordWriter for Transip {
    async fn step(&self, via: &Transport, zone: &Zone, step: &Step) -> Result<(), ProviderError> {
        let (old, new) = match &step.action {
            Action::Create(new) => (None, Some(new)),
            Action::Update { old, new } => (Some(old), Some(new)),
            Action::Delete(old) => (Some(old), None),
        };
        let path = ["domains", &zone.id, "dns"];
        if let Some(old) = old {
            let body = json!({ "dnsEntry": origin::<Entry>(old)? });
            self.writes.send(via, DELETE, &self.writes.delete(&path).json(&body)?).await?;
        }
        if let Some(new) = new {
            let body = json!({ "dnsEntry": Entry::of(&new.set, zone) });
            self.writes.send(via, CREATE, &self.writes.post(&path).json(&body)?).await?;
        }
        Ok(())
    }
}

/// A record, both ways. As it was read it is what a delete names.
#[derive(Clone, Deserialize, Serialize)]
struct Entry {
    name: String,
    expire: u32,
    #[serde(rename = "type")]
    rtype: String,
    content: String,
}

impl Entry {
    /// The one value of a set.
    fn of(set: &RecordSet, zone: &Zone) -> Self {
        let value = set.targets.first().map_or("", |target| target.as_str());
        Self {
            name: FORM.name(&set.name, zone),
            expire: FORM.ttl(set.ttl),
            rtype: set.rtype.to_string(),
            content: FORM.value(set.rtype, value),
        }
    }

    /// The record, if its type is managed.
    fn record(&self, zone: &Zone) -> Option<Record> {
        let rtype = FORM.usual_type(&self.rtype)?;
        let value = FORM.read(rtype, &self.whole_content(rtype, zone));
        Some(FORM.record((zone, &self.name), (rtype, Some(self.expire)), value, self.clone()))
    }

    /// The content with the whole name of its host, which is within the zone if it has no final dot.
    fn whole_content(&self, rtype: RecordType, zone: &Zone) -> Cow<'_, str> {
        use RecordType::{Cname, Mx, Ns, Srv};
        let content = self.content.as_str();
        if !matches!(rtype, Cname | Mx | Ns | Srv) || content.ends_with('.') {
            return content.into();
        }
        let (numbers, host) = content.split_at(content.rfind(' ').map_or(0, |blank| blank + 1));
        format!("{numbers}{}.", absolute(host, &zone.name, FORM.apex)).into()
    }
}
