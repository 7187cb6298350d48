//! The flags of templates.

use clap::{ArgAction, Args};

use super::Templates;
use crate::error::OptionsError;

/// The flags of templates.
#[derive(Args, Clone, Debug)]
#[group(skip)]
pub(crate) struct TemplateFlags {
    /// Names of objects that have none of their own, as a Go template (repeatable; values are joined by commas).
    #[arg(long, value_name = "TEMPLATE", action = ArgAction::Append)]
    pub(super) fqdn_template: Vec<String>,

    /// Targets of the names of --fqdn-template, for sources whose objects have no addresses that are
    /// known (repeatable).
    #[arg(long, value_name = "TEMPLATE", action = ArgAction::Append)]
    pub(super) target_template: Vec<String>,

    /// Names with a target each, as name:target (repeatable).
    #[arg(long, value_name = "TEMPLATE", action = ArgAction::Append)]
    pub(super) fqdn_target_template: Vec<String>,

    /// Publish the names of templates besides those that objects have of their own.
    #[arg(long, action = ArgAction::Set, default_value_t = false, num_args = 0..=1, default_missing_value = "true", require_equals = true, value_name = "BOOL")]
    pub(super) combine_fqdn_annotation: bool,

    /// Ignore the annotation hostname, except that of pods and of the source unstructured; --fqdn-template has to be set.
    #[arg(long, action = ArgAction::Set, default_value_t = false, num_args = 0..=1, default_missing_value = "true", require_equals = true, value_name = "BOOL")]
    pub(super) ignore_hostname_annotation: bool,
}

impl TemplateFlags {
    /// The templates; `isSource` knows these names.
    ///
    /// # Errors
    /// When one is not valid.
    pub(crate) fn templates(&self, sources: Vec<&'static str>) -> Result<Templates, OptionsError> {
        Templates::parse(self, sources)
    }

    /// Whether annotations with names are ignored.
    ///
    /// # Errors
    /// When there is no template that would give names in their place.
    pub(crate) fn ignores_hostnames(&self) -> Result<bool, OptionsError> {
        if self.ignore_hostname_annotation && self.fqdn_template.is_empty() {
            return Err(OptionsError::NoTemplate);
        }
        Ok(self.ignore_hostname_annotation)
    }
}
