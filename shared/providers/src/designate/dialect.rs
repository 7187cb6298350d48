//! How Designate speaks, for tests, and Keystone before it.

use extdns_model::RecordType;
use serde_json::{Value, json};

use super::FORM;
use crate::conformance::{
    Dialect, Front, HttpAnswer, HttpPage, HttpRecord, HttpRequest, HttpServer, SECRET, WHOLE, only,
};

/// The dialect of its API, for the token of the conformance kit.
pub const DIALECT: Dialect = Dialect {
    credentials: ("x-auth-token", SECRET),
    sets: true,
    apex: WHOLE,
    zones: "/v2/zones",
    records: "/v2/zones/{zone}/recordsets",
    record: "/v2/zones/{zone}/recordsets/{id}",
    zone: |name| json!({ "id": name, "name": format!("{name}."), "type": "PRIMARY", "status": "ACTIVE" }),
    show: |record| {
        let values: Vec<_> = record.values.iter().map(|it| FORM.value(record.rtype, it)).collect();
        let ttl = Some(record.ttl).filter(|ttl| *ttl > 0);
        json!({ "id": record.id.to_string(), "name": format!("{}.", record.name), "ttl": ttl,
            "type": record.rtype.to_string(), "records": values, "status": "PENDING" })
    },
    update: "PUT",
    read,
    paging: ("marker", "limit", 20, 1000),
    page: |HttpPage { of_zones, items, next, .. }| {
        let name = if of_zones { "zones" } else { "recordsets" };
        let links = match next {
            Some(next) => json!({ "self": "https://..", "next": next }),
            None => json!({ "self": "https://.." }),
        };
        (Vec::new(), json!({ name: items, "links": links }))
    },
    error: |status, message| json!({ "code": status, "type": "error", "message": message }),
    refused: (400, 409),
    done: (202, 202, 202),
    batch: None,
};

/// Keystone on the same server, and updates without the name and the type, which do not change.
pub const FRONT: Front = Front { ask, tell: |_, answer| answer };

fn ask(server: &HttpServer, request: &HttpRequest) -> Result<HttpRequest, HttpAnswer> {
    if request.path != "/v3/auth/tokens" {
        return Ok(server.filled_in(request, &["name", "type"]));
    }
    let host = request.headers.get("host").cloned().unwrap_or_default();
    let endpoint = |interface: &str, region: &str| json!({ "interface": interface, "region": region, "url": format!("http://{host}/") });
    let dns =
        json!({ "type": "dns", "endpoints": [endpoint("admin", "R1"), endpoint("public", "R1")] });
    let body = json!({ "token": { "catalog": [{ "type": "compute", "endpoints": [] }, dns] } });
    let headers = vec![("x-subject-token", SECRET.to_owned())];
    Err(HttpAnswer::Whole { status: 201, headers, body })
}

fn read(body: &Value) -> Result<HttpRecord, String> {
    only(body, &["name", "type", "records", "ttl"])?;
    let name = body["name"].as_str().and_then(|name| name.strip_suffix('.'));
    let name = name.ok_or("a name is not absolute")?.to_owned();
    let rtype: RecordType =
        body["type"].as_str().and_then(|it| it.parse().ok()).ok_or("no type")?;
    let ttl = match &body["ttl"] {
        Value::Null => 0,
        ttl => ttl.as_u64().and_then(|ttl| u32::try_from(ttl).ok()).ok_or("bad ttl")?,
    };
    let values = body["records"].as_array().ok_or("no records")?;
    let value = |it: &Value| {
        let text = it.as_str().ok_or("a value is no text")?;
        let value = FORM.read(rtype, text);
        (FORM.value(rtype, &value) == text).then(|| value.to_string()).ok_or("relative or odd")
    };
    let values = values.iter().map(value).collect::<Result<Vec<_>, _>>()?;
    Ok(HttpRecord { id: 0, name, rtype, ttl, values })
}
