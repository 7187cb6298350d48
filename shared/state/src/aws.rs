//! AWS, called as the process's own identity.

use extdns_auth::aws_api::AwsApi;
use extdns_auth::{AwsOptions, AwsVariables, aws_identity};
use tokio::sync::OnceCell;

use crate::BackendError;

/// AWS, with the credentials of the process; they are looked for when they are first needed.
pub struct Aws {
    options: AwsOptions,
    api: OnceCell<AwsApi>,
}

impl Aws {
    /// As these variables of the process's environment say.
    #[must_use]
    pub fn new(variables: AwsVariables) -> Self {
        let options = AwsOptions { variables, ..AwsOptions::default() };
        Self { options, api: OnceCell::new() }
    }

    pub(crate) async fn api(&self) -> Result<&AwsApi, BackendError> {
        let connect = async {
            let identity = aws_identity(&self.options).await?;
            AwsApi::new(&self.options, &identity)
        };
        let api = self.api.get_or_try_init(|| connect).await;
        api.map_err(|error| BackendError(error.to_string()))
    }
}
