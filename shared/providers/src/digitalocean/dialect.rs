//! How DigitalOcean speaks, for tests.

use extdns_model::RecordType;
use serde_json::{Value, json};

use crate::TxtQuoting;
use crate::conformance::{Dialect, HttpPage, HttpRecord, only};
use crate::engine::wire::{host, normal};

/// The dialect of its API, for the token of the conformance kit.
pub const DIALECT: Dialect = Dialect {
    credentials: ("authorization", "Bearer s3cr3t-t0ken"),
    sets: false,
    apex: "@",
    zones: "/v2/domains",
    records: "/v2/domains/{zone}/records",
    record: "/v2/domains/{zone}/records/{id}",
    zone: |name| json!({ "name": name, "ttl": 1800, "zone_file": "..." }),
    show,
    update: "PUT",
    read,
    paging: ("page", "per_page", 20, 200),
    page: |HttpPage { of_zones, items, next, total }| {
        let list = if of_zones { "domains" } else { "domain_records" };
        // The host of the links is the public one, also where the client uses another.
        let next = next.map(|next| format!("https://api.digitalocean.com{next}"));
        let links = next.map_or(json!({}), |next| json!({ "pages": { "next": next } }));
        (Vec::new(), json!({ list: items, "links": links, "meta": { "total": total } }))
    },
    error: |_, message| json!({ "id": "failed", "message": message, "request_id": "r-1" }),
    refused: (422, 422),
    done: (201, 200, 204),
    batch: None,
};

fn show(record: &HttpRecord) -> Value {
    let [value] = &record.values[..] else { panic!("one value: {record:?}") };
    let mut fields: Vec<&str> = value.split(' ').collect();
    let mut shown = json!({ "id": record.id, "type": record.rtype.to_string(), "name": record.name,
        "ttl": record.ttl, "priority": null, "port": null, "weight": null, "flags": null,
        "tag": null });
    let names: &[&str] = match record.rtype {
        RecordType::Mx => &["priority"],
        RecordType::Srv => &["priority", "weight", "port"],
        _ => &[],
    };
    for (name, number) in names.iter().zip(fields.clone()) {
        shown[*name] = number.parse::<u16>().expect("a number").into();
    }
    fields.drain(..names.len());
    let data = fields.join(" ");
    shown["data"] = if record.rtype == RecordType::Txt { data } else { host(&data) }.into();
    shown
}

fn read(body: &Value) -> Result<HttpRecord, String> {
    only(body, &["type", "name", "data", "ttl", "priority", "port", "weight"])?;
    let text = |name: &str| body[name].as_str().ok_or(format!("no {name}"));
    let number = |name: &str| body[name].as_u64().ok_or(format!("no {name}"));
    let rtype: RecordType = text("type")?.parse().map_err(|_| "no type")?;
    let data = text("data")?;
    let fields = match rtype {
        RecordType::Mx => vec!["priority"],
        RecordType::Srv => vec!["priority", "weight", "port"],
        _ => vec![],
    };
    let hosts = [RecordType::Cname, RecordType::Mx, RecordType::Ns, RecordType::Srv];
    if hosts.contains(&rtype) && (!data.ends_with('.') || data.contains(' ')) {
        return Err("Data needs to end with a dot (.)".to_owned());
    }
    let numbers = fields.iter().map(|name| number(name).map(|own| own.to_string()));
    let value = numbers.chain([Ok(data.to_owned())]).collect::<Result<Vec<_>, _>>()?.join(" ");
    let ttl = u32::try_from(number("ttl")?).ok().filter(|ttl| *ttl >= 30).ok_or("bad ttl")?;
    let values = vec![normal(rtype, &value, TxtQuoting::AsIs).to_string()];
    Ok(HttpRecord { id: 0, name: text("name")?.to_owned(), rtype, ttl, values })
}
