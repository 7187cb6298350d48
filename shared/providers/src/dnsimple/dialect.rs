//! How DNSimple speaks, for tests.

use extdns_model::RecordType;
use serde_json::{Value, json};

use super::FORM;
use crate::conformance::{Dialect, Front, HttpAnswer, HttpPage, HttpRecord, only};

/// The dialect of its API, for the token of the conformance kit and the account 1010.
pub const DIALECT: Dialect = Dialect {
    credentials: ("authorization", "Bearer s3cr3t-t0ken"),
    sets: false,
    apex: "",
    zones: "/v2/1010/zones",
    records: "/v2/1010/zones/{zone}/records",
    record: "/v2/1010/zones/{zone}/records/{id}",
    zone: |name| json!({ "id": 1, "account_id": 1010, "name": name, "reverse": false }),
    show,
    update: "PATCH",
    read,
    paging: ("page", "per_page", 30, 100),
    // The server of the tests does not know the number of its page: the recordings have it.
    page: |HttpPage { items, total, .. }| {
        (Vec::new(), json!({ "data": items, "pagination": { "total_entries": total } }))
    },
    error: |status, message| {
        let message = if status == 404 {
            format!("Record `0` not found: {message}")
        } else {
            message.to_owned()
        };
        json!({ "message": message, "errors": {} })
    },
    refused: (400, 400),
    done: (201, 200, 204),
    batch: None,
};

/// Whose token it is.
pub const FRONT: Front = Front {
    ask: |_, request| match request.path.as_str() {
        "/v2/whoami" => Err(HttpAnswer::Whole {
            status: 200,
            headers: Vec::new(),
            body: json!({ "data": { "user": null, "account": { "id": 1010 } } }),
        }),
        _ => Ok(request.clone()),
    },
    ..Front::NONE
};

/// The priority stands apart.
fn show(record: &HttpRecord) -> Value {
    let [value] = &record.values[..] else { panic!("one value: {record:?}") };
    let value = FORM.value(record.rtype, value);
    let (priority, content) = match record.rtype {
        RecordType::Mx | RecordType::Srv => {
            let (priority, rest) = value.split_once(' ').expect("fields");
            (json!(priority.parse::<u16>().expect("a number")), rest)
        }
        _ => (Value::Null, value.as_str()),
    };
    json!({ "id": record.id, "zone_id": "z", "parent_id": null, "name": record.name,
        "content": content, "ttl": record.ttl, "priority": priority,
        "type": record.rtype.to_string(), "regions": ["global"], "system_record": false })
}

fn read(body: &Value) -> Result<HttpRecord, String> {
    only(body, &["type", "name", "content", "ttl", "priority"])?;
    let text = |name: &str| body[name].as_str().ok_or(format!("no {name}"));
    let rtype: RecordType = text("type")?.parse().map_err(|_| "no type")?;
    let ttl = body["ttl"].as_u64().and_then(|ttl| u32::try_from(ttl).ok()).ok_or("no ttl")?;
    let has_priority = matches!(rtype, RecordType::Mx | RecordType::Srv);
    if body.get("priority").is_some() != has_priority {
        return Err("priority belongs to MX and SRV".to_owned());
    }
    let content = text("content")?;
    if rtype != RecordType::Txt && content.ends_with('.') && !content.ends_with(" .") {
        return Err("a final dot".to_owned());
    }
    let value = match body["priority"].as_u64() {
        Some(priority) => format!("{priority} {content}"),
        None => content.to_owned(),
    };
    let values = vec![FORM.read(rtype, &value).to_string()];
    Ok(HttpRecord { id: 0, name: text("name")?.to_owned(), rtype, ttl, values })
}
