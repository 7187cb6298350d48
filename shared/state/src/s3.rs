//! State in objects of S3, one for each target: `<prefix>/<target>.json`.
//!
//! An object is made with `If-None-Match: *` and replaced with `If-Match` and the entity tag that was read. The
//! role needs `s3:GetObject` and `s3:PutObject` on the objects, and `s3:ListBucket` on the bucket: without it S3
//! answers that access is denied where there is no object yet.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html>

use async_trait::async_trait;
use extdns_auth::aws_api::{AwsCallError, AwsObject, ObjectCondition};
use extdns_model::Permit;

use crate::aws::Aws;
use crate::document::LIMIT;
use crate::{Backend, BackendError, Document, Revision, Stored, WriteError};

/// Keeps documents in objects of a bucket.
pub struct S3Backend {
    aws: Aws,
    bucket: String,
    /// Ends in a slash, where there is one.
    prefix: String,
}

impl S3Backend {
    /// In objects of this bucket whose keys begin with `prefix`; AWS is not called before it is needed.
    #[must_use]
    pub fn new(aws: Aws, bucket: &str, prefix: &str) -> Self {
        let prefix = match prefix.trim_end_matches('/') {
            "" => String::new(),
            prefix => format!("{prefix}/"),
        };
        Self { aws, bucket: bucket.to_owned(), prefix }
    }

    fn object(&self, target: &str) -> AwsObject {
        AwsObject { bucket: self.bucket.clone(), key: format!("{}{target}.json", self.prefix) }
    }

    /// What went wrong, and what to do about it.
    fn words(&self, error: &AwsCallError, permission: &str) -> BackendError {
        let bucket = &self.bucket;
        BackendError(match error.code() {
            Some("NoSuchBucket") => {
                format!("there is no bucket {bucket}; make it, or check its name")
            }
            Some("AccessDenied") => format!(
                "{error}; grant {permission} on the objects and s3:ListBucket on bucket {bucket} to this identity"
            ),
            _ => error.to_string(),
        })
    }
}

#[async_trait]
impl Backend for S3Backend {
    fn place(&self, target: &str) -> String {
        format!("s3://{}/{}{target}.json", self.bucket, self.prefix)
    }

    async fn read(&self, target: &str) -> Result<Option<Stored>, BackendError> {
        let answer = match self.aws.api().await?.read_object(&self.object(target), LIMIT).await {
            Ok(answer) => answer,
            Err(error) if error.code() == Some("NoSuchKey") => return Ok(None),
            Err(error) => return Err(self.words(&error, "s3:GetObject")),
        };
        let tag = answer.tag.ok_or_else(without_tag)?;
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        Ok(Some(Stored { text, revision: Revision(tag.into()) }))
    }

    async fn write(
        &self,
        _permit: &Permit,
        target: &str,
        document: &Document,
        read: Option<&Revision>,
    ) -> Result<Revision, WriteError> {
        let condition = match read {
            None => ObjectCondition::Absent,
            Some(Revision(tag)) => ObjectCondition::Unchanged(tag.to_string()),
        };
        let (object, body) = (self.object(target), document.text().into_bytes());
        let api = self.aws.api().await?;
        match api.write_object(&object, "application/json", body, &condition).await {
            Ok(answer) => Ok(Revision(answer.tag.ok_or_else(without_tag)?.into())),
            Err(error) => match error.code() {
                // The last: the object that was read is gone.
                Some("PreconditionFailed" | "ConditionalRequestConflict" | "NoSuchKey") => {
                    Err(WriteError::Conflict)
                }
                _ => Err(self.words(&error, "s3:PutObject").into()),
            },
        }
    }
}

fn without_tag() -> BackendError {
    BackendError("S3 answered without an entity tag; is a proxy in between?".to_owned())
}
