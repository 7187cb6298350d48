//! The body of an answer, which is bounded.

use reqwest::Response;

use crate::rest::with_causes;
use crate::{ErrorKind, Limit, ProviderError};

/// Most of an unwanted answer that is read to keep its connection.
const DRAINED: usize = 1 << 20;

/// A body that may have so many bytes and no more.
pub(super) struct Limited<'r> {
    response: &'r mut Response,
    left: usize,
}

impl<'r> Limited<'r> {
    pub(super) fn of(response: &'r mut Response, limit: usize) -> Result<Self, ProviderError> {
        let announced = response.content_length().unwrap_or(0);
        if usize::try_from(announced).is_ok_and(|announced| announced <= limit) {
            return Ok(Self { response, left: limit });
        }
        Err(too_large())
    }

    pub(super) async fn chunk(&mut self) -> Result<Option<bytes::Bytes>, ProviderError> {
        let Some(chunk) = self.response.chunk().await.map_err(broken)? else { return Ok(None) };
        self.left = self.left.checked_sub(chunk.len()).ok_or_else(too_large)?;
        Ok(Some(chunk))
    }
}

/// Reads the rest of an answer, if it is short, so that its connection can be used again.
pub(super) async fn drain(response: &mut Response) {
    if let Ok(mut rest) = Limited::of(response, DRAINED) {
        while let Ok(Some(_)) = rest.chunk().await {}
    }
}

fn broken(error: reqwest::Error) -> ProviderError {
    ProviderError::new(
        ErrorKind::Lost,
        format!(
            "the webhook provider's answer broke off: {}; see its log for why",
            with_causes(&error)
        ),
    )
}

fn too_large() -> ProviderError {
    ProviderError::new(
        ErrorKind::Limit(Limit::Other("size of an answer")),
        "webhook response body exceeds the configured max size (--webhook-provider-max-body-size)",
    )
}
