//! How Cloudflare speaks, for tests.

use extdns_model::RecordType;
use serde_json::{Value, json};

use super::FORM;
use crate::conformance::{Dialect, HttpBatch, HttpChange, HttpPage, HttpRecord, WHOLE, only};
use crate::engine::text;

/// The dialect of its API, for the token of the conformance kit.
pub const DIALECT: Dialect = Dialect {
    credentials: ("authorization", "Bearer s3cr3t-t0ken"),
    sets: false,
    apex: WHOLE,
    zones: "/client/v4/zones",
    records: "/client/v4/zones/{zone}/dns_records",
    record: "/client/v4/zones/{zone}/dns_records/{id}",
    zone: |name| {
        json!({ "id": name, "name": name, "status": "active", "type": "full",
            "plan": { "legacy_id": "free", "is_subscribed": false } })
    },
    show,
    update: "PUT",
    read,
    paging: ("page", "per_page", 100, 5000),
    page: |HttpPage { items, total, .. }| {
        let info = json!({ "count": items.len(), "total_count": total });
        (Vec::new(), envelope(json!(items), info))
    },
    error: |status, message| {
        json!({ "success": false, "errors": [{ "code": 1000 + status, "message": message }],
            "messages": [], "result": null })
    },
    refused: (400, 400),
    done: (200, 200, 200),
    batch: Some(HttpBatch {
        path: "/client/v4/zones/{zone}/dns_records/batch",
        most: 200,
        read: batch,
        is_atomic: true,
        done: || envelope(json!({}), Value::Null),
    }),
};

fn envelope(result: Value, info: Value) -> Value {
    json!({ "success": true, "errors": [], "messages": [], "result": result, "result_info": info })
}

/// Text comes back in quotes, also where it was sent without.
fn show(record: &HttpRecord) -> Value {
    let [value] = &record.values[..] else { panic!("one value: {record:?}") };
    let mut shown = json!({ "id": record.id.to_string(), "type": record.rtype.to_string(),
        "name": record.name, "ttl": record.ttl, "proxied": false, "comment": null, "tags": [],
        "meta": {}, "settings": {} });
    let value = FORM.value(record.rtype, value);
    let fields: Vec<&str> = value.split(' ').collect();
    let number = |text: &str| text.parse::<u16>().expect("a number");
    match (record.rtype, &fields[..]) {
        (RecordType::Mx, [priority, host]) => {
            (shown["priority"], shown["content"]) = (number(priority).into(), (*host).into());
        }
        (RecordType::Srv, [priority, weight, port, target]) => {
            shown["priority"] = number(priority).into();
            shown["content"] = format!("{weight} {port} {target}").into();
            shown["data"] = json!({ "priority": number(priority), "weight": number(weight),
                "port": number(port), "target": target });
        }
        (RecordType::Txt, _) => shown["content"] = text::quote(value.as_bytes()).into(),
        _ => shown["content"] = value.into(),
    }
    shown
}

fn read(body: &Value) -> Result<HttpRecord, String> {
    let known =
        ["type", "name", "content", "data", "priority", "ttl", "proxied", "comment", "tags"];
    only(body, &known)?;
    let text = |name: &str| body[name].as_str().ok_or(format!("no {name}"));
    let number = |value: &Value| value.as_u64().ok_or("no number".to_owned());
    let rtype: RecordType = text("type")?.parse().map_err(|_| "no type")?;
    let has = |name: &str| body.get(name).is_some();
    if has("priority") != (rtype == RecordType::Mx) || has("data") != (rtype == RecordType::Srv) {
        return Err("fields of another type".to_owned());
    }
    let is_dotted = |value: &str| value.ends_with('.') && value != ".";
    let value = if rtype == RecordType::Srv {
        let data = &body["data"];
        let [priority, weight, port] =
            [number(&data["priority"])?, number(&data["weight"])?, number(&data["port"])?];
        let target = data["target"].as_str().filter(|it| !is_dotted(it)).ok_or("bad target")?;
        format!("{priority} {weight} {port} {target}")
    } else if rtype == RecordType::Mx {
        format!("{} {}", number(&body["priority"])?, text("content")?)
    } else {
        text("content")?.to_owned()
    };
    if rtype != RecordType::Txt && is_dotted(&value) {
        return Err("a host with a final dot".to_owned());
    }
    let ttl = number(&body["ttl"])?;
    if ttl != 1 && !(60..=86_400).contains(&ttl) {
        return Err("TTL must be between 60 and 86400 seconds, or 1 for Automatic.".to_owned());
    }
    if body["proxied"] != false || body["comment"] != "" || body["tags"] != json!([]) {
        return Err("the kit wants plain records".to_owned());
    }
    let values = vec![FORM.read(rtype, &value).to_string()];
    let ttl = u32::try_from(ttl).map_err(|error| error.to_string())?;
    Ok(HttpRecord { id: 0, name: text("name")?.to_owned(), rtype, ttl, values })
}

/// Deletes come first, then what is replaced, then what is new.
fn batch(body: &Value) -> Result<Vec<HttpChange>, String> {
    only(body, &["deletes", "puts", "posts"])?;
    let list = |name: &str| body[name].as_array().cloned().unwrap_or_default();
    let id = |record: &mut Value| {
        let id = record.as_object_mut().and_then(|record| record.remove("id"));
        id.and_then(|id| id.as_str().map(ToOwned::to_owned)).ok_or("no id")
    };
    let mut changes = Vec::new();
    for mut record in list("deletes") {
        changes.push(HttpChange::Delete(id(&mut record)?));
    }
    for mut record in list("puts") {
        changes.push(HttpChange::Update(id(&mut record)?, record));
    }
    changes.extend(list("posts").into_iter().map(HttpChange::Create));
    Ok(changes)
}
