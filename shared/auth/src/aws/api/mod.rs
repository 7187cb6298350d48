//! Calls to services of AWS of which a run needs one or two operations.
//!
//! Their SDKs are large: those of Systems Manager, Secrets Manager and S3 are five times that of EKS, which takes
//! half a minute to compile and 80 MB of a debug build. What is used of them is one signed POST or PUT. Credentials,
//! regions, endpoints and signatures stay the SDK's.

mod endpoint;
mod object;

use std::time::{Duration, SystemTime};

use aws_config::SdkConfig;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings,
    UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;
use http::{Method, StatusCode};

pub use self::object::{AwsObject, ObjectAnswer, ObjectCondition};
use super::credentials::fetch;
use super::{AwsError, AwsIdentity, AwsOptions, aws_error_chain};
use crate::http::{HttpClient, HttpOptions, http_client};
use crate::requests::{UNKNOWN, measured};

/// How often a call is made in all.
const ATTEMPTS: u32 = 3;
/// The first pause between two of them; it doubles.
const PAUSE: Duration = Duration::from_millis(200);
/// The longest pause between two of them.
const LONGEST_PAUSE: Duration = Duration::from_secs(8);
/// Longest time of one attempt.
const TIMEOUT: Duration = Duration::from_secs(20);
/// The largest answer that is an error.
const ERROR_BOUND: usize = 64 << 10;

/// What is in the codes of services that are called too often.
const THROTTLED: [&str; 4] =
    ["Throttl", "ProvisionedThroughputExceeded", "RequestLimitExceeded", "TooManyRequests"];

/// A service, as its SDK names it.
#[derive(Debug, PartialEq, Eq)]
pub struct AwsService {
    /// Its id, of which the name of its variable is made: `Secrets Manager` for `AWS_ENDPOINT_URL_SECRETS_MANAGER`.
    id: &'static str,
    /// The first word of its hosts, and the service in signatures.
    host: &'static str,
    /// What stands before that in the hosts of some operations, as `data-` of Cloud Map.
    prefix: &'static str,
    /// What stands before the operation in `X-Amz-Target`.
    target: &'static str,
    /// The version of its JSON protocol.
    json: &'static str,
}

impl AwsService {
    /// As permissions name it: `ssm`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.host
    }
}

/// AWS Systems Manager, for its parameters.
/// <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameter.html>
pub const SSM: AwsService =
    AwsService { id: "SSM", host: "ssm", prefix: "", target: "AmazonSSM", json: "1.1" };
/// AWS Secrets Manager.
/// <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html>
pub const SECRETS_MANAGER: AwsService = AwsService {
    id: "Secrets Manager",
    host: "secretsmanager",
    prefix: "",
    target: "secretsmanager",
    json: "1.1",
};
/// Amazon DynamoDB.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Operations_Amazon_DynamoDB.html>
pub const DYNAMODB: AwsService = AwsService {
    id: "DynamoDB",
    host: "dynamodb",
    prefix: "",
    target: "DynamoDB_20120810",
    json: "1.0",
};
/// Amazon SQS.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/Welcome.html>
pub const SQS: AwsService =
    AwsService { id: "SQS", host: "sqs", prefix: "", target: "AmazonSQS", json: "1.0" };
/// Amazon S3, which is no JSON service: see [`AwsApi::object`].
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/Welcome.html>
pub const S3: AwsService = AwsService { id: "S3", host: "s3", prefix: "", target: "", json: "" };
/// AWS Cloud Map.
/// <https://docs.aws.amazon.com/cloud-map/latest/api/API_Operations.html>
pub const CLOUD_MAP: AwsService = AwsService {
    id: "ServiceDiscovery",
    host: "servicediscovery",
    prefix: "",
    target: "Route53AutoNaming_v20170314",
    json: "1.1",
};
/// The part of Cloud Map that finds instances, which has hosts of its own.
/// <https://docs.aws.amazon.com/cloud-map/latest/api/API_DiscoverInstances.html>
pub const CLOUD_MAP_DATA: AwsService = AwsService { prefix: "data-", ..CLOUD_MAP };

