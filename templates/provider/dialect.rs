//! How Newapi speaks, for tests.

use extdns_model::RecordType;
use serde_json::{Value, json};

use super::FORM;
use crate::conformance::{Dialect, HttpPage, HttpRecord, only};

/// The dialect of its API, for the token of the conformance kit.
pub const DIALECT: Dialect = Dialect {
    credentials: ("authorization", "Bearer s3cr3t-t0ken"),
    sets: false,
    apex: "@",
    zones: "/v1/zones",
    records: "/v1/zones/{zone}/records",
    record: "/v1/zones/{zone}/records/{id}",
    zone: |name| json!({ "name": name }),
    show: |record| {
        let [value] = &record.values[..] else { panic!("one value: {record:?}") };
        json!({ "id": record.id, "type": record.rtype.to_string(), "name": record.name,
            "value": FORM.value(record.rtype, value), "ttl": record.ttl })
    },
    update: "PUT",
    read,
    paging: ("page", "per_page", 20, 100),
    page: |HttpPage { of_zones, items, next, total }| {
        let list = if of_zones { "zones" } else { "records" };
        (Vec::new(), json!({ list: items, "next": next, "total": total }))
    },
    error: |_, message| json!({ "message": message }),
    refused: (422, 409),
    done: (201, 200, 204),
    batch: None,
};

/// A record that a request brings, as strictly as the service reads it.
fn read(body: &Value) -> Result<HttpRecord, String> {
    only(body, &["type", "name", "value", "ttl"])?;
    let text = |name: &str| body[name].as_str().ok_or(format!("no {name}"));
    let rtype: RecordType = text("type")?.parse().map_err(|_| "no type")?;
    let ttl = body["ttl"].as_u64().and_then(|ttl| u32::try_from(ttl).ok());
    let ttl = ttl.filter(|ttl| (60..=86_400).contains(ttl)).ok_or("bad ttl")?;
    let values = vec![FORM.read(rtype, text("value")?).to_string()];
    Ok(HttpRecord { id: 0, name: text("name")?.to_owned(), rtype, ttl, values })
}
