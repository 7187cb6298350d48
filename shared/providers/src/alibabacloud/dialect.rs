//! How Alibaba Cloud speaks, for tests.

use extdns_model::RecordType;
use serde_json::{Map, Value, json};

use super::api::{PRIVATE, PUBLIC};
use super::sign::signature;
use crate::conformance::{
    Dialect, Front, HttpAnswer, HttpPage, HttpRecord, HttpRequest, HttpServer, SECRET, only,
};
use crate::rest::Actions;

/// The dialect of Alibaba Cloud DNS behind [`FRONT`].
pub const DIALECT: Dialect = Dialect {
    credentials: ("x-signed", "yes"),
    sets: false,
    apex: "@",
    zones: "/zones",
    records: "/zones/{zone}/records",
    record: "/zones/{zone}/records/{id}",
    zone: |name| json!({ "DomainName": name }),
    show: |record| show(&PUBLIC, record),
    update: "PUT",
    read: |body| read(&PUBLIC, body),
    paging: ("PageNumber", "PageSize", 20, 500),
    page: |page| self::page(["Domains/Domain", "DomainRecords/Record", "TotalCount"], page),
    error,
    refused: (400, 400),
    done: (200, 200, 200),
    batch: None,
};

/// The dialect of PrivateZone.
pub const PRIVATE_DIALECT: Dialect = Dialect {
    zone: |name| json!({ "ZoneId": name, "ZoneName": name }),
    show: |record| show(&PRIVATE, record),
    read: |body| read(&PRIVATE, body),
    page: |page| self::page(["Zones/Zone", "Records/Record", "TotalItems"], page),
    paging: ("PageNumber", "PageSize", 20, 100),
    ..DIALECT
};

/// The VPC that all zones are bound to.
pub const VPC: &str = "vpc-1";

/// Actions in the query of one path, and a signature.
pub const FRONT: Front =
    Front { ask: |server, request| ask(&PUBLIC, server, request), ..Front::NONE };

/// The same of PrivateZone.
pub const PRIVATE_FRONT: Front =
    Front { ask: |server, request| ask(&PRIVATE, server, request), ..Front::NONE };

fn ask(
    api: &Actions,
    server: &HttpServer,
    request: &HttpRequest,
) -> Result<HttpRequest, HttpAnswer> {
    let whole = |status, body| HttpAnswer::Whole { status, headers: Vec::new(), body };
    let refuse = |status, code: &str| whole(status, json!({ "Code": code, "Message": code }));
    let mut all: std::collections::BTreeMap<_, _> = request.query.iter().cloned().collect();
    let given = all.remove("Signature").unwrap_or_default();
    if request.path != "/" || signature(SECRET, &request.method, &all) != given {
        return Err(refuse(400, "SignatureDoesNotMatch"));
    }
    let text = |name: &str| all.get(name).map_or("", String::as_str);
    let [add, update, delete] = api.writes;
    let (action, id) = (text("Action"), text("RecordId"));
    let zone = || {
        server.record(id).map(|(zone, _)| zone).ok_or(refuse(400, "DomainRecordNotBelongToUser"))
    };
    let (method, path) = match action {
        _ if action == api.zones.0 => ("GET", "/zones".to_owned()),
        _ if action == api.records.0 => ("GET", format!("/zones/{}/records", text(api.zone))),
        "DescribeZoneInfo" if api.is_private => {
            return Err(whole(200, json!({ "BindVpcs": { "Vpc": [{ "VpcId": VPC }] } })));
        }
        _ if action == add => ("POST", format!("/zones/{}/records", text(api.zone))),
        _ if action == update => ("PUT", format!("/zones/{}/records/{id}", zone()?)),
        _ if action == delete => ("DELETE", format!("/zones/{}/records/{id}", zone()?)),
        _ => return Err(refuse(404, "InvalidAction.NotFound")),
    };
    let mut own = HttpRequest { method: method.to_owned(), path, ..request.clone() };
    own.headers.insert("x-signed".to_owned(), "yes".to_owned());
    if matches!(method, "POST" | "PUT") {
        let common = [
            "Action",
            "Version",
            "Format",
            "AccessKeyId",
            "SignatureMethod",
            "SignatureVersion",
            "SignatureType",
            "SignatureNonce",
            "Timestamp",
            "RegionId",
            "RecordId",
            api.zone,
        ];
        let members = all.iter().filter(|(name, _)| !common.contains(&name.as_str()));
        let body: Map<String, Value> =
            members.map(|(name, value)| (name.clone(), json!(value))).collect();
        own.body = Value::Object(body).to_string().into_bytes();
        own.headers.insert("content-type".to_owned(), "application/json".to_owned());
    }
    Ok(own)
}

fn error(status: u16, message: &str) -> Value {
    let code = match status {
        404 if message.contains("zone") => "InvalidDomainName.NoExist",
        404 => "DomainRecordNotBelongToUser",
        403 => "Forbidden.RAM",
        402 => "QuotaExceeded.Record",
        429 => "Throttling.User",
        400 if message.contains("already exists") => "DomainRecordConflict",
        500.. => "InternalError",
        _ => "InvalidParameter",
    };
    json!({ "Code": code, "Message": message })
}

/// Lists lie one below another, as they do in XML.
fn page(
    [zones, records, total]: [&str; 3],
    page: HttpPage,
) -> (Vec<(&'static str, String)>, Value) {
    let (list, item) =
        if page.of_zones { zones } else { records }.split_once('/').expect("two words");
    (Vec::new(), json!({ list: { item: page.items }, total: page.total, "PageNumber": 1 }))
}

fn fields(api: &Actions) -> [&'static str; 2] {
    if api.is_private { ["Rr", "Ttl"] } else { ["RR", "TTL"] }
}

fn show(api: &Actions, record: &HttpRecord) -> Value {
    let [value] = &record.values[..] else { panic!("one value: {record:?}") };
    let (priority, value) = api.form.mx_apart(record.rtype, value);
    let [name, ttl] = fields(api);
    let id = if api.is_private { json!(record.id) } else { json!(record.id.to_string()) };
    json!({ "RecordId": id, name: record.name, "Type": record.rtype.to_string(), "Value": value,
        ttl: record.ttl, "Priority": priority, "Line": "default", "Status": "ENABLE" })
}

fn read(api: &Actions, body: &Value) -> Result<HttpRecord, String> {
    let [name, ttl] = fields(api);
    only(body, &[name, "Type", "Value", ttl, "Priority"])?;
    let text = |name: &str| body[name].as_str().ok_or(format!("no {name}"));
    let rtype: RecordType = text("Type")?.parse().map_err(|_| "no type")?;
    let priority =
        body["Priority"].as_str().map(|text| text.parse::<u16>().map_err(|_| "no number"));
    let priority = priority.transpose()?;
    if !api.types.contains(&rtype) || (rtype == RecordType::Mx) != priority.is_some() {
        return Err("of another type, or a priority that does not belong to it".to_owned());
    }
    let value = api.form.mx_joined(rtype, priority, text("Value")?).to_string();
    let ttl = text(ttl)?.parse().map_err(|_| "no ttl")?;
    Ok(HttpRecord { id: 0, name: text(name)?.to_owned(), rtype, ttl, values: vec![value] })
}
