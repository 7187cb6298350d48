//! Calls as the services in front of the function hand them over, and answers as they take them.
//!
//! - A function URL, and an API Gateway with payloads of version 2.0:
//!   <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>
//! - An API Gateway with payloads of version 1.0:
//!   <https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html>
//! - An Application Load Balancer:
//!   <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html>

use std::borrow::Cow;
use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use extdns_relay::{Answer, Call};
use serde::Deserialize;
use serde_json::{Value, json};

/// The fields of all forms that matter.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Event<'a> {
    /// Version 2.0.
    #[serde(default, borrow)]
    raw_path: Option<Cow<'a, str>>,
    /// The others.
    #[serde(default, borrow)]
    http_method: Option<Cow<'a, str>>,
    #[serde(default, borrow)]
    path: Option<Cow<'a, str>>,
    #[serde(default)]
    headers: Option<BTreeMap<String, String>>,
    /// A load balancer can be told to send these in place of the others.
    #[serde(default)]
    multi_value_headers: Option<BTreeMap<String, Vec<String>>>,
    #[serde(default, borrow)]
    body: Option<Cow<'a, str>>,
    #[serde(default)]
    is_base64_encoded: bool,
    request_context: Context<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Context<'a> {
    #[serde(default, borrow)]
    http: Option<Http<'a>>,
    #[serde(default, borrow)]
    stage: Option<Cow<'a, str>>,
    #[serde(default)]
    elb: Option<Value>,
}

#[derive(Deserialize)]
struct Http<'a> {
    #[serde(borrow)]
    method: Cow<'a, str>,
}

impl<'a> Event<'a> {
    /// Reads an event.
    pub(crate) fn read(event: &'a str) -> Result<Self, String> {
        let wrong = "the event is no call of a function URL, an API Gateway or a load balancer";
        let own: Self = serde_json::from_str(event).map_err(|_| wrong.to_owned())?;
        let is_known = own.raw_path.is_some() && own.request_context.http.is_some()
            || own.path.is_some() && own.http_method.is_some();
        if is_known { Ok(own) } else { Err(wrong.to_owned()) }
    }

    /// The body as it was sent.
    pub(crate) fn body(&self) -> Result<Cow<'_, [u8]>, Answer> {
        let text = self.body.as_deref().unwrap_or_default();
        if !self.is_base64_encoded {
            return Ok(Cow::Borrowed(text.as_bytes()));
        }
        let decoded = BASE64_STANDARD.decode(text).map(Cow::Owned);
        decoded.map_err(|_| Answer::refused(400, "the body is not base64"))
    }

    /// The call.
    pub(crate) fn call<'b>(&'b self, body: &'b [u8]) -> Call<'b> {
        let method = match &self.request_context.http {
            Some(http) => &*http.method,
            None => self.http_method.as_deref().unwrap_or_default(),
        };
        Call::new(method, self.path(), |name| self.header(name), body)
    }

    /// The path without the stage of a gateway, which stands before it in version 2.0.
    fn path(&self) -> &str {
        let Some(raw) = self.raw_path.as_deref() else {
            return self.path.as_deref().unwrap_or_default();
        };
        let stage = self.request_context.stage.as_deref().unwrap_or_default();
        let rest = raw.strip_prefix('/').and_then(|rest| rest.strip_prefix(stage));
        match rest {
            Some(rest) if !stage.is_empty() && rest.starts_with('/') => rest,
            _ => raw,
        }
    }

    fn header(&self, name: &str) -> Option<&str> {
        let single = self.headers.iter().flatten().find(|(own, _)| own.eq_ignore_ascii_case(name));
        let several = || {
            let mut all = self.multi_value_headers.iter().flatten();
            all.find(|(own, _)| own.eq_ignore_ascii_case(name))?.1.last()
        };
        single.map(|(_, value)| value).or_else(several).map(String::as_str)
    }

    /// The answer in the form of the service.
    pub(crate) fn answer(&self, answer: &Answer) -> String {
        let Answer { status, body } = answer;
        let mut own = json!({ "statusCode": status, "body": body, "isBase64Encoded": false });
        let content_type = Answer::CONTENT_TYPE;
        if self.request_context.elb.is_some() {
            own["statusDescription"] = json!(format!("{status} {}", reason(*status)));
        }
        if self.headers.is_none() && self.multi_value_headers.is_some() {
            own["multiValueHeaders"] = json!({ "content-type": [content_type] });
        } else {
            own["headers"] = json!({ "content-type": content_type });
        }
        own.to_string()
    }
}

