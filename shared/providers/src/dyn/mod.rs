//! Dyn Managed DNS: `dyn`. Oracle closed the service on 2023-05-31; the provider works with a server that still speaks its API.
//!
//! * API: its REST API, of which Oracle's documentation is gone and the client of the vendor is left
//!   (<https://github.com/dyninc/dyn-python>); single values with ids, one change per call. Changes are published by one call
//!   more for a zone.
//! * Authentication: a customer, a user and a password open a session, which ends by itself.
//! * Limits: 300 calls a minute of one customer. Lists have no pages.
//! * Quirks: names are whole. A TTL is written as text. An answer says `success`, else it is a failure. A record is known by its
//!   type, name and id. What is not published is read all the same.
//! * Changed meanwhile: nothing is compared but by a read right before a delete.
//! * Record types: A, AAAA, CNAME, MX, NS, SRV, TXT; their data are in members of their own.

mod args;
#[cfg(any(test, feature = "conformance"))]
pub mod dialect;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use async_trait::async_trait;
use extdns_model::{RecordSet, RecordType, Zone};
use reqwest::Method;
use serde_json::{Value, json};

use crate::engine::wire::{Dots, Form, Members, Ttls};
use crate::rest::{
    Account, Advice, Auth, Body, CONFLICT, CREATE, DELETE, Holds, Layout, Listing, Meaning, Rest,
    Service, Token, TokenSource, UPDATE, ZoneLayout,
};
use crate::{
    Capabilities, Context, ErrorKind, Page, PageFrom, Provider, ProviderError, RateLimit,
    RecordWriter, Step, Transport, TxtQuoting, ZoneReader,
};
pub use args::DynArgs;

const SERVICE: Service = Service {
    slash: true,
    texts: &["/msgs/0/ERR_CD", "/msgs/0/INFO"],
    success: ("/status", "success"),
    meanings: &[
        // What takes long is made a job, of which the result is asked for elsewhere.
        Meaning { status: 307, text: "", kind: ErrorKind::Lost },
        Meaning::of("no such zone", ErrorKind::ZoneGone),
        Meaning::of("target_exists", CONFLICT),
    ],
    rights: "check --dyn-customer-name, --dyn-username and --dyn-password, and that the user may change and publish the zone",
    advice: Advice {
        zone_gone: "add the zone there, or leave it out with --exclude-domains",
        throttled: "Dyn takes 300 calls a minute of one customer: wait, or call it less often",
        ..Advice::USUAL
    },
    ..Service::new("Dyn", "https://dyn.invalid/REST")
};

/// The TTL of records whose objects give none.
const TTL: u32 = 600;

const ZONE: ZoneLayout = ZoneLayout::of("zone", "zone");
/// The path of a record has its type and its name.
const RECORD: Layout = Layout {
    fixed: &["record_type", "fqdn"],
    rdata: members,
    ..Layout::of(&[
        ("record_id", Holds::Id),
        ("record_type", Holds::Type),
        ("fqdn", Holds::WholeName),
        ("rdata", Holds::Rdata),
        ("ttl", Holds::Ttl),
    ])
};

const LOGIN: &str = "log in";
const PUBLISH: &str = "publish zone";

/// The provider for the server of the flags. Nothing is sent yet.
///
/// # Errors
/// When there is no such server, or a flag is missing.
pub fn provider(args: &DynArgs, context: &Context) -> Result<impl Provider + use<>, ProviderError> {
    over(args, context, capabilities(args.least_ttl()?))
}

fn over(
    args: &DynArgs,
    context: &Context,
    capabilities: Capabilities,
) -> Result<impl Provider + use<>, ProviderError> {
    let url = args.dyn_api_url.as_str();
    let rest = context.rest(&SERVICE, Some(url), Auth::none())?;
    let auth = Auth::tokens_in("auth-token", Session { rest, args: args.clone() });
    let rest = context.rest(&SERVICE, Some(url), auth)?;
    Ok(context.account(rest, capabilities).stepped(Dyn))
}

