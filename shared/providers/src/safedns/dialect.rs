//! How SafeDNS speaks, for tests.

use extdns_model::RecordType;
use serde_json::{Value, json};

use super::FORM;
use crate::conformance::{Dialect, Front, HttpPage, HttpRecord, WHOLE, only};

/// The TTL of a record that comes without one.
const TTL: u64 = 86_400;

/// The dialect of its API, for the token of the conformance kit.
pub const DIALECT: Dialect = Dialect {
    credentials: ("authorization", "s3cr3t-t0ken"),
    sets: false,
    apex: WHOLE,
    zones: "/safedns/v1/zones",
    records: "/safedns/v1/zones/{zone}/records",
    record: "/safedns/v1/zones/{zone}/records/{id}",
    zone: |name| json!({ "name": name, "description": "" }),
    show,
    update: "PATCH",
    read,
    paging: ("page", "per_page", 10, 10),
    page: |HttpPage { items, next, total, .. }| {
        let next = next.map(|next| format!("https://api.ukfast.io{next}"));
        let (count, size) = (items.len(), 10);
        let pagination = json!({ "total": total, "count": count, "per_page": size,
            "total_pages": total.div_ceil(size).max(1), "links": { "next": next } });
        (Vec::new(), json!({ "data": items, "meta": { "pagination": pagination } }))
    },
    error: |status, message| {
        let title = if message.contains("zone") { "Zone Not Found" } else { "Invalid" };
        let error =
            json!({ "title": title, "detail": message, "status": status, "source": "content" });
        json!({ "errors": [error] })
    },
    refused: (422, 422),
    done: (201, 200, 204),
    batch: None,
};

/// A change may leave members out.
pub const FRONT: Front =
    Front { ask: |server, request| Ok(server.filled_in(request, &["ttl"])), ..Front::NONE };

/// The priority stands apart.
fn show(record: &HttpRecord) -> Value {
    let [value] = &record.values[..] else { panic!("one value: {record:?}") };
    let (priority, content) = FORM.apart(record.rtype, value);
    json!({ "id": record.id, "name": record.name, "type": record.rtype.to_string(), "content": content,
        "updated_at": "2020-03-20T21:43:19+00:00", "ttl": record.ttl, "priority": priority })
}

fn read(body: &Value) -> Result<HttpRecord, String> {
    only(body, &["name", "type", "content", "ttl", "priority"])?;
    let text = |name: &str| body[name].as_str().ok_or(format!("no {name}"));
    let rtype: RecordType = text("type")?.parse().map_err(|_| "no type")?;
    let (name, content) = (text("name")?, text("content")?);
    let has_dot = name.ends_with('.') || (content.ends_with('.') && !content.ends_with(" ."));
    if rtype == RecordType::Txt && !content.starts_with('"') {
        return Err("text without quotes".to_owned());
    }
    if rtype != RecordType::Txt && has_dot {
        return Err("a final dot".to_owned());
    }
    let priority = match body["priority"].as_u64().map(u16::try_from) {
        None if matches!(rtype, RecordType::Mx | RecordType::Srv) => {
            return Err("no priority".to_owned());
        }
        priority => priority.transpose().map_err(|_| "a large priority")?,
    };
    let ttl = body.get("ttl").map_or(Some(TTL), Value::as_u64);
    let ttl = ttl.and_then(|ttl| u32::try_from(ttl).ok()).ok_or("no ttl")?;
    let values = vec![FORM.joined(rtype, priority, content).to_string()];
    Ok(HttpRecord { id: 0, name: name.to_owned(), rtype, ttl, values })
}
