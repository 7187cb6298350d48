//! AWS Cloud Map, as strict as the service: namespaces, services of one type, instances that come and go some time after
//! they were asked for, and operations that say when.
//!
//! ```no_run
//! use extdns_testkit::cloudmap::{CloudMapSim, Kind};
//!
//! let sim = CloudMapSim::start();
//! sim.namespace("example.org", Kind::Private);
//! // AWS_ENDPOINT_URL_SERVICEDISCOVERY is sim.url().
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value, json};

use crate::http::{Reply, Request, ScriptedServer};

/// How often an operation is looked at before it is carried out.
const LOOKS: u32 = 2;
/// Services of one page.
const PAGE: usize = 100;

/// What a namespace is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Names that everybody resolves.
    Public,
    /// Names of a network.
    Private,
    /// No names.
    Http,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Public => "DNS_PUBLIC",
            Self::Private => "DNS_PRIVATE",
            Self::Http => "HTTP",
        }
    }
}

/// What goes wrong with a call of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It is refused with this code, and nothing is done.
    Refuse(u16, &'static str),
    /// It is done, and its answer is lost.
    LoseDone,
    /// It is not done, and there is no answer.
    LoseUndone,
}

/// A server of Cloud Map.
pub struct CloudMapSim {
    server: ScriptedServer,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    namespaces: Vec<(String, String, Kind)>,
    services: BTreeMap<String, Service>,
    operations: BTreeMap<String, Operation>,
    made: u64,
    rights: BTreeSet<String>,
    policy: Option<BTreeSet<String>>,
    faults: Vec<(String, Fault, u32)>,
    /// The mutating calls, with their bodies.
    writes: Vec<(String, Value)>,
    calls: Vec<String>,
    /// After how many mutating calls nothing is answered any more.
    dies_after: Option<usize>,
    /// Whether operations wait until they are looked at.
    slow: bool,
    tags: BTreeMap<String, Value>,
}

#[derive(Debug, Clone)]
struct Service {
    namespace: String,
    name: String,
    description: Option<String>,
    /// Type, TTL and routing; none for a service that is only found by the API.
    dns: Option<(String, i64, String)>,
    instances: BTreeMap<String, Map<String, Value>>,
}

struct Operation {
    looks: u32,
    effect: Option<Effect>,
}

enum Effect {
    Register(String, String, Map<String, Value>),
    Deregister(String, String),
    Nothing,
}

