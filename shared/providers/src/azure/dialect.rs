//! How Azure speaks, for tests.

use extdns_model::RecordType;
use serde_json::{Value, json};

use super::record::members;
use super::{FORM, Kind, PRIVATE, PUBLIC};
use crate::conformance::{Dialect, HttpPage, HttpRecord, only};

/// The dialect of public zones, for the token of the conformance kit and the resource group `dns` of `sub-1`.
pub const PUBLIC_ZONES: Dialect = Dialect {
    credentials: ("authorization", "Bearer s3cr3t-t0ken"),
    sets: true,
    apex: "@",
    zones: "/subscriptions/sub-1/resourceGroups/dns/providers/Microsoft.Network/dnsZones",
    records: "/subscriptions/sub-1/resourceGroups/dns/providers/Microsoft.Network/dnsZones/{zone}/all",
    record: "/subscriptions/sub-1/resourceGroups/dns/providers/Microsoft.Network/dnsZones/{zone}/{type}/{name}",
    // Ids have the type in another case than paths.
    zone: |name| zone("dnszones", name),
    show: |record| show(&PUBLIC, "dnszones", record),
    update: "PUT",
    read: |body| read(&PUBLIC, body),
    paging: ("$skipToken", "$top", 100, 100),
    page: |HttpPage { items, next, .. }| (Vec::new(), json!({ "value": items, "nextLink": next })),
    error: |_, message| json!({ "code": "BadRequest", "message": message }),
    refused: (400, 412),
    done: (201, 200, 200),
    batch: None,
};

/// That of private zones.
pub const PRIVATE_ZONES: Dialect = Dialect {
    zones: "/subscriptions/sub-1/resourceGroups/dns/providers/Microsoft.Network/privateDnsZones",
    records: "/subscriptions/sub-1/resourceGroups/dns/providers/Microsoft.Network/privateDnsZones/{zone}/ALL",
    record: "/subscriptions/sub-1/resourceGroups/dns/providers/Microsoft.Network/privateDnsZones/{zone}/{type}/{name}",
    zone: |name| zone("privateDnsZones", name),
    show: |record| show(&PRIVATE, "privateDnsZones", record),
    read: |body| read(&PRIVATE, body),
    // That of the gateway in front of it.
    error: |_, message| json!({ "error": { "code": "BadRequest", "message": message } }),
    ..PUBLIC_ZONES
};

fn zone(kind: &str, name: &str) -> Value {
    json!({ "id": format!("/subscriptions/sub-1/resourceGroups/dns/providers/Microsoft.Network/{kind}/{name}"),
        "name": name, "type": format!("Microsoft.Network/{kind}"), "etag": "e", "location": "global", "tags": {},
        "properties": { "maxNumberOfRecordSets": 10_000, "maxNumberOfRecordsPerRecordSet": null } })
}

fn show(kind: &Kind, zones: &str, record: &HttpRecord) -> Value {
    let name = extdns_model::Name::as_listed(&record.name);
    let ttl = extdns_model::Ttl::from_seconds(record.ttl.into());
    let targets = record.values.iter().map(String::as_str).collect();
    let set = extdns_model::RecordSet::new(name, record.rtype, ttl, targets);
    let mut properties =
        super::record::written(kind, &set).expect("a record set")["properties"].take();
    properties["fqdn"] = json!(format!("{}.", record.name));
    properties["targetResource"] = json!({});
    json!({ "id": format!("/../{}/{}", record.rtype, record.name), "name": record.name,
        "type": format!("Microsoft.Network/{zones}/{}", record.rtype), "etag": format!("v{}", record.id),
        "properties": properties })
}

fn read(kind: &Kind, body: &Value) -> Result<HttpRecord, String> {
    let properties = only(
        only(body, &["properties"])?.get("properties").ok_or("no properties")?,
        &[
            &(kind.case)("TTL"),
            &kind
                .types
                .iter()
                .map(|rtype| kind.values_of(*rtype))
                .find(|own| body["properties"].get(own).is_some())
                .ok_or("no values")?,
        ],
    )?;
    let of = |rtype: &&RecordType| properties.contains_key(&kind.values_of(**rtype));
    let rtype = *kind.types.iter().find(of).ok_or("no values")?;
    let ttl = properties.get(&(kind.case)("TTL")).and_then(Value::as_u64).ok_or("no ttl")?;
    let ttl =
        u32::try_from(ttl).ok().filter(|ttl| (1..=2_147_483_647).contains(ttl)).ok_or("bad ttl")?;
    let items = match &properties[&kind.values_of(rtype)] {
        Value::Array(items) if rtype != RecordType::Cname => items.clone(),
        item @ Value::Object(_) if rtype == RecordType::Cname => vec![item.clone()],
        _ => return Err("the values are neither a list nor the one of a CNAME".to_owned()),
    };
    let value = |item: &Value| {
        let is_long = |text: &Value| text.as_str().is_none_or(|text| text.len() > 255);
        if rtype == RecordType::Txt
            && item["value"].as_array().is_none_or(|all| all.iter().any(is_long))
        {
            return Err("a string of a text is too long".to_owned());
        }
        let value = members(rtype).read(item).ok_or("a value lacks a field")?;
        // A host has no final dot.
        let is_dotted = rtype != RecordType::Txt && value.ends_with('.') && !value.ends_with(" .");
        if is_dotted {
            Err("a host with a final dot".to_owned())
        } else {
            Ok(FORM.read(rtype, &value).to_string())
        }
    };
    let values = items.iter().map(value).collect::<Result<Vec<String>, String>>()?;
    let text: usize = values.iter().map(|value| value.chars().count()).sum();
    if rtype == RecordType::Txt && text > 4096 {
        return Err("the record set has too much text".to_owned());
    }
    Ok(HttpRecord { id: 0, name: String::new(), rtype, ttl, values })
}
