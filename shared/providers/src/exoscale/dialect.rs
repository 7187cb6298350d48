//! How Exoscale speaks, for tests.

use std::time::{SystemTime, UNIX_EPOCH};

use extdns_model::RecordType;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use super::FORM;
use super::sign::Exo2;
use crate::conformance::{
    Dialect, Front, HttpAnswer, HttpPage, HttpRecord, HttpRequest, HttpServer, SECRET, only,
};
use crate::rest::Outgoing;

/// The dialect of its API behind [`FRONT`].
pub const DIALECT: Dialect = Dialect {
    credentials: ("x-signed", "yes"),
    sets: false,
    apex: "",
    zones: "/v2/dns-domain",
    records: "/v2/dns-domain/{zone}/record",
    record: "/v2/dns-domain/{zone}/record/{id}",
    zone: |name| json!({ "id": name, "unicode-name": name }),
    show,
    update: "PUT",
    read,
    paging: ("page", "size", 100_000, 100_000),
    page: |HttpPage { of_zones, items, .. }| {
        let list = if of_zones { "dns-domains" } else { "dns-domain-records" };
        (Vec::new(), json!({ list: items }))
    },
    error: |_, message| json!({ "message": message }),
    refused: (400, 409),
    done: (200, 200, 200),
    batch: None,
};

/// Requests are signed, with the secret of the kit or that of upstream's runs. A change answers with an operation.
pub const FRONT: Front = Front { ask, tell };

fn ask(server: &HttpServer, request: &HttpRequest) -> Result<HttpRequest, HttpAnswer> {
    let whole = |status, body| HttpAnswer::Whole { status, headers: Vec::new(), body };
    if ![SECRET, "s3cr3t"].iter().any(|secret| is_signed(request, secret)) {
        return Err(whole(403, json!({ "message": "Invalid signature" })));
    }
    if let Some(id) = request.path.strip_prefix("/v2/operation/") {
        return Err(whole(200, json!({ "id": id, "state": "success" })));
    }
    let mut request = server.filled_in(request, &["name", "type", "ttl", "priority"]);
    request.headers.insert("x-signed".to_owned(), "yes".to_owned());
    Ok(request)
}

fn tell(request: &HttpRequest, answer: HttpAnswer) -> HttpAnswer {
    match answer {
        HttpAnswer::Whole { status: 200, headers, .. } if request.method != "GET" => {
            let body = json!({ "id": "o-1", "state": "pending", "reference": { "id": "r-1" } });
            HttpAnswer::Whole { status: 200, headers, body }
        }
        other => other,
    }
}

/// Whether a request has the signature of its key with this secret, and its time is not over.
fn is_signed(request: &HttpRequest, secret: &str) -> bool {
    let given = request.headers.get("authorization").map_or("", String::as_str);
    let field = |name: &str| {
        let mut fields = given.split([',', ' ']);
        fields.find_map(|it| it.strip_prefix(name)).unwrap_or_default()
    };
    let expires: u64 = field("expires=").parse().unwrap_or_default();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let mut url = reqwest::Url::parse("http://localhost").expect("a URL");
    url.set_path(&request.path);
    url.query_pairs_mut().extend_pairs(&request.query);
    if request.query.is_empty() {
        url.set_query(None);
    }
    let outgoing = Outgoing {
        method: request.method.parse().expect("a method"),
        url,
        headers: HeaderMap::new(),
        body: (!request.body.is_empty()).then(|| request.body.clone().into()),
    };
    let own = Exo2::new(field("credential="), secret).value(&outgoing, expires);
    given == own && (now..now + 3600).contains(&expires)
}

/// The priority stands apart.
fn show(record: &HttpRecord) -> Value {
    let [value] = &record.values[..] else { panic!("one value: {record:?}") };
    let value = FORM.value(record.rtype, value);
    let (priority, content) = match record.rtype {
        RecordType::Mx | RecordType::Srv => {
            let (priority, rest) = value.split_once(' ').expect("fields");
            (json!(priority.parse::<u16>().expect("a number")), rest)
        }
        _ => (Value::Null, value.as_str()),
    };
    json!({ "id": record.id.to_string(), "name": record.name, "type": record.rtype.to_string(),
        "content": content, "ttl": record.ttl, "priority": priority, "system-record": false })
}

fn read(body: &Value) -> Result<HttpRecord, String> {
    only(body, &["name", "type", "content", "ttl", "priority"])?;
    let text = |name: &str| body[name].as_str().ok_or(format!("no {name}"));
    let rtype: RecordType = text("type")?.parse().map_err(|_| "no type")?;
    let ttl = body["ttl"].as_u64().and_then(|ttl| u32::try_from(ttl).ok()).ok_or("no ttl")?;
    let content = text("content")?;
    let value = match (rtype, body["priority"].as_u64()) {
        (RecordType::Mx | RecordType::Srv, Some(priority)) => format!("{priority} {content}"),
        (RecordType::Mx | RecordType::Srv, None) | (_, Some(_)) => {
            return Err("priority belongs to MX and SRV".to_owned());
        }
        _ => content.to_owned(),
    };
    let values = vec![FORM.read(rtype, &value).to_string()];
    Ok(HttpRecord { id: 0, name: text("name")?.to_owned(), rtype, ttl, values })
}