type Answer = Result<Value, (u16, &'static str, String)>;

impl CloudMapSim {
    /// A server without namespaces.
    #[must_use]
    pub fn start() -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let own = Arc::clone(&state);
        let server = ScriptedServer::start(move |request| answer(&mut lock(&own), request));
        Self { server, state }
    }

    /// Its URL, for `AWS_ENDPOINT_URL_SERVICEDISCOVERY`.
    #[must_use]
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// The requests so far.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.server.requests()
    }

    /// A new namespace; its id.
    pub fn namespace(&self, name: &str, kind: Kind) -> String {
        let mut state = lock(&self.state);
        let id = format!("ns-{}", state.namespaces.len() + 1);
        state.namespaces.push((id.clone(), name.to_owned(), kind));
        id
    }

    /// A service that is there, past all calls: its type, TTL and routing (none for a service of HTTP), its description and its
    /// instances as `ATTRIBUTE=value`. Returns its id.
    pub fn service(
        &self,
        namespace: &str,
        name: &str,
        dns: Option<(&str, i64, &str)>,
        description: Option<&str>,
        instances: &[&str],
    ) -> String {
        let mut state = lock(&self.state);
        let id = state.next("srv");
        let instances = instances.iter().map(|text| {
            let (attribute, value) = text.split_once('=').expect("an attribute");
            let attributes = [(attribute.to_owned(), json!(value))].into_iter().collect();
            (value.to_lowercase(), attributes)
        });
        let service = Service {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            description: description.map(str::to_owned),
            dns: dns.map(|(rtype, ttl, routing)| (rtype.to_owned(), ttl, routing.to_owned())),
            instances: instances.collect(),
        };
        state.services.insert(id.clone(), service);
        id
    }

    /// Every service as `name TYPE ttl ROUTING [value ..] description`, once all operations are carried out.
    #[must_use]
    pub fn services(&self) -> Vec<String> {
        let mut state = lock(&self.state);
        state.carry_out();
        let shown = |own: &Service| {
            let (rtype, ttl, routing) = own.dns.clone().unwrap_or_default();
            let value = |own: &Map<String, Value>| {
                own.values().next().and_then(Value::as_str).unwrap_or_default().to_owned()
            };
            let values: Vec<String> = own.instances.values().map(value).collect();
            let description = own.description.as_deref().unwrap_or("-");
            format!("{} {rtype} {ttl} {routing} [{}] {description}", own.name, values.join(" "))
        };
        let mut all: Vec<String> = state.services.values().map(shown).collect();
        all.sort();
        all
    }

    /// The mutating calls since the last time.
    pub fn take_writes(&self) -> Vec<(String, Value)> {
        std::mem::take(&mut lock(&self.state).writes)
    }

    /// How many mutating calls there were since the last time that they were taken.
    #[must_use]
    pub fn writes(&self) -> usize {
        lock(&self.state).writes.len()
    }

    /// The names of all calls since the last time.
    pub fn take_calls(&self) -> Vec<String> {
        std::mem::take(&mut lock(&self.state).calls)
    }

    /// The tags of a service.
    #[must_use]
    pub fn tags(&self, id: &str) -> Value {
        lock(&self.state).tags.get(id).cloned().unwrap_or_default()
    }

    /// The rights that calls have used.
    #[must_use]
    pub fn rights(&self) -> BTreeSet<String> {
        lock(&self.state).rights.clone()
    }

    /// Refuses what these rights do not allow.
    pub fn allow_only(&self, rights: impl IntoIterator<Item = String>) {
        lock(&self.state).policy = Some(rights.into_iter().collect());
    }

    /// Lets the next calls of an operation go wrong.
    pub fn fault(&self, operation: &str, fault: Fault, times: u32) {
        lock(&self.state).faults.push((operation.to_owned(), fault, times));
    }

    /// Answers nothing any more after this many mutating calls more.
    pub fn die_after(&self, writes: usize) {
        let mut state = lock(&self.state);
        state.writes.clear();
        state.dies_after = Some(writes);
    }

    /// Nothing goes wrong any more.
    pub fn heal(&self) {
        let mut state = lock(&self.state);
        state.dies_after = None;
        state.faults.clear();
        state.carry_out();
    }

    /// Lets operations wait until they are looked at.
    pub fn slow(&self) {
        lock(&self.state).slow = true;
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

const MUTATING: [&str; 5] =
    ["CreateService", "UpdateService", "DeleteService", "RegisterInstance", "DeregisterInstance"];

fn answer(state: &mut State, request: &Request) -> Reply {
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/"));
    assert_eq!(request.header("content-type"), Some("application/x-amz-json-1.1"));
    let signature = request.header("authorization").unwrap_or_default();
    assert!(signature.contains("/servicediscovery/aws4_request"), "not signed: {signature}");
    let target = request.header("x-amz-target").unwrap_or_default();
    let operation = target.strip_prefix("Route53AutoNaming_v20170314.").expect("an operation");
    let is_write = MUTATING.contains(&operation);
    if state.dies_after.is_some_and(|most| is_write && state.writes.len() >= most) {
        return Reply::hang_up();
    }
    state.calls.push(operation.to_owned());
    let fault = state.fault(operation);
    match fault {
        Some(Fault::Refuse(status, code)) => return refused(status, code, "as the test wants it"),
        Some(Fault::LoseUndone) => return Reply::hang_up(),
        _ => {}
    }
    let right = format!("servicediscovery:{operation}");
    state.rights.insert(right.clone());
    let body = request.json();
    let mut needed = vec![right];
    if operation == "CreateService" && body.get("Tags").is_some() {
        needed.push("servicediscovery:TagResource".to_owned());
        state.rights.insert("servicediscovery:TagResource".to_owned());
    }
    if let Some(policy) = &state.policy
        && let Some(lacking) = needed.iter().find(|right| !policy.contains(*right))
    {
        let message = format!("User is not authorized to perform: {lacking}");
        return refused(400, "AccessDeniedException", &message);
    }
    if is_write {
        state.writes.push((operation.to_owned(), body.clone()));
    }
    match state.operate(operation, &body) {
        _ if fault == Some(Fault::LoseDone) => Reply::hang_up(),
        Ok(answer) => Reply::json(200, &answer),
        Err((status, code, message)) => refused(status, code, &message),
    }
}

fn refused(status: u16, code: &str, message: &str) -> Reply {
    Reply::json(status, &json!({ "__type": code, "Message": message }))
}

fn invalid<T>(message: impl Into<String>) -> Result<T, (u16, &'static str, String)> {
    Err((400, "InvalidInput", message.into()))
}

fn not_found(code: &'static str) -> (u16, &'static str, String) {
    (400, code, "there is no such thing".to_owned())
}

fn text<'b>(body: &'b Value, member: &str) -> Result<&'b str, (u16, &'static str, String)> {
    body[member].as_str().ok_or((400, "InvalidInput", format!("{member} is missing")))
}