/// The words of a status, which a load balancer wants (RFC 9110).
fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        202 => "Accepted",
        400 => "Bad Request",
        401 => "Unauthorized",
        404 => "Not Found",
        405 => "Method Not Allowed",
        413 => "Content Too Large",
        503 => "Service Unavailable",
        _ => "Error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CASES: [(&str, &str); 5] = [
        ("function-url", include_str!("../../../tests/relay/events/function-url.json")),
        ("gateway-2.0", include_str!("../../../tests/relay/events/gateway-2.0.json")),
        ("gateway-1.0", include_str!("../../../tests/relay/events/gateway-1.0.json")),
        ("load-balancer", include_str!("../../../tests/relay/events/load-balancer.json")),
        (
            "load-balancer-multi",
            include_str!("../../../tests/relay/events/load-balancer-multi.json"),
        ),
    ];

    #[test]
    fn a_call_is_the_same_whichever_service_hands_it_over() {
        for (service, event) in CASES {
            let event = Event::read(event).unwrap_or_else(|error| panic!("{service}: {error}"));
            let body = event.body().expect("a body");
            let call = event.call(&body);
            assert_eq!((call.method, call.path), ("POST", "/admission/prod"), "{service}");
            assert_eq!(call.authorization, Some("Bearer of-the-recorded-call"), "{service}");
            assert_eq!(call.timestamp, Some("1767225600"), "{service}");
            assert_eq!(call.signature, Some("sha256=00"), "{service}");
            assert_eq!(call.body, br#"{"kind":"AdmissionReview"}"#, "{service}");
        }
    }

    #[test]
    fn an_answer_has_the_form_of_its_service() {
        let answer = Answer { status: 401, body: "{}".to_owned() };
        let plain = json!({ "content-type": "application/json" });
        for (service, event) in CASES {
            let event = Event::read(event).unwrap_or_else(|error| panic!("{service}: {error}"));
            let own: Value = serde_json::from_str(&event.answer(&answer)).expect("JSON");
            let is_balancer = service.starts_with("load-balancer");
            let words = if is_balancer { json!("401 Unauthorized") } else { Value::Null };
            assert_eq!(own["statusDescription"], words, "{service}");
            match service {
                "load-balancer-multi" => {
                    assert_eq!(
                        own["multiValueHeaders"]["content-type"],
                        json!(["application/json"])
                    );
                    assert_eq!(own["headers"], Value::Null);
                }
                _ => assert_eq!(own["headers"], plain, "{service}"),
            }
            assert_eq!(
                (&own["statusCode"], &own["body"]),
                (&json!(401), &json!("{}")),
                "{service}"
            );
        }
    }

    #[test]
    fn an_event_that_is_no_call_is_refused() {
        for event in [
            "{}",
            "[]",
            "\"\"",
            r#"{"Records":[]}"#,
            r#"{"requestContext":{}}"#,
            r#"{"path":"/","requestContext":{}}"#,
            r#"{"rawPath":"/","requestContext":{}}"#,
        ] {
            assert!(Event::read(event).is_err(), "{event}");
        }
        let event = r#"{"rawPath":"/","body":"%","isBase64Encoded":true,"requestContext":{"http":{"method":"POST"}}}"#;
        let refused = Event::read(event).expect("a call").body().expect_err("no base64");
        assert_eq!(refused.status, 400);
    }
}
