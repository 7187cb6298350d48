//! How IBM Cloud speaks, for tests.

use extdns_model::RecordType;
use serde_json::{Value, json};

use super::PUBLIC;
use crate::conformance::{
    Dialect, Front, HttpAnswer, HttpPage, HttpRecord, HttpRequest, HttpServer, SECRET, WHOLE, only,
};

/// The CRN of an instance of Internet Services.
pub const CIS: &str = "crn:v1:bluemix:public:internet-svcs:global:a/0123456789abcdef:5a6b7c8d::";

/// The CRN of an instance of DNS Services.
pub const DNS_SERVICES: &str =
    "crn:v1:bluemix:public:dns-svcs:global:a/0123456789abcdef:5a6b7c8d::";

/// The TTL of a private record that comes without one.
const USUAL_TTL: u32 = 900;

/// The dialect of Internet Services behind [`FRONT`], for the key of the conformance kit.
pub const DIALECT: Dialect = Dialect {
    credentials: ("authorization", "Bearer s3cr3t-t0ken"),
    sets: false,
    apex: WHOLE,
    zones: "/zones",
    records: "/zones/{zone}/dns_records",
    record: "/zones/{zone}/dns_records/{id}",
    zone: |name| json!({ "id": name, "name": name, "status": "active" }),
    show: |record| {
        let [value] = &record.values[..] else { panic!("one value: {record:?}") };
        json!({ "id": record.id.to_string(), "type": record.rtype.to_string(), "name": record.name,
            "content": PUBLIC.form.value(record.rtype, value), "ttl": record.ttl, "proxied": false, "proxiable": true })
    },
    update: "PUT",
    read: read_public,
    paging: ("page", "per_page", 20, 1000),
    page: |HttpPage { items, total, .. }| {
        let info =
            json!({ "page": 1, "per_page": 100, "count": items.len(), "total_count": total });
        (Vec::new(), json!({ "success": true, "errors": [], "result": items, "result_info": info }))
    },
    error: |status, message| json!({ "success": false, "errors": [{ "code": 1000 + status, "message": message }], "result": null }),
    refused: (400, 400),
    done: (200, 200, 200),
    batch: None,
};

/// The dialect of DNS Services behind [`FRONT`].
pub const PRIVATE_DIALECT: Dialect = Dialect {
    zones: "/dnszones",
    records: "/dnszones/{zone}/resource_records",
    record: "/dnszones/{zone}/resource_records/{id}",
    zone: |name| json!({ "id": name, "name": name, "state": "active" }),
    show: |record| {
        let [value] = &record.values[..] else { panic!("one value: {record:?}") };
        json!({ "id": record.id.to_string(), "type": record.rtype.to_string(), "name": record.name,
            "rdata": { member(record.rtype): PUBLIC.form.value(record.rtype, value) }, "ttl": record.ttl })
    },
    read: read_private,
    paging: ("page", "limit", 200, 200),
    page: |HttpPage { of_zones, items, total, .. }| {
        let member = if of_zones { "dnszones" } else { "resource_records" };
        (Vec::new(), json!({ member: items, "limit": 200, "total_count": total }))
    },
    error: |status, message| json!({ "errors": [{ "code": status.to_string(), "message": message }] }),
    refused: (400, 409),
    done: (200, 200, 204),
    ..DIALECT
};

/// A login, paths with the instance in front, and offsets in the place of pages.
pub const FRONT: Front = Front { ask, ..Front::NONE };

fn ask(server: &HttpServer, request: &HttpRequest) -> Result<HttpRequest, HttpAnswer> {
    if request.path == "/identity/token" {
        let form = String::from_utf8_lossy(&request.body).into_owned();
        let expected = format!(
            "grant_type=urn%3Aibm%3Aparams%3Aoauth%3Agrant-type%3Aapikey&response_type=cloud_iam&apikey={SECRET}"
        );
        let (status, body) = match form == expected {
            true => {
                (200, json!({ "access_token": SECRET, "token_type": "Bearer", "expires_in": 3600 }))
            }
            false => (
                400,
                json!({ "errorCode": "BXNIM0415E", "errorMessage": "Provided API key could not be found." }),
            ),
        };
        return Err(HttpAnswer::Whole { status, headers: Vec::new(), body });
    }
    let mut own = server.filled_in(request, &["type"]);
    let at = ["/dnszones", "/zones"].iter().find_map(|it| request.path.find(it));
    own.path = request.path[at.unwrap_or_default()..].to_owned();
    let number = |name: &str| {
        let found = request.query.iter().find(|(own, _)| own == name);
        found.and_then(|(_, value)| value.parse::<usize>().ok())
    };
    if let (Some(offset), Some(limit @ 1..)) = (number("offset"), number("limit")) {
        own.query.push(("page".to_owned(), (offset / limit + 1).to_string()));
    }
    Ok(own)
}

fn read_public(body: &Value) -> Result<HttpRecord, String> {
    only(body, &["name", "type", "ttl", "content", "proxied"])?;
    if !body["proxied"].is_boolean() {
        return Err("proxied is missing".to_owned());
    }
    read(body, &body["content"], None)
}

fn read_private(body: &Value) -> Result<HttpRecord, String> {
    only(body, &["name", "type", "ttl", "rdata"])?;
    let rtype: RecordType =
        body["type"].as_str().and_then(|it| it.parse().ok()).ok_or("no type")?;
    only(&body["rdata"], &[member(rtype)])?;
    read(body, &body["rdata"][member(rtype)], Some(USUAL_TTL))
}

fn read(body: &Value, value: &Value, usual: Option<u32>) -> Result<HttpRecord, String> {
    let text = |name: &str| body[name].as_str().ok_or(format!("no {name}"));
    let rtype: RecordType = text("type")?.parse().map_err(|_| "no type")?;
    let ttl = body["ttl"].as_u64().and_then(|ttl| u32::try_from(ttl).ok());
    let ttl = ttl.or(usual).ok_or("no ttl")?;
    let value = value.as_str().ok_or("no value")?;
    if rtype != RecordType::Txt && value.ends_with('.') {
        return Err("a host with a final dot".to_owned());
    }
    let values = vec![PUBLIC.form.read(rtype, value).to_string()];
    Ok(HttpRecord { id: 0, name: text("name")?.to_owned(), rtype, ttl, values })
}

/// The member of a private value.
fn member(rtype: RecordType) -> &'static str {
    match rtype {
        RecordType::Cname => "cname",
        RecordType::Txt => "text",
        _ => "ip",
    }
}
