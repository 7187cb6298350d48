//! What errors of the SDK say, in words that name a cause and a remedy.

use std::error::Error;
use std::fmt::Write as _;

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_types::error::ErrorMetadata;
use aws_types::request_id::RequestId as _;

use super::AwsOptions;

/// Where the SDK looks for credentials, in its order.
const SOURCES: &str = "the variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, the profile of \
    ~/.aws/config and ~/.aws/credentials (AWS_PROFILE), a web identity \
    (AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN), a container \
    (AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or AWS_CONTAINER_CREDENTIALS_FULL_URI) and the instance \
    metadata (unless AWS_EC2_METADATA_DISABLED)";

/// What every level of an SDK error says, from the outside to the cause, each once: the outermost
/// alone says little more than that there was an error. What a service answered stands in place of
/// the levels around it, which repeat it as the SDK prints it for programmers.
#[must_use]
pub fn aws_error_chain(error: &(dyn Error + 'static)) -> String {
    let mut text = String::new();
    for level in levels(error) {
        if let Some(answer) = level.downcast_ref::<ErrorMetadata>()
            && let Some(words) = answered(answer)
        {
            return words;
        }
        let level = level.to_string();
        if !text.contains(&level) {
            let colon = if text.is_empty() { "" } else { ": " };
            // Writing to a String cannot fail.
            let _ = write!(text, "{colon}{level}");
        }
    }
    text
}

fn levels<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| (**error).source())
}

/// `AccessDenied: User: .. is not authorized to .. (request id ..)`; nothing without a code.
fn answered(answer: &ErrorMetadata) -> Option<String> {
    let mut text = answer.code()?.to_owned();
    if let Some(message) = answer.message() {
        let _ = write!(text, ": {message}");
    }
    if let Some(id) = answer.request_id() {
        let _ = write!(text, " (request id {id})");
    }
    Some(text)
}

/// Why there are no credentials, and what can be done.
pub(super) fn of_credentials(options: &AwsOptions, error: &CredentialsError) -> String {
    let named = options.profile.as_deref();
    match (error, &options.role, named) {
        (CredentialsError::CredentialsNotLoaded(_), None, Some(profile)) => format!(
            "there is no such profile with credentials in ~/.aws/config and ~/.aws/credentials \
             (AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE); check --aws-profile={profile}"
        ),
        (CredentialsError::CredentialsNotLoaded(_), _, None) => {
            format!("no credentials were found; tried were {SOURCES}; set up one of them")
        }
        (CredentialsError::ProviderTimedOut(_), _, _) => {
            "the source of credentials did not answer in time".to_owned()
        }
        (_, Some(role), _) => {
            let text = chain(error);
            let remedy = remedy_of_role(error, role.external_id.is_some());
            format!("{text}{remedy}")
        }
        (_, None, Some(_)) => chain(error),
        (_, None, None) => format!("{}; tried in this order were {SOURCES}", chain(error)),
    }
}

/// Without the level that says only that there was an error.
fn chain(error: &CredentialsError) -> String {
    error.source().map_or_else(|| error.to_string(), aws_error_chain)
}

fn remedy_of_role(error: &CredentialsError, with_id: bool) -> &'static str {
    let code = levels(error).find_map(|level| level.downcast_ref::<ErrorMetadata>()?.code());
    match code {
        Some("AccessDenied") if with_id => {
            "; let the identity do sts:AssumeRole on the role, and the trust policy of the role name \
             the identity and this external id"
        }
        Some("AccessDenied") => {
            "; let the identity do sts:AssumeRole on the role, and the trust policy of the role name \
             the identity; if it asks for an external id, give --aws-assume-role-external-id"
        }
        Some("InvalidClientTokenId" | "SignatureDoesNotMatch" | "ExpiredToken") => {
            "; check the credentials with which the role is assumed, and that AWS_REGION is one of \
             their partition"
        }
        Some("RegionDisabledException") => "; set AWS_REGION to a region that is enabled for STS",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Level {
        text: &'static str,
        source: Option<Box<dyn Error + Send + Sync>>,
    }

    impl std::fmt::Display for Level {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str(self.text)
        }
    }

    impl Error for Level {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            self.source.as_deref().map(|source| source as _)
        }
    }

    fn level(text: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Level {
        Level { text, source: Some(source.into()) }
    }

    #[test]
    fn each_level_says_its_own_once() {
        let cause = Level { text: "refused", source: None };
        let error = level("dispatch failure", level("io error: refused", cause));
        assert_eq!(aws_error_chain(&error), "dispatch failure: io error: refused");
    }

    #[test]
    fn what_a_service_answered_is_reported_without_what_is_around_it() {
        let answer = ErrorMetadata::builder()
            .code("AccessDenied")
            .message("you may not")
            .custom("aws_request_id", "r-1")
            .build();
        let error = level("service error", level("unhandled error (AccessDenied)", answer));
        assert_eq!(aws_error_chain(&error), "AccessDenied: you may not (request id r-1)");
        let empty = level("service error", ErrorMetadata::builder().build());
        assert!(aws_error_chain(&empty).starts_with("service error"), "no code, no answer");
    }
}
