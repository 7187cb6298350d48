//! How Vultr speaks, for tests.

use extdns_model::RecordType;
use serde_json::{Value, json};

use super::FORM;
use crate::conformance::{Dialect, Front, HttpPage, HttpRecord, only};

/// A change has no type.
pub const FRONT: Front =
    Front { ask: |server, request| Ok(server.filled_in(request, &["type"])), ..Front::NONE };

/// The dialect of its API, for the token of the conformance kit.
pub const DIALECT: Dialect = Dialect {
    credentials: ("authorization", "Bearer s3cr3t-t0ken"),
    sets: false,
    apex: "",
    zones: "/v2/domains",
    records: "/v2/domains/{zone}/records",
    record: "/v2/domains/{zone}/records/{id}",
    zone: |name| json!({ "domain": name, "date_created": "2020-10-10T01:56:20+00:00" }),
    show,
    update: "PATCH",
    read,
    paging: ("cursor", "per_page", 100, 500),
    page: |HttpPage { of_zones, items, next, total }| {
        let list = if of_zones { "domains" } else { "records" };
        let cursor = next.and_then(|next| {
            let (_, rest) = next.split_once("cursor=")?;
            Some(rest.split('&').next()?.to_owned())
        });
        let links = json!({ "next": cursor.unwrap_or_default(), "prev": "" });
        (Vec::new(), json!({ list: items, "meta": { "total": total, "links": links } }))
    },
    error: |status, message| json!({ "error": message, "status": status }),
    refused: (400, 400),
    done: (201, 204, 204),
    batch: None,
};

/// The priority stands apart.
fn show(record: &HttpRecord) -> Value {
    let [value] = &record.values[..] else { panic!("one value: {record:?}") };
    let value = FORM.value(record.rtype, value);
    let (priority, data) = match record.rtype {
        RecordType::Mx | RecordType::Srv => value.split_once(' ').expect("fields"),
        _ => ("0", value.as_str()),
    };
    json!({ "id": record.id.to_string(), "type": record.rtype.to_string(), "name": record.name,
        "data": data, "priority": priority.parse::<u16>().expect("a number"), "ttl": record.ttl })
}

fn read(body: &Value) -> Result<HttpRecord, String> {
    only(body, &["type", "name", "data", "ttl", "priority"])?;
    let text = |name: &str| body[name].as_str().ok_or(format!("no {name}"));
    let rtype: RecordType = text("type")?.parse().map_err(|_| "no type")?;
    let data = text("data")?;
    let ttl = body["ttl"].as_u64().and_then(|ttl| u32::try_from(ttl).ok()).ok_or("no ttl")?;
    let priority = body["priority"].as_u64().ok_or("no priority")?;
    let value = match rtype {
        RecordType::Txt if !data.starts_with('"') => return Err("text without quotes".to_owned()),
        RecordType::Txt => data.to_owned(),
        _ if data.ends_with('.') && !data.ends_with(" .") => return Err("a final dot".to_owned()),
        RecordType::Mx | RecordType::Srv => format!("{priority} {data}"),
        _ => data.to_owned(),
    };
    let values = vec![FORM.read(rtype, &value).to_string()];
    Ok(HttpRecord { id: 0, name: text("name")?.to_owned(), rtype, ttl, values })
}
