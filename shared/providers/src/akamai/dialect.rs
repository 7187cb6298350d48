//! How Akamai speaks, for tests.

use extdns_model::RecordType;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use super::FORM;
use super::sign::EdgeGrid;
use crate::conformance::{
    Dialect, Front, HttpAnswer, HttpBatch, HttpChange, HttpPage, HttpRecord, HttpRequest,
    HttpServer, SECRET, WHOLE, only,
};
use crate::rest::Outgoing;

/// The dialect of its API behind [`FRONT`].
pub const DIALECT: Dialect = Dialect {
    credentials: ("x-signed", "yes"),
    sets: true,
    apex: WHOLE,
    zones: "/config-dns/v2/zones",
    records: "/config-dns/v2/zones/{zone}/recordsets",
    record: "/config-dns/v2/zones/{zone}/names/{name}/types/{type}",
    zone: |name| json!({ "contractId": "1-2ABCDE", "zone": name, "type": "primary" }),
    show: |record| {
        let values: Vec<_> = record.values.iter().map(|it| FORM.value(record.rtype, it)).collect();
        json!({ "name": record.name, "type": record.rtype.to_string(), "ttl": record.ttl, "rdata": values })
    },
    update: "PUT",
    read,
    paging: ("page", "pageSize", 100_000, 100_000),
    page: |HttpPage { of_zones, items, .. }| {
        let list = if of_zones { "zones" } else { "recordsets" };
        (Vec::new(), json!({ "metadata": { "showAll": true }, list: items }))
    },
    error: |status, message| {
        let title = match status {
            404 if message.contains("zone") => "Zone not found",
            409 => "Record set already exists",
            _ => message,
        };
        json!({ "type": "https://problems.luna.akamaiapis.net/x", "title": title, "status": status })
    },
    refused: (400, 409),
    done: (201, 200, 204),
    // All sets are made, or none.
    batch: Some(HttpBatch {
        path: "/config-dns/v2/zones/{zone}/recordsets",
        most: 1000,
        read: |body| {
            let sets = only(body, &["recordsets"])?["recordsets"].as_array().ok_or("no sets")?;
            if sets.is_empty() {
                return Err("nothing is made".to_owned());
            }
            Ok(sets.iter().cloned().map(HttpChange::Create).collect())
        },
        is_atomic: true,
        done: || Value::Null,
    }),
};

/// Requests are signed, paths have whole names, and an update of what is not there is refused.
pub const FRONT: Front = Front { ask, tell };

fn ask(_: &HttpServer, request: &HttpRequest) -> Result<HttpRequest, HttpAnswer> {
    let whole = |status, title: &str| {
        let body = json!({ "title": title, "status": status });
        HttpAnswer::Whole { status, headers: Vec::new(), body }
    };
    if ![SECRET, "client-secret"].iter().any(|secret| is_signed(request, secret)) {
        return Err(whole(401, "The signature does not match"));
    }
    let shows_all = request.query.iter().any(|(name, value)| name == "showAll" && value == "true");
    if request.method == "GET" && !shows_all {
        return Err(whole(400, "A list without showAll has pages"));
    }
    let mut request = request.clone();
    request.headers.insert("x-signed".to_owned(), "yes".to_owned());
    let parts: Vec<String> = request.path.split('/').map(ToOwned::to_owned).collect();
    if let [_, _, _, _, zone, _, name, _, rtype] = &parts[..] {
        let own = match name.strip_suffix(zone.as_str()) {
            Some("") => WHOLE,
            Some(rest) => rest.trim_end_matches('.'),
            None => name,
        };
        request.path = format!("/config-dns/v2/zones/{zone}/names/{own}/types/{rtype}");
    }
    Ok(request)
}

fn tell(request: &HttpRequest, answer: HttpAnswer) -> HttpAnswer {
    match answer {
        HttpAnswer::Whole { status: 404, headers, body } if request.method == "PUT" => {
            HttpAnswer::Whole { status: 400, headers, body }
        }
        HttpAnswer::Whole { status: 200, headers, body: Value::Null } => {
            HttpAnswer::Whole { status: 204, headers, body: Value::Null }
        }
        other => other,
    }
}

fn is_signed(request: &HttpRequest, secret: &str) -> bool {
    let header = |name: &str| request.headers.get(name).map_or("", String::as_str);
    let given = header("authorization");
    let field = |name: &str| {
        let mut fields = given.split([';', ' ']);
        fields.find_map(|it| it.strip_prefix(name)).unwrap_or_default()
    };
    let mut url = reqwest::Url::parse(&format!("http://{}", header("host"))).expect("a URL");
    url.set_path(&request.path);
    if !request.query.is_empty() {
        url.query_pairs_mut().extend_pairs(&request.query);
    }
    let outgoing = Outgoing {
        method: request.method.parse().expect("a method"),
        url,
        headers: HeaderMap::new(),
        body: (!request.body.is_empty()).then(|| request.body.clone().into()),
    };
    let key = EdgeGrid {
        client_token: field("client_token=").to_owned(),
        client_secret: secret.to_owned(),
        access_token: field("access_token=").to_owned(),
        most_of_body: 131_072,
    };
    given == key.value(&outgoing, field("timestamp="), field("nonce="))
}

fn read(body: &Value) -> Result<HttpRecord, String> {
    only(body, &["name", "type", "ttl", "rdata"])?;
    let text = |name: &str| body[name].as_str().ok_or(format!("no {name}"));
    let rtype: RecordType = text("type")?.parse().map_err(|_| "no type")?;
    let ttl = body["ttl"].as_u64().and_then(|ttl| u32::try_from(ttl).ok()).ok_or("no ttl")?;
    let values = body["rdata"].as_array().ok_or("no rdata")?;
    let value = |it: &Value| {
        let text = it.as_str().ok_or("a value is no text")?;
        if rtype == RecordType::Txt && !text.starts_with('"') {
            return Err("text without quotes");
        }
        Ok(FORM.read(rtype, text).to_string())
    };
    let values = values.iter().map(value).collect::<Result<Vec<_>, _>>()?;
    Ok(HttpRecord { id: 0, name: text("name")?.to_owned(), rtype, ttl, values })
}
