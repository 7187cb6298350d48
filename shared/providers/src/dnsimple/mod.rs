//! DNSimple: `dnsimple`.
//!
//! * API: <https://developer.dnsimple.com/v2/zones/records/>; single values with ids, one change per call. The calls with
//!   several changes are for the largest plan alone, and not used.
//! * Authentication: an access token in `DNSIMPLE_OAUTH`. `DNSIMPLE_ACCOUNT_ID` names the account; else the service is asked
//!   whose the token is. `DNSIMPLE_ZONES` names zones instead of a list. `DNSIMPLE_API_URL` is another base URL.
//! * Limits: 2,400 calls an hour; pages of at most 100.
//! * Quirks: the apex is nothing and must be sent so. The priority of MX and SRV stands apart. Text is kept as given.
//! * Changed meanwhile: nothing is compared but by a read right before a delete.
//! * Record types: A, AAAA, CNAME, MX, NS, SRV, TXT.

#[cfg(any(test, feature = "conformance"))]
pub mod dialect;
#[cfg(test)]
mod tests;

use async_trait::async_trait;
use extdns_model::{Name, Opaque, Record, RecordSet, Zone, ZoneIndex};
use reqwest::Method;
use serde::{Deserialize, Serialize};
use tokio::sync::OnceCell;

use crate::engine::stepped;
use crate::engine::wire::{Dots, Form, Ttls};
use crate::rest::{Advice, Auth, Id, Listing, Meaning, More, RECORD_OPERATIONS, Rest, Service};
use crate::{
    Adjusted, Capabilities, Context, ErrorKind, Page, PageFrom, Provider, ProviderError, RateLimit,
    RecordWriter, Step, Transport, TxtQuoting, ZoneFilter, ZoneReader,
};

const SERVICE: Service = Service {
    texts: &["/message", "/errors"],
    meanings: &[
        Meaning { status: 404, text: "zone `", kind: ErrorKind::ZoneGone },
        Meaning { status: 404, text: "record `", kind: ErrorKind::RecordGone },
        Meaning { status: 400, text: "already exist", kind: ErrorKind::Conflict(Vec::new()) },
        Meaning { status: 400, text: "quota", kind: ErrorKind::Quota },
    ],
    rights: "check that the token in DNSIMPLE_OAUTH is valid and belongs to the account in DNSIMPLE_ACCOUNT_ID",
    advice: Advice {
        zone_gone: "check DNSIMPLE_ZONES and DNSIMPLE_ACCOUNT_ID, or leave the zone out with --exclude-domains",
        conflict: "delete or rename the record that is in the way",
        rejected: "correct the target or TTL of the record",
        throttled: "DNSimple takes 2,400 calls an hour of one account: wait, or call it less often",
    },
    ..Service::new("DNSimple", "https://api.dnsimple.com/v2")
};

const FORM: Form =
    Form { apex: "", dots: Dots::None, txt: TxtQuoting::AsIs, ttls: Ttls::from(3600) };

const LISTING: Listing = Listing {
    size: ("per_page", PAGE),
    next: More::Numbered("/pagination/current_page", "/pagination/total_pages", "page"),
    total: "/pagination/total_entries",
    ..Listing::at("/data")
};

/// Items per page of a list.
const PAGE: u32 = 100;

/// The provider for an account. Nothing is sent yet.
///
/// # Errors
/// When there is no token.
pub fn provider(context: &Context) -> Result<impl Provider + use<>, ProviderError> {
    let variables = &context.environment;
    let token = variables.required("DNSIMPLE_OAUTH", "an access token of DNSimple")?;
    let rest = context.rest(&SERVICE, variables.get("DNSIMPLE_API_URL"), Auth::bearer(token))?;
    let names = variables.get("DNSIMPLE_ZONES").unwrap_or_default().split(',').map(str::trim);
    let named = names.filter(|name| !name.is_empty()).map(ToOwned::to_owned).collect();
    let account = variables.get("DNSIMPLE_ACCOUNT_ID").map(ToOwned::to_owned);
    Ok(over(rest, capabilities(), (account, named), context.zones.clone()))
}

/// The account and the zones that are named are those of the variables.
fn over(
    rest: Rest,
    capabilities: Capabilities,
    (account, named): (Option<String>, Vec<String>),
    filter: ZoneFilter,
) -> impl Provider + use<> {
    let via = rest.transport(&capabilities);
    let account = OnceCell::new_with(account);
    stepped(Dnsimple { rest, capabilities, account, named, filter }, via)
}

