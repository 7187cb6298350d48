//! How GoDaddy speaks, for tests.

use extdns_model::RecordType;
use serde_json::{Value, json};

use super::FORM;
use crate::conformance::{
    Dialect, Front, HttpAnswer, HttpBatch, HttpChange, HttpPage, HttpRecord, HttpRequest,
    HttpServer, only,
};

/// The dialect of its API behind [`FRONT`], for the key of the conformance kit.
pub const DIALECT: Dialect = Dialect {
    credentials: ("authorization", "sso-key key:s3cr3t-t0ken"),
    sets: true,
    apex: "@",
    zones: "/v1/domains",
    records: "/v1/domains/{zone}/records",
    record: "/v1/domains/{zone}/records/{type}/{name}",
    zone: |name| json!({ "domain": name, "domainId": 1, "status": "ACTIVE" }),
    show,
    update: "PUT",
    read,
    paging: ("no-page", "no-size", 1_000_000, 1_000_000),
    page: |HttpPage { of_zones, items, .. }| {
        let values = |set: Value| set.as_array().cloned().unwrap_or_default();
        let all = if of_zones { items } else { items.into_iter().flat_map(values).collect() };
        (Vec::new(), all.into())
    },
    error: |status, message| {
        let code = match status {
            409 => "DUPLICATE_RECORD",
            404 if message.contains("zone") => "UNKNOWN_DOMAIN",
            404 => "NOT_FOUND",
            _ => "INVALID_BODY",
        };
        json!({ "code": code, "message": message })
    },
    refused: (422, 409),
    done: (200, 200, 204),
    batch: Some(HttpBatch {
        path: "/v1/domains/{zone}/added",
        most: 1000,
        read: added,
        is_atomic: false,
        done: || Value::Null,
    }),
};

/// Lists are cut by an offset, values are added to a list, and a set that is replaced has its name and type in its path.
pub const FRONT: Front = Front { ask, tell };

fn ask(_: &HttpServer, request: &HttpRequest) -> Result<HttpRequest, HttpAnswer> {
    let mut request = request.clone();
    // Upstream's runs have a key of their own.
    if request.headers.get("authorization").is_some_and(|it| it.starts_with("sso-key key1:")) {
        let (name, value) = DIALECT.credentials;
        request.headers.insert(name.to_owned(), value.to_owned());
    }
    let parts: Vec<&str> = request.path.split('/').collect();
    if request.method == "PATCH" {
        request.path = request.path.replace("/records", "/added");
        request.method = "POST".to_owned();
    } else if let ("PUT", [.., rtype, name]) = (request.method.as_str(), &parts[..]) {
        let values: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let body = json!({ "type": rtype, "name": name, "values": values });
        request.body = body.to_string().into_bytes();
    }
    Ok(request)
}

fn tell(request: &HttpRequest, answer: HttpAnswer) -> HttpAnswer {
    let number = |name: &str, default| {
        let own = request.query.iter().find(|(own, _)| own == name);
        own.and_then(|(_, value)| value.parse().ok()).unwrap_or(default)
    };
    let (limit, offset) = (number("limit", 1_000_000), number("offset", 0));
    match answer {
        HttpAnswer::Whole { status: 200, headers, body: Value::Array(items) } => {
            let body = items.into_iter().skip(offset).take(limit).collect();
            HttpAnswer::Whole { status: 200, headers, body }
        }
        other => other,
    }
}

/// One entry for each value.
fn show(record: &HttpRecord) -> Value {
    let entries = record.values.iter().map(|value| {
        let value = FORM.value(record.rtype, value);
        let mut shown = json!({ "name": record.name, "type": record.rtype.to_string(),
            "data": value, "ttl": record.ttl });
        if let (RecordType::Mx, Some((priority, host))) = (record.rtype, value.split_once(' ')) {
            shown["data"] = host.into();
            shown["priority"] = priority.parse::<u16>().expect("a number").into();
        }
        shown
    });
    entries.collect()
}

fn read(body: &Value) -> Result<HttpRecord, String> {
    only(body, &["type", "name", "values"])?;
    let text = |name: &str| body[name].as_str().ok_or(format!("no {name}"));
    let rtype: RecordType = text("type")?.parse().map_err(|_| "no type")?;
    let entries = body["values"].as_array().ok_or("no values")?;
    let ttl = entries.first().and_then(|it| it["ttl"].as_u64());
    let ttl = ttl.and_then(|ttl| u32::try_from(ttl).ok()).filter(|ttl| *ttl >= 600);
    let value = |entry: &Value| {
        only(entry, &["data", "ttl", "priority"])?;
        let data = entry["data"].as_str().ok_or("no data")?;
        let value = match (rtype, entry["priority"].as_u64()) {
            (RecordType::Mx, Some(priority)) => format!("{priority} {data}"),
            (RecordType::Mx, None) | (_, Some(_)) => {
                return Err("priority belongs to MX".to_owned());
            }
            (RecordType::Txt, None) => data.to_owned(),
            _ if data.ends_with('.') => return Err("a final dot".to_owned()),
            _ => data.to_owned(),
        };
        Ok(FORM.read(rtype, &value).to_string())
    };
    let values = entries.iter().map(value).collect::<Result<Vec<_>, String>>()?;
    let name = text("name")?.to_owned();
    Ok(HttpRecord { id: 0, name, rtype, ttl: ttl.ok_or("ttl is less than 600")?, values })
}

/// The sets of the values that are added.
fn added(body: &Value) -> Result<Vec<HttpChange>, String> {
    let mut sets: Vec<Value> = Vec::new();
    for entry in body.as_array().ok_or("no list")? {
        let mut entry = entry.clone();
        let own = entry.as_object_mut().ok_or("no object")?;
        let (name, rtype) = (own.remove("name"), own.remove("type"));
        let (Some(name), Some(rtype)) = (name, rtype) else { return Err("no name".to_owned()) };
        let same = |it: &&mut Value| it["name"] == name && it["type"] == rtype;
        match sets.iter_mut().find(same) {
            Some(set) => set["values"].as_array_mut().ok_or("no values")?.push(entry),
            None => sets.push(json!({ "name": name, "type": rtype, "values": [entry] })),
        }
    }
    Ok(sets.into_iter().map(HttpChange::Create).collect())
}