impl State {
    fn next(&mut self, kind: &str) -> String {
        self.made += 1;
        format!("{kind}-{:04}", self.made)
    }

    fn fault(&mut self, operation: &str) -> Option<Fault> {
        let own = self.faults.iter_mut().find(|(of, _, times)| of == operation && *times > 0)?;
        own.2 -= 1;
        Some(own.1)
    }

    /// Time has passed.
    fn carry_out(&mut self) {
        let effects: Vec<Effect> =
            self.operations.values_mut().filter_map(|own| own.effect.take()).collect();
        effects.into_iter().for_each(|effect| self.carry(effect));
    }

    fn carry(&mut self, effect: Effect) {
        match effect {
            Effect::Register(service, id, attributes) => {
                if let Some(service) = self.services.get_mut(&service) {
                    service.instances.insert(id, attributes);
                }
            }
            Effect::Deregister(service, id) => {
                if let Some(service) = self.services.get_mut(&service) {
                    service.instances.remove(&id);
                }
            }
            Effect::Nothing => {}
        }
    }

    fn begin(&mut self, effect: Effect) -> Value {
        let id = self.next("op");
        self.operations.insert(id.clone(), Operation { looks: 0, effect: Some(effect) });
        json!({ "OperationId": id })
    }

    fn operate(&mut self, operation: &str, body: &Value) -> Answer {
        let is_read = !MUTATING.contains(&operation) && operation != "GetOperation";
        if is_read && !self.slow {
            self.carry_out();
        }
        match operation {
            "ListNamespaces" => self.list_namespaces(body),
            "ListServices" => self.list_services(body),
            "DiscoverInstances" => self.discover(body),
            "ListInstances" => self.list_instances(body),
            "GetOperation" => self.get_operation(body),
            "CreateService" => self.create(body),
            "UpdateService" => self.update(body),
            "DeleteService" => self.delete(body),
            "RegisterInstance" => self.register(body),
            "DeregisterInstance" => self.deregister(body),
            other => panic!("an unexpected operation: {other}"),
        }
    }

    fn list_namespaces(&self, body: &Value) -> Answer {
        let types = ["DNS_PUBLIC", "DNS_PRIVATE"];
        let filter = json!([{ "Name": "TYPE", "Values": types, "Condition": "IN" }]);
        assert_eq!(*body, json!({ "Filters": filter }));
        let own = self.namespaces.iter().filter(|(.., kind)| *kind != Kind::Http);
        let namespaces: Vec<Value> = own
            .map(|(id, name, kind)| json!({ "Id": id, "Name": name, "Type": kind.word() }))
            .collect();
        Ok(json!({ "Namespaces": namespaces }))
    }

