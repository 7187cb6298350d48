//! How Gandi speaks, for tests.

use extdns_model::RecordType;
use serde_json::{Value, json};

use super::FORM;
use crate::conformance::{Dialect, HttpPage, HttpRecord, only};

/// The dialect of its API, for the token of the conformance kit.
pub const DIALECT: Dialect = Dialect {
    credentials: ("authorization", "Bearer s3cr3t-t0ken"),
    sets: true,
    apex: "@",
    zones: "/v5/domain/domains",
    records: "/v5/livedns/domains/{zone}/records",
    record: "/v5/livedns/domains/{zone}/records/{name}/{type}",
    zone: |name| json!({ "fqdn": name, "nameserver": { "current": "livedns" } }),
    show: |record| {
        let values: Vec<_> = record.values.iter().map(|it| FORM.value(record.rtype, it)).collect();
        json!({ "rrset_name": record.name, "rrset_type": record.rtype.to_string(),
            "rrset_ttl": record.ttl, "rrset_values": values, "rrset_href": "https://.." })
    },
    update: "PUT",
    read,
    paging: ("page", "per_page", 100, 500),
    page: |HttpPage { items, next, total, .. }| {
        let link = next.map(|next| ("link", format!("<{next}>; rel=\"next\"")));
        let headers = link.into_iter().chain([("total-count", total.to_string())]);
        (headers.collect(), items.into())
    },
    error: |status, message| json!({ "code": status, "message": message, "object": "HTTPError" }),
    refused: (400, 409),
    done: (201, 201, 204),
    batch: None,
};

fn read(body: &Value) -> Result<HttpRecord, String> {
    only(body, &["rrset_name", "rrset_type", "rrset_ttl", "rrset_values"])?;
    let rtype: RecordType =
        body["rrset_type"].as_str().and_then(|it| it.parse().ok()).ok_or("no type")?;
    let ttl = body["rrset_ttl"].as_u64().and_then(|ttl| u32::try_from(ttl).ok());
    let ttl = ttl.filter(|ttl| (300..=2_592_000).contains(ttl)).ok_or("bad ttl")?;
    let values = body["rrset_values"].as_array().ok_or("no values")?;
    let value = |it: &Value| {
        let text = it.as_str().ok_or("a value is no text")?;
        if rtype == RecordType::Txt && !text.starts_with('"') {
            return Err("text without quotes");
        }
        let value = FORM.read(rtype, text);
        // One that is written otherwise is relative to the zone.
        (FORM.value(rtype, &value) == text).then(|| value.to_string()).ok_or("relative or odd")
    };
    let values = values.iter().map(value).collect::<Result<Vec<_>, _>>()?;
    let name = body["rrset_name"].as_str().unwrap_or_default().to_owned();
    Ok(HttpRecord { id: 0, name, rtype, ttl, values })
}
