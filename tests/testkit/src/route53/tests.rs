//! Each limit and each error, over HTTP.

mod batches;
mod pages;
mod refusals;

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Mutex;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::wire::WireRecordSet;
use super::*;

const BOUND: Duration = Duration::from_secs(20);
const ALIEN: &str = "ZALIEN00000000";

struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    /// The contents of all elements of this name.
    fn texts(&self, element: &str) -> Vec<String> {
        let (open, close) = (format!("<{element}>"), format!("</{element}>"));
        let found = self.body.split(&open).skip(1).map(|rest| rest.split(&close).next().unwrap());
        found
            .map(|text| text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
            .collect()
    }

    fn text(&self, element: &str) -> Option<String> {
        self.texts(element).pop()
    }

    fn error(&self) -> (u16, String, String) {
        (
            self.status,
            self.text("Code").unwrap_or_default(),
            self.text("Message").unwrap_or_default(),
        )
    }
}

/// A client with the credentials that a test gives it.
#[derive(Clone)]
struct Client {
    address: std::net::SocketAddr,
    key: String,
    token: Option<String>,
    ahead: i64,
}

impl Client {
    fn of(sim: &Route53Sim) -> Self {
        Self { address: sim.server.address(), key: "AKIDTEST".to_owned(), token: None, ahead: 0 }
    }

    fn with_key(&self, key: &str) -> Self {
        Self { key: key.to_owned(), ..self.clone() }
    }

    fn authorization(&self, service: &str) -> String {
        let time = Timestamp::now() + SignedDuration::from_secs(self.ahead);
        let (stamp, day) = (time.strftime("%Y%m%dT%H%M%SZ"), time.strftime("%Y%m%d"));
        let mut headers = format!(
            "authorization: AWS4-HMAC-SHA256 Credential={}/{day}/us-east-1/{service}/aws4_request, \
             SignedHeaders=host;x-amz-date, Signature={:064}\r\nx-amz-date: {stamp}\r\n",
            self.key, 0
        );
        if let Some(token) = &self.token {
            write!(headers, "x-amz-security-token: {token}\r\n").unwrap();
        }
        headers
    }

    /// `None` if the connection was closed without an answer.
    fn send(&self, method: &str, target: &str, headers: &str, body: &str) -> Option<Answer> {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(BOUND)).unwrap();
        let length = body.len();
        let head =
            format!("{method} {target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}");
        stream
            .write_all(format!("{head}content-length: {length}\r\n\r\n{body}").as_bytes())
            .unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).ok()?;
        let (head, body) = text.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Some(Answer { status, head: head.to_owned(), body: body.to_owned() })
    }

    fn try_get(&self, target: &str) -> Option<Answer> {
        self.send("GET", &format!("/2013-04-01/{target}"), &self.authorization("route53"), "")
    }

    fn get(&self, target: &str) -> Answer {
        self.try_get(target).expect("an answer")
    }

    fn try_change(&self, zone: &Zone, changes: &[Change]) -> Option<Answer> {
        let target = format!("/2013-04-01/hostedzone/{}/rrset/", zone.id());
        self.send("POST", &target, &self.authorization("route53"), &batch(changes))
    }

    fn change(&self, zone: &Zone, changes: &[Change]) -> Answer {
        self.try_change(zone, changes).expect("an answer")
    }

    fn tags(&self, ids: &[&str]) -> Answer {
        let ids: String = ids.iter().map(|id| format!("<ResourceId>{id}</ResourceId>")).collect();
        let body = format!(
            "<ListTagsForResourcesRequest><ResourceIds>{ids}</ResourceIds></ListTagsForResourcesRequest>"
        );
        self.send("POST", "/2013-04-01/tags/hostedzone", &self.authorization("route53"), &body)
            .unwrap()
    }

    fn sts(&self, form: &str) -> Answer {
        self.send("POST", "/", &self.authorization("sts"), form).unwrap()
    }
}

fn batch(changes: &[Change]) -> String {
    let mut text = String::new();
    for Change { action, record_set } in changes {
        let action = format!("{action:?}").to_uppercase();
        let set = quick_xml::se::to_string_with_root(
            "ResourceRecordSet",
            &WireRecordSet::from(record_set),
        )
        .unwrap();
        write!(text, "<Change><Action>{action}</Action>{set}</Change>").unwrap();
    }
    let open =
        "<ChangeResourceRecordSetsRequest xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\">";
    format!(
        "{open}<ChangeBatch><Changes>{text}</Changes></ChangeBatch></ChangeResourceRecordSetsRequest>"
    )
}

fn create(record_set: RecordSet) -> Change {
    Change { action: Action::Create, record_set }
}

fn delete(record_set: RecordSet) -> Change {
    Change { action: Action::Delete, record_set }
}

fn upsert(record_set: RecordSet) -> Change {
    Change { action: Action::Upsert, record_set }
}

fn a(name: &str) -> RecordSet {
    RecordSet::a(&format!("{name}.example.org"), "192.0.2.1")
}

fn latency(region: &str) -> Routing {
    Routing::Latency(region.to_owned())
}

/// One of each kind that a change can collide with.
fn neighbourhood(zone: &Zone) {
    let cname = RecordSet::new("cname.example.org", "CNAME").value("target.example.net");
    let europe =
        Routing::GeoLocation { continent: Some("EU".into()), country: None, subdivision: None };
    zone.seed([
        a("www").value("192.0.2.2"),
        RecordSet::txt("www.example.org", "text"),
        cname,
        a("weighted").weighted("blue", 10).health_check("check"),
        a("latency").routed("eu", latency("eu-west-1")),
        a("failover").routed("first", Routing::Failover("PRIMARY".into())),
        a("geo").routed("europe", europe),
        RecordSet::alias(
            "alias.example.org",
            "A",
            "Z215JYRZR1TBD5",
            "lb.eu-central-1.elb.amazonaws.com",
        ),
    ]);
}
