//! What can be wrong with settings. Every message says which flag, where it was written, and what
//! would be right.

use std::path::PathBuf;

use super::origin::Origin;

/// Settings that cannot be used. The exit code is 2.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// A flag that does not exist.
    #[error("unknown long flag '--{flag}' ({origin}){}", suggestion(nearest.as_deref()))]
    UnknownFlag {
        /// The flag without dashes.
        flag: String,
        /// Where it was written.
        origin: Origin,
        /// The known flag that it most resembles.
        nearest: Option<String>,
    },
    /// A flag of a provider that is not here.
    #[error(
        "flag '--{flag}' ({origin}) is of the provider {provider}, which this version does not have; \
         README.md lists those that it has, and a webhook provider can stand in for others"
    )]
    FlagOfProvider {
        /// The flag without dashes.
        flag: String,
        /// Where it was written.
        origin: Origin,
        /// The provider.
        provider: &'static str,
    },
    /// A flag of something else that is not here.
    #[error(
        "flag '--{flag}' ({origin}) is of {feature}, which this version does not have; README.md \
         lists what it has"
    )]
    FlagOfFeature {
        /// The flag without dashes.
        flag: String,
        /// Where it was written.
        origin: Origin,
        /// What the flag is of.
        feature: &'static str,
    },
    /// Something that is no flag.
    #[error("unexpected {word} ({origin}); {}", unexpected(*nearest))]
    Unexpected {
        /// The word.
        word: String,
        /// Where it was written.
        origin: Origin,
        /// The command that it most resembles.
        nearest: Option<&'static str>,
    },
    /// A command without what it is about.
    #[error("{command} needs {operand}; write external-dns {command} {operand} --FLAGS...")]
    MissingOperand {
        /// The command.
        command: &'static str,
        /// What is missing.
        operand: &'static str,
    },
    /// A flag that belongs to other commands.
    #[error("flag '--{flag}' ({origin}) is for {} only", listed(commands))]
    NotOfCommand {
        /// The flag.
        flag: &'static str,
        /// Where it was written.
        origin: Origin,
        /// The commands that take it.
        commands: Vec<&'static str>,
    },
    /// A flag without its value.
    #[error("expected a value for flag '--{flag}' ({origin}); write --{flag}=VALUE")]
    MissingValue {
        /// The flag.
        flag: String,
        /// Where it was written.
        origin: Origin,
    },
    /// A flag that may be given once, given twice.
    #[error("flag '{flag}' cannot be repeated ({origin})")]
    Repeated {
        /// The flag.
        flag: String,
        /// Where it was repeated.
        origin: Origin,
    },
    /// A boolean with a value that is none.
    #[error(
        "flag '--{flag}' is a boolean and cannot be {text:?} ({origin}); write --{flag}, \
         --no-{flag}, or true or false"
    )]
    Boolean {
        /// The flag.
        flag: String,
        /// The text.
        text: String,
        /// Where it was written.
        origin: Origin,
    },
    /// A value that the flag does not take.
    #[error("flag '--{flag}' ({origin}): {problem}")]
    Value {
        /// The flag.
        flag: String,
        /// Where the value was written.
        origin: Origin,
        /// What is wrong and what would be right.
        problem: String,
    },
    /// Flags that must be given.
    #[error(
        "required flag(s) {} not provided; --help lists all flags",
        flags.iter().map(|flag| format!("'--{flag}'")).collect::<Vec<_>>().join(", ")
    )]
    Required {
        /// The flags.
        flags: Vec<String>,
    },
    /// A file of arguments that cannot be read.
    #[error(
        "failed to read the arguments of @{}: {source}; name a file that this user can read",
        path.display()
    )]
    ArgumentFile {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Something that is no text.
    #[error("{origin} is not UTF-8; write it in UTF-8, or leave it out")]
    NotUtf8 {
        /// Where it was written.
        origin: Origin,
    },
    /// Something in the configuration file.
    #[error("{origin}: {problem}")]
    File {
        /// Where it was written.
        origin: Origin,
        /// What is wrong and what would be right.
        problem: String,
    },
    /// The configuration file could not be read.
    #[error("--config={place}: {problem}")]
    Config {
        /// Where it is.
        place: String,
        /// Why.
        problem: String,
    },
    /// Values that are fine alone but do not go together, in the words of the area that they
    /// belong to.
    #[error("{0}")]
    Invalid(String),
}

impl SettingsError {
    /// A value or combination that cannot be used, in the words of the area that it belongs to.
    pub(crate) fn invalid(error: impl std::fmt::Display) -> Self {
        Self::Invalid(error.to_string())
    }
}

/// `a`, `a and b`, `a, b and c`.
fn listed(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [front @ .., last] => format!("{} and {last}", front.join(", ")),
    }
}

fn suggestion(nearest: Option<&str>) -> String {
    nearest.map_or_else(
        || "; --help lists all flags".to_owned(),
        |nearest| format!("; did you mean --{nearest}?"),
    )
}

fn unexpected(nearest: Option<&str>) -> String {
    nearest.map_or_else(
        || "flags begin with two dashes, like --once".to_owned(),
        |nearest| format!("did you mean the command {nearest}, as the first word?"),
    )
}
