//! The metadata server of Google Cloud, which answers on its machines and in its clusters alone.
//! <https://cloud.google.com/compute/docs/metadata/querying-metadata>

use reqwest::RequestBuilder;
use serde::Deserialize;

use super::{GoogleToken, GoogleVariables};
use crate::call::{Clients, Fault, bytes, json};

/// An access token as the server gives it.
#[derive(Deserialize)]
struct Given {
    access_token: String,
    expires_in: Option<u64>,
}

/// The token of the service account of the machine or the pod.
pub(super) async fn token(
    clients: &Clients,
    variables: &GoogleVariables,
    scopes: &[&str],
) -> Result<GoogleToken, Fault> {
    let path = "instance/service-accounts/default/token";
    let request =
        request(clients, variables, &format!("{path}?scopes={}", scopes.join(","))).await?;
    let given: Given = json(request).await.map_err(|fault| match fault.status {
        Some(status) if status == 404 => fault.hint(
            "the machine or pod has no service account: attach one, or bind one by Workload Identity",
        ),
        _ => fault,
    })?;
    Ok(GoogleToken::new(given.access_token, given.expires_in))
}

/// The project of the machine or the cluster.
pub(super) async fn project(
    clients: &Clients,
    variables: &GoogleVariables,
) -> Result<String, Fault> {
    let request = request(clients, variables, "project/project-id").await?;
    let body = bytes(request).await?;
    let text = String::from_utf8_lossy(&body).trim().to_owned();
    // A captive portal answers with a page.
    let is_id = |c: char| c.is_ascii_alphanumeric() || "-.:".contains(c);
    match !text.is_empty() && text.chars().all(is_id) {
        true => Ok(text),
        false => Err(Fault::lasting("the answer is no project id")),
    }
}

/// A request to the server, if its name is known here: elsewhere nothing is asked.
async fn request(
    clients: &Clients,
    variables: &GoogleVariables,
    path: &str,
) -> Result<RequestBuilder, Fault> {
    let host = variables.metadata_host();
    let with_port = if host.contains(':') { host.to_owned() } else { format!("{host}:80") };
    if tokio::net::lookup_host(&with_port).await.is_err() {
        return Err(Fault::lasting(format!(
            "{host} is not known here, so this is not Google Cloud"
        )));
    }
    let url = format!("http://{host}/computeMetadata/v1/{path}");
    Ok(clients.direct().get(url).header("metadata-flavor", "Google"))
}
