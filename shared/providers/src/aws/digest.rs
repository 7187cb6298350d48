//! The digests of answers, taken where they arrive: before the SDK reads their XML, and, where nothing else is asked for, in
//! place of that.

use std::cell::Cell;

use aws_lc_rs::digest::{Context, SHA256};
use aws_smithy_runtime_api::client::http::{
    HttpConnector as _, HttpConnectorFuture, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::{ConnectorError, SdkError};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;

use crate::engine::Digest;

tokio::task_local! {
    /// What is wanted of the answer to the request that this task makes.
    static WATCH: Watch;
}

struct Watch {
    /// Whether the answer is read further.
    is_read: bool,
    /// The digest of a whole answer of success.
    digest: Cell<Option<Digest>>,
}

/// An answer with its digest; without one where the client does not make its calls with [`digesting`].
pub(super) async fn noted<T, E>(
    request: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
) -> Result<(T, Option<Digest>), SdkError<E, HttpResponse>> {
    let (answer, digest) = watched(true, request).await;
    Ok((answer?, digest))
}

/// The digest of an answer that is not read further.
pub(super) async fn alone<T, E>(
    request: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
) -> Result<Option<Digest>, SdkError<E, HttpResponse>> {
    match watched(false, request).await {
        (_, Some(digest)) => Ok(Some(digest)),
        (answer, None) => answer.map(|_| None),
    }
}

async fn watched<R>(is_read: bool, request: impl Future<Output = R>) -> (R, Option<Digest>) {
    let watch = Watch { is_read, digest: Cell::default() };
    let request = async { (request.await, WATCH.with(|watch| watch.digest.get())) };
    WATCH.scope(watch, request).await
}

/// Makes a call, and takes the digest of what is received where the task wants it.
pub(super) fn digesting(
    connector: &SharedHttpConnector,
    request: HttpRequest,
) -> HttpConnectorFuture {
    let answer = connector.call(request);
    HttpConnectorFuture::new(async move {
        let answer = answer.await?;
        match WATCH.try_with(|watch| watch.is_read) {
            Ok(is_read) if answer.status().is_success() => taken(answer, is_read).await,
            _ => Ok(answer),
        }
    })
}

/// Takes the digest of an answer. One that is not read further ends as if the connection had failed: the SDK has no other way
/// to leave out what it makes of it.
async fn taken(mut answer: HttpResponse, is_read: bool) -> Result<HttpResponse, ConnectorError> {
    let mut context = Context::new(&SHA256);
    context.update(&answer.status().as_u16().to_be_bytes());
    let mut body = Vec::new();
    let mut chunks = ByteStream::new(std::mem::replace(answer.body_mut(), SdkBody::taken()));
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|error| ConnectorError::io(error.into()))?;
        context.update(&chunk);
        if is_read {
            body.extend_from_slice(&chunk);
        }
    }
    let mut digest = Digest::default();
    digest.copy_from_slice(context.finish().as_ref());
    let _ = WATCH.try_with(|watch| watch.digest.set(Some(digest)));
    if !is_read {
        return Err(ConnectorError::other("only the digest is wanted".into(), None));
    }
    *answer.body_mut() = SdkBody::from(body);
    Ok(answer)
}
