//! How Infoblox speaks, for tests.

use extdns_model::{Name, RecordSet, RecordType, Ttl};
use serde_json::{Value, json};

use super::FORM;
use super::record::{KINDS, kind_of};
use crate::conformance::{
    Dialect, Front, HttpAnswer, HttpPage, HttpRecord, HttpRequest, HttpServer, WHOLE, only,
};

/// The zones that a server of tests has.
const ZONES: [&str; 4] = ["sub.example.org", "example.org", "example.net", "other.test"];

const BASE: &str = "/wapi/v2.3.1/";

/// The dialect of its API behind [`FRONT`], for the password of the conformance kit.
pub const DIALECT: Dialect = Dialect {
    credentials: ("authorization", "Basic YWRtaW46czNjcjN0LXQwa2Vu"),
    sets: false,
    apex: WHOLE,
    zones: "/zones",
    records: "/zones/{zone}/records",
    record: "/zones/{zone}/records/{id}",
    zone: |name| json!({ "_ref": format!("zone_auth/Z:{name}/default"), "fqdn": name, "view": "default" }),
    show,
    update: "PUT",
    read,
    paging: ("_page_id", "_max_results", 1000, 1000),
    page: |HttpPage { items, next, .. }| {
        let mut body = json!({ "result": items });
        if let Some((_, rest)) = next.as_deref().and_then(|next| next.split_once("_page_id=")) {
            body["next_page_id"] = rest.split('&').next().into();
        }
        (Vec::new(), body)
    },
    error: |_, message| json!({ "Error": format!("AdmConDataError: {message}"), "text": message }),
    refused: (400, 400),
    done: (201, 200, 200),
    batch: None,
};

/// Objects of each kind have a path of their own, and references say what they are.
pub const FRONT: Front = Front { ask, tell };

fn show(record: &HttpRecord) -> Value {
    let Ok(kind) = kind_of(record.rtype) else { return Value::Null };
    let name = Name::as_listed(&record.name);
    let targets = record.values.iter().map(String::as_str).collect();
    let set = RecordSet::new(name, record.rtype, Ttl::UNSET, targets);
    let value = record.values.first().map_or("", String::as_str);
    let mut shown = kind.value(&set, value).unwrap_or_default();
    shown["_ref"] = format!("{}/{}:{}/default", kind.name, record.id, record.name).into();
    shown["name"] = record.name.as_str().into();
    shown["ttl"] = record.ttl.into();
    shown["use_ttl"] = (record.ttl > 0).into();
    shown
}

/// The rest of a path behind the base.
fn object(path: &str) -> &str {
    path.strip_prefix(BASE).unwrap_or_default()
}

/// The kind of object that a path is about.
fn kind_in(path: &str) -> &str {
    object(path).split('/').next().unwrap_or_default()
}

fn ask(server: &HttpServer, request: &HttpRequest) -> Result<HttpRequest, HttpAnswer> {
    let (kind, mut asked) = (kind_in(&request.path).to_owned(), request.clone());
    let query = |name: &str| {
        let found = request.query.iter().find(|(own, _)| own == name);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    };
    let id = object(&request.path).split(['/', ':']).nth(2).unwrap_or_default();
    match (request.method.as_str(), kind.as_str()) {
        ("GET", "zone_auth") => asked.path = "/zones".to_owned(),
        ("GET", _) => asked.path = format!("/zones/{}/records", query("zone")),
        ("POST", _) => {
            let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
            let name = body["name"].as_str().unwrap_or_default();
            let is_in = |zone: &&&str| name == **zone || name.ends_with(&format!(".{zone}"));
            let zone = ZONES.iter().find(is_in).copied().unwrap_or_default();
            asked.path = format!("/zones/{zone}/records");
        }
        _ => {
            let zone = server.record(id).map_or_else(|| ZONES[1].to_owned(), |(zone, _)| zone);
            asked.path = format!("/zones/{zone}/records/{id}");
            asked = server.filled_in(&asked, &["name"]);
        }
    }
    if let Ok(Value::Object(mut body)) = serde_json::from_slice(&asked.body) {
        body.insert("_kind".to_owned(), kind.into());
        asked.body = Value::Object(body).to_string().into_bytes();
    }
    Ok(asked)
}

/// A list has the objects of one kind, and a change answers with the reference.
fn tell(request: &HttpRequest, answer: HttpAnswer) -> HttpAnswer {
    match answer {
        HttpAnswer::Whole { status: status @ (200 | 201), headers, mut body } => {
            let kind = format!("{}/", kind_in(&request.path));
            if request.method != "GET" {
                body = json!(format!("{kind}reference"));
            } else if let Some(items) = body["result"].as_array_mut() {
                items.retain(|it| it["_ref"].as_str().is_some_and(|own| own.starts_with(&kind)));
            }
            HttpAnswer::Whole { status, headers, body }
        }
        other => other,
    }
}

fn read(body: &Value) -> Result<HttpRecord, String> {
    let kind = KINDS.iter().find(|kind| body["_kind"] == kind.name).ok_or("no such object")?;
    let rtype = match kind.name {
        "record:a" => RecordType::A,
        "record:aaaa" => RecordType::Aaaa,
        "record:cname" => RecordType::Cname,
        "record:mx" => RecordType::Mx,
        "record:srv" => RecordType::Srv,
        "record:txt" => RecordType::Txt,
        other => return Err(format!("{other} cannot be made")),
    };
    let members: Vec<&str> = kind.fields.split(',').chain(["_kind", "view"]).collect();
    only(body, &members)?;
    let ttl = match (&body["use_ttl"], body["ttl"].as_u64()) {
        (Value::Bool(true), Some(ttl)) => u32::try_from(ttl).map_err(|error| error.to_string())?,
        (Value::Bool(false), None) => 0,
        _ => return Err("a TTL counts with use_ttl".to_owned()),
    };
    let text = kind.members.read(body).ok_or("a member is missing")?;
    if rtype == RecordType::Txt && !text.starts_with('"') && text.contains(' ') {
        return Err("text of several words needs quotes".to_owned());
    }
    let name = body["name"].as_str().ok_or("no name")?.to_owned();
    let values = vec![FORM.read(rtype, &text).to_string()];
    Ok(HttpRecord { id: 0, name, rtype, ttl, values })
}