fn form(least: u32) -> Form {
    let ttls = Ttls::from(TTL).within(least, i32::MAX as u32);
    Form { apex: "", dots: Dots::Final, txt: TxtQuoting::Quoted, ttls }
}

fn capabilities(least: u32) -> Capabilities {
    Capabilities {
        parallel_zones: 4,
        parallel_writes: 4,
        rate_limit: Some(RateLimit::new(4, 60)),
        mutating_operations: &[CREATE, UPDATE, DELETE, PUBLISH],
        ..form(least).capabilities("dyn")
    }
}

/// Sessions of the user of the flags.
struct Session {
    rest: Rest,
    args: DynArgs,
}

#[async_trait]
impl TokenSource for Session {
    async fn token(&self, via: &Transport) -> Result<Token, ProviderError> {
        let DynArgs { dyn_customer_name, dyn_username, dyn_password, .. } = &self.args;
        let body = json!({
            "customer_name": dyn_customer_name,
            "user_name": dyn_username,
            "password": dyn_password.text(),
        });
        let request = self.rest.post(&["Session"]).json(&body)?;
        let answer = self.rest.send(via, LOGIN, &request).await?;
        Ok(Token::new(answer.member::<String>("/data/token")?, None))
    }

    fn secrets(&self) -> Vec<String> {
        vec![self.args.dyn_password.text().to_owned()]
    }
}

struct Dyn(Account);

#[async_trait]
impl ZoneReader for Dyn {
    fn capabilities(&self) -> &Capabilities {
        &self.0.capabilities
    }

    async fn zones(&self, via: &Transport) -> Result<Vec<Zone>, ProviderError> {
        let first = self.0.rest.get(&["Zone"]).query("detail", "Y");
        self.0.list_zones(via, first, &Listing::at("/data"), &ZONE).await
    }

    async fn page(&self, via: &Transport, zone: &Zone, _: PageFrom) -> Result<Page, ProviderError> {
        let request = self.0.rest.get(&["AllRecord", &zone.id]).query("detail", "Y");
        let answer = self.0.rest.send(via, "list records", &request).await?;
        let by_type: BTreeMap<String, Vec<Value>> = answer.member("/data")?;
        let records = self.0.records(zone, by_type.values().flatten(), &RECORD)?;
        Ok(Page { records, next: None })
    }
}

#[async_trait]
impl RecordWriter for Dyn {
    async fn step(&self, via: &Transport, zone: &Zone, step: &Step) -> Result<(), ProviderError> {
        let set = step.set();
        let (kind, name) = (format!("{}Record", set.rtype), set.name.key());
        let at = (Method::PUT, &[kind.as_str(), &zone.id, &name][..]);
        let body = |set: &RecordSet| body(self.0.form(), zone, set);
        self.0.rest.step(via, step, at, body).await.map(drop)
    }

    async fn finish(&self, via: &Transport, zone: &Zone) -> Result<(), ProviderError> {
        let body = json!({ "publish": true, "notes": "Change by external-dns" });
        let request = self.0.rest.put(&["Zone", &zone.id]).json(&body)?;
        self.0.rest.send(via, PUBLISH, &request).await.map(drop)
    }
}

/// What is sent of a record. The least TTL is that of records whose objects give one.
fn body(form: &Form, zone: &Zone, set: &RecordSet) -> Body {
    let ttl = set.ttl.seconds().map_or(TTL, |_| form.ttl(set.ttl));
    RECORD.changed(form, zone, set).with("ttl", ttl.to_string())
}

/// The members of the data of a type.
const fn members(rtype: RecordType) -> Members {
    Members(match rtype {
        RecordType::Cname => &["cname"],
        RecordType::Mx => &["preference", "exchange"],
        RecordType::Ns => &["nsdname"],
        RecordType::Srv => &["priority", "weight", "port", "target"],
        RecordType::Txt => &["txtdata"],
        _ => &["address"],
    })
}
