//! Why there are no credentials: each place that was tried, what was found there, and what would be right.

use std::error::Error as _;
use std::path::PathBuf;

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_types::error::ErrorMetadata;

use super::words::{cause, levels};
use super::{AwsOptions, AwsRole, AwsVariables};
use crate::Tried;

/// Why there are no credentials.
pub(super) fn of_credentials(options: &AwsOptions, error: &CredentialsError) -> String {
    let code = levels(error).find_map(|level| level.downcast_ref::<ErrorMetadata>()?.code());
    let of_another =
        levels(error).skip(1).find_map(|level| level.downcast_ref::<CredentialsError>());
    match (&options.role, code, of_another) {
        (Some(role), Some(code), _) => of_role(role, code, error),
        // The credentials with which the role would be assumed.
        (Some(_), None, Some(first)) => of_first(options, first),
        (Some(_), None, None) if !is_missing(error) => {
            format!(
                "the role could not be assumed: {}; check that STS can be reached",
                found(error)
            )
        }
        _ => of_first(options, error),
    }
}

/// Of the credentials that are not those of a role.
fn of_first(options: &AwsOptions, error: &CredentialsError) -> String {
    let tried = match &options.profile {
        Some(profile) => of_profile(&options.variables, profile, error),
        None => of_places(&options.variables, error),
    };
    tried.to_string()
}

fn is_missing(error: &CredentialsError) -> bool {
    matches!(error, CredentialsError::CredentialsNotLoaded(_))
}

/// What a place that failed says.
fn found(error: &CredentialsError) -> String {
    match error {
        CredentialsError::ProviderTimedOut(_) => "it did not answer in time".to_owned(),
        _ => error.source().map_or_else(|| "it cannot be used".to_owned(), cause),
    }
}

fn of_role(role: &AwsRole, code: &str, error: &CredentialsError) -> String {
    let remedy = match code {
        "AccessDenied" if role.external_id.is_some() => {
            "; let the identity do sts:AssumeRole on the role, and the trust policy of the role name \
             the identity and this external id"
        }
        "AccessDenied" => {
            "; let the identity do sts:AssumeRole on the role, and the trust policy of the role name \
             the identity; if it asks for an external id, give --aws-assume-role-external-id"
        }
        "InvalidClientTokenId" | "SignatureDoesNotMatch" | "ExpiredToken" => {
            "; check the credentials with which the role is assumed, and that AWS_REGION is one of \
             their partition"
        }
        "RegionDisabledException" => "; set AWS_REGION to a region that is enabled for STS",
        _ => "",
    };
    format!("{}{remedy}", found(error))
}

fn of_profile(variables: &AwsVariables, profile: &str, error: &CredentialsError) -> Tried {
    let files = Files::of(variables);
    let found = if is_missing(error) { files.lack(profile).to_owned() } else { found(error) };
    let mut remedy = format!("check --aws-profile={profile}, and what the files say of it");
    if files.has_single_sign_on(profile) {
        remedy.push_str(&format!("; log in with aws sso login --profile {profile}"));
    }
    Tried::default().place(format!("the profile {profile} in {files}"), found, remedy)
}

