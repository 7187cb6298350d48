//! Flags.

use clap::ArgAction;
use serde_json::{Value, json};

/// Flags of the `aws-sd` provider, beside those of `aws`.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
#[command(next_help_heading = "Provider aws-sd")]
pub struct AwsSdArgs {
    /// Delete services of ours that have no instance any more, in a run that changes something in their namespace
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, default_value_t = false, default_missing_value = "true", value_name = "BOOL", hide_possible_values = true)]
    pub aws_sd_service_cleanup: bool,

    /// A tag of the services that are made, `key=value`; can be given several times
    #[arg(long, value_name = "TAG", value_parser = parse_tag)]
    pub aws_sd_create_tag: Vec<Tag>,
}

/// A tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    /// Its key.
    pub key: String,
    /// Its value, which may be empty.
    pub value: String,
}

/// `key=value` or `key:value`, cut at the first of the two signs.
fn parse_tag(text: &str) -> Result<Tag, String> {
    let (key, value) = text.split_once(['=', ':']).ok_or_else(|| {
        format!("expected KEY=VALUE got '{text}'; write --aws-sd-create-tag=team=dns")
    })?;
    Ok(Tag { key: key.to_owned(), value: value.to_owned() })
}

impl AwsSdArgs {
    /// The tags in the form of the API. Of a key that is given twice the last value counts.
    pub(super) fn tags(&self) -> Vec<Value> {
        let mut tags: Vec<&Tag> = Vec::new();
        for tag in &self.aws_sd_create_tag {
            tags.retain(|own| own.key != tag.key);
            tags.push(tag);
        }
        tags.iter().map(|tag| json!({ "Key": tag.key, "Value": tag.value })).collect()
    }
}
