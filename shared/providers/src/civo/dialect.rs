//! How Civo speaks, for tests.

use extdns_model::RecordType;
use serde_json::{Value, json};

use super::FORM;
use crate::conformance::{Dialect, HttpPage, HttpRecord, only};

/// The dialect of its API, for the token of the conformance kit.
pub const DIALECT: Dialect = Dialect {
    credentials: ("authorization", "bearer s3cr3t-t0ken"),
    sets: false,
    apex: "",
    zones: "/v2/dns",
    records: "/v2/dns/{zone}/records",
    record: "/v2/dns/{zone}/records/{id}",
    zone: |name| json!({ "id": name, "account_id": "a-1", "name": name }),
    show,
    update: "PUT",
    read,
    paging: ("page", "per_page", 100_000, 100_000),
    page: |HttpPage { items, .. }| (Vec::new(), items.into()),
    error: |status, message| {
        let code = if status == 404 { "database_dns_record_not_found" } else { "failed" };
        json!({ "code": code, "reason": message })
    },
    refused: (400, 409),
    done: (200, 200, 200),
    batch: None,
};

fn show(record: &HttpRecord) -> Value {
    let [value] = &record.values[..] else { panic!("one value: {record:?}") };
    let value = FORM.value(record.rtype, value);
    let (priority, value) = match record.rtype {
        RecordType::Mx => value.split_once(' ').expect("fields"),
        _ => ("0", value.as_str()),
    };
    json!({ "id": record.id.to_string(), "domain_id": "d-1", "account_id": null,
        "name": record.name, "value": value, "type": record.rtype.to_string().to_lowercase(),
        "priority": priority.parse::<u16>().expect("a number"), "ttl": record.ttl })
}

fn read(body: &Value) -> Result<HttpRecord, String> {
    only(body, &["type", "name", "value", "priority", "ttl"])?;
    let text = |name: &str| body[name].as_str().ok_or(format!("no {name}"));
    let rtype: RecordType = text("type")?.parse().map_err(|_| "no type")?;
    if !super::TYPES.contains(&rtype) {
        return Err("record type is not supported".to_owned());
    }
    let ttl = body["ttl"].as_u64().and_then(|ttl| u32::try_from(ttl).ok());
    let ttl = ttl.filter(|ttl| *ttl >= 600).ok_or("ttl must be at least 600")?;
    let priority = body["priority"].as_u64().ok_or("no priority")?;
    let value = match rtype {
        RecordType::Mx => format!("{priority} {}", text("value")?),
        _ => text("value")?.to_owned(),
    };
    let values = vec![FORM.read(rtype, &value).to_string()];
    Ok(HttpRecord { id: 0, name: text("name")?.to_owned(), rtype, ttl, values })
}
