//! Exit codes.

/// How a run ended, as the process tells it. The numbers are part of the interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitCode {
    /// In sync, or everything was applied.
    Success,
    /// The run failed; nothing was written unless the report says so.
    Failed,
    /// The settings cannot be used.
    Configuration,
    /// Applied in part: changes were rejected, deferred or their answers lost.
    Partial,
}

impl ExitCode {
    /// The number.
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Failed => 1,
            Self::Configuration => 2,
            Self::Partial => 3,
        }
    }

    /// What `--help` and the documentation say about it.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Success => "in sync, or every change was applied",
            Self::Failed => "the run failed",
            Self::Configuration => "the settings cannot be used",
            Self::Partial => "applied in part: some changes were rejected, deferred or unconfirmed",
        }
    }

    /// Every code.
    pub const ALL: [Self; 4] = [Self::Success, Self::Failed, Self::Configuration, Self::Partial];
}