/// Calls services as one identity.
#[derive(Debug, Clone)]
pub struct AwsApi {
    http: HttpClient,
    config: SdkConfig,
    region: String,
    attempts: u32,
}

/// Why a call has no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AwsCallError {
    /// The service refuses it.
    #[error("{code}: {message} (HTTP {status}{})", request_id.as_ref().map(|id| format!(", request id {id}")).unwrap_or_default())]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The code of the service, such as `AccessDeniedException`.
        code: String,
        /// Its words.
        message: String,
        /// The id that AWS support asks for.
        request_id: Option<String>,
    },
    /// The answer is larger than the caller takes.
    #[error("the answer is larger than {bound} bytes")]
    TooLarge {
        /// The bound, in bytes.
        bound: usize,
    },
    /// There was no answer, or it broke off.
    #[error("{0}")]
    Unanswered(String),
    /// It could not be signed, or there is no endpoint for it. Nothing was sent.
    #[error("the call cannot be made: {0}")]
    Unsent(String),
}

impl AwsCallError {
    /// The code of the service, if it answered.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Refused { code, .. } => Some(code),
            _ => None,
        }
    }

    /// Whether the service asks to call it less often.
    #[must_use]
    pub fn is_throttled(&self) -> bool {
        match self {
            Self::Refused { status, code, .. } => {
                let is_it = |word: &&str| code.contains(word);
                *status == 429 || THROTTLED.iter().any(is_it)
            }
            _ => false,
        }
    }

    fn is_passing(&self) -> bool {
        match self {
            Self::Refused { status, .. } => *status >= 500 || self.is_throttled(),
            Self::TooLarge { .. } | Self::Unsent(_) => false,
            Self::Unanswered(_) => true,
        }
    }
}

/// One call, before it is signed.
struct Call<'a> {
    service: &'a AwsService,
    region: &'a str,
    method: Method,
    url: String,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
    /// The largest answer.
    bound: usize,
}

struct Answer {
    status: StatusCode,
    headers: http::HeaderMap,
    body: Vec<u8>,
}

impl AwsApi {
    /// Calls as `identity`, over TLS and proxies as `options` say.
    ///
    /// # Errors
    /// When the file of `AWS_CA_BUNDLE` cannot be used.
    pub fn new(options: &AwsOptions, identity: &AwsIdentity) -> Result<Self, AwsError> {
        let ca = options.variables.ca_bundle();
        let http = HttpOptions {
            timeout: Some(TIMEOUT),
            ca: ca.clone(),
            keep_redirects: true,
            ..HttpOptions::default()
        };
        let http = http_client(&http).map_err(|error| AwsError::CaBundle {
            path: ca.unwrap_or_default(),
            reason: error.to_string(),
        })?;
        let region = identity.config.region().map(ToString::to_string).unwrap_or_default();
        Ok(Self { http, config: identity.config.clone(), region, attempts: ATTEMPTS })
    }

    /// Makes each call this often at most, the first included. With one, the caller repeats.
    #[must_use]
    pub fn with_attempts(self, attempts: u32) -> Self {
        Self { attempts, ..self }
    }

    /// The region of calls that name no other.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The answer of an operation of a JSON service, at most `bound` bytes long. A call that is not answered is made
    /// again, so the operation may be carried out twice. `region` is another than that of the identity.
    ///
    /// # Errors
    /// When the service refuses it, or does not answer.
    pub async fn json(
        &self,
        service: &AwsService,
        region: Option<&str>,
        operation: &str,
        body: Vec<u8>,
        bound: usize,
    ) -> Result<Vec<u8>, AwsCallError> {
        let region = region.unwrap_or(&self.region);
        let endpoint = endpoint::of(service, region, &self.config).await;
        let url = format!("{}/", endpoint.map_err(AwsCallError::Unsent)?.url);
        let headers = vec![
            ("content-type", format!("application/x-amz-json-{}", service.json)),
            ("x-amz-target", format!("{}.{operation}", service.target)),
        ];
        let method = Method::POST;
        let answer =
            self.call(&Call { service, region, method, url, headers, body, bound }).await?;
        if answer.status.is_success() { Ok(answer.body) } else { Err(refusal_in_json(&answer)) }
    }

