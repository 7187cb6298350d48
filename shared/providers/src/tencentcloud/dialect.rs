//! How Tencent Cloud speaks, for tests.

use extdns_model::RecordType;
use jiff::Timestamp;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use serde_json::{Value, json};

use super::KEPT;
use super::api::{PRIVATE, PUBLIC};
use super::sign::Tc3;
use crate::conformance::{
    Dialect, Front, HttpAnswer, HttpBatch, HttpChange, HttpPage, HttpRecord, HttpRequest, SECRET,
    only,
};
use crate::rest::{Actions, Outgoing};

/// The dialect of DNSPod behind [`FRONT`].
pub const DIALECT: Dialect = Dialect {
    credentials: ("x-signed", "yes"),
    sets: false,
    apex: "@",
    zones: "/zones",
    records: "/zones/{zone}/records",
    record: "/zones/{zone}/records/{id}",
    zone: |name| json!({ "Name": name }),
    show: |record| show(&PUBLIC, record),
    update: "PUT",
    read: |body| read(&PUBLIC, body),
    paging: ("page", "size", 3000, 3000),
    page: |HttpPage { of_zones, items, total, .. }| {
        let body = match of_zones {
            true => json!({ "DomainList": items, "DomainCountInfo": { "AllTotal": total } }),
            false => json!({ "RecordList": items, "RecordCountInfo": { "TotalCount": total } }),
        };
        (Vec::new(), body)
    },
    error,
    refused: (400, 400),
    done: (200, 200, 200),
    batch: None,
};

/// The dialect of Private DNS behind [`PRIVATE_FRONT`].
pub const PRIVATE_DIALECT: Dialect = Dialect {
    zone: |name| json!({ "ZoneId": name, "Domain": name }),
    show: |record| show(&PRIVATE, record),
    read: |body| read(&PRIVATE, body),
    page: |HttpPage { of_zones, items, total, .. }| {
        let list = if of_zones { "PrivateZoneSet" } else { "RecordSet" };
        (Vec::new(), json!({ list: items, "TotalCount": total }))
    },
    batch: Some(HttpBatch {
        path: "/zones/{zone}/deletes",
        most: 100,
        read: |body| {
            let ids = only(body, &["RecordIdSet"])?["RecordIdSet"].as_array().ok_or("no ids")?;
            let delete = |id: &Value| id.as_str().map(|id| HttpChange::Delete(id.to_owned()));
            ids.iter().map(|id| delete(id).ok_or_else(|| "no text".to_owned())).collect()
        },
        is_atomic: false,
        done: || json!({}),
    }),
    ..DIALECT
};

/// Actions in a header of one path, a signature, and failures with the status 200.
pub const FRONT: Front = Front { ask: |_, request| ask(&PUBLIC, request), tell };

/// The same of Private DNS. All zones have the record that is nobody's.
pub const PRIVATE_FRONT: Front = Front {
    ask: |_, request| ask(&PRIVATE, request),
    tell: |request, answer| tell(request, with_kept(request, answer)),
};

fn whole(body: Value) -> HttpAnswer {
    HttpAnswer::Whole { status: 200, headers: Vec::new(), body: json!({ "Response": body }) }
}

fn ask(api: &Actions, request: &HttpRequest) -> Result<HttpRequest, HttpAnswer> {
    let refuse = |code: &str| whole(json!({ "Error": { "Code": code, "Message": code } }));
    let header = |name: &str| request.headers.get(name).map_or("", String::as_str);
    if request.path != "/" || header("x-tc-version") != api.version || !is_signed(api, request) {
        return Err(refuse("AuthFailure.SignatureFailure"));
    }
    let mut body: Value =
        serde_json::from_slice(&request.body).map_err(|_| refuse("InvalidParameter"))?;
    let mut take = |name: &str| body.as_object_mut().and_then(|all| all.remove(name));
    let text = |value: Option<Value>| match value {
        Some(Value::String(text)) => text,
        Some(other) => other.to_string(),
        None => String::new(),
    };
    let zone = text(take(api.zone));
    let id = text(take("RecordId"));
    let (offset, limit) = (take("Offset"), take("Limit"));
    let records = format!("/zones/{zone}/records");
    let [create, modify, delete] = api.writes;
    let action = header("x-tc-action");
    let (method, path) = match action {
        _ if action == api.zones.0 => ("GET", "/zones".to_owned()),
        _ if action == api.records.0 => ("GET", records),
        _ if action == create => ("POST", records),
        _ if action == modify => ("PUT", format!("{records}/{id}")),
        _ if action == delete && id.is_empty() => ("POST", format!("/zones/{zone}/deletes")),
        _ if action == delete => ("DELETE", format!("{records}/{id}")),
        _ => return Err(refuse("InvalidAction")),
    };
    let mut own = HttpRequest { method: method.to_owned(), path, ..request.clone() };
    own.headers.insert("x-signed".to_owned(), "yes".to_owned());
    if method == "GET" {
        let (Some(offset), Some(limit)) =
            (offset.and_then(|it| it.as_u64()), limit.and_then(|it| it.as_u64()))
        else {
            return Err(refuse("InvalidParameter"));
        };
        own.query = vec![
            ("page".to_owned(), (offset / limit.max(1) + 1).to_string()),
            ("size".to_owned(), limit.to_string()),
        ];
    }
    let has_body = matches!(method, "POST" | "PUT");
    own.body = if has_body { body.to_string().into_bytes() } else { Vec::new() };
    if !has_body {
        own.headers.remove("content-type");
    }
    Ok(own)
}

