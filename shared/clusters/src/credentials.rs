//! Credentials as they are loaded: read, registered as secrets, and checked before anything is made of them.

use std::path::{Path, PathBuf};

use extdns_auth::secrets;
use kube::config::AuthInfo;
use secrecy::{ExposeSecret as _, SecretString};

use crate::environment::Environment;
use crate::error::io_words;

/// What a user of a kubeconfig authenticates with.
pub(crate) enum Kind {
    /// In words.
    Some(String),
    /// With nothing: what is sent is anonymous.
    Nothing,
}

/// Reads what stands in files, and names the kind of the credentials.
pub(crate) fn prepare(auth: &mut AuthInfo, environment: &Environment) -> Result<Kind, String> {
    if let Some(provider) = &auth.auth_provider {
        return Err(format!(
            "auth-provider {:?} is no longer part of Kubernetes; use an exec credential plugin (`users[].user.exec`)",
            provider.name
        ));
    }
    if let (Some(exec), Some(_)) = (&auth.exec, &environment.lambda_function) {
        let command = exec.command.as_deref().unwrap_or_default();
        return Err(format!(
            "exec command {command:?} cannot be run in a Lambda function; use `eks`, or give the user a token or a \
             client certificate"
        ));
    }
    // As client-go, which knows no difference between an empty text and none.
    auth.token.take_if(|token| token.expose_secret().is_empty());
    auth.username.take_if(|user| user.is_empty());
    if let Some(file) = auth.token_file.take() {
        // A run is short: the file is read once. Unlike the library, and like kubectl, it may end in a newline,
        // and wins over a token beside it.
        let file = PathBuf::from(file);
        auth.token = Some(read_token(&file)?);
        return Ok(Kind::Some(format!("the token in {}", file.display())));
    }
    Ok(Kind::Some(match auth {
        AuthInfo { username: Some(_), password: Some(_), .. } => {
            "the user name and password".to_owned()
        }
        AuthInfo { token: Some(_), .. } => "the token".to_owned(),
        AuthInfo { exec: Some(exec), .. } => {
            format!("exec command {:?}", exec.command.as_deref().unwrap_or_default())
        }
        AuthInfo { client_certificate: Some(_), .. }
        | AuthInfo { client_certificate_data: Some(_), .. } => "the client certificate".to_owned(),
        _ => return Ok(Kind::Nothing),
    }))
}

/// The token in a file, without the white space around it.
pub(crate) fn read_token(path: &Path) -> Result<SecretString, String> {
    match std::fs::read_to_string(path) {
        Ok(token) if token.trim().is_empty() => {
            Err(format!("the token file {} is empty", path.display()))
        }
        Ok(token) => Ok(SecretString::from(token.trim())),
        Err(error) => Err(format!("read the token file {}: {}", path.display(), io_words(&error))),
    }
}

/// Registers credentials, so that no output shows them, and refuses what no request can carry: the
/// library would panic.
pub(crate) fn admit(auth: &AuthInfo) -> Result<(), String> {
    if let Some(token) = &auth.token {
        secrets::register(token.expose_secret());
        require_header("the token", token.expose_secret())?;
    }
    if let (Some(user), Some(password)) = (&auth.username, &auth.password) {
        secrets::register_basic(user, password.expose_secret());
    }
    if let Some(key) = &auth.client_key_data {
        secrets::register(key.expose_secret());
    }
    let groups = auth.impersonate_groups.iter().flatten();
    let extra = auth.impersonate_user_extra.iter().flat_map(|extra| extra.values().flatten());
    let impersonated = auth.impersonate.iter().map(|user| ("the user to impersonate (`as`)", user));
    impersonated
        .chain(auth.impersonate_uid.iter().map(|uid| ("`as-uid`", uid)))
        .chain(groups.map(|group| ("a group to impersonate (`as-groups`)", group)))
        .chain(extra.map(|value| ("a value of `as-user-extra`", value)))
        .try_for_each(|(what, text)| require_header(what, text))
}

/// Refuses a text that is no value of an HTTP header (RFC 9110, 5.5). The text is not shown.
pub(crate) fn require_header(what: &str, text: &str) -> Result<(), String> {
    match text.chars().find(|c| c.is_control()) {
        None => Ok(()),
        Some('\n' | '\r') => {
            Err(format!("{what} holds a line break; write it on one line, without one at its end"))
        }
        Some(other) => {
            Err(format!("{what} holds the control character {other:?}; was it copied whole?"))
        }
    }
}

#[cfg(test)]
mod tests {
    use kube::config::AuthInfo;
    use secrecy::SecretString;

    use super::admit;

    #[test]
    fn what_no_header_can_carry_is_refused_before_the_library_panics() {
        let token = |token: &str| AuthInfo {
            token: Some(SecretString::from(token)),
            ..AuthInfo::default()
        };
        let table = [
            (token("s3cr3t-of-header"), Ok(())),
            (token("s3cr3t-of-header\n"), Err("the token holds a line break; ")),
            (token("s3cr3t\r\nx-evil: 1"), Err("the token holds a line break; ")),
            (token("s3cr3t\u{0}null"), Err("the token holds the control character '\\0'; ")),
            (token("s3cr3t\u{7f}"), Err("the token holds the control character '\\u{7f}'; ")),
            (
                AuthInfo { impersonate: Some("a\nb".to_owned()), ..AuthInfo::default() },
                Err("the user to impersonate (`as`) holds a line break; "),
            ),
            (
                AuthInfo {
                    impersonate_groups: Some(vec!["a".to_owned(), "b\n".to_owned()]),
                    ..AuthInfo::default()
                },
                Err("a group to impersonate (`as-groups`) holds a line break; "),
            ),
        ];
        for (auth, expected) in table {
            match (admit(&auth), expected) {
                (Ok(()), Ok(())) => {}
                (Err(message), Err(start)) => {
                    assert!(message.starts_with(start), "{message}");
                    assert!(!message.contains("s3cr3t"), "{message}");
                }
                (result, _) => panic!("{result:?}, expected {expected:?}"),
            }
        }
    }
}
