//! An identity of AWS as a token for Google: a call of STS, signed by us and made by Google.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials as _;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Url;
use serde_json::{Value, json};

use super::GoogleVariables;
use super::forms::AwsSource;
use crate::call::Fault;
use crate::{AwsOptions, aws_error_chain, aws_identity, secrets};

/// The header that binds the call to a pool of Google.
const AUDIENCE: &str = "x-goog-cloud-target-resource";

/// The signed call, for the identity that AWS's own chain of credentials finds.
pub(super) async fn token(
    variables: &GoogleVariables,
    source: &AwsSource,
    audience: &str,
) -> Result<String, Fault> {
    if source.environment_id != "aws1" {
        let id = &source.environment_id;
        return Err(Fault::lasting(format!("its environment_id is {id:?}; aws1 can be used")));
    }
    let options = AwsOptions { variables: variables.aws.clone(), ..AwsOptions::default() };
    let identity = aws_identity(&options)
        .await
        .map_err(|error| Fault { may_pass: false, ..Fault::lasting(error.to_string()) })?;
    let region = identity.config.region().map(ToString::to_string).unwrap_or_default();
    let Some(provider) = identity.config.credentials_provider() else {
        return Err(Fault::lasting("AWS has no credentials here"));
    };
    let credentials = provider
        .provide_credentials()
        .await
        .map_err(|error| Fault::lasting(aws_error_chain(&error)))?;
    secrets::register(credentials.secret_access_key());
    let url = source.regional_cred_verification_url.replace("{region}", &region);
    signed(&credentials, &region, &url, audience, SystemTime::now()).map_err(Fault::lasting)
}

/// The call as Google expects it: JSON in percent-encoding.
fn signed(
    credentials: &Credentials,
    region: &str,
    url: &str,
    audience: &str,
    now: SystemTime,
) -> Result<String, String> {
    let parsed = Url::parse(url).map_err(|_| "its regional_cred_verification_url is no URL")?;
    let host = parsed.host_str().unwrap_or_default();
    let identity = credentials.clone().into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name("sts")
        .time(now)
        .settings(SigningSettings::default())
        .build()
        .map_err(|error| aws_error_chain(&error))?
        .into();
    let ours = [("host", host), (AUDIENCE, audience)];
    let request = SignableRequest::new("POST", url, ours.into_iter(), SignableBody::Bytes(&[]))
        .map_err(|error| aws_error_chain(&error))?;
    let (signature, _) =
        sign(request, &parameters).map_err(|error| aws_error_chain(&error))?.into_parts();
    let pair = |key: &str, value: &str| json!({ "key": key, "value": value });
    let headers = ours.into_iter().chain(signature.headers()).map(|(key, value)| pair(key, value));
    let headers: Vec<Value> = headers.collect();
    let call = json!({ "url": url, "method": "POST", "headers": headers });
    Ok(utf8_percent_encode(&call.to_string(), NON_ALPHANUMERIC).to_string())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// The signature is over the host and the audience, and holds for no other.
    #[test]
    fn a_call_of_sts_is_signed_with_its_audience() {
        let session = Some("a-session-token".to_owned());
        let credentials = Credentials::new("AKIDEXAMPLE", "a-secret", session, None, "test");
        let url = "https://sts.eu-west-1.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15";
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let of = |audience: &str| {
            let text = signed(&credentials, "eu-west-1", url, audience, now).expect("signed");
            let text = percent_encoding::percent_decode_str(&text).decode_utf8().expect("text");
            serde_json::from_str::<Value>(&text).expect("JSON")
        };
        let call = of("//iam.googleapis.com/a");
        assert_eq!((&call["url"], &call["method"]), (&url.into(), &"POST".into()));
        let header = |call: &Value, name: &str| {
            let all = call["headers"].as_array().expect("headers");
            let found = all.iter().find(|it| it["key"] == name).expect(name);
            found["value"].as_str().expect("text").to_owned()
        };
        assert_eq!(header(&call, "host"), "sts.eu-west-1.amazonaws.com");
        assert_eq!(header(&call, AUDIENCE), "//iam.googleapis.com/a");
        assert_eq!(header(&call, "x-amz-date"), "20231114T221320Z");
        assert_eq!(header(&call, "x-amz-security-token"), "a-session-token");
        let authorization = header(&call, "authorization");
        assert!(
            authorization.starts_with(
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20231114/eu-west-1/sts/aws4_request, \
                 SignedHeaders=host;x-amz-date;x-amz-security-token;x-goog-cloud-target-resource, \
                 Signature="
            ),
            "{authorization}"
        );
        assert_ne!(authorization, header(&of("//iam.googleapis.com/b"), "authorization"));
    }
}
