//! What is secret among the settings, so that no output holds it.

use std::collections::BTreeMap;

use extdns_auth::secrets::{register, register_url};

use super::origin::{Given, Word};

/// What is shown in place of a secret.
pub(super) const HIDDEN: &str = "(hidden)";

/// Ends of the names of flags and variables whose values are secrets, as flags are written.
const ENDS: [&str; 11] = [
    "-access-key",
    "-aes-key",
    "-api-key",
    "-apikey",
    "-apisecret",
    "-external-id",
    "-passwd",
    "-password",
    "-secret",
    "-secret-key",
    "-token",
];

pub(super) fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace('_', "-");
    ENDS.iter().any(|end| name.ends_with(end))
}

/// Registers the secrets of a command line.
pub(super) fn register_words(words: &[Word]) {
    for (index, (word, _)) in words.iter().enumerate() {
        register_url(word);
        let Some(flag) = word.strip_prefix("--") else { continue };
        let (name, inline) = flag.split_once('=').map_or((flag, None), |(n, v)| (n, Some(v)));
        if is_secret(name) {
            let next = || words.get(index + 1).map(|(word, _)| word.as_str());
            inline.or_else(next).into_iter().for_each(register);
        }
    }
}

/// Registers the secrets of the configuration file.
pub(super) fn register_given(given: &[Given]) {
    for given in given {
        register_url(&given.text);
        if is_secret(&given.flag) && !given.text.starts_with('/') {
            register(&given.text);
        }
    }
}

/// Registers the secrets of the environment: also those that only libraries read, or that are not
/// read at all.
pub(super) fn register_variables(variables: &BTreeMap<String, String>) {
    for (name, value) in variables {
        register_url(value);
        // A path to a secret is none.
        if is_secret(name) && !value.starts_with('/') {
            register(value);
        }
    }
}
