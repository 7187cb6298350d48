//! Exit codes.

/// How a run ended, as an exit code. The numbers are part of the interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitCode {
    /// In sync, or everything was applied.
    Success,
    /// The run failed; nothing was written unless the report says so.
    Failed,
    /// The settings cannot be used.
    Configuration,
    /// Applied in part: changes were rejected, frozen or deferred, their answers lost, or they cannot
    /// be stored; or names are wanted, and none of them lies in any zone.
    Partial,
    /// The guard stopped changes.
    Guarded,
    /// The plan is not the one whose hash was given; nothing was written.
    HashDiffers,
    /// A plan with `--detailed-exitcode` found changes.
    Changes,
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
            Self::Guarded => 4,
            Self::HashDiffers => 5,
            Self::Changes => 6,
        }
    }

    /// What `--help` and the documentation say about it.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Success => "in sync, or every change was applied",
            Self::Failed => "the run failed",
            Self::Configuration => "the settings cannot be used",
            Self::Partial => {
                "applied in part: some changes were rejected, frozen, deferred, unconfirmed or cannot be \
                 stored; or no wanted name lies in any zone"
            }
            Self::Guarded => "the guard stopped changes; the message names the override",
            Self::HashDiffers => "the plan is not the one of --plan-hash; nothing was written",
            Self::Changes => "plan --detailed-exitcode found changes",
        }
    }

    /// Every code.
    pub const ALL: [Self; 7] = [
        Self::Success,
        Self::Failed,
        Self::Configuration,
        Self::Partial,
        Self::Guarded,
        Self::HashDiffers,
        Self::Changes,
    ];
}
