//! How Oracle Cloud speaks, for tests.

use std::sync::LazyLock;
use std::time::SystemTime;

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::encoding::Pkcs8V1Der;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use extdns_auth::{OracleKey, signed_text};
use extdns_model::{Name, RecordType};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};

use super::FORM;
use crate::conformance::{
    Dialect, Front, HttpAnswer, HttpBatch, HttpChange, HttpPage, HttpRecord, HttpRequest,
    HttpServer, WHOLE, only,
};
use crate::engine::names::relative;
use crate::engine::wire::USUAL_TYPES_AND_DNAME;

/// A key that is made for each process, as PEM.
pub static KEY: LazyLock<String> = LazyLock::new(|| {
    let key = KeyPair::generate(KeySize::Rsa2048).expect("a key");
    let der: Pkcs8V1Der<'_> = key.as_der().expect("PKCS#8");
    let text = STANDARD.encode(der.as_ref());
    let lines: Vec<&str> =
        text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).expect("text")).collect();
    format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n"))
});

/// The dialect of its API behind [`FRONT`].
pub const DIALECT: Dialect = Dialect {
    credentials: ("x-signed", "yes"),
    sets: false,
    apex: WHOLE,
    zones: "/20180115/zones",
    records: "/20180115/zones/{zone}/records",
    record: "/20180115/zones/{zone}/records/{id}",
    zone: |name| json!({ "id": name, "name": name, "scope": "GLOBAL", "lifecycleState": "ACTIVE" }),
    show: |record| {
        let [value] = &record.values[..] else { panic!("one value: {record:?}") };
        json!({ "domain": record.name, "rtype": record.rtype.to_string(), "ttl": record.ttl,
            "rdata": FORM.value(record.rtype, value), "recordHash": record.id.to_string(), "isProtected": false })
    },
    update: "PUT",
    read,
    paging: ("page", "limit", 100, 100),
    page: |HttpPage { of_zones, items, next, .. }| {
        let token = next.and_then(|next| {
            let (_, rest) = next.split_once("page=")?;
            Some(("opc-next-page", rest.split('&').next()?.to_owned()))
        });
        let body = if of_zones { json!(items) } else { json!({ "items": items }) };
        (token.into_iter().collect(), body)
    },
    error: |status, message| {
        let code = match status {
            404 => "NotAuthorizedOrNotFound",
            409 => "IncorrectResult",
            429 => "TooManyRequests",
            402 => "QuotaExceeded",
            _ => "InvalidParameter",
        };
        json!({ "code": code, "message": message })
    },
    refused: (400, 409),
    done: (200, 200, 200),
    batch: Some(HttpBatch {
        path: "/20180115/zones/{zone}/changes",
        most: 300,
        read: changes,
        is_atomic: true,
        done: || json!({ "items": [] }),
    }),
};

/// Requests are signed; values are added and removed by what they are.
pub const FRONT: Front = Front { ask, ..Front::NONE };

fn ask(server: &HttpServer, request: &HttpRequest) -> Result<HttpRequest, HttpAnswer> {
    let whole = |status, code: &str| {
        let body = json!({ "code": code, "message": "refused" });
        HttpAnswer::Whole { status, headers: Vec::new(), body }
    };
    if !is_signed(request) {
        return Err(whole(401, "NotAuthenticated"));
    }
    let has =
        |name: &str| request.query.iter().any(|(own, value)| own == name && !value.is_empty());
    if !has("compartmentId") {
        return Err(whole(400, "MissingParameter"));
    }
    let mut own = request.clone();
    own.headers.insert("x-signed".to_owned(), "yes".to_owned());
    if let ("PATCH", Some(path)) = (request.method.as_str(), request.path.strip_suffix("/records"))
    {
        let zone = path.rsplit('/').next().unwrap_or_default();
        let mut body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let items = body["items"].as_array_mut().ok_or_else(|| whole(400, "InvalidParameter"))?;
        items.iter_mut().for_each(|item| item["id"] = json!(id_of(server, zone, item)));
        // What is gone can be removed once more.
        items.retain(|item| item["operation"] != "REMOVE" || !item["id"].is_null());
        own.method = "POST".to_owned();
        own.path = format!("{path}/changes");
        own.body = body.to_string().into_bytes();
    }
    Ok(own)
}

/// The id of the value that a change names.
fn id_of(server: &HttpServer, zone: &str, item: &Value) -> Option<String> {
    let rtype: RecordType = item["rtype"].as_str()?.parse().ok()?;
    let name = relative(&Name::as_listed(item["domain"].as_str()?), &Name::as_listed(zone), WHOLE);
    server.id_of(zone, &name, rtype, &FORM.read(rtype, item["rdata"].as_str()?))
}

fn is_signed(request: &HttpRequest) -> bool {
    let header = |name: &str| request.headers.get(name).map_or("", String::as_str);
    let mut url = reqwest::Url::parse(&format!("http://{}", header("host"))).expect("a URL");
    url.set_path(&request.path);
    url.query_pairs_mut().extend_pairs(&request.query);
    let pairs = request.headers.iter().map(|(name, value)| {
        let name: HeaderName = name.parse().expect("a header");
        (name, HeaderValue::try_from(value).expect("a header"))
    });
    let method = request.method.parse().expect("a method");
    let (names, text) = signed_text((&method, &url), &HeaderMap::from_iter(pairs), true);
    let given = header("authorization");
    let signature = given.split("signature=\"").nth(1).and_then(|rest| rest.strip_suffix('"'));
    let signature = signature.and_then(|text| STANDARD.decode(text).ok()).unwrap_or_default();
    let key = OracleKey::of_pem(String::new(), &KEY, "").expect("a key");
    let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.public());
    let date = httpdate::parse_http_date(header("date")).unwrap_or(SystemTime::UNIX_EPOCH);
    let apart = SystemTime::now().duration_since(date).unwrap_or_default();
    apart.as_secs() < 300
        && given.contains(&format!("headers=\"{names}\""))
        && public.verify(text.as_bytes(), &signature).is_ok()
}

fn changes(body: &Value) -> Result<Vec<HttpChange>, String> {
    let items = only(body, &["items"])?["items"].as_array().ok_or("no items")?;
    let change = |item: &Value| {
        only(item, &["domain", "operation", "rdata", "rtype", "ttl", "id"])?;
        let id = item["id"].as_str().map(ToOwned::to_owned);
        Ok(match (item["operation"].as_str(), id) {
            (Some("REMOVE"), Some(id)) => HttpChange::Delete(id),
            (Some("ADD"), Some(id)) => HttpChange::Update(id, item.clone()),
            (Some("ADD"), None) => HttpChange::Create(item.clone()),
            other => return Err(format!("no operation: {other:?}")),
        })
    };
    items.iter().map(change).collect()
}

fn read(body: &Value) -> Result<HttpRecord, String> {
    let text = |name: &str| body[name].as_str().ok_or(format!("no {name}"));
    let rtype: RecordType = text("rtype")?.parse().map_err(|_| "no type")?;
    let ttl = body["ttl"].as_u64().and_then(|ttl| u32::try_from(ttl).ok()).ok_or("no ttl")?;
    let rdata = text("rdata")?;
    if !USUAL_TYPES_AND_DNAME.contains(&rtype)
        || (rtype == RecordType::Cname && !rdata.ends_with('.'))
    {
        return Err("relative, or of another type".to_owned());
    }
    let values = vec![FORM.read(rtype, rdata).to_string()];
    Ok(HttpRecord { id: 0, name: text("domain")?.to_owned(), rtype, ttl, values })
}
