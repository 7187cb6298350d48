//! How TransIP speaks, for tests.

use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA512, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use extdns_model::RecordType;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::{Value, json};

use super::FORM;
use crate::conformance::{
    Dialect, Front, HttpAnswer, HttpPage, HttpRecord, HttpRequest, HttpServer, SECRET, only,
};

/// The key of the account `test-user`: that of the tests of the vendor's own client.
pub const KEY: &str = include_str!("../../../../tests/fixtures/wire/transip/signature.key");

/// The dialect of its API behind [`FRONT`].
pub const DIALECT: Dialect = Dialect {
    credentials: ("x-logged-in", "yes"),
    sets: false,
    apex: "@",
    zones: "/v6/domains",
    records: "/v6/domains/{zone}/dns",
    record: "/v6/domains/{zone}/dns/{id}",
    zone: |name| json!({ "name": name, "isDnsOnly": false, "tags": [] }),
    show: |record| {
        let [value] = &record.values[..] else { panic!("one value: {record:?}") };
        json!({ "name": record.name, "expire": record.ttl, "type": record.rtype.to_string(),
            "content": FORM.value(record.rtype, value) })
    },
    update: "PATCH",
    read,
    // Nobody asks for a page, so that all is on one.
    paging: ("page", "pageSize", 100_000, 100_000),
    page: |HttpPage { of_zones, items, .. }| {
        let member = if of_zones { "domains" } else { "dnsEntries" };
        (Vec::new(), json!({ member: items, "_links": [] }))
    },
    error: |_, message| json!({ "error": message }),
    refused: (406, 406),
    done: (201, 204, 204),
    batch: None,
};

/// A login gives a token, and a delete names an entry by all that it is.
pub const FRONT: Front = Front { ask, ..Front::NONE };

fn ask(server: &HttpServer, request: &HttpRequest) -> Result<HttpRequest, HttpAnswer> {
    let whole = |status, body| HttpAnswer::Whole { status, headers: Vec::new(), body };
    let reading = format!("{SECRET}-for-reading");
    if request.path == "/v6/auth" {
        return Err(match logged_in(request) {
            Ok(true) => whole(201, json!({ "token": reading })),
            Ok(false) => whole(201, json!({ "token": SECRET })),
            Err(problem) => whole(401, json!({ "error": problem })),
        });
    }
    let mut own = request.clone();
    let given = request.headers.get("authorization").map_or("", String::as_str);
    let is_read = request.method == "GET";
    if given == format!("Bearer {}", if is_read { &reading } else { SECRET }) {
        own.headers.insert("x-logged-in".to_owned(), "yes".to_owned());
    }
    if request.method == "DELETE" {
        own.path = format!("{}/{}", request.path, named(server, request).unwrap_or_default());
        own.body = Vec::new();
        own.headers.remove("content-type");
    }
    Ok(own)
}

/// Whether the token of a login shall only read, if its signature is right.
fn logged_in(request: &HttpRequest) -> Result<bool, String> {
    let der = PrivatePkcs8KeyDer::from_pem_slice(KEY.as_bytes()).map_err(|it| it.to_string())?;
    let pair = KeyPair::from_pkcs8(der.secret_pkcs8_der()).map_err(|it| it.to_string())?;
    let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA512, pair.public_key().as_ref());
    let given = request.headers.get("signature").map_or("", String::as_str);
    let signature = STANDARD.decode(given).map_err(|it| it.to_string())?;
    public.verify(&request.body, &signature).map_err(|_| "the signature is wrong")?;
    let body: Value = serde_json::from_slice(&request.body).map_err(|it| it.to_string())?;
    let members = ["login", "nonce", "label", "read_only", "expiration_time", "global_key"];
    only(&body, &members)?;
    if body["login"] != "test-user" || body["global_key"] != true {
        return Err("the login is wrong".to_owned());
    }
    body["read_only"].as_bool().ok_or_else(|| "read_only is missing".to_owned())
}

/// The id of the entry that a delete names, if there is one that is exactly as it says.
fn named(server: &HttpServer, request: &HttpRequest) -> Option<String> {
    let zone = request.path.split('/').nth(3)?;
    let own = read(&serde_json::from_slice(&request.body).ok()?).ok()?;
    let id = server.id_of(zone, &own.name, own.rtype, &own.values.concat())?;
    let (_, record) = server.record(&id)?;
    (record.ttl == own.ttl).then_some(id)
}

fn read(body: &Value) -> Result<HttpRecord, String> {
    let entry = &body["dnsEntry"];
    only(body, &["dnsEntry"])?;
    only(entry, &["name", "expire", "type", "content"])?;
    let text = |name: &str| entry[name].as_str().ok_or(format!("no {name}"));
    let ttl = entry["expire"].as_u64().and_then(|ttl| u32::try_from(ttl).ok());
    let ttl = ttl.filter(|ttl| *ttl >= 60).ok_or("bad expire")?;
    let rtype: RecordType = text("type")?.parse().map_err(|_| "no type")?;
    let content = text("content")?;
    let value = FORM.read(rtype, content);
    if FORM.value(rtype, &value) != content {
        return Err("relative or odd".to_owned());
    }
    let (name, values) = (text("name")?.to_owned(), vec![value.to_string()]);
    Ok(HttpRecord { id: 0, name, rtype, ttl, values })
}
