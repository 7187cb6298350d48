//! How NS1 speaks, for tests.

use extdns_model::RecordType;
use serde_json::{Value, json};

use super::FORM;
use crate::conformance::{
    Dialect, Front, HttpAnswer, HttpPage, HttpRecord, HttpRequest, HttpServer, WHOLE, only,
};

/// The dialect of its API behind [`FRONT`], for the token of the conformance kit.
pub const DIALECT: Dialect = Dialect {
    credentials: ("x-nsone-key", "s3cr3t-t0ken"),
    sets: true,
    apex: WHOLE,
    zones: "/v1/zones",
    records: "/v1/zones/{zone}",
    record: "/v1/zones/{zone}/{name}/{type}",
    zone: |name| json!({ "id": "z-1", "zone": name, "ttl": 3600 }),
    show: |record| {
        let values: Vec<_> = record.values.iter().map(|it| FORM.value(record.rtype, it)).collect();
        json!({ "id": record.id.to_string(), "domain": record.name, "tier": 1, "link": null,
            "type": record.rtype.to_string(), "ttl": record.ttl, "short_answers": values })
    },
    update: "POST",
    read,
    paging: ("page", "size", 50, 50),
    page: |HttpPage { of_zones, items, next, .. }| {
        let link = next.map(|next| ("link", format!("<{next}>; rel=\"next\"")));
        let body = if of_zones { items.into() } else { json!({ "zone": "z", "records": items }) };
        (link.into_iter().collect(), body)
    },
    error: |status, message| {
        let message = match status {
            404 if message.contains("zone") => "zone not found",
            404 => "record not found",
            _ => message,
        };
        json!({ "message": message })
    },
    refused: (400, 400),
    done: (200, 200, 200),
    batch: None,
};

/// A `PUT` makes what must not be there yet. Paths have whole names.
pub const FRONT: Front = Front { ask, ..Front::NONE };

fn ask(_: &HttpServer, request: &HttpRequest) -> Result<HttpRequest, HttpAnswer> {
    let mut request = request.clone();
    let parts: Vec<String> = request.path.split('/').map(ToOwned::to_owned).collect();
    let [_, _, _, zone, domain, rtype] = &parts[..] else { return Ok(request) };
    let name = match domain.strip_suffix(zone.as_str()) {
        Some("") => WHOLE,
        Some(rest) => rest.trim_end_matches('.'),
        None => domain,
    };
    request.path = format!("/v1/zones/{zone}/{name}/{rtype}");
    if request.method == "PUT" {
        request.headers.insert("if-none-match".to_owned(), "*".to_owned());
    } else if let Ok(Value::Object(mut body)) = serde_json::from_slice(&request.body) {
        body.insert("type".to_owned(), rtype.as_str().into());
        body.insert("domain".to_owned(), domain.as_str().into());
        request.body = Value::Object(body).to_string().into_bytes();
    }
    Ok(request)
}

fn read(body: &Value) -> Result<HttpRecord, String> {
    only(body, &["zone", "domain", "type", "ttl", "answers"])?;
    let text = |name: &str| body[name].as_str().ok_or(format!("no {name}"));
    let rtype: RecordType = text("type")?.parse().map_err(|_| "no type")?;
    let ttl = body["ttl"].as_u64().and_then(|ttl| u32::try_from(ttl).ok()).ok_or("no ttl")?;
    let value = |answer: &Value| {
        only(answer, &["answer"])?;
        let fields = answer["answer"].as_array().ok_or("no answer")?;
        let fields: Vec<&str> = fields.iter().filter_map(Value::as_str).collect();
        let count = match rtype {
            RecordType::Mx => 2,
            RecordType::Srv => 4,
            _ => 1,
        };
        if fields.len() != count {
            return Err(format!("{rtype} has {count} fields, not {fields:?}"));
        }
        Ok(FORM.read(rtype, &fields.join(" ")).to_string())
    };
    let values = body["answers"].as_array().ok_or("no answers")?;
    let values = values.iter().map(value).collect::<Result<Vec<_>, String>>()?;
    Ok(HttpRecord { id: 0, name: text("domain")?.to_owned(), rtype, ttl, values })
}
