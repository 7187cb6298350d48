//! Where a document is, as a flag or a file names it.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// Where a document is: `PATH`, `-`, `ssm:NAME`, `s3://bucket/key` or `secretsManager:NAME`.
///
/// A path that begins like one of the others is written with `./` before it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Place {
    /// A file.
    Path(PathBuf),
    /// Standard input.
    Stdin,
    /// A parameter of AWS Systems Manager: its name or ARN, with `:version` or `:label` where one is meant.
    Parameter(String),
    /// An object of S3.
    Object {
        /// The bucket.
        bucket: String,
        /// The key, without a slash before it.
        key: String,
    },
    /// A secret of AWS Secrets Manager: its name or ARN.
    Secret(String),
}

/// Why a text names no place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} names no document: {reason}")]
pub struct PlaceError {
    /// The text.
    text: String,
    /// What is wrong, and what would be right.
    reason: &'static str,
}

/// What stands before the name of a parameter, and of a secret.
const SSM: &str = "ssm:";
const SECRETS_MANAGER: &str = "secretsManager:";
const S3: &str = "s3://";

impl FromStr for Place {
    type Err = PlaceError;

    fn from_str(text: &str) -> Result<Self, PlaceError> {
        let wrong = |reason| Err(PlaceError { text: text.to_owned(), reason });
        if text.is_empty() {
            return wrong("give a path, -, ssm:NAME, s3://bucket/key or secretsManager:NAME");
        }
        if text == "-" {
            return Ok(Self::Stdin);
        }
        if let Some(name) = text.strip_prefix(SSM) {
            return match name {
                "" => wrong("the name of the parameter is missing behind ssm:"),
                name => Ok(Self::Parameter(name.to_owned())),
            };
        }
        if let Some(name) = text.strip_prefix(SECRETS_MANAGER) {
            return match name {
                "" => wrong("the name of the secret is missing behind secretsManager:"),
                name => Ok(Self::Secret(name.to_owned())),
            };
        }
        let Some(object) = text.strip_prefix(S3) else {
            return Ok(Self::Path(PathBuf::from(text)));
        };
        match object.split_once('/') {
            Some((bucket, key)) if is_bucket(bucket) && !key.is_empty() => {
                Ok(Self::Object { bucket: bucket.to_owned(), key: key.to_owned() })
            }
            _ => wrong("write an object of S3 like s3://bucket/key"),
        }
    }
}

/// It becomes a part of a host or a path.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html>
fn is_bucket(text: &str) -> bool {
    let part = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    (3..=255).contains(&text.len()) && text.bytes().all(part)
}

/// As it is written; a path that begins like another place, with `./` before it.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => {
                let text = path.display().to_string();
                let taken = [SSM, SECRETS_MANAGER, S3].iter().any(|start| text.starts_with(start));
                write!(f, "{}{text}", if taken || text == "-" { "./" } else { "" })
            }
            Self::Stdin => f.write_str("-"),
            Self::Parameter(name) => write!(f, "{SSM}{name}"),
            Self::Object { bucket, key } => write!(f, "{S3}{bucket}/{key}"),
            Self::Secret(name) => write!(f, "{SECRETS_MANAGER}{name}"),
        }
    }
}

impl Place {
    /// The region that an ARN names.
    #[cfg(feature = "aws")]
    pub(super) fn region(&self) -> Option<&str> {
        let (Self::Parameter(name) | Self::Secret(name)) = self else { return None };
        let mut parts = name.strip_prefix("arn:")?.split(':');
        parts.nth(2).filter(|region| !region.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_is_shown() {
        let object =
            |bucket: &str, key: &str| Place::Object { bucket: bucket.into(), key: key.into() };
        let table = [
            ("conf.yaml", Place::Path("conf.yaml".into())),
            ("C:conf.yaml", Place::Path("C:conf.yaml".into())),
            ("./ssm:conf", Place::Path("./ssm:conf".into())),
            ("-", Place::Stdin),
            ("ssm:/dns/conf:3", Place::Parameter("/dns/conf:3".into())),
            ("secretsManager:lab", Place::Secret("lab".into())),
            ("s3://conf/a/b.yaml", object("conf", "a/b.yaml")),
            ("s3://conf//a", object("conf", "/a")),
        ];
        for (text, place) in table {
            assert_eq!(text.parse::<Place>(), Ok(place.clone()), "{text}");
            assert_eq!(place.to_string(), text);
        }
        assert_eq!(Place::Path("-".into()).to_string(), "./-");
    }

    #[test]
    fn a_text_that_names_no_document_is_refused_with_what_would_be_right() {
        for text in [
            "",
            "ssm:",
            "secretsManager:",
            "s3://",
            "s3://conf",
            "s3://conf/",
            "s3:///key",
            "s3://a b c/key",
        ] {
            let error = text.parse::<Place>().expect_err(text).to_string();
            assert!(error.starts_with(&format!("{text:?} names no document: ")), "{error}");
        }
    }

    #[test]
    #[cfg(feature = "aws")]
    fn an_arn_names_its_region() {
        let table = [
            (
                "secretsManager:arn:aws:secretsmanager:eu-west-1:111122223333:secret:lab-a1b2c3",
                Some("eu-west-1"),
            ),
            ("ssm:arn:aws-cn:ssm:cn-north-1:111122223333:parameter/lab", Some("cn-north-1")),
            ("ssm:/dns/conf", None),
            ("arn:aws:ssm:eu-west-1:1:parameter/file", None),
        ];
        for (text, region) in table {
            assert_eq!(text.parse::<Place>().expect(text).region(), region);
        }
    }
}
