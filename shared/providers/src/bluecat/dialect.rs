//! How the workflow of BlueCat speaks, for tests.

use extdns_model::{Name, RecordType};
use serde_json::{Value, json};

use super::FORM;
use super::record::{KINDS, Kind, kind_of};
use crate::conformance::{
    Dialect, Front, HttpAnswer, HttpPage, HttpRecord, HttpRequest, HttpServer, SECRET, WHOLE, only,
};
use crate::engine::names::relative;

/// The zones that a server of tests may have.
const ZONES: [&str; 4] = ["sub.example.org", "example.org", "example.net", "other.org"];

const BASE: &str = "/api/v1/configurations/cfg/views/internal/";
const COOKIE: &str = "session=c00kie";

/// The dialect of its API behind [`FRONT`], for the configuration `cfg` and the view `internal`.
pub const DIALECT: Dialect = Dialect {
    credentials: ("authorization", "Basic s3cr3t-t0ken"),
    sets: true,
    apex: WHOLE,
    zones: "/zones",
    records: "/zones/{zone}/records",
    record: "/zones/{zone}/records/{name}/{type}",
    zone: |name| {
        let label = name.split('.').next();
        json!({ "id": name.len(), "name": label, "type": "Zone",
            "properties": format!("deployable=true|absoluteName={name}|") })
    },
    show,
    update: "none",
    read,
    paging: ("page", "size", 1000, 1000),
    page: |HttpPage { items, .. }| (Vec::new(), items.into()),
    error: |_, message| json!({ "message": message }),
    refused: (400, 409),
    done: (201, 200, 204),
    batch: None,
};

/// A session, zones as paths, and records by their whole names.
pub const FRONT: Front = Front { ask, tell };

fn show(record: &HttpRecord) -> Value {
    let Ok(kind) = kind_of(record.rtype) else { return Value::Null };
    let values: Vec<String> = record.values.iter().map(|it| FORM.value(record.rtype, it)).collect();
    let ttl = if record.ttl > 0 { format!("ttl={}|", record.ttl) } else { String::new() };
    let properties =
        format!("{ttl}absoluteName={}|{}={}|", record.name, kind.names[0], values.join(","));
    json!({ "id": record.id, "name": record.name.split('.').next(), "type": record.rtype.to_string(),
        "properties": properties })
}

/// A path below the view: the name of its zone, and the words behind that.
fn parts(path: &str) -> Option<(String, Vec<&str>)> {
    let mut words: Vec<&str> = path.strip_prefix(BASE)?.strip_suffix('/')?.split('/').collect();
    let mut labels = Vec::new();
    while let ["zones", label, ..] = words[..] {
        labels.insert(0, label);
        words.drain(..2);
    }
    Some((labels.join("."), words))
}

fn kind_at(path: &str) -> Option<&'static Kind> {
    let (_, words) = parts(path)?;
    KINDS.iter().find(|kind| Some(&kind.path) == words.first())
}

fn ask(_: &HttpServer, request: &HttpRequest) -> Result<HttpRequest, HttpAnswer> {
    let whole = |status, headers, body| Err(HttpAnswer::Whole { status, headers, body });
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    if request.path == "/rest_login" {
        let expected = json!({ "username": "user", "password": SECRET });
        return match request.method == "POST" && body == expected {
            true => {
                let cookie = format!("{COOKIE}; Path=/; HttpOnly");
                whole(
                    200,
                    vec![("set-cookie", cookie)],
                    json!({ "access_token": format!("BAMAuthToken: {SECRET}") }),
                )
            }
            false => whole(401, Vec::new(), json!({ "message": "Invalid username or password" })),
        };
    }
    if request.headers.get("cookie").map(String::as_str) != Some(COOKIE) {
        return whole(401, Vec::new(), json!({ "message": "no session" }));
    }
    let mut asked = request.clone();
    let method = request.method.as_str();
    let Some((zone, words)) = parts(&request.path) else { return Ok(asked) };
    match (method, &words[..]) {
        ("GET", ["zones"]) => asked.path = "/zones".to_owned(),
        ("GET" | "POST", [_]) => asked.path = format!("/zones/{zone}/records"),
        ("DELETE", [_, name]) => {
            let name = Name::as_listed(name);
            let key = name.key().into_owned();
            let is_in = |zone: &&&str| key == **zone || key.ends_with(&format!(".{zone}"));
            let zone = ZONES.iter().find(is_in).copied().unwrap_or_default();
            let rtype = kind_at(&request.path).map(|kind| kind.rtype.to_string());
            let name = relative(&name, &Name::as_listed(zone), WHOLE);
            asked.path = format!("/zones/{zone}/records/{name}/{}", rtype.unwrap_or_default());
        }
        _ => {}
    }
    if let (Value::Object(mut body), Some(kind)) = (body, kind_at(&request.path)) {
        body.insert("_kind".to_owned(), kind.path.into());
        asked.body = Value::Object(body).to_string().into_bytes();
    }
    Ok(asked)
}

