//! How RcodeZero speaks, for tests.

use extdns_model::{Name, RecordType};
use serde_json::{Value, json};

use super::FORM;
use crate::conformance::{
    Dialect, Front, HttpAnswer, HttpBatch, HttpChange, HttpPage, HttpRecord, HttpRequest, WHOLE,
    only,
};
use crate::engine::names::relative;
use crate::engine::wire::USUAL_TYPES_AND_DNAME;

/// The TTL of a record that comes without one.
const TTL: u64 = 3600;

/// The dialect of its API behind [`FRONT`], for the token of the conformance kit.
pub const DIALECT: Dialect = Dialect {
    credentials: ("authorization", "Bearer s3cr3t-t0ken"),
    sets: true,
    apex: WHOLE,
    zones: "/api/v1/zones",
    records: "/api/v1/zones/{zone}/rrsets",
    record: "/api/v1/zones/{zone}/rrsets/{name}/{type}",
    zone: |name| json!({ "id": 544_219, "domain": name, "type": "MASTER", "serial": 2_019_093_201_u32 }),
    show: |record| {
        let records: Vec<Value> = record
            .values
            .iter()
            .map(|it| json!({ "content": FORM.value(record.rtype, it), "disabled": false }))
            .collect();
        json!({ "name": format!("{}.", record.name), "type": record.rtype.to_string(), "ttl": record.ttl,
            "records": records })
    },
    update: "PUT",
    read,
    paging: ("page", "page_size", 20, 100),
    page,
    error: |_, message| json!({ "status": "failed", "message": message }),
    refused: (422, 422),
    done: (200, 200, 200),
    batch: Some(HttpBatch {
        path: "/api/v1/zones/{zone}/changes",
        most: 1000,
        read: |body| body.as_array().ok_or("no list")?.iter().map(change).collect(),
        // Nobody says that the service undoes what it has made.
        is_atomic: false,
        done: || json!({ "status": "ok", "message": "RRsets updated" }),
    }),
};

/// All changes come as a change of the list of record sets. What fails says so with a status of failure.
pub const FRONT: Front = Front {
    ask: |_, request| {
        let zone = request.path.strip_suffix("/rrsets");
        let (Some(path), "PATCH") = (zone, request.method.as_str()) else {
            return Ok(request.clone());
        };
        let zone = path.rsplit('/').next().unwrap_or_default();
        let mut body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        for item in body.as_array_mut().into_iter().flatten() {
            let name = Name::as_listed(item["name"].as_str().unwrap_or_default());
            item["within"] = json!(relative(&name, &Name::as_listed(zone), WHOLE));
        }
        let (method, path) = ("POST".to_owned(), format!("{path}/changes"));
        Ok(HttpRequest { method, path, body: body.to_string().into_bytes(), ..request.clone() })
    },
    tell: |_, answer| match answer {
        HttpAnswer::Whole { status: 404, headers, .. } => {
            let body = json!({ "status": "failed", "message": "Zone not found" });
            HttpAnswer::Whole { status: 404, headers, body }
        }
        other => other,
    },
};

fn page(HttpPage { items, next, total, .. }: HttpPage) -> (Vec<(&'static str, String)>, Value) {
    let number = |next: &str| {
        let (_, rest) = next.split_once("page=")?;
        rest.split('&').next()?.parse::<u64>().ok()
    };
    let next = next.as_deref().and_then(number);
    // The number of the last page is that of the next one, or of this one: a client asks for no page behind it.
    let (current, last) = next.map_or((1, 1), |next| (next - 1, next));
    // As in the recordings, it counts more than the list shows.
    let body =
        json!({ "data": items, "current_page": current, "last_page": last, "total": total + 1 });
    (vec![("x-ratelimit-limit", "200".to_owned())], body)
}

fn change(item: &Value) -> Result<HttpChange, String> {
    only(item, &["name", "type", "changetype", "ttl", "records", "within"])?;
    let mut body = item.clone();
    let members = body.as_object_mut().ok_or("no object")?;
    let within = members.remove("within");
    let kind = members.remove("changetype");
    match kind.as_ref().and_then(Value::as_str) {
        Some("add") => Ok(HttpChange::Create(body)),
        Some("update") => Ok(HttpChange::Replace(body)),
        Some("delete") => {
            let rtype = item["type"].as_str().and_then(|it| it.parse().ok()).ok_or("no type")?;
            let within = within.as_ref().and_then(Value::as_str).ok_or("no name")?;
            Ok(HttpChange::Drop(within.to_owned(), rtype))
        }
        other => Err(format!("no changetype: {other:?}")),
    }
}

fn read(body: &Value) -> Result<HttpRecord, String> {
    only(body, &["name", "type", "ttl", "records"])?;
    let text = |value: &Value| value.as_str().map(ToOwned::to_owned).ok_or("no text");
    let rtype: RecordType = text(&body["type"])?.parse().map_err(|_| "no type")?;
    let name = text(&body["name"])?;
    let name = name.strip_suffix('.').ok_or("the name is not absolute")?.to_owned();
    let value = |it: &Value| {
        only(it, &["content", "disabled"])?;
        let content = text(&it["content"])?;
        let value = FORM.read(rtype, &content);
        // A host without a final dot, and a text without quotes, are something else.
        (FORM.value(rtype, &value) == content && it["disabled"] == false)
            .then(|| value.to_string())
            .ok_or_else(|| "relative or odd".to_owned())
    };
    let values = body["records"].as_array().ok_or("no records")?;
    let values = values.iter().map(value).collect::<Result<Vec<_>, String>>()?;
    let ttl = body.get("ttl").map_or(Some(TTL), Value::as_u64);
    let ttl = ttl.and_then(|ttl| u32::try_from(ttl).ok()).ok_or("no TTL")?;
    if !USUAL_TYPES_AND_DNAME.contains(&rtype) {
        return Err("a type that is not managed".to_owned());
    }
    Ok(HttpRecord { id: 0, name, rtype, ttl, values })
}