    fn list_services(&self, body: &Value) -> Answer {
        let filter = &body["Filters"][0];
        assert_eq!(body["MaxResults"], json!(PAGE));
        assert_eq!(filter["Name"], "NAMESPACE_ID");
        let namespace = filter["Values"][0].as_str().unwrap_or_default();
        let start = body["NextToken"].as_str().unwrap_or_default();
        let own = self
            .services
            .iter()
            .filter(|(id, own)| own.namespace == namespace && id.as_str() > start);
        let mut services: Vec<(String, Value)> = own
            .map(|(id, own)| {
                let mut shown =
                    json!({ "Id": id, "Name": own.name, "InstanceCount": own.instances.len() });
                if let Some(description) = own.description.as_deref().filter(|own| !own.is_empty())
                {
                    shown["Description"] = json!(description);
                }
                shown["Type"] = json!(if own.dns.is_some() { "DNS_HTTP" } else { "HTTP" });
                if let Some((rtype, ttl, routing)) = &own.dns {
                    shown["DnsConfig"] = json!({
                        "RoutingPolicy": routing, "DnsRecords": [{ "Type": rtype, "TTL": ttl }],
                    });
                }
                (id.clone(), shown)
            })
            .collect();
        let mut answer = json!({});
        if services.len() > PAGE {
            services.truncate(PAGE);
            answer["NextToken"] = json!(services.last().map(|(id, _)| id.clone()));
        }
        answer["Services"] = services.into_iter().map(|(_, shown)| shown).collect();
        Ok(answer)
    }

    fn discover(&self, body: &Value) -> Answer {
        assert_eq!(body["HealthStatus"], "ALL");
        let most = body["MaxResults"].as_u64().expect("a bound");
        assert!((1..=1000).contains(&most), "{body}");
        let (namespace, name) = (text(body, "NamespaceName")?, text(body, "ServiceName")?);
        let is_of = |(id, own, _): &&(String, String, Kind)| own == namespace && !id.is_empty();
        let ids: Vec<&str> =
            self.namespaces.iter().filter(is_of).map(|(id, ..)| id.as_str()).collect();
        if ids.is_empty() {
            return Err(not_found("NamespaceNotFound"));
        }
        let service = self.services.values().find(|own| {
            ids.contains(&own.namespace.as_str()) && own.name.eq_ignore_ascii_case(name)
        });
        let service = service.ok_or_else(|| not_found("ServiceNotFound"))?;
        let instances = service.instances.iter().take(usize::try_from(most).unwrap_or(usize::MAX));
        let instances: Vec<Value> = instances
            .map(|(id, attributes)| {
                json!({ "InstanceId": id, "NamespaceName": namespace, "ServiceName": service.name,
                        "HealthStatus": "UNKNOWN", "Attributes": attributes })
            })
            .collect();
        Ok(json!({ "Instances": instances }))
    }

    fn list_instances(&self, body: &Value) -> Answer {
        let most = usize::try_from(body["MaxResults"].as_u64().expect("a bound")).expect("small");
        assert!((1..=100).contains(&most), "{body}");
        let start = body["NextToken"].as_str().unwrap_or_default();
        let service = self.services.get(text(body, "ServiceId")?);
        let service = service.ok_or_else(|| not_found("ServiceNotFound"))?;
        let behind = service.instances.iter().filter(|(id, _)| id.as_str() > start);
        let page: Vec<_> = behind.take(most).collect();
        let mut answer = json!({ "Instances": page.iter().map(|(id, attributes)| {
            json!({ "Id": id, "Attributes": attributes })
        }).collect::<Vec<Value>>() });
        if let Some((last, _)) = page.last().filter(|_| page.len() == most) {
            answer["NextToken"] = json!(last);
        }
        Ok(answer)
    }

