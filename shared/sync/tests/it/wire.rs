//! What upstream's own program did to a service, step by step, and what ours does: the same zones,
//! but for the differences that stand here with the reason, with no more writes; and nothing when
//! nothing changed. The runs are in `tests/fixtures/wire`.

use std::collections::BTreeSet;
use std::path::Path;

use extdns_model::{Name, RecordSet, RecordType, Ttl};
use extdns_providers::conformance::{HttpSim, SECRET};
use extdns_providers::engine::text;
use extdns_providers::pihole::sim::PiholeSim;
use extdns_providers::{
    Context, Environment as Variables, cloudflare, digitalocean, gandi, google,
};
use extdns_sync::settings::{Environment, Request, resolve};
use extdns_sync::{RunRequest, Wiring};
use extdns_testkit::http::{Reply, ScriptedServer};
use extdns_testkit::pdns::{KEY, PowerDns};
use serde_json::{Value, json};

pub(super) const ZONES: [&str; 3] = ["example.org", "other.test", "sub.example.org"];

/// One provider: how it is reached, what differs.
pub(super) struct Case<'a> {
    pub(super) provider: &'static str,
    /// The variables of its credentials and of its URL, and the path of that.
    pub(super) variables: [&'static str; 2],
    /// The value of the first.
    pub(super) credentials: &'a str,
    pub(super) path: &'static str,
    /// What every zone of the service begins with.
    pub(super) seed: &'static [(&'static str, RecordType, i64, &'static [&'static str])],
    /// Steps, `+` for what only ours has and `-` for what only upstream has, and the record.
    pub(super) differences: &'static [(&'static [usize], &'static str)],
}

/// What a case needs beside that.
#[derive(Default)]
pub(super) struct Extra<'a> {
    /// The folder of the recorded run, where it has not the name of the provider.
    pub(super) recorded: Option<&'static str>,
    /// More variables.
    pub(super) variables: &'a [(&'a str, &'a str)],
    /// Steps in which ours makes so many writes more than upstream, because of what upstream does not do.
    pub(super) more: &'static [(usize, u64)],
    /// Flags of upstream's run and what ours has in their place; what is of none of them is added.
    pub(super) flags: &'a [(&'a str, &'a str)],
}

