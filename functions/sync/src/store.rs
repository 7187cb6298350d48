//! Where the whole report of a run is stored.

use std::path::Path;

use extdns_auth::AwsVariables;
use extdns_auth::documents::{self, Place, Reader};
use extdns_auth::secrets::redact;
use extdns_sync::report::{Report, render_json};

/// Whether `--report` names an object of S3, and no file.
pub(crate) fn is_object(path: &Path) -> bool {
    matches!(place(path), Some(Place::Object { .. }))
}

/// Stores the report. That it fails is told in the log: the run is done.
pub(crate) async fn report(report: &Report, path: &Path, variables: &AwsVariables) {
    let Some(place) = place(path) else { return };
    let document = redact(&render_json(report)).into_owned().into_bytes();
    let writer = Reader { variables: variables.clone(), ..Reader::default() };
    if let Err(error) = documents::write(&place, &writer, "application/json", document).await {
        tracing::error!("failed to {error}");
    }
}

fn place(path: &Path) -> Option<Place> {
    path.to_str()?.parse().ok()
}
