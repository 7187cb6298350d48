//! The two calls of STS that a client of Route 53 needs.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::answer::ApiError;
use super::auth::{Caller, Gate, Session};
use super::wire::document;

pub(super) const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

/// A role that may be assumed.
pub(super) struct Role {
    pub(super) arn: String,
    pub(super) external_id: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Metadata<'a> {
    request_id: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Identity<'a> {
    arn: &'a str,
    user_id: &'a str,
    account: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct IdentityAnswer<'a> {
    get_caller_identity_result: Identity<'a>,
    response_metadata: Metadata<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Credentials<'a> {
    access_key_id: &'a str,
    secret_access_key: &'a str,
    session_token: &'a str,
    expiration: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct RoleUser<'a> {
    arn: &'a str,
    assumed_role_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Assumed<'a> {
    credentials: Credentials<'a>,
    assumed_role_user: RoleUser<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct AssumeAnswer<'a> {
    assume_role_result: Assumed<'a>,
    response_metadata: Metadata<'a>,
}

pub(super) fn identity(caller: &Caller, request_id: &str) -> String {
    let answer = IdentityAnswer {
        get_caller_identity_result: Identity {
            arn: &caller.arn,
            user_id: "AIDASIMULATED",
            account: &caller.account,
        },
        response_metadata: Metadata { request_id },
    };
    document("GetCallerIdentityResponse", NAMESPACE, &answer)
}

/// Opens a session of a role, if the role trusts the caller.
pub(super) fn assume(
    gate: &mut Gate,
    roles: &[Role],
    caller: &Caller,
    form: &[(String, String)],
    request_id: &str,
) -> Result<String, ApiError> {
    let parameter =
        |name: &str| form.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let required = |name: &str| {
        let given = parameter(name).filter(|value| !value.is_empty());
        given.ok_or_else(|| {
            ApiError::new(
                400,
                "ValidationError",
                format!(
                    "Value null at '{name}' failed to satisfy constraint: Member must not be null"
                ),
            )
        })
    };
    let (arn, session_name) = (required("RoleArn")?, required("RoleSessionName")?);
    let role = roles.iter().find(|role| role.arn == arn);
    let role = role.filter(|role| {
        role.external_id.as_deref().is_none_or(|id| parameter("ExternalId") == Some(id))
    });
    let (Some(role), [_, _, _, _, account, name]) = (role, &arn.split(':').collect::<Vec<_>>()[..])
    else {
        return Err(ApiError::new(
            403,
            "AccessDenied",
            format!(
                "User: {} is not authorized to perform: sts:AssumeRole on resource: {arn}",
                caller.arn
            ),
        ));
    };
    let seconds = parameter("DurationSeconds").map_or(Ok(3600), str::parse::<i64>);
    let Ok(seconds @ 900..=43_200) = seconds else {
        return Err(ApiError::new(
            400,
            "ValidationError",
            "DurationSeconds must be between 900 and 43200",
        ));
    };
    let number = gate.sessions.len() + 1;
    let (key, token) = (format!("ASIASIM{number:013}"), format!("session-token-{number}"));
    let name = name.rsplit('/').next().unwrap_or(name);
    let session_arn = format!("arn:aws:sts::{account}:assumed-role/{name}/{session_name}");
    let expiration = Timestamp::now() + SignedDuration::from_secs(seconds);
    let answer = AssumeAnswer {
        assume_role_result: Assumed {
            credentials: Credentials {
                access_key_id: &key,
                secret_access_key: "simulated-secret",
                session_token: &token,
                expiration: expiration.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            },
            assumed_role_user: RoleUser {
                arn: &session_arn,
                assumed_role_id: format!("AROASIM:{session_name}"),
            },
        },
        response_metadata: Metadata { request_id },
    };
    let body = document("AssumeRoleResponse", NAMESPACE, &answer);
    let caller =
        Caller { account: (*account).to_owned(), arn: session_arn, principal: role.arn.clone() };
    gate.sessions.insert(key, Session { caller, token });
    Ok(body)
}
