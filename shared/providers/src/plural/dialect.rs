//! How Plural speaks, for tests.

use extdns_model::RecordType;
use serde_json::{Value, json};

use super::FORM;
use crate::conformance::{
    Dialect, Front, HttpAnswer, HttpPage, HttpRecord, HttpRequest, HttpServer, WHOLE, only,
};

/// The dialect of its API behind [`FRONT`]. All records lie in one zone that holds every name.
pub const DIALECT: Dialect = Dialect {
    credentials: ("authorization", "Bearer s3cr3t-t0ken"),
    sets: true,
    apex: WHOLE,
    zones: "/zones",
    records: "/zones/{zone}/records",
    record: "/zones/{zone}/records/{name}/{type}",
    zone: |name| json!({ "id": name }),
    show: |record| {
        let values: Vec<_> = record.values.iter().map(|it| FORM.value(record.rtype, it)).collect();
        json!({ "node": { "name": record.name, "type": record.rtype.to_string(), "records": values } })
    },
    update: "PUT",
    read: |body| {
        only(body, &["name", "type", "records"])?;
        let name = body["name"].as_str().ok_or("no name")?.to_owned();
        let rtype: RecordType =
            body["type"].as_str().and_then(|it| it.parse().ok()).ok_or("no type")?;
        let values = body["records"].as_array().ok_or("no records")?;
        let value = |it: &Value| Some(FORM.read(rtype, it.as_str()?).to_string());
        let values =
            values.iter().map(value).collect::<Option<Vec<_>>>().ok_or("a value is no text")?;
        Ok(HttpRecord { id: 0, name, rtype, ttl: 0, values })
    },
    paging: ("after", "first", 500, 500),
    page: |HttpPage { items, next, .. }| {
        let after = next.as_deref().and_then(|next| next.split_once("after="));
        let cursor = after.and_then(|(_, rest)| rest.split('&').next());
        let page = json!({ "hasNextPage": cursor.is_some(), "endCursor": cursor });
        (Vec::new(), json!({ "data": { "dnsRecords": { "pageInfo": page, "edges": items } } }))
    },
    error: |_, message| json!({ "errors": [{ "message": message }] }),
    refused: (400, 409),
    done: (200, 200, 200),
    batch: None,
};

/// Queries and mutations of one path.
pub const FRONT: Front = Front { ask, tell };

fn ask(server: &HttpServer, request: &HttpRequest) -> Result<HttpRequest, HttpAnswer> {
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let (operation, variables) = (body["operationName"].as_str(), &body["variables"]);
    let mut asked = HttpRequest { body: Vec::new(), ..request.clone() };
    match (request.path.as_str(), operation) {
        ("/gql", Some("GetDnsRecords")) => {
            asked.method = "GET".to_owned();
            asked.path = "/zones//records".to_owned();
            asked.headers.remove("content-type");
            asked
                .query
                .extend(variables["after"].as_str().map(|it| ("after".to_owned(), it.to_owned())));
        }
        ("/gql", Some("CreateDnsRecord")) => {
            let attributes = &variables["attributes"];
            let text = |name: &str| attributes[name].as_str().unwrap_or_default();
            let (name, rtype) = (text("name"), text("type"));
            let contents = server.contents("");
            let is = |set: &extdns_model::RecordSet| {
                set.name.key() == name && set.rtype.to_string() == rtype
            };
            let exists = contents.iter().any(is);
            let place = format!("/zones//records/{name}/{rtype}");
            asked.path = if exists { place } else { "/zones//records".to_owned() };
            asked.method = if exists { "PUT".to_owned() } else { "POST".to_owned() };
            asked.body = attributes.to_string().into_bytes();
        }
        ("/gql", Some("DeleteDnsRecord")) => {
            let text = |name: &str| variables[name].as_str().unwrap_or_default();
            asked.path = format!("/zones//records/{}/{}", text("name"), text("type"));
            asked.method = "DELETE".to_owned();
            asked.headers.remove("content-type");
        }
        _ => {
            let body = json!({ "errors": [{ "message": "no such operation" }] });
            return Err(HttpAnswer::Whole { status: 400, headers: Vec::new(), body });
        }
    }
    Ok(asked)
}

/// What is refused comes with status 200.
fn tell(request: &HttpRequest, answer: HttpAnswer) -> HttpAnswer {
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    match answer {
        HttpAnswer::Whole { status: 400 | 404 | 409, headers, body: refused } => {
            let text = refused["errors"][0]["message"].as_str().unwrap_or_default();
            let text = text.replace("no such record", "could not find resource");
            let body = json!({ "data": null, "errors": [{ "message": text }] });
            HttpAnswer::Whole { status: 200, headers, body }
        }
        HttpAnswer::Whole { status: 200, headers, .. }
            if body["operationName"] != "GetDnsRecords" =>
        {
            let body = json!({ "data": { "dnsRecord": { "name": "x" } } });
            HttpAnswer::Whole { status: 200, headers, body }
        }
        other => other,
    }
}
