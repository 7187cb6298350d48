//! How Google Cloud DNS speaks, for tests.

use extdns_model::RecordType;
use serde_json::{Value, json};

use super::FORM;
use crate::conformance::{Dialect, HttpBatch, HttpChange, HttpPage, HttpRecord, WHOLE, only};

/// The dialect of its API, for the token of the conformance kit and the project `example-project`.
pub const DIALECT: Dialect = Dialect {
    credentials: ("authorization", "Bearer s3cr3t-t0ken"),
    sets: true,
    apex: WHOLE,
    zones: "/dns/v1/projects/example-project/managedZones",
    records: "/dns/v1/projects/example-project/managedZones/{zone}/rrsets",
    record: "/dns/v1/projects/example-project/managedZones/{zone}/rrsets/{name}/{type}",
    zone: |name| {
        json!({ "kind": "dns#managedZone", "id": "1001", "name": name, "dnsName": format!("{name}."),
            "visibility": "public", "description": "", "nameServers": [] })
    },
    show: |record| {
        let values: Vec<_> = record.values.iter().map(|it| FORM.value(record.rtype, it)).collect();
        json!({ "kind": "dns#resourceRecordSet", "name": format!("{}.", record.name),
            "type": record.rtype.to_string(), "ttl": record.ttl, "rrdatas": values,
            "signatureRrdatas": [] })
    },
    update: "PATCH",
    read,
    paging: ("pageToken", "maxResults", 100, 1000),
    page,
    error: |status, message| {
        let error = json!({ "domain": "global", "reason": "invalid", "message": message });
        json!({ "error": { "code": status, "message": message, "errors": [error] } })
    },
    refused: (400, 409),
    done: (200, 200, 200),
    batch: Some(HttpBatch {
        path: "/dns/v1/projects/example-project/managedZones/{zone}/changes",
        most: 2000,
        read: batch,
        is_atomic: true,
        done: || json!({ "kind": "dns#change", "id": "7", "status": "pending" }),
    }),
};

/// A list without items has no member for them.
fn page(page: HttpPage) -> (Vec<(&'static str, String)>, Value) {
    let (kind, member) = match page.of_zones {
        true => ("dns#managedZonesListResponse", "managedZones"),
        false => ("dns#resourceRecordSetsListResponse", "rrsets"),
    };
    let mut body = json!({ "kind": kind });
    if !page.items.is_empty() {
        body[member] = page.items.into();
    }
    if let Some(next) = page.next {
        let token = next.split(['=', '&']).nth(1).unwrap_or_default();
        body["nextPageToken"] = token.into();
    }
    (Vec::new(), body)
}

fn read(body: &Value) -> Result<HttpRecord, String> {
    only(body, &["name", "type", "ttl", "rrdatas"])?;
    let text = |value: &Value| value.as_str().map(ToOwned::to_owned).ok_or("no text");
    let rtype: RecordType = text(&body["type"])?.parse().map_err(|_| "no type")?;
    let ttl = body["ttl"].as_u64().and_then(|ttl| u32::try_from(ttl).ok()).ok_or("no TTL")?;
    let name = text(&body["name"])?;
    let name = name.strip_suffix('.').filter(|name| name.to_lowercase() == *name);
    let values = body["rrdatas"].as_array().ok_or("no values")?;
    let value = |it: &Value| {
        let text = text(it)?;
        if rtype == RecordType::Txt && !text.starts_with('"') {
            return Err("text without quotes");
        }
        let value = FORM.read(rtype, &text);
        // Without a final dot a host is invalid.
        (FORM.value(rtype, &value) == text).then(|| value.to_string()).ok_or("relative or odd")
    };
    let values = values.iter().map(value).collect::<Result<Vec<_>, _>>()?;
    let name = name.ok_or("the name is not absolute")?.to_owned();
    Ok(HttpRecord { id: 0, name, rtype, ttl, values })
}

/// What is deleted must be exactly what is there.
fn batch(body: &Value) -> Result<Vec<HttpChange>, String> {
    only(body, &["additions", "deletions"])?;
    let list = |name: &str| body[name].as_array().cloned().unwrap_or_default();
    let (deletions, additions) = (list("deletions"), list("additions"));
    if deletions.len() > 1000 || additions.len() > 1000 {
        return Err("a change has at most 1000 additions and deletions".to_owned());
    }
    let deletions = deletions.into_iter().map(HttpChange::Remove);
    Ok(deletions.chain(additions.into_iter().map(HttpChange::Create)).collect())
}
