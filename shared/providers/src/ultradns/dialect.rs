//! How UltraDNS speaks, for tests.

use extdns_model::RecordType;
use serde_json::{Value, json};

use super::FORM;
use crate::conformance::{
    Dialect, Front, HttpAnswer, HttpPage, HttpRecord, HttpRequest, HttpServer, SECRET, WHOLE, only,
};

/// The TTL of a set that comes without one.
const USUAL_TTL: u32 = 86_400;

/// The types by their names, with the numbers that stand behind them.
const TYPES: [(RecordType, u16); 7] = [
    (RecordType::A, 1),
    (RecordType::Ns, 2),
    (RecordType::Cname, 5),
    (RecordType::Mx, 15),
    (RecordType::Txt, 16),
    (RecordType::Aaaa, 28),
    (RecordType::Srv, 33),
];

/// The dialect of its API behind [`FRONT`], for the token of the conformance kit.
pub const DIALECT: Dialect = Dialect {
    credentials: ("authorization", "Bearer s3cr3t-t0ken"),
    sets: true,
    apex: WHOLE,
    zones: "/zones/",
    records: "/zones/{zone}/rrsets",
    record: "/zones/{zone}/rrsets/{type}/{name}",
    zone: |name| json!({ "properties": { "name": format!("{name}."), "type": "PRIMARY", "status": "ACTIVE" } }),
    show: |record| {
        let values: Vec<_> = record.values.iter().map(|it| FORM.value(record.rtype, it)).collect();
        let number = TYPES.iter().find(|(own, _)| *own == record.rtype).map_or(0, |it| it.1);
        let mut set = json!({ "ownerName": format!("{}.", record.name), "ttl": record.ttl,
            "rrtype": format!("{} ({number})", record.rtype), "rdata": values });
        if is_pool(record.rtype, values.len()) {
            set["profile"] = json!({ "@context": "http://schemas.ultradns.com/RDPool.jsonschema" });
        }
        set
    },
    update: "PUT",
    read,
    paging: ("page", "limit", 100, 1000),
    page: |HttpPage { of_zones, items, total, .. }| {
        let member = if of_zones { "zones" } else { "rrSets" };
        let info = json!({ "totalCount": total, "returnedCount": items.len() });
        (Vec::new(), json!({ member: items, "resultInfo": info }))
    },
    error: |status, message| {
        let code = match (status, message) {
            (404, text) if text.contains("zone") => 1801,
            (404, _) => 70_002,
            (400, text) if text.contains("already exists") => 2111,
            (401 | 403, _) => 60_001,
            _ => 53_005,
        };
        json!([{ "errorCode": code, "errorMessage": message }])
    },
    refused: (400, 400),
    done: (201, 200, 204),
    batch: None,
};

/// A login, offsets in the place of pages, and paths with whole names.
pub const FRONT: Front = Front { ask, ..Front::NONE };

fn ask(_: &HttpServer, request: &HttpRequest) -> Result<HttpRequest, HttpAnswer> {
    if request.path == "/authorization/token" {
        let form = String::from_utf8_lossy(&request.body).into_owned();
        let is_right = form == format!("grant_type=password&username=kit&password={SECRET}");
        let (status, body) = match is_right {
            true => {
                (200, json!({ "tokenType": "Bearer", "accessToken": SECRET, "expiresIn": "3600" }))
            }
            false => (401, json!({ "errorCode": 60_001, "errorMessage": "invalid_grant" })),
        };
        return Err(HttpAnswer::Whole { status, headers: Vec::new(), body });
    }
    let mut own = request.clone();
    let number = |name: &str| {
        let found = request.query.iter().find(|(own, _)| own == name);
        found.and_then(|(_, value)| value.parse::<usize>().ok())
    };
    if let (Some(offset), Some(limit @ 1..)) = (number("offset"), number("limit")) {
        own.query.push(("page".to_owned(), (offset / limit + 1).to_string()));
    }
    let parts: Vec<&str> = request.path.split('/').collect();
    if let ["", "zones", zone, "rrsets", rest @ ..] = &parts[..] {
        let zone = zone.trim_end_matches('.');
        own.path = match (request.method.as_str(), rest) {
            ("PUT" | "DELETE", [rtype, owner]) => {
                let name = owner.trim_end_matches('.').strip_suffix(zone).unwrap_or(owner);
                let name = name.trim_end_matches('.');
                let name = if name.is_empty() { WHOLE } else { name };
                format!("/zones/{zone}/rrsets/{rtype}/{name}")
            }
            _ => format!("/zones/{zone}/rrsets"),
        };
    }
    Ok(own)
}

fn is_pool(rtype: RecordType, values: usize) -> bool {
    matches!(rtype, RecordType::A | RecordType::Aaaa) && values > 1
}

fn read(body: &Value) -> Result<HttpRecord, String> {
    only(body, &["ownerName", "rrtype", "ttl", "rdata", "profile"])?;
    let text = |name: &str| body[name].as_str().ok_or(format!("no {name}"));
    let rtype: RecordType = text("rrtype")?.parse().map_err(|_| "no rrtype")?;
    let name = text("ownerName")?.strip_suffix('.').ok_or("a relative owner")?.to_owned();
    let ttl = match &body["ttl"] {
        Value::Null => USUAL_TTL,
        ttl => ttl.as_u64().and_then(|ttl| u32::try_from(ttl).ok()).ok_or("bad ttl")?,
    };
    let value = |it: &Value| {
        let text = it.as_str().ok_or("a value is no text")?;
        let value = FORM.read(rtype, text);
        // One that is written otherwise is relative to the zone, or in quotes.
        (FORM.value(rtype, &value) == text).then(|| value.to_string()).ok_or("relative or odd")
    };
    let values = body["rdata"].as_array().ok_or("no rdata")?;
    let values = values.iter().map(value).collect::<Result<Vec<_>, _>>()?;
    let has_profile = body["profile"]["@context"].is_string();
    if has_profile != is_pool(rtype, values.len()) {
        return Err("several addresses are a pool, and nothing else is".to_owned());
    }
    Ok(HttpRecord { id: 0, name, rtype, ttl, values })
}
