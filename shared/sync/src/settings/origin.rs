//! What is written, and where.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// Where a value was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// On the command line, counted from 1.
    Argument(usize),
    /// In a file that the command line names as `@file`.
    ArgumentFile {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
    },
    /// In an environment variable.
    Variable(String),
    /// In the configuration file.
    File {
        /// Where the file is, as `--config` has it.
        place: Arc<str>,
        /// The line, counted from 1.
        line: usize,
    },
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Argument(position) => write!(f, "argument {position}"),
            Self::ArgumentFile { path, line } => write!(f, "{} line {line}", path.display()),
            Self::Variable(name) => write!(f, "variable {name}"),
            Self::File { place, line } => write!(f, "{place} line {line}"),
        }
    }
}

/// A word of the command line and where it was written.
pub(super) type Word = (String, Origin);

/// A flag with one text of its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// The flag's name without dashes.
    pub flag: String,
    /// The value as text; `true` or `false` for a boolean.
    pub text: String,
    /// Where it was written.
    pub origin: Origin,
}