    fn get_operation(&mut self, body: &Value) -> Answer {
        let id = text(body, "OperationId")?.to_owned();
        let own = self.operations.get_mut(&id).ok_or_else(|| not_found("OperationNotFound"))?;
        own.looks += 1;
        let effect = if own.looks >= LOOKS { own.effect.take() } else { None };
        if let Some(effect) = effect {
            self.carry(effect);
        }
        let is_done = self.operations[&id].effect.is_none();
        let status = if is_done { "SUCCESS" } else { "PENDING" };
        Ok(json!({ "Operation": { "Id": id, "Status": status } }))
    }

    fn create(&mut self, body: &Value) -> Answer {
        only(body, &["Name", "NamespaceId", "Description", "DnsConfig", "Tags"])?;
        let (name, namespace) = (text(body, "Name")?, text(body, "NamespaceId")?);
        let known = self.namespaces.iter().find(|(id, ..)| id == namespace);
        let (_, _, kind) = known.ok_or_else(|| not_found("NamespaceNotFound"))?;
        if *kind == Kind::Http {
            return invalid("DnsConfig in a namespace of HTTP");
        }
        if !is_service_name(name) {
            return invalid(format!("Name {name:?}"));
        }
        let is_same =
            |own: &&Service| own.namespace == namespace && own.name.eq_ignore_ascii_case(name);
        if self.services.values().any(|own| is_same(&own)) {
            return Err((400, "ServiceAlreadyExists", "the service is there already".to_owned()));
        }
        let routing = text(&body["DnsConfig"], "RoutingPolicy")?;
        let (rtype, ttl) = one_record(&body["DnsConfig"])?;
        if rtype == "CNAME" && routing != "WEIGHTED" {
            return invalid("a CNAME needs the routing policy WEIGHTED");
        }
        if !["MULTIVALUE", "WEIGHTED"].contains(&routing) {
            return invalid(format!("RoutingPolicy {routing}"));
        }
        let service = Service {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            description: Some(description(body)?.to_owned()),
            dns: Some((rtype, ttl, routing.to_owned())),
            instances: BTreeMap::new(),
        };
        let id = self.next("srv");
        self.services.insert(id.clone(), service);
        if let Some(tags) = body.get("Tags") {
            self.tags.insert(id.clone(), tags.clone());
        }
        Ok(json!({ "Service": { "Id": id, "Name": name, "NamespaceId": namespace } }))
    }

    fn update(&mut self, body: &Value) -> Answer {
        only(body, &["Id", "Service"])?;
        only(&body["Service"], &["Description", "DnsConfig"])?;
        only(&body["Service"]["DnsConfig"], &["DnsRecords"])?;
        let text_of = description(&body["Service"])?.to_owned();
        let (rtype, ttl) = one_record(&body["Service"]["DnsConfig"])?;
        let service = self.services.get_mut(text(body, "Id")?);
        let service = service.ok_or_else(|| not_found("ServiceNotFound"))?;
        let Some((own, old, _)) = &mut service.dns else { return invalid("a service of HTTP") };
        if *own != rtype {
            return invalid("the type of a service cannot be changed");
        }
        *old = ttl;
        service.description = Some(text_of);
        Ok(self.begin(Effect::Nothing))
    }

    fn delete(&mut self, body: &Value) -> Answer {
        only(body, &["Id"])?;
        let id = text(body, "Id")?;
        let service = self.services.get(id).ok_or_else(|| not_found("ServiceNotFound"))?;
        let coming = self.operations.values().any(|own| match &own.effect {
            Some(Effect::Register(of, ..) | Effect::Deregister(of, _)) => of == id,
            _ => false,
        });
        if coming || !service.instances.is_empty() {
            return Err((400, "ResourceInUse", "the service contains instances".to_owned()));
        }
        self.services.remove(id);
        Ok(json!({}))
    }

