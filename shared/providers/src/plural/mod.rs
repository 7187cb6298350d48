//! Plural: `plural`.
//!
//! * API: GraphQL (<https://github.com/pluralsh/gqlclient>, `graph/dns.graphql`); record sets, one mutation per call. A
//!   create replaces what is there.
//! * Authentication: an access token in `PLURAL_ACCESS_TOKEN`; `PLURAL_ENDPOINT` names another host.
//! * Limits: 500 record sets a page.
//! * Quirks: records have no TTL and no zone; they belong to a cluster of a provider. A failure comes with status 200 and a
//!   list of errors.
//! * Changed meanwhile: the API compares nothing. All records are read again right before a delete; what changes between
//!   that and the write is overwritten.
//! * Record types: A, AAAA, CNAME, TXT.

#[cfg(any(test, feature = "conformance"))]
pub mod dialect;
#[cfg(test)]
mod tests;

use async_trait::async_trait;
use extdns_model::{
    Action, Name, Opaque, Record, RecordSet, RecordType, Surroundings, Ttl, Zone, ZoneIndex,
};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::engine::stepped;
use crate::engine::wire::{Dots, Form, Ttls};
use crate::rest::{Auth, Rest, Service};
use crate::{
    Adjusted, Capabilities, Context, Cursor, ErrorKind, Page, PageFrom, Provider, ProviderError,
    RecordWriter, Step, Stores, Transport, TxtQuoting, Updates, ZoneReader,
};

/// Flags of the `plural` provider.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
#[command(next_help_heading = "Provider plural")]
pub struct PluralArgs {
    /// The name of the cluster at Plural
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    pub plural_cluster: String,

    /// The provider of the cluster, such as aws, gcp or azure
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    pub plural_provider: String,
}

const SERVICE: Service = Service {
    texts: &["/errors/0/message", "/message"],
    rights: "check PLURAL_ACCESS_TOKEN",
    ..Service::new("Plural", "https://app.plural.sh")
};

const FORM: Form = Form { apex: "", dots: Dots::None, txt: TxtQuoting::AsIs, ttls: Ttls::from(0) };

const TYPES: &[RecordType] = &[RecordType::A, RecordType::Aaaa, RecordType::Cname, RecordType::Txt];

const LIST: &str = "list records";
const PUT: &str = "put record";
const DELETE: &str = "delete record";

const RECORDS_OF: &str = "query GetDnsRecords($cluster: String!, $provider: Provider!, $after: String) { \
                          dnsRecords(cluster: $cluster, provider: $provider, first: 500, after: $after) { \
                          pageInfo { hasNextPage endCursor } edges { node { type name records } } } }";
const CREATE_OF: &str = "mutation CreateDnsRecord($cluster: String!, $provider: Provider!, \
                         $attributes: DnsRecordAttributes!) { createDnsRecord(cluster: $cluster, provider: $provider, \
                         attributes: $attributes) { type name records } }";
const DELETE_OF: &str = "mutation DeleteDnsRecord($name: String!, $type: DnsRecordType!) { \
                         deleteDnsRecord(name: $name, type: $type) { type name records } }";

/// The provider for the cluster of the flags. Nothing is sent yet.
///
/// # Errors
/// When there is no token.
pub fn provider(
    args: &PluralArgs,
    context: &Context,
) -> Result<impl Provider + use<>, ProviderError> {
    let variables = &context.environment;
    let token = variables.get("PLURAL_ACCESS_TOKEN").ok_or_else(|| {
        ProviderError::config(
            "No plural access token provided, you must set the PLURAL_ACCESS_TOKEN env var",
        )
    })?;
    let base = variables.get("PLURAL_ENDPOINT").map(|host| match host.contains("://") {
        true => host.to_owned(),
        false => format!("https://{host}"),
    });
    let rest = context.rest(&SERVICE, base.as_deref(), Auth::bearer(token))?;
    Ok(over(rest, capabilities(), args))
}

fn over(rest: Rest, can: Capabilities, args: &PluralArgs) -> impl Provider + use<> {
    let via = rest.transport(&can);
    let (cluster, provider) =
        (args.plural_cluster.clone(), args.plural_provider.to_ascii_uppercase());
    let strict = Capabilities { follows_dns: true, ..can.clone() };
    stepped(Plural { rest, can, strict, cluster, provider }, via)
}

fn capabilities() -> Capabilities {
    Capabilities {
        record_types: TYPES,
        stores: Stores::Sets(Updates::InPlace),
        page_size: Some(500),
        // Which names are the apex of a zone is not known.
        follows_dns: false,
        mutating_operations: &[PUT, DELETE],
        ..FORM.capabilities("plural")
    }
}

struct Plural {
    rest: Rest,
    can: Capabilities,
    /// The same, with the rules of DNS.
    strict: Capabilities,
    cluster: String,
    provider: String,
}

