//! What errors of the SDK say, in words that name a cause and a remedy.

use std::error::Error;
use std::fmt::Write as _;

use aws_smithy_types::error::ErrorMetadata;
use aws_types::request_id::RequestId as _;

/// What levels of errors of the SDK and of its HTTP client say that names no cause.
const EMPTY_WORDS: [&str; 7] = [
    "dispatch failure",
    "service error",
    "response error",
    "unhandled error",
    "io error",
    "client error (Connect)",
    "client error (SendRequest)",
];

/// What every level of an SDK error says, from the outside to the cause, each once and without words that name no cause:
/// the outermost alone says little more than that there was an error. What a service answered stands in place of
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
        let level = plain(&level.to_string());
        if !level.is_empty() && !text.contains(&level) {
            let colon = if text.is_empty() { "" } else { ": " };
            // Writing to a String cannot fail.
            let _ = write!(text, "{colon}{level}");
        }
    }
    if text.is_empty() { error.to_string() } else { text }
}

/// A level without words that name no cause.
fn plain(level: &str) -> String {
    let mut text = level;
    while let Some(words) = EMPTY_WORDS.iter().find_map(|words| text.strip_prefix(words)) {
        text = words.trim_start_matches([':', ' ']);
    }
    if text == "Error" { String::new() } else { text.to_owned() }
}

/// What a service answered, else the cause of an error alone, in words for users.
pub(super) fn cause(error: &(dyn Error + 'static)) -> String {
    let answered = levels(error).find_map(|level| answered(level.downcast_ref()?));
    let is_for_users = |text: &String| {
        !text.is_empty()
            && !["IMDS", "provider", "Error {", "Error("].iter().any(|it| text.contains(it))
    };
    let innermost =
        || levels(error).map(|level| plain(&level.to_string())).filter(is_for_users).last();
    answered.or_else(innermost).unwrap_or_else(|| "it gave an answer that is none".to_owned())
}

pub(super) fn levels<'e>(
    error: &'e (dyn Error + 'static),
) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
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
    fn each_level_says_its_own_once_and_none_says_what_names_no_cause() {
        let cause = Level { text: "refused", source: None };
        let error = level("dispatch failure", level("io error: refused", cause));
        assert_eq!(aws_error_chain(&error), "refused");
        let silent = Level { text: "dispatch failure", source: None };
        assert_eq!(aws_error_chain(&silent), "dispatch failure", "better than nothing");
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