    fn register(&mut self, body: &Value) -> Answer {
        only(body, &["ServiceId", "InstanceId", "Attributes"])?;
        let (service_id, id) = (text(body, "ServiceId")?, text(body, "InstanceId")?);
        let service = self.services.get(service_id).ok_or_else(|| not_found("ServiceNotFound"))?;
        let is_id = |byte: u8| byte.is_ascii_alphanumeric() || b"_/:.@-".contains(&byte);
        if id.is_empty() || id.len() > 64 || !id.bytes().all(is_id) {
            return invalid(format!("InstanceId {id:?}"));
        }
        let attributes = body["Attributes"].as_object().cloned().unwrap_or_default();
        let Some((rtype, _, routing)) = &service.dns else { return invalid("a service of HTTP") };
        if let Err(why) = fits(&attributes, rtype, routing) {
            return invalid(why);
        }
        Ok(self.begin(Effect::Register(service_id.to_owned(), id.to_owned(), attributes)))
    }

    fn deregister(&mut self, body: &Value) -> Answer {
        only(body, &["ServiceId", "InstanceId"])?;
        let (service_id, id) = (text(body, "ServiceId")?, text(body, "InstanceId")?);
        let service = self.services.get(service_id).ok_or_else(|| not_found("ServiceNotFound"))?;
        let is_coming = self.operations.values().any(|own| {
            matches!(&own.effect, Some(Effect::Register(of, own, _)) if of == service_id && own == id)
        });
        if !is_coming && !service.instances.contains_key(id) {
            return Err(not_found("InstanceNotFound"));
        }
        Ok(self.begin(Effect::Deregister(service_id.to_owned(), id.to_owned())))
    }
}

fn only(body: &Value, members: &[&str]) -> Result<(), (u16, &'static str, String)> {
    let odd =
        body.as_object().into_iter().flatten().find(|(name, _)| !members.contains(&name.as_str()));
    match odd {
        Some((name, _)) => invalid(format!("no member {name}")),
        None => Ok(()),
    }
}

fn description(body: &Value) -> Result<&str, (u16, &'static str, String)> {
    let text = body["Description"].as_str().unwrap_or_default();
    if text.chars().count() > 1024 { invalid("Description is too long") } else { Ok(text) }
}

fn one_record(config: &Value) -> Result<(String, i64), (u16, &'static str, String)> {
    let records = config["DnsRecords"].as_array().cloned().unwrap_or_default();
    let [record] = &records[..] else { return invalid("one DnsRecord is expected") };
    let (rtype, ttl) = (text(record, "Type")?, record["TTL"].as_i64().unwrap_or(-1));
    if !["A", "AAAA", "CNAME", "SRV"].contains(&rtype) || !(0..=2_147_483_647).contains(&ttl) {
        return invalid(format!("DnsRecord {record}"));
    }
    Ok((rtype.to_owned(), ttl))
}

fn fits(attributes: &Map<String, Value>, rtype: &str, routing: &str) -> Result<(), String> {
    let mut all =
        attributes.iter().map(|(name, own)| (name.as_str(), own.as_str().unwrap_or_default()));
    let (Some((name, value)), None) = (all.next(), all.next()) else {
        return Err("one attribute is expected".to_owned());
    };
    let is_right = match (name, rtype) {
        ("AWS_INSTANCE_IPV4", "A") => value.parse::<Ipv4Addr>().is_ok(),
        ("AWS_INSTANCE_IPV6", "AAAA") => value.parse::<Ipv6Addr>().is_ok(),
        ("AWS_INSTANCE_CNAME", "CNAME") => !value.is_empty(),
        ("AWS_ALIAS_DNS_NAME", "A" | "AAAA") => routing == "WEIGHTED" && value.contains(".elb."),
        _ => false,
    };
    if is_right {
        Ok(())
    } else {
        Err(format!("{name}={value} in a service of {rtype}, {routing}"))
    }
}

fn is_service_name(name: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let is_label = |label: &str| {
        let bytes = label.as_bytes();
        !bytes.is_empty()
            && bytes.len() <= 63
            && bytes.iter().all(|byte| is_inner(*byte))
            && bytes[0] != b'-'
            && bytes[bytes.len() - 1] != b'-'
    };
    name.len() <= 127 && name.split('.').all(is_label)
}
