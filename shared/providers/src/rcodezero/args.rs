//! The flags of `rcodezero`.

use clap::ArgAction;

/// Flags of the `rcodezero` provider.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
#[command(next_help_heading = "Provider rcodezero")]
pub struct RcodezeroArgs {
    /// Encrypt the text of all TXT records with the key in RC0_ENC_KEY
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, default_value_t = false, default_missing_value = "true", value_name = "BOOL", hide_possible_values = true)]
    pub rcodezero_txt_encrypt: bool,
}
