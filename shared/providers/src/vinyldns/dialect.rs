//! How VinylDNS speaks, for tests.

use extdns_model::RecordType;
use serde_json::{Value, json};

use super::{FORM, members};
use crate::conformance::{
    Dialect, Front, HttpAnswer, HttpPage, HttpRecord, HttpRequest, HttpServer, WHOLE, only,
};

/// The dialect of its API behind [`FRONT`].
pub const DIALECT: Dialect = Dialect {
    credentials: ("x-signed", "yes"),
    sets: true,
    apex: WHOLE,
    zones: "/zones",
    records: "/zones/{zone}/recordsets",
    record: "/zones/{zone}/recordsets/{id}",
    zone: |name| json!({ "id": name, "name": format!("{name}."), "status": "Active" }),
    show: |record| {
        let value = |it: &String| match record.rtype {
            RecordType::Txt => json!({ "text": FORM.value(record.rtype, it) }),
            rtype => members(rtype).write(&FORM.value(rtype, it)).expect("its members"),
        };
        let values: Vec<Value> = record.values.iter().map(value).collect();
        json!({ "id": record.id.to_string(), "name": format!("{}.", record.name), "ttl": record.ttl,
            "type": record.rtype.to_string(), "records": values, "status": "Active", "account": "" })
    },
    update: "PUT",
    read,
    paging: ("startFrom", "maxItems", 100, 100),
    page: |HttpPage { of_zones, items, next, .. }| {
        let list = if of_zones { "zones" } else { "recordSets" };
        let mut body = json!({ list: items, "maxItems": 100 });
        if let Some((_, rest)) = next.as_deref().and_then(|next| next.split_once("startFrom=")) {
            body["nextId"] = rest.split('&').next().into();
        }
        (Vec::new(), body)
    },
    error: |_, message| json!({ "errors": [message] }),
    refused: (400, 409),
    done: (202, 202, 202),
    batch: None,
};

/// Requests are signed, and say the zone and the record set that their path has.
pub const FRONT: Front = Front { ask, tell: |_, answer| answer };

fn ask(_: &HttpServer, request: &HttpRequest) -> Result<HttpRequest, HttpAnswer> {
    let header = |name: &str| request.headers.get(name).map_or("", String::as_str);
    let whole = |status, text: &str| {
        let body = json!({ "errors": [text] });
        Err(HttpAnswer::Whole { status, headers: Vec::new(), body })
    };
    let (time, signature) = (header("x-amz-date"), header("authorization"));
    let scope = format!("/{}/us-east-1/VinylDNS/aws4_request, ", time.get(..8).unwrap_or_default());
    if !signature.starts_with("AWS4-HMAC-SHA256 Credential=") || !signature.contains(&scope) {
        return whole(401, "Authentication failed");
    }
    let mut request = request.clone();
    request.headers.insert("x-signed".to_owned(), "yes".to_owned());
    if let Ok(Value::Object(mut body)) = serde_json::from_slice(&request.body) {
        let words: Vec<&str> = request.path.split('/').collect();
        let (zone, id) = (words.get(2).copied(), words.get(4).copied());
        if body.remove("zoneId").as_ref().and_then(Value::as_str) != zone
            || body.remove("id").as_ref().and_then(Value::as_str) != id
        {
            return whole(400, "the path has another id");
        }
        request.body = Value::Object(body).to_string().into_bytes();
    }
    Ok(request)
}

fn read(body: &Value) -> Result<HttpRecord, String> {
    only(body, &["name", "type", "ttl", "account", "records"])?;
    let name = body["name"].as_str().filter(|it| !it.is_empty()).ok_or("no name")?;
    let rtype: RecordType =
        body["type"].as_str().and_then(|it| it.parse().ok()).ok_or("no type")?;
    let ttl = body["ttl"].as_u64().and_then(|ttl| u32::try_from(ttl).ok());
    let ttl = ttl.filter(|ttl| *ttl >= 30).ok_or("TTL must be at least 30 seconds")?;
    let values = body["records"].as_array().ok_or("no records")?;
    let value = |it: &Value| {
        only(it, members(rtype).0)?;
        let text = members(rtype).read(it).ok_or("a member is missing")?;
        let value = FORM.read(rtype, &text);
        let is_same = rtype == RecordType::Txt || FORM.value(rtype, &value) == text;
        is_same.then(|| value.to_string()).ok_or("relative or odd".to_owned())
    };
    let values = values.iter().map(value).collect::<Result<Vec<_>, _>>()?;
    Ok(HttpRecord { id: 0, name: name.trim_end_matches('.').to_owned(), rtype, ttl, values })
}
