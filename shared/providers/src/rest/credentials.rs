//! Where credentials are: flags, variables, and the files of a service's own tools.

use std::path::Path;

use ini::{Ini, ParseOption};
use serde::de::DeserializeOwned;

use crate::ProviderError;

/// The values of one way to prove who one is, which belong together. `ways` has the names of each way, as the user gives
/// them (`EXAMPLE_KEY`, `--example-key`), and `value` looks one up. The answer is which way it is, with its values.
///
/// # Errors
/// When no way is given, several are, or one only in part. The message names what is missing.
pub(crate) fn one_of<const N: usize>(
    service: &str,
    ways: &[&[&str]; N],
    value: impl Fn(&str) -> Option<String>,
) -> Result<(usize, Vec<String>), ProviderError> {
    let all = || ways.map(|names| names.join(" and ")).join(", or ");
    let found = ways.map(|names| names.iter().filter_map(|it| value(it)).collect::<Vec<_>>());
    let begun: Vec<usize> = (0..N).filter(|at| !found[*at].is_empty()).collect();
    let problem = match begun[..] {
        [] => format!("no credentials of {service} are set; give {}", all()),
        [at] if found[at].len() == ways[at].len() => return Ok((at, found[at].clone())),
        [at] => {
            let missing = ways[at].iter().filter(|it| value(it).is_none());
            let missing: Vec<&str> = missing.copied().collect();
            format!(
                "{} is not set; {service} needs {}",
                missing.join(" and "),
                ways[at].join(" and ")
            )
        }
        _ => format!("credentials of several kinds are set for {service}; keep {}", all()),
    };
    Err(ProviderError::config(problem))
}

/// Values that belong together, with the names that the user gives them: without blanks around them, all of them set.
///
/// # Errors
/// When one is empty.
pub(crate) fn given<const N: usize>(
    service: &str,
    values: [(&str, &str); N],
) -> Result<[String; N], ProviderError> {
    let names = values.map(|(name, _)| name);
    one_of(service, &[&names[..]], |name| {
        let own = values.iter().find(|(own, _)| *own == name).map(|(_, value)| value.trim());
        own.filter(|value| !value.is_empty()).map(ToOwned::to_owned)
    })?;
    Ok(values.map(|(_, value)| value.trim().to_owned()))
}

/// What a file says that a flag names, in YAML or JSON.
///
/// # Errors
/// When the file cannot be read, or says something else. What is wrong is not quoted: it may be a secret.
pub(crate) fn config_file<T: DeserializeOwned>(flag: &str, path: &str) -> Result<T, ProviderError> {
    let cannot = |problem: &str| {
        ProviderError::config(format!("the file {path:?} of {flag} cannot be used: {problem}"))
    };
    let text = std::fs::read_to_string(path).map_err(|error| cannot(&error.to_string()))?;
    // Not all JSON is YAML: it may be indented with tabs.
    let json = serde_json::from_str(&text).ok();
    let parsed = json.map_or_else(|| serde_saphyr::from_str(&text).map_err(drop), Ok);
    parsed.map_err(|()| cannot("it is not the YAML or JSON that it should be"))
}

/// An INI file; `None` where there is none at this path.
///
/// # Errors
/// When it cannot be read.
pub(crate) fn ini(path: &Path) -> Result<Option<Ini>, ProviderError> {
    if !path.is_file() {
        return Ok(None);
    }
    // A backslash in a secret is one.
    let plain = ParseOption { enabled_escape: false, ..ParseOption::default() };
    Ini::load_from_file_opt(path, plain).map(Some).map_err(|problem| {
        ProviderError::config(format!("the file {} cannot be read: {problem}", path.display()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_one_way_that_is_given_counts_and_others_say_what_is_missing() {
        const WAYS: [&[&str]; 2] = [&["KEY", "SECRET"], &["TOKEN"]];
        let of = |set: &[&str]| {
            let value = |name: &str| set.contains(&name).then(|| name.to_lowercase());
            one_of("Example", &WAYS, value).map_err(|error| error.message)
        };
        let text = |it: &str| it.to_owned();
        assert_eq!(of(&["KEY", "SECRET"]), Ok((0, vec![text("key"), text("secret")])));
        assert_eq!(of(&["TOKEN"]), Ok((1, vec![text("token")])));
        for (set, problem) in [
            (&[][..], "no credentials of Example are set; give KEY and SECRET, or TOKEN"),
            (&["KEY"], "SECRET is not set; Example needs KEY and SECRET"),
            (&["SECRET"], "KEY is not set; Example needs KEY and SECRET"),
            (
                &["KEY", "TOKEN"],
                "credentials of several kinds are set for Example; keep KEY and SECRET, or TOKEN",
            ),
        ] {
            assert_eq!(of(set), Err(text(problem)));
        }
    }

    #[test]
    fn files_of_flags_are_yaml_or_json_and_are_not_quoted() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("example.conf");
        let read = || {
            let read = config_file::<std::collections::BTreeMap<String, String>>(
                "--example-file",
                path.to_str().expect("a path"),
            );
            read.map(|it| it["key"].clone()).map_err(|error| error.message)
        };
        for text in ["key: a\n", r#"{"key":"a"}"#, "{\n\t\"key\":\t\"a\"\n}"] {
            std::fs::write(&path, text).expect("written");
            assert_eq!(read().as_deref(), Ok("a"), "{text}");
        }
        for text in ["key: [s3cret", "{\"s3cret\"", "- s3cret"] {
            std::fs::write(&path, text).expect("written");
            let error = read().expect_err(text);
            assert!(error.contains("of --example-file cannot be used"), "{error}");
            assert!(!error.contains("s3cret"), "{error}");
        }
        std::fs::remove_file(&path).expect("gone");
        assert!(read().expect_err("none").contains("No such file"));
    }

    #[test]
    fn values_of_ini_files_are_as_they_stand() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("example.ini");
        assert!(ini(&path).expect("no file is none").is_none());
        std::fs::write(&path, "[a]\nsecret = a\\b#c=\n").expect("written");
        let file = ini(&path).expect("readable").expect("a file");
        assert_eq!(file.get_from(Some("a"), "secret"), Some("a\\b#c="));
        std::fs::write(&path, "[a\n").expect("written");
        assert!(ini(&path).expect_err("no INI").message.contains("cannot be read"));
    }
}
