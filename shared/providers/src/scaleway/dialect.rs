//! How Scaleway speaks, for tests.

use extdns_model::RecordType;
use serde_json::{Value, json};

use super::FORM;
use crate::conformance::{
    Dialect, Front, HttpBatch, HttpChange, HttpPage, HttpRecord, HttpRequest, only,
};
use crate::engine::wire::USUAL_TYPES_AND_DNAME;

/// The dialect of its API, for the token of the conformance kit.
pub const DIALECT: Dialect = Dialect {
    credentials: ("x-auth-token", "s3cr3t-t0ken"),
    sets: false,
    apex: "",
    zones: "/domain/v2beta1/dns-zones",
    records: "/domain/v2beta1/dns-zones/{zone}/records",
    record: "/domain/v2beta1/dns-zones/{zone}/records/{id}",
    zone: |name| json!({ "domain": name, "subdomain": "", "status": "active" }),
    show,
    update: "PUT",
    read,
    paging: ("page", "page_size", 20, 1000),
    page: |HttpPage { of_zones, items, total, .. }| {
        let list = if of_zones { "dns_zones" } else { "records" };
        (Vec::new(), json!({ list: items, "total_count": total }))
    },
    error: |status, message| {
        let message = if status == 404 { "domain not found" } else { message };
        json!({ "message": message, "type": "invalid_arguments" })
    },
    refused: (400, 409),
    done: (200, 200, 200),
    batch: Some(HttpBatch {
        path: "/domain/v2beta1/dns-zones/{zone}/changes",
        most: 1000,
        read: batch,
        is_atomic: true,
        done: || json!({ "records": [] }),
    }),
};

/// A key as it is there, which stands for the token of the kit.
pub const KEY: &str = "00000000-0000-4000-8000-000000000000";

/// All changes come as a change of the list of records.
pub const FRONT: Front = Front {
    ask: |_, request| {
        let mut request = request.clone();
        let (name, value) = DIALECT.credentials;
        if request.headers.get(name).is_some_and(|it| it == KEY) {
            request.headers.insert(name.to_owned(), value.to_owned());
        }
        let zone = request.path.strip_suffix("/records").map(ToOwned::to_owned);
        if let ("PATCH", Some(zone)) = (request.method.as_str(), zone) {
            request = HttpRequest {
                method: "POST".to_owned(),
                path: format!("{zone}/changes"),
                ..request
            };
        }
        Ok(request)
    },
    ..Front::NONE
};

/// The priority of MX stands apart, that of SRV stands there too.
fn show(record: &HttpRecord) -> Value {
    let [value] = &record.values[..] else { panic!("one value: {record:?}") };
    let value = FORM.value(record.rtype, value);
    let split = value.split_once(' ');
    let (priority, data) = match (record.rtype, split) {
        (RecordType::Mx, Some((priority, host))) => (priority, host),
        (RecordType::Srv, Some((priority, _))) => (priority, value.as_str()),
        _ => ("0", value.as_str()),
    };
    json!({ "id": record.id.to_string(), "name": record.name, "type": record.rtype.to_string(),
        "data": data, "ttl": record.ttl, "comment": null,
        "priority": priority.parse::<u32>().expect("a number") })
}

/// A host without a final dot is one within the zone, which no test wants.
fn read(body: &Value) -> Result<HttpRecord, String> {
    only(body, &["name", "type", "data", "priority", "ttl"])?;
    let text = |name: &str| body[name].as_str().ok_or(format!("no {name}"));
    let rtype: RecordType = text("type")?.parse().map_err(|_| "no type")?;
    let hosts = [RecordType::Cname, RecordType::Mx, RecordType::Ns, RecordType::Srv];
    let (data, priority) = (text("data")?, body["priority"].as_u64().ok_or("no priority")?);
    if !USUAL_TYPES_AND_DNAME.contains(&rtype) || (hosts.contains(&rtype) && !data.ends_with('.')) {
        return Err("relative, or of another type".to_owned());
    }
    let value =
        if rtype == RecordType::Mx { format!("{priority} {data}") } else { data.to_owned() };
    let ttl = body["ttl"].as_u64().and_then(|ttl| u32::try_from(ttl).ok()).ok_or("no ttl")?;
    let values = vec![FORM.read(rtype, &value).to_string()];
    Ok(HttpRecord { id: 0, name: text("name")?.to_owned(), rtype, ttl, values })
}

/// The changes, in the order in which they stand.
fn batch(body: &Value) -> Result<Vec<HttpChange>, String> {
    only(body, &["changes", "return_all_records", "disallow_new_zone_creation"])?;
    let id = |of: &Value| of["id"].as_str().map(ToOwned::to_owned).ok_or("no id");
    let mut changes = Vec::new();
    for change in body["changes"].as_array().ok_or("no changes")? {
        only(change, &["delete", "set", "add"])?;
        if let Some(delete) = change.get("delete") {
            changes.push(HttpChange::Delete(id(delete)?));
        } else if let Some(set) = change.get("set") {
            changes.push(HttpChange::Update(id(set)?, set["records"][0].clone()));
        } else {
            let records = change["add"]["records"].as_array().ok_or("no records")?;
            changes.extend(records.iter().cloned().map(HttpChange::Create));
        }
    }
    Ok(changes)
}
