//! How OVHcloud speaks, for tests.

use std::time::{SystemTime, UNIX_EPOCH};

use extdns_auth::HttpOptions;
use extdns_model::RecordType;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use super::sign::Signature;
use super::{FORM, SERVICE};
use crate::conformance::{
    Dialect, Front, HttpAnswer, HttpPage, HttpRecord, HttpRequest, HttpServer, SECRET, only,
};
use crate::engine::wire::USUAL_TYPES_AND_DNAME;
use crate::rest::{Auth, Outgoing, Rest};

/// How far the clock of the service is ahead of that of the machine, in seconds.
pub const AHEAD: i64 = 3600;

/// The dialect of its API behind [`FRONT`].
pub const DIALECT: Dialect = Dialect {
    credentials: ("x-signed", "yes"),
    sets: false,
    apex: "",
    zones: "/1.0/domain/zone",
    records: "/1.0/domain/zone/{zone}/record",
    record: "/1.0/domain/zone/{zone}/record/{id}",
    zone: |name| json!(name),
    show,
    update: "PUT",
    read,
    paging: ("page", "size", 100_000, 100_000),
    page: |HttpPage { items, .. }| (Vec::new(), json!(items)),
    error: |_, message| {
        let message = message.replace("such record", "such object");
        json!({ "class": "Client::Error", "message": message })
    },
    refused: (400, 400),
    done: (200, 200, 200),
    batch: None,
};

/// Requests are signed with the time of the service. Lists give ids, and a record is read by its own.
pub const FRONT: Front = Front { ask, tell };

fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    i64::try_from(now).unwrap_or_default()
}

fn ask(server: &HttpServer, request: &HttpRequest) -> Result<HttpRequest, HttpAnswer> {
    let whole = |status, body| HttpAnswer::Whole { status, headers: Vec::new(), body };
    if request.path == "/1.0/auth/time" {
        return Err(whole(200, json!(now() + AHEAD)));
    }
    if !is_signed(request) {
        return Err(whole(
            403,
            json!({ "class": "Client::Forbidden", "message": "Invalid signature" }),
        ));
    }
    let is_refresh = request.path.ends_with("/refresh");
    if is_refresh && request.body.is_empty() && !request.headers.contains_key("content-type") {
        return Err(whole(200, Value::Null));
    }
    let mut request = server.filled_in(request, &["fieldType"]);
    request.headers.insert("x-signed".to_owned(), "yes".to_owned());
    if request.method == "GET" {
        request.query.clear();
        if let (true, Some((list, _))) =
            (is_of_record(&request.path), request.path.rsplit_once('/'))
        {
            request.path = list.to_owned();
        }
    }
    Ok(request)
}

fn is_of_record(path: &str) -> bool {
    path.split('/').count() == 7
}

fn tell(request: &HttpRequest, answer: HttpAnswer) -> HttpAnswer {
    let HttpAnswer::Whole { status: 200, headers, body: Value::Array(items) } = answer else {
        return answer;
    };
    let whole = |status, body| HttpAnswer::Whole { status, headers, body };
    if is_of_record(&request.path) {
        let id = request.path.rsplit('/').next().unwrap_or_default();
        let found = items.into_iter().find(|item| item["id"].as_u64() == id.parse().ok());
        let gone = json!({ "message": format!("The requested object (id = {id}) does not exist") });
        return match found {
            Some(item) => whole(200, item),
            None => whole(404, gone),
        };
    }
    // The filter takes names that only hold the text, too.
    let wanted = |item: &&Value| {
        let name = item["subDomain"].as_str().unwrap_or_default();
        request.query.iter().all(|(own, text)| own == "subDomain" && name.contains(text))
    };
    match items.iter().any(Value::is_string) || items.is_empty() {
        true => whole(200, json!(items)),
        false => whole(200, items.iter().filter(wanted).map(|item| item["id"].clone()).collect()),
    }
}

/// Whether a request has the signature of the secret of the kit, or that of upstream's runs, at the time of the service.
fn is_signed(request: &HttpRequest) -> bool {
    let header = |name: &str| request.headers.get(name).map_or("", String::as_str);
    let time: i64 = header("x-ovh-timestamp").parse().unwrap_or_default();
    let url = format!("http://{}{}", header("host"), request.path);
    let mut url = reqwest::Url::parse(&url).expect("a URL");
    if !request.query.is_empty() {
        url.query_pairs_mut().extend_pairs(&request.query);
    }
    let outgoing = Outgoing {
        method: request.method.parse().expect("a method"),
        url,
        headers: HeaderMap::new(),
        body: (!request.body.is_empty()).then(|| request.body.clone().into()),
    };
    let clock =
        || Rest::new(&SERVICE, None, Auth::none(), &HttpOptions::default()).expect("a client");
    let signature = Signature::new(["app", SECRET, header("x-ovh-consumer")], clock());
    signature.value(&outgoing, time) == header("x-ovh-signature")
        && (time - now() - AHEAD).abs() < 300
        && header("x-ovh-application") == "app"
}

fn show(record: &HttpRecord) -> Value {
    let [value] = &record.values[..] else { panic!("one value: {record:?}") };
    json!({ "id": record.id, "zone": "example.org", "subDomain": record.name,
        "fieldType": record.rtype.to_string(), "target": FORM.value(record.rtype, value), "ttl": record.ttl })
}

/// A host without a final dot is one within the zone, which no test wants.
fn read(body: &Value) -> Result<HttpRecord, String> {
    only(body, &["subDomain", "ttl", "target", "fieldType"])?;
    let text = |name: &str| body[name].as_str().ok_or(format!("no {name}"));
    let rtype: RecordType = text("fieldType")?.parse().map_err(|_| "no type")?;
    let hosts = [RecordType::Cname, RecordType::Mx, RecordType::Ns, RecordType::Srv];
    let target = text("target")?;
    if !USUAL_TYPES_AND_DNAME.contains(&rtype) || (hosts.contains(&rtype) && !target.ends_with('.'))
    {
        return Err("relative, or of another type".to_owned());
    }
    let ttl = body["ttl"].as_u64().and_then(|ttl| u32::try_from(ttl).ok()).ok_or("no ttl")?;
    let values = vec![FORM.read(rtype, target).to_string()];
    Ok(HttpRecord { id: 0, name: text("subDomain")?.to_owned(), rtype, ttl, values })
}