/// The places in which AWS's own programs look, in their order. The first that has something counts, so an error is of
/// that one.
fn of_places(variables: &AwsVariables, error: &CredentialsError) -> Tried {
    let files = Files::of(variables);
    let profile = variables.get("AWS_PROFILE").unwrap_or("default");
    let is_there = [
        files.has(profile),
        missing(variables, &WEB_IDENTITY).is_empty(),
        CONTAINER.iter().any(|name| variables.get(name).is_some()),
    ];
    let failed = is_there.iter().position(|there| *there).unwrap_or(is_there.len());
    let failed = (!is_missing(error)).then_some(failed);
    let of = |place: usize, otherwise: String| {
        if failed == Some(place) { found(error) } else { otherwise }
    };
    let is_off = variables.get(METADATA_OFF).is_some_and(|it| it.eq_ignore_ascii_case("true"));
    let machine = if is_off {
        format!("switched off by {METADATA_OFF}")
    } else {
        "this machine has none, or is none of EC2".to_owned()
    };
    Tried::default()
        .place(
            format!("the environment ({})", KEYS.join(" and ")),
            unset(&missing(variables, &KEYS), &KEYS),
            "set both to an access key, and AWS_SESSION_TOKEN too if the key has an end",
        )
        .place(
            format!("the profile {profile} in {files}"),
            of(0, files.lack(profile).to_owned()),
            "write an access key or a role there, or name another profile with AWS_PROFILE",
        )
        .place(
            format!("the role of a service account ({})", WEB_IDENTITY.join(" and ")),
            of(1, unset(&missing(variables, &WEB_IDENTITY), &WEB_IDENTITY)),
            "give the service account of the pod a role (on EKS with the annotation \
             eks.amazonaws.com/role-arn), whose trust policy names the service account",
        )
        .place(
            format!("the role of a container ({})", CONTAINER.join(" or ")),
            of(2, "not set".to_owned()),
            "associate a role with the service account (EKS Pod Identity) or with the task (ECS)",
        )
        .place(
            "the role of this machine",
            of(3, machine),
            "run on a machine of EC2 with an instance profile",
        )
}

const KEYS: [&str; 2] = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
const WEB_IDENTITY: [&str; 2] = ["AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"];
const CONTAINER: [&str; 2] =
    ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"];
const METADATA_OFF: &str = "AWS_EC2_METADATA_DISABLED";

fn missing<'n>(variables: &AwsVariables, names: &[&'n str]) -> Vec<&'n str> {
    names.iter().copied().filter(|name| variables.get(name).is_none()).collect()
}

fn unset(missing: &[&str], all: &[&str]) -> String {
    match missing {
        [] => "they cannot be used".to_owned(),
        some if some.len() == all.len() => "not set".to_owned(),
        some => format!("{} is not set", some.join(" and ")),
    }
}

/// The files with profiles, as the user names them.
struct Files([(String, Option<String>); 2]);

impl Files {
    fn of(variables: &AwsVariables) -> Self {
        let home = variables.get("HOME").or_else(|| variables.get("USERPROFILE"));
        let read = |variable: &str, usual: &str| {
            let named = variables.get(variable).map(ToOwned::to_owned);
            let shown = named.unwrap_or_else(|| format!("~/{usual}"));
            let path = match (shown.strip_prefix("~/"), home) {
                (Some(below), Some(home)) => PathBuf::from(home).join(below),
                _ => PathBuf::from(&shown),
            };
            (shown, std::fs::read_to_string(path).ok())
        };
        Self([
            read("AWS_CONFIG_FILE", ".aws/config"),
            read("AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials"),
        ])
    }

    /// Whether one of them is about a profile.
    fn has(&self, profile: &str) -> bool {
        !self.lines(profile).is_empty()
    }

    /// Whether a profile takes its credentials from the IAM Identity Center, where somebody has to log in.
    fn has_single_sign_on(&self, profile: &str) -> bool {
        self.lines(profile).iter().any(|line| line.starts_with("sso_"))
    }

    /// The lines that are about a profile, its head included.
    fn lines(&self, profile: &str) -> Vec<&str> {
        let heads = [format!("[{profile}]"), format!("[profile {profile}]")];
        let mut own = Vec::new();
        for text in self.0.iter().filter_map(|(_, text)| text.as_deref()) {
            let mut is_own = false;
            for line in text.lines().map(str::trim) {
                if line.starts_with('[') {
                    is_own = heads.iter().any(|head| line == head);
                }
                if is_own {
                    own.push(line);
                }
            }
        }
        own
    }

    /// What is missing of a profile without credentials.
    fn lack(&self, profile: &str) -> &'static str {
        if self.0.iter().all(|(_, text)| text.is_none()) {
            "neither file can be read"
        } else if self.has(profile) {
            "it has no credentials, or takes them from a profile that is not there"
        } else {
            "there is no such profile"
        }
    }
}

impl std::fmt::Display for Files {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [(config, _), (credentials, _)] = &self.0;
        write!(f, "{config} and {credentials}")
    }
}