/// Whether a request is signed with the secret of the kit, not longer ago than five minutes.
fn is_signed(api: &Actions, request: &HttpRequest) -> bool {
    let header = |name: &str| request.headers.get(name).map_or("", String::as_str);
    let seconds = header("x-tc-timestamp").parse().unwrap_or_default();
    let Ok(time) = Timestamp::from_second(seconds) else { return false };
    let mut headers = HeaderMap::new();
    let media = HeaderValue::try_from(header("content-type")).expect("a header");
    headers.insert(CONTENT_TYPE, media);
    let outgoing = Outgoing {
        method: request.method.parse().expect("a method"),
        url: format!("http://{}/", header("host")).parse().expect("a URL"),
        headers,
        body: Some(request.body.clone().into()),
    };
    let is_now = (Timestamp::now().as_second() - seconds).abs() < 300;
    is_now && Tc3::new(api.name, "id", SECRET).value(&outgoing, time) == header("authorization")
}

fn tell(request: &HttpRequest, answer: HttpAnswer) -> HttpAnswer {
    match answer {
        // An empty list of records is a failure.
        HttpAnswer::Whole { status: 200, body, .. } if body["RecordList"] == json!([]) => whole(
            json!({ "Error": { "Code": "ResourceNotFound.NoDataOfRecord", "Message": "none" } }),
        ),
        HttpAnswer::Whole { status: 200, body, .. } => {
            let body = if request.method == "POST" && body.is_null() { json!({}) } else { body };
            whole(body)
        }
        // What fails before the API itself fails has a status.
        HttpAnswer::Whole { status, headers, body } if headers.is_empty() && status < 500 => {
            whole(body)
        }
        other => other,
    }
}

fn with_kept(request: &HttpRequest, answer: HttpAnswer) -> HttpAnswer {
    let is_list = request.headers.get("x-tc-action").is_some_and(|it| it == PRIVATE.records.0);
    match answer {
        HttpAnswer::Whole { status: 200, headers, mut body } if is_list => {
            let own = json!({ "RecordId": "0", "SubDomain": "@", "RecordType": "TXT", "RecordValue": KEPT[2].1, "TTL": 600 });
            if let Some(all) = body["RecordSet"].as_array_mut() {
                all.push(own);
            }
            body["TotalCount"] = json!(body["TotalCount"].as_u64().unwrap_or_default() + 1);
            HttpAnswer::Whole { status: 200, headers, body }
        }
        other => other,
    }
}

fn error(status: u16, message: &str) -> Value {
    let code = match status {
        404 if message.contains("zone") => "InvalidParameterValue.DomainNotExists",
        404 => "InvalidParameter.RecordIdInvalid",
        403 => "UnauthorizedOperation",
        402 => "LimitExceeded.SubdomainRecord",
        429 => "RequestLimitExceeded",
        400 if message.contains("no such record") => "InvalidParameter.RecordIdInvalid",
        400 if message.contains("already exists") => "InvalidParameter.DomainRecordExist",
        500.. => "InternalError",
        _ => "InvalidParameter",
    };
    json!({ "Error": { "Code": code, "Message": message } })
}

fn show(api: &Actions, record: &HttpRecord) -> Value {
    let [value] = &record.values[..] else { panic!("one value: {record:?}") };
    let (preference, value) = api.form.mx_apart(record.rtype, value);
    let (rtype, preference) = (record.rtype.to_string(), preference.unwrap_or_default());
    match api.is_private {
        true => {
            json!({ "RecordId": record.id.to_string(), "SubDomain": record.name, "RecordType": rtype,
            "RecordValue": value, "TTL": record.ttl, "MX": preference })
        }
        false => json!({ "RecordId": record.id, "Name": record.name, "Type": rtype, "Value": value,
            "TTL": record.ttl, "MX": preference, "Line": "默认", "LineId": "0" }),
    }
}

fn read(api: &Actions, body: &Value) -> Result<HttpRecord, String> {
    let value = if api.is_private { "RecordValue" } else { "Value" };
    let line: &[&str] = if api.is_private { &[] } else { &["RecordLine", "RecordLineId"] };
    only(body, &[&["SubDomain", "RecordType", value, "TTL", "MX"], line].concat())?;
    let text = |name: &str| body[name].as_str().ok_or(format!("no {name}"));
    if !api.is_private && text("RecordLineId")? != "0" {
        return Err("of another line".to_owned());
    }
    let rtype: RecordType = text("RecordType")?.parse().map_err(|_| "no type")?;
    let preference = body["MX"].as_u64().and_then(|it| u16::try_from(it).ok());
    if !api.types.contains(&rtype) || (rtype == RecordType::Mx) != preference.is_some() {
        return Err("of another type, or a preference that does not belong to it".to_owned());
    }
    let value = api.form.mx_joined(rtype, preference, text(value)?).to_string();
    let ttl = body["TTL"].as_u64().and_then(|ttl| u32::try_from(ttl).ok()).ok_or("no ttl")?;
    Ok(HttpRecord { id: 0, name: text("SubDomain")?.to_owned(), rtype, ttl, values: vec![value] })
}