impl Plural {
    async fn ask<T: DeserializeOwned>(
        &self,
        via: &Transport,
        operation: &'static str,
        [name, query]: [&str; 2],
        variables: Value,
    ) -> Result<T, ProviderError> {
        let body = json!({ "query": query, "variables": variables, "operationName": name });
        let request = self.rest.post(&["gql"]).json(&body)?;
        let answer = self.rest.send(via, operation, &request).await?;
        let doubt = |error: ProviderError| match operation {
            LIST => error,
            // What came is no answer of the API, so it is not known what it did.
            _ => ProviderError { kind: ErrorKind::Lost, ..error },
        };
        let answer: Answer<T> = answer.json().map_err(doubt)?;
        if let Some(error) = answer.errors.first() {
            return Err(refused(error));
        }
        answer.data.ok_or_else(|| {
            let message = format!("Plural: {operation}: the answer has neither data nor errors");
            doubt(ProviderError::new(ErrorKind::Transient, message))
        })
    }
}

#[derive(Deserialize)]
struct Answer<T> {
    data: Option<T>,
    #[serde(default)]
    errors: Vec<GraphQlError>,
}

#[derive(Deserialize)]
struct GraphQlError {
    message: String,
}

/// The error of an answer: its kind stands in words only.
fn refused(error: &GraphQlError) -> ProviderError {
    let text = error.message.to_lowercase();
    let is = |words: &[&str]| words.iter().any(|word| text.contains(word));
    let (kind, remedy) = if is(&["unauthenticated", "unauthorized", "forbidden"]) {
        (ErrorKind::Unauthorised, SERVICE.rights)
    } else if is(&["not found", "could not find"]) {
        (ErrorKind::RecordGone, "the next run sees what is there")
    } else {
        (
            ErrorKind::Rejected(Vec::new()),
            "correct the record, or --plural-cluster and --plural-provider",
        )
    };
    ProviderError::new(kind, format!("Plural: {}; {remedy}", error.message))
}

#[derive(Deserialize)]
struct Records {
    #[serde(rename = "dnsRecords")]
    records: Connection,
}

#[derive(Deserialize)]
struct Connection {
    #[serde(rename = "pageInfo", default)]
    page: Option<PageInfo>,
    edges: Vec<Edge>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PageInfo {
    has_next_page: bool,
    end_cursor: Option<String>,
}

#[derive(Deserialize)]
struct Edge {
    node: Node,
}

#[derive(Deserialize)]
struct Node {
    #[serde(rename = "type")]
    rtype: String,
    name: String,
    records: Vec<String>,
}

impl Node {
    /// The record set; one of a type that is not managed can stand in the way of another.
    fn record(&self) -> Option<Record> {
        let rtype: RecordType = self.rtype.parse().ok()?;
        let targets = self.records.iter().map(|it| FORM.read(rtype, it)).collect();
        let set = RecordSet::new(Name::as_listed(&self.name), rtype, Ttl::UNSET, targets);
        Some(Record::new(set, Opaque::none()))
    }
}

#[async_trait]
impl ZoneReader for Plural {
    fn capabilities(&self) -> &Capabilities {
        &self.can
    }

    /// One that holds every name.
    async fn zones(&self, _: &Transport) -> Result<Vec<Zone>, ProviderError> {
        Ok(vec![Zone::new("plural", Name::default())])
    }

    async fn page(&self, via: &Transport, _: &Zone, from: PageFrom) -> Result<Page, ProviderError> {
        let after = match &from {
            PageFrom::After(cursor) => Some(cursor.word().to_owned()),
            _ => None,
        };
        let variables =
            json!({ "cluster": self.cluster, "provider": self.provider, "after": after });
        let listed: Records = self.ask(via, LIST, ["GetDnsRecords", RECORDS_OF], variables).await?;
        let Connection { page, edges } = listed.records;
        let next = page.filter(|page| page.has_next_page).and_then(|page| page.end_cursor);
        let records = edges.iter().filter_map(|edge| edge.node.record()).collect();
        Ok(Page { records, next: next.map(Cursor::of) })
    }

    fn adjust(&self, desired: Adjusted, _: &ZoneIndex) -> Adjusted {
        let mut desired = FORM.wanted(desired);
        desired.endpoints.iter_mut().for_each(|endpoint| endpoint.set.ttl = Ttl::UNSET);
        desired
    }

    fn refusal(&self, set: &RecordSet, around: Surroundings<'_>) -> Option<String> {
        crate::storable::refusal(&self.strict, set, around)
    }
}

#[async_trait]
impl RecordWriter for Plural {
    async fn step(&self, via: &Transport, _: &Zone, step: &Step) -> Result<(), ProviderError> {
        let (name, rtype) = (step.set().name.key(), step.set().rtype.to_string());
        let (operation, query, variables) = match &step.action {
            Action::Create(new) | Action::Update { new, .. } => {
                let values = new.set.targets.iter().map(|it| FORM.value(new.set.rtype, it));
                let attributes = json!({ "name": name, "type": rtype,
                    "records": values.collect::<Vec<_>>() });
                let variables = json!({ "cluster": self.cluster, "provider": self.provider,
                    "attributes": attributes });
                (PUT, ["CreateDnsRecord", CREATE_OF], variables)
            }
            Action::Delete(_) => {
                (DELETE, ["DeleteDnsRecord", DELETE_OF], json!({ "name": name, "type": rtype }))
            }
        };
        self.ask::<Value>(via, operation, query, variables).await.map(drop)
    }
}