fn capabilities() -> Capabilities {
    Capabilities {
        page_size: Some(PAGE),
        parallel_zones: 4,
        parallel_writes: 4,
        rate_limit: Some(RateLimit::new(1, 600)),
        mutating_operations: RECORD_OPERATIONS,
        ..FORM.capabilities("dnsimple")
    }
}

struct Dnsimple {
    rest: Rest,
    capabilities: Capabilities,
    account: OnceCell<String>,
    named: Vec<String>,
    filter: ZoneFilter,
}

#[async_trait]
impl ZoneReader for Dnsimple {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    /// Where the variable names it, or it was asked for.
    fn accounts(&self) -> Option<String> {
        self.account.get().cloned()
    }

    /// Zones that are named by the variable pass without a filter.
    async fn zones(&self, via: &Transport) -> Result<Vec<Zone>, ProviderError> {
        if !self.named.is_empty() {
            let zone = |name: &String| Zone::new(name.as_str(), Name::as_listed(name));
            return Ok(self.named.iter().map(zone).collect());
        }
        let path = [self.account(via).await?, "zones"];
        let listed: Vec<ListedZone> = self.rest.all(via, "list zones", &path, &LISTING).await?;
        let zones = listed.into_iter().map(|it| Zone {
            data: Opaque::new(it.id),
            ..Zone::new(it.name.as_str(), Name::as_listed(&it.name))
        });
        Ok(self.filter.select_by(zones.collect(), number))
    }

    async fn page(&self, via: &Transport, zone: &Zone, _: PageFrom) -> Result<Page, ProviderError> {
        let path = [self.account(via).await?, "zones", &zone.id, "records"];
        let listed: Vec<Listed> = self.rest.all(via, "list records", &path, &LISTING).await?;
        Ok(Page { records: listed.iter().filter_map(|it| it.record(zone)).collect(), next: None })
    }

    fn adjust(&self, desired: Adjusted, _: &ZoneIndex) -> Adjusted {
        FORM.wanted(desired)
    }
}

impl Dnsimple {
    /// The account whose zones these are. It is asked for once.
    async fn account(&self, via: &Transport) -> Result<&str, ProviderError> {
        let ask = || async {
            let answer = self.rest.send(via, "find account", &self.rest.get(&["whoami"])).await?;
            let account: Option<Account> = answer.member("/data/account")?;
            account.map(|it| it.id.to_string()).ok_or_else(|| {
                ProviderError::config(
                    "the token in DNSIMPLE_OAUTH is one of a user, who may have several accounts; name one in \
                     DNSIMPLE_ACCOUNT_ID, or make a token of the account",
                )
            })
        };
        self.account.get_or_try_init(ask).await.map(String::as_str)
    }
}

#[async_trait]
impl RecordWriter for Dnsimple {
    async fn step(&self, via: &Transport, zone: &Zone, step: &Step) -> Result<(), ProviderError> {
        let at = (Method::PATCH, &[self.account(via).await?, "zones", &zone.id, "records"][..]);
        self.rest.step(via, step, at, |set| Written::of(set, zone)).await.map(drop)
    }
}

/// The number of a zone; its name is what paths have.
fn number(zone: &Zone) -> &str {
    zone.data.get::<Id>().map_or("", Id::as_str)
}

#[derive(Deserialize)]
struct Account {
    id: Id,
}

#[derive(Deserialize)]
struct ListedZone {
    id: Id,
    name: String,
}

/// A record as it is read.
#[derive(Deserialize)]
struct Listed {
    id: Id,
    #[serde(rename = "type")]
    rtype: String,
    name: String,
    content: String,
    priority: Option<u16>,
    ttl: Option<u32>,
}

impl Listed {
    /// The record, if its type is managed.
    fn record(&self, zone: &Zone) -> Option<Record> {
        let rtype = FORM.usual_type(&self.rtype)?;
        let value = FORM.joined(rtype, self.priority, &self.content);
        Some(FORM.record((zone, &self.name), (rtype, self.ttl), value, self.id.clone()))
    }
}

/// A record as it is written.
#[derive(Serialize)]
struct Written {
    #[serde(rename = "type")]
    rtype: String,
    name: String,
    content: String,
    ttl: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    priority: Option<u16>,
}

impl Written {
    /// The one value of a set. What cannot be taken apart is sent whole, for the API to refuse.
    fn of(set: &RecordSet, zone: &Zone) -> Self {
        let value = set.targets.first().map_or("", |target| target.as_str());
        let (priority, content) = FORM.apart(set.rtype, value);
        let rtype = set.rtype.to_string();
        Self { rtype, name: FORM.name(&set.name, zone), content, ttl: FORM.ttl(set.ttl), priority }
    }
}
