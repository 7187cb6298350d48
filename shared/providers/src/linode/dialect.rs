//! How Linode speaks, for tests.

use extdns_model::RecordType;
use serde_json::{Value, json};

use super::FORM;
use crate::conformance::{Dialect, HttpPage, HttpRecord, only};

/// The dialect of its API, for the token of the conformance kit.
pub const DIALECT: Dialect = Dialect {
    credentials: ("authorization", "Bearer s3cr3t-t0ken"),
    sets: false,
    apex: "",
    zones: "/v4/domains",
    records: "/v4/domains/{zone}/records",
    record: "/v4/domains/{zone}/records/{id}",
    zone: |name| json!({ "id": name, "domain": name, "type": "master", "status": "active" }),
    show,
    update: "PUT",
    read,
    paging: ("page", "page_size", 100, 500),
    // The server of the tests does not know the number of its page: the recordings have it.
    page: |HttpPage { items, total, .. }| (Vec::new(), json!({ "data": items, "results": total })),
    error: |_, message| json!({ "errors": [{ "reason": message }] }),
    refused: (400, 400),
    done: (200, 200, 200),
    batch: None,
};

const NUMBERS: [&str; 3] = ["priority", "weight", "port"];

fn numbers(rtype: RecordType) -> &'static [&'static str] {
    match rtype {
        RecordType::Mx => &NUMBERS[..1],
        RecordType::Srv => &NUMBERS,
        _ => &[],
    }
}

fn show(record: &HttpRecord) -> Value {
    let [value] = &record.values[..] else { panic!("one value: {record:?}") };
    let value = FORM.value(record.rtype, value);
    let mut rest = value.as_str();
    let mut shown = json!({ "id": record.id, "type": record.rtype.to_string(), "name": record.name,
        "ttl_sec": record.ttl, "priority": 0, "weight": 0, "port": 0, "service": null,
        "protocol": null, "tag": null, "created": "2018-01-02T03:04:05" });
    for name in numbers(record.rtype) {
        let (number, behind) = rest.split_once(' ').expect("fields");
        shown[*name] = number.parse::<u16>().expect("a number").into();
        rest = behind;
    }
    shown["target"] = rest.into();
    shown
}

fn read(body: &Value) -> Result<HttpRecord, String> {
    let known = ["type", "name", "target", "priority", "weight", "port", "service", "protocol"];
    only(body, &[&known[..], &["ttl_sec"]].concat())?;
    let text = |name: &str| body[name].as_str().ok_or(format!("no {name}"));
    let rtype: RecordType = text("type")?.parse().map_err(|_| "no type")?;
    if (rtype == RecordType::Srv) != body.get("service").is_some() {
        return Err("service and protocol belong to SRV".to_owned());
    }
    let target = text("target")?;
    if rtype != RecordType::Txt && target.ends_with('.') && target != "." {
        return Err("a final dot".to_owned());
    }
    let number = |name: &str| body[name].as_u64().map(|it| it.to_string()).ok_or("no number");
    let fields = numbers(rtype).iter().map(|name| number(name)).collect::<Result<Vec<_>, _>>()?;
    let value = fields.into_iter().chain([target.to_owned()]).collect::<Vec<_>>().join(" ");
    // The TTL is rounded, and none is the default of the zone.
    let ttl = body.get("ttl_sec").map_or(Some(0), Value::as_u64).ok_or("no ttl")?;
    let ttl = u32::try_from(ttl).map_err(|error| error.to_string())?;
    let ttl = if ttl == 0 { 0 } else { FORM.ttls.step_up(ttl).unwrap_or(ttl) };
    let values = vec![FORM.read(rtype, &value).to_string()];
    Ok(HttpRecord { id: 0, name: text("name")?.to_owned(), rtype, ttl, values })
}
