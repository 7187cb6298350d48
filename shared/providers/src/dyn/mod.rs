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
use extdns_model::{
    Action, Name, Opaque, Record, RecordSet, RecordType, Stored, Ttl, Zone, ZoneIndex,
};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::engine::stepped;
use crate::engine::wire::{Dots, Form, Members, Ttls};
use crate::rest::{
    Advice, Auth, CONFLICT, Id, Listing, Meaning, Request, Rest, Service, Token, TokenSource,
    origin,
};
use crate::{
    Adjusted, Capabilities, Context, ErrorKind, Page, PageFrom, Provider, ProviderError, RateLimit,
    RecordWriter, Step, Transport, TxtQuoting, ZoneFilter, ZoneReader,
};
pub use args::DynArgs;

const SERVICE: Service = Service {
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
        conflict: "delete or rename the record that is in the way",
        rejected: "correct the target or TTL of the record",
        throttled: "Dyn takes 300 calls a minute of one customer: wait, or call it less often",
    },
    ..Service::new("Dyn", "https://dyn.invalid/REST")
};

/// The TTL of records whose objects give none.
const TTL: u32 = 600;

const LOGIN: &str = "log in";
const CREATE: &str = "create record";
const UPDATE: &str = "update record";
const DELETE: &str = "delete record";
const PUBLISH: &str = "publish zone";

/// The provider for the server of the flags. Nothing is sent yet.
///
/// # Errors
/// When there is no such server, or a flag is missing.
pub fn provider(args: &DynArgs, context: &Context) -> Result<impl Provider + use<>, ProviderError> {
    let (login, least) = args.config()?;
    over(&args.dyn_api_url, login, context, capabilities(least))
}

fn over(
    url: &str,
    login: Login,
    context: &Context,
    capabilities: Capabilities,
) -> Result<impl Provider + use<>, ProviderError> {
    let rest = context.rest(&SERVICE, Some(url), Auth::none())?;
    let auth = Auth::tokens_in("auth-token", Session { rest, login });
    let rest = context.rest(&SERVICE, Some(url), auth)?;
    let via = rest.transport(&capabilities);
    let form = form(capabilities.min_ttl.seconds().unwrap_or_default());
    Ok(stepped(Dyn { rest, form, capabilities, filter: context.zones.clone() }, via))
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
        default_ttl: Ttl::from_seconds(TTL.into()),
        ..form(least).capabilities("dyn")
    }
}

/// Who opens a session.
struct Login {
    customer: String,
    user: String,
    password: String,
}

struct Session {
    rest: Rest,
    login: Login,
}

#[async_trait]
impl TokenSource for Session {
    async fn token(&self, via: &Transport) -> Result<Token, ProviderError> {
        let Login { customer, user, password } = &self.login;
        let body = json!({ "customer_name": customer, "user_name": user, "password": password });
        let request = self.rest.post(&["Session", ""]).json(&body)?;
        let answer = self.rest.send(via, LOGIN, &request).await?;
        Ok(Token::new(answer.member::<String>("/data/token")?, None))
    }

    fn secrets(&self) -> Vec<String> {
        vec![self.login.password.clone()]
    }
}

struct Dyn {
    rest: Rest,
    form: Form,
    capabilities: Capabilities,
    filter: ZoneFilter,
}

#[async_trait]
impl ZoneReader for Dyn {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn zones(&self, via: &Transport) -> Result<Vec<Zone>, ProviderError> {
        let first = self.rest.get(&["Zone", ""]).query("detail", "Y");
        let zone = |it: &ListedZone| Zone::new(it.zone.as_str(), Name::as_listed(&it.zone));
        Ok(self.filter.select(self.rest.zones(via, first, &Listing::at("/data"), zone).await?))
    }

    async fn page(&self, via: &Transport, zone: &Zone, _: PageFrom) -> Result<Page, ProviderError> {
        let request = self.rest.get(&["AllRecord", &zone.id, ""]).query("detail", "Y");
        let answer = self.rest.send(via, "list records", &request).await?;
        let by_type: BTreeMap<String, Vec<Listed>> = answer.member("/data")?;
        let records = by_type.values().flatten().filter_map(|it| it.record(&self.form));
        Ok(Page { records: records.collect(), next: None })
    }

    fn adjust(&self, desired: Adjusted, _: &ZoneIndex) -> Adjusted {
        self.form.wanted(desired)
    }
}

#[async_trait]
impl RecordWriter for Dyn {
    async fn step(&self, via: &Transport, zone: &Zone, step: &Step) -> Result<(), ProviderError> {
        let at = |method, old: &Stored| -> Result<Request, ProviderError> {
            let id: &Id = origin(old)?;
            Ok(self.at(method, zone, &old.set, &[id.as_str(), ""]))
        };
        let (operation, request) = match &step.action {
            Action::Create(new) => {
                let request = self.at(Method::POST, zone, &new.set, &[""]);
                (CREATE, request.json(&self.body(&new.set))?)
            }
            Action::Update { old, new } => {
                (UPDATE, at(Method::PUT, old)?.json(&self.body(&new.set))?)
            }
            Action::Delete(old) => (DELETE, at(Method::DELETE, old)?),
        };
        self.rest.send(via, operation, &request).await.map(drop)
    }

    async fn finish(&self, via: &Transport, zone: &Zone) -> Result<(), ProviderError> {
        let body = json!({ "publish": true, "notes": "Change by external-dns" });
        let request = self.rest.put(&["Zone", &zone.id, ""]).json(&body)?;
        self.rest.send(via, PUBLISH, &request).await.map(drop)
    }
}

impl Dyn {
    /// `ARecord/example.org/www.example.org/`, and what stands behind that.
    fn at(&self, method: Method, zone: &Zone, set: &RecordSet, rest: &[&str]) -> Request {
        let kind = format!("{}Record", set.rtype);
        let name = set.name.key();
        let own = [kind.as_str(), &zone.id, &name];
        self.rest.request(method, &[&own[..], rest].concat())
    }

    /// The one value of a set.
    fn body(&self, set: &RecordSet) -> Value {
        let value = set.targets.first().map_or("", |target| target.as_str());
        let ttl = set.ttl.seconds().map_or(TTL, |_| self.form.ttl(set.ttl));
        json!({ "rdata": rdata(set.rtype, &self.form.value(set.rtype, value)), "ttl": ttl.to_string() })
    }
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

/// A value in its members. What cannot be taken apart is sent whole, for the API to refuse.
fn rdata(rtype: RecordType, value: &str) -> Value {
    let own = members(rtype);
    let apart = own.write(value).filter(|_| own.0.len() > 1);
    apart.unwrap_or_else(|| json!({ own.0[own.0.len() - 1]: value }))
}

#[derive(Deserialize)]
struct ListedZone {
    zone: String,
}

/// A record as it is read.
#[derive(Deserialize)]
struct Listed {
    record_id: Id,
    record_type: String,
    fqdn: String,
    ttl: u32,
    rdata: Value,
}

impl Listed {
    /// The record, if its type is managed.
    fn record(&self, form: &Form) -> Option<Record> {
        let rtype = form.usual_type(&self.record_type)?;
        let value = form.read(rtype, &members(rtype).read(&self.rdata)?);
        let ttl = Ttl::from_seconds(self.ttl.into());
        let targets = [value].into_iter().collect();
        let set = RecordSet::new(Name::as_listed(&self.fqdn), rtype, ttl, targets);
        Some(Record::new(set, Opaque::new(self.record_id.clone())))
    }
}
