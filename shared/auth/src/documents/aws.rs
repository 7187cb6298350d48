//! Documents that AWS keeps.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::{Place, too_large};
use crate::aws::api::{
    AwsApi, AwsCallError, AwsObject, AwsService, ObjectCondition, SECRETS_MANAGER, SSM,
};
use crate::{AwsOptions, aws_identity, aws_region};

/// How much larger than the document the answer around it may be: a value is escaped or in base64, and the rest of
/// the answer is small.
fn answer_bound(bound: usize) -> usize {
    bound.saturating_mul(2).saturating_add(64 << 10)
}

pub(super) async fn read(
    place: &Place,
    options: &AwsOptions,
    bound: usize,
) -> Result<Vec<u8>, String> {
    let aws = Aws::new(place, options, bound).await?;
    let document = match place {
        Place::Parameter(name) => {
            let question = json!({ "Name": name, "WithDecryption": true });
            let answer = aws.ask(&SSM, "GetParameter", &question).await?;
            text(&answer["Parameter"]["Value"])?.into_bytes()
        }
        Place::Secret(name) => {
            let question = json!({ "SecretId": name });
            let answer = aws.ask(&SECRETS_MANAGER, "GetSecretValue", &question).await?;
            match &answer["SecretString"] {
                Value::Null => BASE64_STANDARD
                    .decode(text(&answer["SecretBinary"])?)
                    .map_err(|_| "its binary value is not base64".to_owned())?,
                value => text(value)?.into_bytes(),
            }
        }
        Place::Object { bucket, key } => {
            let object = AwsObject { bucket: bucket.clone(), key: key.clone() };
            let answer = aws.api.read_object(&object, bound).await;
            answer.map_err(|error| aws.words(&error, "s3:GetObject"))?.body
        }
        Place::Path(_) | Place::Stdin => return Err("it is not kept by AWS".to_owned()),
    };
    if document.len() > bound { Err(too_large(bound)) } else { Ok(document) }
}

pub(super) async fn write(
    place: &Place,
    options: &AwsOptions,
    content_type: &str,
    document: Vec<u8>,
) -> Result<(), String> {
    let Place::Object { bucket, key } = place else {
        return Err("it is no object of S3".to_owned());
    };
    let aws = Aws::new(place, options, document.len()).await?;
    let object = AwsObject { bucket: bucket.clone(), key: key.clone() };
    let condition = ObjectCondition::Always;
    let written = aws.api.write_object(&object, content_type, document, &condition).await;
    written.map(drop).map_err(|error| aws.words(&error, "s3:PutObject"))
}

fn text(value: &Value) -> Result<String, String> {
    value.as_str().map(str::to_owned).ok_or_else(|| "the answer of AWS has no value".to_owned())
}

/// AWS, in the region of a place.
struct Aws<'a> {
    api: AwsApi,
    place: &'a Place,
    account: String,
    /// The largest document.
    bound: usize,
}

impl<'a> Aws<'a> {
    async fn new(place: &'a Place, options: &AwsOptions, bound: usize) -> Result<Self, String> {
        let given = match place.region() {
            Some(region) => Some(region.to_owned()),
            None => aws_region(options).await,
        };
        let region =
            given.ok_or("the region is not known; set AWS_REGION, or name it by its ARN")?;
        let options = AwsOptions { region: Some(region), ..options.clone() };
        let identity = aws_identity(&options).await.map_err(|error| error.to_string())?;
        let api = AwsApi::new(&options, &identity).map_err(|error| error.to_string())?;
        Ok(Self { api, place, account: identity.account, bound })
    }

    async fn ask(
        &self,
        service: &AwsService,
        operation: &str,
        question: &Value,
    ) -> Result<Value, String> {
        let question = question.to_string().into_bytes();
        let bound = answer_bound(self.bound);
        let answer = self.api.json(service, None, operation, question, bound).await;
        let permission = format!("{}:{operation}", service.name());
        let answer = answer.map_err(|error| self.words(&error, &permission))?;
        // The parser's words could show the content.
        serde_json::from_slice(&answer)
            .map_err(|_| format!("the answer to {permission} is not JSON; is a proxy in between?"))
    }

    /// What went wrong, and what to do about it.
    fn words(&self, error: &AwsCallError, permission: &str) -> String {
        let region = self.api.region();
        let found = format!("there is none of this name in {region} of account {}", self.account);
        match (error.code(), self.place) {
            (Some("ParameterNotFound" | "ResourceNotFoundException"), _) => {
                format!("{found}; check the name, AWS_REGION and the role")
            }
            (Some("ParameterVersionNotFound"), _) => {
                "the parameter has no such version or label; check what stands behind the colon"
                    .into()
            }
            (Some("NoSuchKey"), _) => "the bucket has no such object; check the key".to_owned(),
            (Some("NoSuchBucket"), _) => "there is no such bucket; check its name".to_owned(),
            (Some("AccessDenied" | "AccessDeniedException" | "AllAccessDisabled"), place) => {
                format!("{error}; allow {permission} on it{}", beside(place, permission))
            }
            (Some("InvalidKeyId" | "DecryptionFailure"), _) => {
                format!(
                    "{permission}: {error}; allow kms:Decrypt on the key that it is encrypted with"
                )
            }
            (Some("InvalidRequestException"), _) => {
                format!(
                    "{permission}: {error}; a secret that is being deleted is read after aws secretsmanager restore-secret"
                )
            }
            _ => match error {
                AwsCallError::TooLarge { .. } => too_large(self.bound),
                error => format!("{permission}: {error}"),
            },
        }
    }
}

/// What else may be missing where access is denied.
fn beside(place: &Place, permission: &str) -> &'static str {
    match place {
        Place::Parameter(_) => ", and kms:Decrypt where a key of the account's own encrypts it",
        Place::Secret(_) => {
            ", and kms:Decrypt where a key of the account's own encrypts it; the secret of another account needs a \
             resource policy, too"
        }
        Place::Object { .. } if permission == "s3:GetObject" => {
            " (without s3:ListBucket an object that is not there looks the same)"
        }
        _ => "",
    }
}
