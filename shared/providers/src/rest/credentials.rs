//! Where credentials are: flags, variables, and the files of a service's own tools.

use std::path::Path;

use ini::{Ini, ParseOption};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{Environment, ProviderError};

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

/// The file of a cloud, in YAML or JSON: a region, a key, and the VPC of private zones.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct CloudFile {
    pub(crate) region_id: String,
    #[serde(alias = "accessKeyId", alias = "secretId")]
    pub(crate) key_id: String,
    #[serde(alias = "accessKeySecret", alias = "secretKey")]
    pub(crate) key_secret: String,
    pub(crate) vpc_id: String,
    /// Whether the API is called over the internet; else at its address within the VPCs.
    pub(crate) internet_endpoint: bool,
}

impl CloudFile {
    /// The file that a flag names. The names of the key are those of the service.
    ///
    /// # Errors
    /// When it cannot be read, has no key, or no VPC where private zones are managed, which are those of one.
    pub(crate) fn read(
        service: &str,
        (flag, path): (&str, &str),
        [id, secret]: [&str; 2],
        needs_vpc: bool,
    ) -> Result<Self, ProviderError> {
        let file: Self = config_file(flag, path)?;
        let key = [(id, file.key_id.as_str()), (secret, &file.key_secret)];
        given(&format!("the file of {flag}"), key)?;
        if needs_vpc && file.vpc_id.is_empty() {
            return Err(ProviderError::config(format!(
                "private zones of {service} are those of a VPC; set vpcId in the file of {flag}"
            )));
        }
        Ok(file)
    }
}

/// The configuration file of a service's own tools, in YAML: a profile, and what is said for all of them.
pub(crate) struct Profile([Value; 2]);

impl Profile {
    /// The file at this path, if there is one, with the profile that a variable names, else the file itself
    /// (`active_profile`).
    ///
    /// # Errors
    /// When the file cannot be read, or does not have the profile.
    pub(crate) fn read(
        service: &str,
        path: Option<&Path>,
        variable: &str,
        variables: &Environment,
    ) -> Result<Self, ProviderError> {
        let all = match path.and_then(|path| Some((std::fs::read_to_string(path).ok()?, path))) {
            None => Value::Null,
            Some((text, path)) => serde_saphyr::from_str(&text).map_err(|_| {
                let path = path.display();
                ProviderError::config(format!("the file {path} cannot be used: it is no YAML"))
            })?,
        };
        let Some(name) = variables.get(variable).or(all["active_profile"].as_str()) else {
            return Ok(Self([Value::Null, all]));
        };
        let profile = all["profiles"].get(name).cloned().ok_or_else(|| {
            ProviderError::config(format!(
                "the profile {name:?} is not in the file of {service}; correct {variable}"
            ))
        })?;
        Ok(Self([profile, all]))
    }

    /// The text of a value: that of the profile, else that for all.
    pub(crate) fn text(&self, key: &str) -> Option<String> {
        self.0.iter().find_map(|values| match values.get(key)? {
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        })
    }
}

/// Whether a value is written like an example: a `0` stands for a capital or a digit, an `f` for a hexadecimal digit, and
/// other signs for themselves. So a mistake is found before a call.
///
/// # Errors
/// When it is not. The value is not shown.
pub(crate) fn looks_like(
    name: &str,
    value: &str,
    example: &str,
    what: &str,
) -> Result<(), ProviderError> {
    let is_alike = |(own, like): (char, char)| match like {
        '0' => own.is_ascii_uppercase() || own.is_ascii_digit(),
        'f' => own.is_ascii_hexdigit(),
        other => own == other,
    };
    if value.len() == example.len() && value.chars().zip(example.chars()).all(is_alike) {
        return Ok(());
    }
    Err(ProviderError::config(format!("{name} holds no {what}")))
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
