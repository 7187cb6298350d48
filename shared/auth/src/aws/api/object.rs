//! Objects of S3, read and written whole.

use http::{Method, StatusCode};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{Answer, AwsApi, AwsCallError, Call, S3, endpoint, header};

/// What stays as it is in the path of an object: what RFC 3986 leaves unreserved, and the slash.
const KEY: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// An object of S3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwsObject {
    /// The bucket.
    pub bucket: String,
    /// The key, without a slash before it.
    pub key: String,
}

/// Under which condition an object is written or deleted.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-requests.html>
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ObjectCondition {
    /// Always.
    Always,
    /// If there is no object of this key.
    Absent,
    /// If it still has this entity tag.
    Unchanged(String),
}

/// What S3 answered to a call that it carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectAnswer {
    /// The entity tag of the object.
    pub tag: Option<String>,
    /// The object, where it was read.
    pub body: Vec<u8>,
}

impl AwsApi {
    /// Reads an object of at most `bound` bytes: `s3:GetObject`.
    ///
    /// # Errors
    /// When S3 refuses it (`NoSuchKey`, `AccessDenied`), or does not answer.
    pub async fn read_object(
        &self,
        object: &AwsObject,
        bound: usize,
    ) -> Result<ObjectAnswer, AwsCallError> {
        self.object(Method::GET, object, Vec::new(), Vec::new(), bound).await
    }

    /// Writes an object: `s3:PutObject`. A call that is not answered is made again, so the condition may fail for
    /// what the first attempt wrote.
    ///
    /// # Errors
    /// When S3 refuses it (`PreconditionFailed` or `ConditionalRequestConflict` where the condition does not hold), or
    /// does not answer.
    pub async fn write_object(
        &self,
        object: &AwsObject,
        content_type: &str,
        body: Vec<u8>,
        condition: &ObjectCondition,
    ) -> Result<ObjectAnswer, AwsCallError> {
        let mut headers = vec![("content-type", content_type.to_owned())];
        headers.extend(condition.header());
        self.object(Method::PUT, object, headers, body, 1 << 20).await
    }

    /// Deletes an object: `s3:DeleteObject`. That there is none is no error.
    ///
    /// # Errors
    /// When S3 refuses it, or does not answer.
    pub async fn delete_object(
        &self,
        object: &AwsObject,
        condition: &ObjectCondition,
    ) -> Result<(), AwsCallError> {
        let headers = condition.header().into_iter().collect();
        self.object(Method::DELETE, object, headers, Vec::new(), 1 << 20).await.map(drop)
    }

    /// Calls S3, a second time in the region that S3 names where the bucket is in another.
    async fn object(
        &self,
        method: Method,
        object: &AwsObject,
        headers: Vec<(&'static str, String)>,
        body: Vec<u8>,
        bound: usize,
    ) -> Result<ObjectAnswer, AwsCallError> {
        let mut region = self.region.clone();
        let mut moved = false;
        loop {
            let endpoint = endpoint::of(&S3, &region, &self.config).await;
            let url = object.url(&endpoint.map_err(AwsCallError::Unsent)?);
            let answer = self
                .call(&Call {
                    service: &S3,
                    region: &region,
                    method: method.clone(),
                    url,
                    headers: headers.clone(),
                    body: body.clone(),
                    bound,
                })
                .await?;
            if answer.status.is_success() {
                let tag = header(&answer, "etag").map(str::to_owned);
                return Ok(ObjectAnswer { tag, body: answer.body });
            }
            match header(&answer, "x-amz-bucket-region") {
                Some(other) if !moved && other != region => {
                    other.clone_into(&mut region);
                    moved = true;
                }
                _ => return Err(refusal(&answer)),
            }
        }
    }
}

impl ObjectCondition {
    fn header(&self) -> Option<(&'static str, String)> {
        match self {
            Self::Always => None,
            Self::Absent => Some(("if-none-match", "*".to_owned())),
            Self::Unchanged(tag) => Some(("if-match", tag.clone())),
        }
    }
}

impl AwsObject {
    /// With the bucket in the host, as AWS asks for; in the path where the endpoint is another server, or a dot in the
    /// name would keep the certificate of AWS from covering the host.
    fn url(&self, endpoint: &endpoint::Endpoint) -> String {
        let Self { bucket, key } = self;
        let key = utf8_percent_encode(key, KEY);
        match endpoint.url.strip_prefix("https://") {
            Some(host) if !endpoint.configured && !bucket.contains('.') => {
                format!("https://{bucket}.{host}/{key}")
            }
            _ => format!("{}/{bucket}/{key}", endpoint.url),
        }
    }
}

/// `<Error><Code>NoSuchKey</Code><Message>..</Message></Error>`
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>
pub(super) fn refusal(answer: &Answer) -> AwsCallError {
    let body = String::from_utf8_lossy(&answer.body);
    let element = |name: &str| {
        let (_, rest) = body.split_once(&format!("<{name}>"))?;
        Some(rest.split_once(&format!("</{name}>"))?.0.to_owned())
    };
    let code = element("Code").or_else(|| code_of(answer.status).map(str::to_owned));
    AwsCallError::Refused {
        status: answer.status.as_u16(),
        code: code.unwrap_or_else(|| "no code".to_owned()),
        message: element("Message").unwrap_or_else(|| "no reason is given".to_owned()),
        request_id: header(answer, "x-amz-request-id").map(str::to_owned),
    }
}

/// The code of an answer without a body.
fn code_of(status: StatusCode) -> Option<&'static str> {
    match status {
        StatusCode::FORBIDDEN => Some("AccessDenied"),
        StatusCode::NOT_FOUND => Some("NoSuchKey"),
        StatusCode::PRECONDITION_FAILED => Some("PreconditionFailed"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_of_an_object() {
        let aws = |url: &str| endpoint::Endpoint { url: url.to_owned(), configured: false };
        let own = endpoint::Endpoint { url: "http://127.0.0.1:1".to_owned(), configured: true };
        let s3 = aws("https://s3.eu-west-1.amazonaws.com");
        let table = [
            ("conf", "a/b.yaml", &s3, "https://conf.s3.eu-west-1.amazonaws.com/a/b.yaml"),
            ("my.conf", "x", &s3, "https://s3.eu-west-1.amazonaws.com/my.conf/x"),
            ("conf", "a b/ü+", &own, "http://127.0.0.1:1/conf/a%20b/%C3%BC%2B"),
        ];
        for (bucket, key, endpoint, url) in table {
            let object = AwsObject { bucket: bucket.to_owned(), key: key.to_owned() };
            assert_eq!(object.url(endpoint), url);
        }
    }
}
