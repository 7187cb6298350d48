//! How Dyn spoke, for tests.

use std::collections::BTreeMap;

use extdns_model::RecordType;
use serde_json::{Value, json};

use super::{form, members};
use crate::conformance::{
    Dialect, Front, HttpAnswer, HttpPage, HttpRecord, HttpRequest, HttpServer, SECRET, WHOLE, only,
};

/// The dialect of its API behind [`FRONT`].
pub const DIALECT: Dialect = Dialect {
    credentials: ("auth-token", SECRET),
    sets: false,
    apex: WHOLE,
    zones: "/REST/Zone/",
    records: "/REST/AllRecord/{zone}/",
    record: "/REST/AllRecord/{zone}/{id}/",
    zone: |name| json!({ "zone": name, "zone_type": "Primary", "serial": 7 }),
    show: |record| {
        let [value] = &record.values[..] else { panic!("one value: {record:?}") };
        let value = form(0).value(record.rtype, value);
        json!({ "record_id": record.id, "record_type": record.rtype.to_string(), "fqdn": record.name,
            "ttl": record.ttl, "rdata": members(record.rtype).write_or_whole(&value) })
    },
    update: "PUT",
    read,
    paging: ("page", "size", 100_000, 100_000),
    page,
    error: |_, message| {
        let code = if message.contains("exists") { "TARGET_EXISTS" } else { "INVALID_DATA" };
        let text = if message.contains("such zone") { "No such zone" } else { message };
        json!({ "status": "failure", "data": {}, "msgs": [{ "LVL": "ERROR", "ERR_CD": code, "INFO": text }] })
    },
    refused: (400, 400),
    done: (200, 200, 200),
    batch: None,
};

/// Sessions are opened, zones are published, and a record has its type and name in its path.
pub const FRONT: Front = Front { ask, ..Front::NONE };

/// Records come by their types.
fn page(HttpPage { of_zones, items, .. }: HttpPage) -> (Vec<(&'static str, String)>, Value) {
    if of_zones {
        return (Vec::new(), json!({ "status": "success", "data": items }));
    }
    let mut by_type: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for item in items {
        let rtype = item["record_type"].as_str().unwrap_or_default().to_lowercase();
        by_type.entry(format!("{rtype}_records")).or_default().push(item);
    }
    (Vec::new(), json!({ "status": "success", "data": by_type }))
}

fn ask(_: &HttpServer, request: &HttpRequest) -> Result<HttpRequest, HttpAnswer> {
    let whole = |status, body| HttpAnswer::Whole { status, headers: Vec::new(), body };
    let mut own = request.clone();
    let parts: Vec<&str> = request.path.split('/').collect();
    match (request.method.as_str(), &parts[..]) {
        ("POST", ["", "REST", "Session", ""]) => {
            let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
            let is_right = body["customer_name"] == "customer" && body["password"] == SECRET;
            let token =
                json!({ "status": "success", "data": { "token": SECRET, "version": "3.7.16" } });
            let refused = json!({ "status": "failure", "msgs": [{ "ERR_CD": "INVALID_DATA", "INFO": "login: Credentials you entered did not match those in our database." }] });
            return Err(if is_right { whole(200, token) } else { whole(401, refused) });
        }
        ("PUT", ["", "REST", "Zone", _, ""]) => {
            return Err(whole(200, json!({ "status": "success", "data": { "serial": 8 } })));
        }
        (_, ["", "REST", kind, zone, name, rest @ ..])
            if kind.ends_with("Record") && *kind != "AllRecord" =>
        {
            own.path = match rest {
                [id, ""] => format!("/REST/AllRecord/{zone}/{id}/"),
                _ => format!("/REST/AllRecord/{zone}/"),
            };
            let body: Option<Value> = serde_json::from_slice(&request.body).ok();
            if let Some(mut body) = body {
                body["record_type"] = kind.trim_end_matches("Record").into();
                body["fqdn"] = (*name).into();
                own.body = body.to_string().into_bytes();
            }
        }
        _ => {}
    }
    Ok(own)
}

fn read(body: &Value) -> Result<HttpRecord, String> {
    only(body, &["rdata", "ttl", "record_type", "fqdn"])?;
    let text = |value: &Value| value.as_str().map(ToOwned::to_owned).ok_or("no text");
    let rtype: RecordType = text(&body["record_type"])?.parse().map_err(|_| "no type")?;
    let own = members(rtype);
    only(&body["rdata"], own.0)?;
    let value = own.read(&body["rdata"]).ok_or("other members")?;
    let ttl: u32 = text(&body["ttl"])?.parse().map_err(|_| "no TTL")?;
    let read = form(0).read(rtype, &value);
    // Without a final dot, or quotes, it is something else.
    if ttl == 0 || form(0).value(rtype, &read) != value {
        return Err("relative or odd, or without a TTL".to_owned());
    }
    let values = vec![read.to_string()];
    Ok(HttpRecord { id: 0, name: text(&body["fqdn"])?, rtype, ttl, values })
}