#[tokio::test(flavor = "multi_thread")]
async fn digitalocean_leaves_the_zones_that_upstream_leaves() {
    let service = Service::Http(Box::new(HttpSim::start(digitalocean::dialect::DIALECT, &ZONES)));
    let case = Case {
        provider: "digitalocean",
        variables: ["DO_TOKEN", "DIGITALOCEAN_API_URL"],
        credentials: SECRET,
        path: "/v2",
        seed: &[],
        differences: &[
            // The ownership record of the apex would lie outside the zone under this prefix, and ours
            // makes no record that nobody owns.
            (&[1, 2, 3, 4], "- example.org: example.org 300 A 198.51.100.70"),
            // Upstream v0.13.2 knows no AAAA by default and sends the address as an A.
            (&[1, 2, 3], "- example.org: six.example.org 300 A 2001:db8::6"),
            (&[1, 2, 3], "+ example.org: six.example.org 300 AAAA 2001:db8::6"),
            (&[1, 2, 3], "- example.org: m-a-six.example.org 300 TXT service/web/six"),
            (&[1, 2, 3], "+ example.org: m-aaaa-six.example.org 300 TXT service/web/six"),
            // It sends an SRV as one text, which the service refuses.
            (&[1, 2, 3], "+ example.org: _sip._udp.example.org 300 SRV 10 20 5060 sip.example.org"),
            (&[1, 2, 3], "+ example.org: m-srv-_sip._udp.example.org 300 TXT crd/web/more"),
            // It owns no TXT, so it never changes or removes one.
            (&[1, 2, 3], "+ example.org: m-txt-txt.example.org 300 TXT crd/web/more"),
            (&[3, 4], "- example.org: txt.example.org 300 TXT hello world"),
            (&[3], "+ example.org: txt.example.org 300 TXT again"),
            (&[3], "+ example.org: txt.example.org 300 TXT hello"),
            // It leaves a CNAME that gives way to addresses, with its ownership record.
            (&[3, 4], "- example.org: cn.example.org 300 CNAME lb.example.net"),
            (&[3, 4], "- example.org: m-cname-cn.example.org 300 TXT service/web/cn"),
            // It takes MX records for others at every run, and makes them again.
            (&[4], "- example.org: mx.example.org 300 MX 10 mail.example.org"),
            (&[4], "- example.org: mx.example.org 300 MX 20 mail2.example.org"),
            (&[4], "- example.org: m-mx-mx.example.org 300 TXT crd/web/more"),
        ],
    };
    replay(&case, &service).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn gandi_leaves_the_zones_that_upstream_leaves() {
    let service = Service::Http(Box::new(HttpSim::start(gandi::dialect::DIALECT, &ZONES)));
    let case = Case {
        provider: "gandi",
        variables: ["GANDI_PAT", "GANDI_API_URL"],
        credentials: SECRET,
        path: "/v5",
        seed: &[(
            "@",
            RecordType::Mx,
            10_800,
            &["10 spool.mail.gandi.net", "50 fb.mail.gandi.net"],
        )],
        differences: &[
            // As at DigitalOcean: an apex cannot be owned under this prefix.
            (&[1, 2, 3, 4], "- example.org: example.org 600 A 198.51.100.70"),
        ],
    };
    replay(&case, &service).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cloudflare_leaves_the_zones_that_upstream_leaves() {
    let service = Service::Http(Box::new(HttpSim::start(cloudflare::dialect::DIALECT, &ZONES)));
    let case = Case {
        provider: "cloudflare",
        variables: ["CF_API_TOKEN", "CLOUDFLARE_BASE_URL"],
        credentials: SECRET,
        path: "/client/v4",
        seed: &[],
        differences: &[
            // As at DigitalOcean: an apex cannot be owned under this prefix.
            (&[1, 2, 3, 4], "- example.org: example.org 1 A 198.51.100.70"),
            // The other service began with it.
            (&[1, 2, 3, 4], "- other.test: keep.other.test 300 A 192.0.2.9"),
            // Upstream sends no SRV to this service.
            (&[1, 2, 3], "+ example.org: _sip._udp.example.org 300 SRV 10 20 5060 sip.example.org"),
            (&[1, 2, 3], "+ example.org: m-srv-_sip._udp.example.org 1 TXT crd/web/more"),
        ],
    };
    replay(&case, &service).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn google_leaves_the_zones_that_upstream_leaves() {
    let service = Service::Http(Box::new(HttpSim::start(google::dialect::DIALECT, &ZONES)));
    // The credentials are a file, and a server gives the token.
    let tokens = ScriptedServer::start(|request| {
        assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/token"));
        Reply::json(200, &json!({ "access_token": SECRET, "expires_in": 3600 }))
    });
    let file = tempfile::NamedTempFile::new().expect("temporary file");
    let login = json!({ "type": "authorized_user", "client_id": "c", "client_secret": "a-secret",
        "refresh_token": "a-refresh-token", "token_uri": format!("{}/token", tokens.url()) });
    std::fs::write(file.path(), login.to_string()).expect("credentials");
    let case = Case {
        provider: "google",
        variables: ["GOOGLE_APPLICATION_CREDENTIALS", "CLOUDSDK_API_ENDPOINT_OVERRIDES_DNS"],
        credentials: file.path().to_str().expect("a path"),
        path: "",
        seed: &[(
            "@",
            RecordType::Ns,
            21_600,
            &[
                "ns-cloud-c1.googledomains.com",
                "ns-cloud-c2.googledomains.com",
                "ns-cloud-c3.googledomains.com",
                "ns-cloud-c4.googledomains.com",
            ],
        )],
        differences: &[
            // The other service began with it.
            (&[1, 2, 3, 4], "- other.test: keep.other.test 300 A 192.0.2.9"),
            // Upstream sends text bare, and the service makes two strings of it.
            (&[1, 2], "- example.org: txt.example.org 300 TXT helloworld"),
            (&[1, 2], "+ example.org: txt.example.org 300 TXT hello world"),
        ],
    };
    replay(&case, &service).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pdns_leaves_the_zones_that_upstream_leaves() {
    let Some(server) = PowerDns::start_or_skip("upstream's runs against PowerDNS").await else {
        return;
    };
    for zone in ZONES {
        server.create_zone(zone, "Native").await;
    }
    let case = Case {
        provider: "pdns",
        variables: ["", ""],
        credentials: "",
        path: "",
        seed: &[],
        differences: &[],
    };
    replay(&case, &Service::PowerDns(Box::new(server))).await;
}

/// What stands for the service.
pub(super) enum Service {
    Http(Box<HttpSim>),
    PowerDns(Box<PowerDns>),
    Pihole(PiholeSim),
}

impl Service {
    pub(super) fn url(&self) -> String {
        match self {
            Self::Http(sim) => sim.url(),
            Self::PowerDns(server) => server.url(),
            Self::Pihole(sim) => sim.url(),
        }
    }

    fn put(&self, zone: &str, set: &RecordSet) {
        match self {
            Self::Http(sim) => sim.server().put(zone, set),
            Self::PowerDns(_) | Self::Pihole(_) => {
                panic!("this server begins with what it makes itself")
            }
        }
    }

    /// How many writes there were; of a real server, the sum of the zones' serial numbers.
    async fn writes(&self) -> u64 {
        match self {
            Self::Http(sim) => sim.server().faults().writes(),
            Self::PowerDns(server) => {
                let mut sum = 0;
                for zone in ZONES {
                    sum += server.zone(zone).await["serial"].as_u64().expect("a number");
                }
                sum
            }
            Self::Pihole(sim) => sim.faults().writes(),
        }
    }

    async fn lines(&self) -> BTreeSet<String> {
        match self {
            Self::Http(sim) => ours(sim),
            Self::PowerDns(server) => {
                let mut lines = BTreeSet::new();
                for zone in ZONES {
                    lines.extend(served(zone, &server.zone(zone).await));
                }
                lines
            }
            Self::Pihole(sim) => sim.lines().iter().flat_map(|it| lines_of_pihole(it)).collect(),
        }
    }
}

/// The records of a line of Pi-hole's configuration, which has no zones.
fn lines_of_pihole(own: &str) -> Vec<String> {
    let one = |name: &str, rtype: &str, ttl: &str, value: &str| {
        let ttl = Ttl::from_seconds(ttl.parse().expect("a TTL"));
        line("", name, rtype, ttl, value).expect("a record")
    };
    if let [name, target, rest @ ..] = &own.split(',').collect::<Vec<_>>()[..] {
        return vec![one(name, "CNAME", rest.first().unwrap_or(&"0"), target)];
    }
    let (address, names) = own.split_once(' ').expect("an address and names");
    let rtype = if address.contains(':') { "AAAA" } else { "A" };
    names.split(' ').map(|name| one(name, rtype, "0", address)).collect()
}

pub(super) async fn replay(case: &Case<'_>, service: &Service) {
    replay_with(case, service, &Extra::default()).await;
}

pub(super) async fn replay_with(case: &Case<'_>, service: &Service, extra: &Extra<'_>) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/wire");
    let recorded = extra.recorded.unwrap_or(match case.provider {
        "pdns" => "powerdns",
        "azure-private-dns" => "azure-private",
        name => name,
    });
    let upstream = read(&folder.join(recorded).join("upstream-run.json"));
    let objects = read(&folder.join("objects.json"));
    for (name, rtype, ttl, targets) in case.seed {
        for zone in ZONES {
            let name = if *name == "@" { zone.to_owned() } else { format!("{name}.{zone}") };
            let targets = targets.iter().copied().collect();
            let ttl = Ttl::from_seconds(*ttl);
            service.put(zone, &RecordSet::new(Name::as_listed(&name), *rtype, ttl, targets));
        }
    }
    let (mut found, mut problems) = (BTreeSet::new(), Vec::new());
    for (number, step) in (1..).zip(upstream["steps"].as_array().expect("steps")) {
        let before = service.writes().await;
        let objects = &objects[format!("step {number}")];
        run((case, extra), service, &upstream, number, objects).await;
        let writes = service.writes().await - before;
        let theirs = step["requests"].as_array().expect("requests");
        let theirs = theirs.iter().filter(|request| is_write(request)).count();
        let more = extra.more.iter().find(|(step, _)| *step == number).map(|(_, more)| *more);
        let most = theirs as u64 + more.unwrap_or_default();
        if writes > most || (more.is_some() && writes < most) {
            problems.push(format!(
                "step {number}: {writes} writes, upstream made {theirs}, and {more:?} more are right"
            ));
        }
        if number == 2 && writes > 0 {
            problems.push(format!("step 2 has nothing to do, and made {writes} writes"));
        }
        let (ours, theirs) = (service.lines().await, of_upstream(step));
        let only = |sign, own: &BTreeSet<String>, other: &BTreeSet<String>| {
            let only = own.difference(other).map(|it| (number, format!("{sign} {it}")));
            only.collect::<Vec<_>>()
        };
        found.extend(only('-', &theirs, &ours));
        found.extend(only('+', &ours, &theirs));
    }
    let expected = case.differences.iter().flat_map(|(steps, text)| {
        steps.iter().map(|step| (*step, (*text).to_owned())).collect::<Vec<_>>()
    });
    let expected: BTreeSet<_> = expected.collect();
    let surprises: Vec<_> = found.symmetric_difference(&expected).collect();
    assert!(
        problems.is_empty() && surprises.is_empty(),
        "{problems:#?}; differences to upstream that are not as written: {surprises:#?}"
    );
}

/// The paths of requests that open a session or let servers have what was written.
const NO_WRITES: [&str; 7] = [
    "/rest_login",
    "/auth/tokens",
    "/api/auth",
    "/v6/auth",
    "/authorization/token",
    "/identity/token",
    "/full_deploy/",
];

/// Whether a request of upstream changes a record. Some APIs are read by `POST` too, and OVH's is told to publish.
fn is_write(request: &Value) -> bool {
    let path = request["path"].as_str().unwrap_or_default();
    let asked = request["body"]["query"].as_str().unwrap_or_default();
    if NO_WRITES.iter().any(|own| path.ends_with(own)) || asked.starts_with("query ") {
        return false;
    }
    let query = request["query"].as_array().into_iter().flatten();
    let is_read = |pair: &Value| {
        pair[0] == "Action" && pair[1].as_str().is_some_and(|it| it.starts_with("Describe"))
    };
    let publishes = request["path"].as_str().is_some_and(|path| path.ends_with("/refresh"));
    let is_list = query.clone().any(is_read) || !request["body"]["Limit"].is_null();
    request["method"] != "GET" && !is_list && !publishes
}

/// One run of ours over the objects of a step.
async fn run(
    (case, extra): (&Case<'_>, &Extra<'_>),
    service: &Service,
    upstream: &Value,
    number: usize,
    objects: &Value,
) {
    let file = tempfile::Builder::new().suffix(".yaml").tempfile().expect("temporary file");
    let documents = objects.as_array().expect("objects").iter().map(|it| format!("---\n{it}\n"));
    // A file without any object is an error.
    let namespace = "---\n{apiVersion: v1, kind: Namespace, metadata: {name: web}}\n".to_owned();
    let documents = documents.chain([namespace]).collect::<String>();
    std::fs::write(file.path(), documents).expect("objects");
    let words = |key: &Value| -> Vec<String> {
        let words = key.as_array().into_iter().flatten().filter_map(Value::as_str);
        words.map(ToOwned::to_owned).collect()
    };
    let mut arguments: Vec<String> = [
        "--once",
        "--source=service",
        "--source=crd",
        "--policy=sync",
        "--txt-owner-id=me",
        "--annotation-prefix=external-dns.alpha.kubernetes.io/",
        "--no-guard",
        "--allow-empty=default",
    ]
    .map(ToOwned::to_owned)
    .into();
    arguments.push(format!("--provider={}", case.provider));
    let registry = if upstream["registry"] == "noop" { "noop" } else { "txt" };
    arguments.push(format!("--registry={registry}"));
    arguments.push(format!("--txt-prefix={}", upstream["txt-prefix"].as_str().expect("a prefix")));
    arguments.push(format!("--manifests={}", file.path().display()));
    let (_, port) = service
        .url()
        .rsplit_once(':')
        .map(|(host, port)| (host.to_owned(), port.to_owned()))
        .expect("a port");
    let replaced = |flag: String| {
        let own = extra.flags.iter().find(|(theirs, _)| *theirs == flag);
        own.map_or(flag, |(_, ours)| (*ours).to_owned())
    };
    let flags = words(&upstream["flags"]);
    let added = extra.flags.iter().filter(|(theirs, _)| theirs.is_empty());
    arguments.extend(added.map(|(_, ours)| (*ours).to_owned()));
    let flags = flags.into_iter().map(replaced);
    arguments
        .extend(flags.map(|it| it.replace("{port}", &port).replace("=secret", &format!("={KEY}"))));
    if case.provider.starts_with("azure") {
        arguments.push(format!("--azure-config-file={}", case.credentials));
    }
    let types = words(&upstream["record types"]);
    arguments.extend(types.iter().map(|it| format!("--managed-record-types={it}")));
    let left_out = words(&upstream["names left out"]);
    let of_step = words(&upstream["left out in a step"][number.to_string()]);
    let left_out = left_out.iter().chain(&of_step);
    arguments.extend(left_out.map(|it| format!("--exclude-domains={it}")));
    let environment = Environment { arguments, ..Environment::default() };
    let request = resolve(&environment);
    let Ok(Request::Run(arguments)) = request else { panic!("flags are right: {request:?}") };
    let [credentials, base] = case.variables;
    let url = format!("{}{}", service.url(), case.path);
    let filter = arguments.plan.filter().expect("a filter");
    let own = [(credentials, case.credentials), (base, url.as_str())];
    let variables = own.iter().chain(extra.variables);
    let variables = variables.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let context = Context {
        environment: Variables::new(variables.collect()),
        ..arguments.providers.shared.context(filter).expect("flags")
    };
    let entry = arguments.providers.provider;
    let provider = entry.build(&arguments.providers, &context).await.expect("a provider");
    let wiring = Wiring::assemble(&arguments, &environment, provider.into(), case.provider)
        .expect("settings");
    let request = RunRequest::of(&arguments).expect("a request");
    let report = extdns_sync::run(&wiring, &request).await;
    assert!(report.failure.is_none(), "step {number}: {:?}", report.failure);
}

/// Every value of a zone as PowerDNS shows it.
fn served(zone: &str, shown: &Value) -> BTreeSet<String> {
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let rrsets = shown["rrsets"].as_array().expect("record sets").iter();
    let others = rrsets.filter(|rrset| rrset["type"] != "SOA");
    let lines = others.flat_map(|rrset| {
        let (name, rtype) = (text(&rrset["name"]), text(&rrset["type"]));
        let ttl = Ttl::from_seconds(rrset["ttl"].as_i64().expect("a TTL"));
        let records = rrset["records"].as_array().expect("records").iter();
        let contents = records.filter_map(|own| {
            line(zone, name.trim_end_matches('.'), &rtype, ttl, &text(&own["content"]))
        });
        contents.collect::<Vec<_>>()
    });
    lines.collect()
}

/// `zone: name ttl type value` of every value.
fn ours(sim: &HttpSim) -> BTreeSet<String> {
    let of_zone = |zone: &'static str| {
        sim.server().contents(zone).into_iter().flat_map(move |set| {
            let line = |target: &str| {
                line(zone, set.name.as_str(), &set.rtype.to_string(), set.ttl, target)
            };
            set.targets.iter().filter_map(|target| line(target)).collect::<Vec<_>>()
        })
    };
    // One that holds every name has no name itself.
    ZONES.into_iter().chain([""]).flat_map(of_zone).collect()
}

fn of_upstream(step: &Value) -> BTreeSet<String> {
    let records = step["zones"].as_array().expect("zones").iter().flat_map(|record| {
        let text = |key: &str| record[key].as_str().unwrap_or_default().trim_end_matches('.');
        let (zone, rtype) = (text("zone"), text("type"));
        let name = match text("name") {
            "@" | "" => zone.to_owned(),
            name if name.ends_with(zone) => name.to_owned(),
            name => format!("{name}.{zone}"),
        };
        let ttl = Ttl::from_seconds(record["ttl"].as_i64().unwrap_or_default());
        let values = values_of(record, rtype);
        let managed = values.iter().filter(|_| rtype != "SOA");
        managed.filter_map(|it| line(zone, &name, rtype, ttl, it)).collect::<Vec<_>>()
    });
    records.collect()
}

/// The values of a record, as each emulated service keeps them.
fn values_of(record: &Value, rtype: &str) -> Vec<String> {
    let apart = ["content", "value", "target"].map(|key| &record[key]);
    let apart = apart.into_iter().filter_map(Value::as_str);
    let apart = apart.map(|content| match record["priority"].as_u64() {
        Some(priority) if rtype == "MX" => format!("{priority} {content}"),
        _ => content.to_owned(),
    });
    let lists = ["values", "rrdatas", "data", "answers", "records"].map(|key| &record[key]);
    let lists = lists.into_iter().filter_map(Value::as_array).flatten();
    let lists = lists.map(|value| match value {
        Value::Array(fields) => {
            fields.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" ")
        }
        value => value.as_str().unwrap_or_default().to_owned(),
    });
    let data = record["data"].as_str().map(ToOwned::to_owned);
    apart.chain(lists).chain(data).collect()
}

/// A value in a form that does not depend on quotes and final dots; of an ownership record its
/// resource. `None` for one in the old format, which upstream writes no more.
fn line(zone: &str, name: &str, rtype: &str, ttl: Ttl, value: &str) -> Option<String> {
    let value = if rtype == "TXT" { text::bare(value).into_owned() } else { value.to_owned() };
    let value = match value.split_once("external-dns/resource=") {
        Some((_, resource)) => {
            let of_type = name.strip_prefix("m-").and_then(|rest| rest.split_once('-'));
            let (rtype, _) = of_type?;
            rtype.to_uppercase().parse::<RecordType>().ok()?;
            resource.to_owned()
        }
        None => value,
    };
    Some(format!("{zone}: {name} {ttl} {rtype} {}", value.trim_end_matches('.')))
}

fn read(path: &Path) -> Value {
    let text = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