    /// Makes a call until it has an answer that will stay.
    async fn call(&self, call: &Call<'_>) -> Result<Answer, AwsCallError> {
        let mut pause = PAUSE;
        for _ in 1..self.attempts {
            let answer = self.attempt(call).await;
            let passing = match &answer {
                Ok(answer) if answer.status.is_success() => false,
                Ok(answer) if call.service.json.is_empty() => object::refusal(answer).is_passing(),
                Ok(answer) => refusal_in_json(answer).is_passing(),
                Err(error) => error.is_passing(),
            };
            if !passing {
                return answer;
            }
            tokio::time::sleep(pause).await;
            pause = LONGEST_PAUSE.min(pause * 2);
        }
        self.attempt(call).await
    }

    async fn attempt(&self, call: &Call<'_>) -> Result<Answer, AwsCallError> {
        let request = self.signed(call).await.map_err(AwsCallError::Unsent)?;
        let failed = |error: reqwest::Error| {
            // Its outermost words are the URL and that there was an error.
            AwsCallError::Unanswered(aws_error_chain(&error))
        };
        let mut response = measured(&self.http, request, UNKNOWN).await.map_err(failed)?;
        let (status, headers) = (response.status(), response.headers().clone());
        let bound = if status.is_success() { call.bound } else { ERROR_BOUND };
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > bound {
                return Err(AwsCallError::TooLarge { bound });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status, headers, body })
    }

    async fn signed(&self, call: &Call<'_>) -> Result<reqwest::Request, String> {
        let provider = self.config.credentials_provider().ok_or("there are no credentials")?;
        let credentials = fetch(&provider).await.map_err(|error| aws_error_chain(&error))?;
        let identity = credentials.into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(call.region)
            .name(call.service.host)
            .time(SystemTime::now())
            .settings(settings(call.service))
            .build()
            .map_err(|error| aws_error_chain(&error))?
            .into();
        let headers = call.headers.iter().map(|(name, value)| (*name, value.as_str()));
        let signable = SignableRequest::new(
            call.method.as_str(),
            &*call.url,
            headers,
            SignableBody::Bytes(&call.body),
        )
        .map_err(|error| aws_error_chain(&error))?;
        let (signature, _) =
            sign(signable, &parameters).map_err(|error| aws_error_chain(&error))?.into_parts();
        let mut request = http::Request::builder().method(call.method.clone()).uri(&call.url);
        for (name, value) in &call.headers {
            request = request.header(*name, value);
        }
        let mut request =
            request.body(call.body.clone()).map_err(|error| aws_error_chain(&error))?;
        signature.apply_to_request_http1x(&mut request);
        reqwest::Request::try_from(request).map_err(|error| aws_error_chain(&error))
    }
}

/// S3 signs its paths as they are sent, and the hash of the body in a header.
fn settings(service: &AwsService) -> SigningSettings {
    let mut settings = SigningSettings::default();
    if *service == S3 {
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
    }
    settings
}

/// `{"__type": "com.amazonaws.ssm#ParameterNotFound", "message": ".."}`, with the code in a header where it is not
/// there. <https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html#operation-error-serialization>
fn refusal_in_json(answer: &Answer) -> AwsCallError {
    let body: serde_json::Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let text = |key: &str| body[key].as_str();
    let code = header(answer, "x-amzn-errortype").or(text("__type")).or(text("code"));
    // A namespace before it, and a URL behind it.
    let code = code.and_then(|code| code.split(':').next()?.rsplit('#').next());
    AwsCallError::Refused {
        status: answer.status.as_u16(),
        code: code.unwrap_or("no code").to_owned(),
        message: text("message").or(text("Message")).unwrap_or("no reason is given").to_owned(),
        request_id: header(answer, "x-amzn-requestid").map(str::to_owned),
    }
}

fn header<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
    answer.headers.get(name)?.to_str().ok()
}
