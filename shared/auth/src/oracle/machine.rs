//! What a machine says of itself. <https://docs.oracle.com/iaas/Content/Compute/Tasks/gettingmetadata.htm>

use super::region::{Described, OracleRegion, lower};
use super::{OracleError, OracleVariables};
use crate::HttpClient;
use crate::call::{Fault, bytes};

/// Where its second version is; the first is at `/opc/v1`.
const BASE: &str = "http://169.254.169.254/opc/v2";

/// The metadata of the machine.
pub(super) struct Metadata {
    client: HttpClient,
    base: String,
    /// Whether it is the first version, which wants no header.
    is_first: bool,
}

impl Metadata {
    /// The metadata, in the version that the machine has, and its region.
    ///
    /// # Errors
    /// When the machine does not answer.
    pub(super) async fn find(
        client: HttpClient,
        variables: &OracleVariables,
    ) -> Result<(Self, OracleRegion), OracleError> {
        let base = variables.get("OCI_METADATA_BASE_URL").unwrap_or(BASE);
        let base = base.trim_end_matches('/').to_owned();
        let mut own = Self { client, base, is_first: false };
        let mut named = own.ask("instance/region").await;
        if matches!(&named, Err(fault) if fault.status.is_some_and(|status| status == 404))
            && let Some(before) = own.base.strip_suffix("/v2")
        {
            own = Self { base: format!("{before}/v1"), is_first: true, ..own };
            named = own.ask("instance/region").await;
        }
        let named = named.map_err(refused)?;
        let region = match OracleRegion::known(&named, variables) {
            Some(region) => region,
            // A machine knows of its realm what is in no table. Old ones do not, and are of a realm that is.
            None => {
                let described = own.ask("instance/regionInfo").await.ok();
                let described = described.and_then(|it| serde_json::from_str(&it).ok());
                let region = described.and_then(|it: Described| it.region(&lower(&named)));
                region.unwrap_or_else(|| OracleRegion::find(&named, variables))
            }
        };
        Ok((own, region))
    }

    /// A text.
    ///
    /// # Errors
    /// When the machine does not give it.
    pub(super) async fn text(&self, path: &str) -> Result<String, OracleError> {
        self.ask(path).await.map_err(refused)
    }

    async fn ask(&self, path: &str) -> Result<String, Fault> {
        let request = self.client.get(format!("{}/{path}", self.base));
        let request = match self.is_first {
            true => request,
            false => request.header("authorization", "Bearer Oracle"),
        };
        Ok(String::from_utf8_lossy(&bytes(request).await?).trim().to_owned())
    }
}

fn refused(fault: Fault) -> OracleError {
    let fault = fault.hint("instance principals need a machine of Oracle Cloud");
    OracleError::Call { what: "the metadata of the machine", fault }
}
