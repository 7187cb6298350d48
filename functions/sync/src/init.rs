//! How a function that cannot start tells the service so.

use extdns_auth::secrets::redact;
use lambda_runtime::{Diagnostic, Error};
use lambda_runtime_api_client::body::Body;
use lambda_runtime_api_client::{Client, build_request};

/// What the service and the callers of the function see as the type of the error.
const KIND: &str = "Configuration";

/// Reports that the function cannot start, and ends with that as its error.
pub(crate) async fn failed(problem: &str) -> Result<(), Error> {
    tracing::error!("config validation failed: {problem}");
    let diagnostic =
        Diagnostic { error_type: KIND.to_owned(), error_message: redact(problem).into_owned() };
    let request = build_request()
        .method("POST")
        .uri("/2018-06-01/runtime/init/error")
        .header("lambda-runtime-function-error-type", KIND)
        .body(Body::from(serde_json::to_vec(&diagnostic)?))?;
    Client::builder().build()?.call(request).await?;
    Err(redact(problem).into())
}
