//! What goes back: errors and their two forms, and the headers of every answer.

use std::time::Duration;

use serde::Serialize;

use super::wire::{NAMESPACE, document};
use crate::http::Reply;

/// How a refused batch is written. The service knows both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum BatchErrorForm {
    /// `<InvalidChangeBatch><Messages><Message>..</Message></Messages></InvalidChangeBatch>`.
    #[default]
    Messages,
    /// `<ErrorResponse><Error><Code>InvalidChangeBatch</Code><Message>[.., ..]</Message></Error></ErrorResponse>`.
    ErrorResponse,
}

/// An answer that is an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ApiError {
    pub(super) status: u16,
    pub(super) code: String,
    pub(super) message: String,
    /// Of a refused batch: what is wrong with each change.
    pub(super) messages: Vec<String>,
    pub(super) retry_after: Option<Duration>,
}

impl ApiError {
    pub(super) fn new(status: u16, code: &str, message: impl Into<String>) -> Self {
        let (code, message) = (code.to_owned(), message.into());
        Self { status, code, message, messages: Vec::new(), retry_after: None }
    }

    pub(super) fn invalid_input(message: impl Into<String>) -> Self {
        Self::new(400, "InvalidInput", message)
    }

    pub(super) fn invalid_batch(messages: Vec<String>) -> Self {
        let message = format!("[{}]", messages.join(", "));
        Self { messages, ..Self::new(400, "InvalidChangeBatch", message) }
    }

    pub(super) fn no_zone(id: &str) -> Self {
        Self::new(404, "NoSuchHostedZone", format!("No hosted zone found with ID: {id}"))
    }

    fn body(&self, namespace: &str, request_id: &str, form: BatchErrorForm) -> String {
        if self.code == "InvalidChangeBatch" && form == BatchErrorForm::Messages {
            let list = &self.messages;
            let content = BatchError { messages: Messages { list }, request_id };
            return document("InvalidChangeBatch", namespace, &content);
        }
        let fault = if self.status < 500 { "Sender" } else { "Receiver" };
        let error = ErrorBody { fault, code: &self.code, message: &self.message };
        document("ErrorResponse", namespace, &ErrorAnswer { error, request_id })
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ErrorAnswer<'a> {
    error: ErrorBody<'a>,
    request_id: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ErrorBody<'a> {
    #[serde(rename = "Type")]
    fault: &'a str,
    code: &'a str,
    message: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct BatchError<'a> {
    messages: Messages<'a>,
    request_id: &'a str,
}

#[derive(Serialize)]
struct Messages<'a> {
    #[serde(rename = "Message")]
    list: &'a [String],
}

/// What every answer of one call has in common.
pub(super) struct Envelope<'a> {
    pub(super) request_id: &'a str,
    pub(super) date: &'a str,
    pub(super) namespace: &'static str,
    pub(super) form: BatchErrorForm,
    pub(super) latency: Duration,
}

impl Envelope<'_> {
    pub(super) fn reply(&self, result: &Result<String, ApiError>) -> Reply {
        let (status, body) = match result {
            Ok(body) => (200, body.clone()),
            Err(error) => (error.status, error.body(self.namespace, self.request_id, self.form)),
        };
        let mut reply = Reply::new(status)
            .header("content-type", "text/xml")
            .header("x-amzn-requestid", self.request_id)
            .header("date", self.date);
        if let Err(ApiError { retry_after: Some(pause), .. }) = result {
            reply = reply.header("retry-after", &pause.as_secs().to_string());
        }
        if self.latency.is_zero() { reply.body(body) } else { reply.chunks([body], self.latency) }
    }
}

/// The namespace of the errors of a service.
pub(super) fn error_namespace(sts: bool) -> &'static str {
    if sts { super::sts::NAMESPACE } else { NAMESPACE }
}