/// A list has the zones one level below, or the records of one kind.
fn tell(request: &HttpRequest, answer: HttpAnswer) -> HttpAnswer {
    match answer {
        HttpAnswer::Whole { status: 200, headers, body: Value::Array(mut items) } => {
            let parent = parts(&request.path).map(|(zone, _)| zone).unwrap_or_default();
            let kind = kind_at(&request.path).map(|kind| kind.rtype.to_string());
            items.retain(|item| match &kind {
                Some(rtype) => item["type"] == rtype.as_str(),
                None => {
                    let properties = item["properties"].as_str().unwrap_or_default();
                    let label = item["name"].as_str().unwrap_or_default();
                    properties.contains(&format!("absoluteName={label}.{parent}|"))
                }
            });
            HttpAnswer::Whole { status: 200, headers, body: Value::Array(items) }
        }
        HttpAnswer::Whole { status: 201, headers, mut body } => {
            let asked: Value = serde_json::from_slice(&request.body).unwrap_or_default();
            let name = asked["absolute_name"].as_str().unwrap_or_default();
            body["properties"] = format!("absoluteName={name}|").into();
            HttpAnswer::Whole { status: 201, headers, body }
        }
        HttpAnswer::Whole { status: 404, headers, body } => {
            let text = match body["message"].as_str() {
                Some("no such record") => "No matching Host Record(s) found",
                _ => "No matching Zone(s) found",
            };
            HttpAnswer::Whole { status: 404, headers, body: text.into() }
        }
        other => other,
    }
}

fn read(body: &Value) -> Result<HttpRecord, String> {
    let kind = KINDS.iter().find(|kind| body["_kind"] == kind.path).ok_or("no such kind")?;
    let is_text = kind.rtype == RecordType::Txt;
    let more: &[&str] = if is_text { &[] } else { &["ttl", "properties"] };
    let members = [&["_kind", "absolute_name", kind.names[1]], more].concat();
    if only(body, &members)?.len() != members.len() {
        return Err("a member is missing".to_owned());
    }
    let ttl = match body["ttl"].as_i64() {
        None if is_text => 0,
        Some(-1) => 0,
        Some(ttl @ 1..) => u32::try_from(ttl).map_err(|error| error.to_string())?,
        _ => return Err("the TTL is none".to_owned()),
    };
    let text = body[kind.names[1]].as_str().ok_or("no value")?;
    let values: Vec<String> = match kind.rtype {
        RecordType::A => text.split(',').map(ToOwned::to_owned).collect(),
        rtype => vec![FORM.read(rtype, text).to_string()],
    };
    let name = body["absolute_name"].as_str().ok_or("no name")?.to_owned();
    Ok(HttpRecord { id: 0, name, rtype: kind.rtype, ttl, values })
}

/// What a host has, as a list shows it.
#[cfg(test)]
pub(super) fn shown(name: &str, rtype: RecordType, ttl: u32, values: &[&str]) -> Value {
    let values = values.iter().map(|it| (*it).to_owned()).collect();
    show(&HttpRecord { id: 7, name: name.to_owned(), rtype, ttl, values })
}
