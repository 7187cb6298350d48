//! The flags of `hosts`.

use std::path::PathBuf;

use crate::ProviderError;

/// Flags of the `hosts` provider.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
#[command(next_help_heading = "Provider hosts")]
pub struct HostsArgs {
    /// The hosts file in which one block is kept
    #[arg(long, value_name = "FILE", default_value = "/etc/hosts")]
    pub hosts_file: PathBuf,

    /// Who keeps the block, as its first and last line say; the name of kOps takes over the block of its protokube
    #[arg(long, value_name = "NAME", default_value = "kops")]
    pub hosts_block: String,
}

impl HostsArgs {
    /// The name of the block.
    ///
    /// # Errors
    /// When no line can have it.
    pub(super) fn block(&self) -> Result<String, ProviderError> {
        let name = self.hosts_block.trim();
        if name.is_empty() || name.contains(char::is_control) || name.contains(" - ") {
            return Err(ProviderError::config(format!(
                "--hosts-block={name:?} can be no name of a block; write one word, such as kops"
            )));
        }
        Ok(name.to_owned())
    }
}
