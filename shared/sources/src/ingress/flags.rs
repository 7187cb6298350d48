//! The flags of the source `ingress`.

use clap::{ArgAction, Args};
use ecow::{EcoString, eco_format};

use crate::common::Common;
use crate::error::OptionsError;
use crate::objects::CLASS_ANNOTATION;

/// The flags of the source `ingress`.
#[derive(Args, Clone, Debug)]
#[group(skip)]
pub(crate) struct Flags {
    /// Look only at ingresses of this class (repeatable).
    #[arg(long, value_name = "CLASS", action = ArgAction::Append)]
    ingress_class: Vec<String>,

    /// Ignore the hosts in the TLS section of ingresses.
    #[arg(long, action = ArgAction::Set, default_value_t = false, num_args = 0..=1, default_missing_value = "true", require_equals = true, value_name = "BOOL")]
    ignore_ingress_tls_spec: bool,

    /// Ignore the hosts in the rules of ingresses.
    #[arg(long, action = ArgAction::Set, default_value_t = false, num_args = 0..=1, default_missing_value = "true", require_equals = true, value_name = "BOOL")]
    ignore_ingress_rules_spec: bool,
}

/// What the flags say.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// Empty for all.
    pub(super) classes: Vec<EcoString>,
    pub(super) ignore_tls: bool,
    pub(super) ignore_rules: bool,
}

/// A flag of the source `ingress` that says something wrong.
#[derive(Debug, thiserror::Error)]
pub(crate) enum IngressFlagError {
    /// The class would be filtered twice.
    #[error(
        "--ingress-class is mutually exclusive with the kubernetes.io/ingress.class annotation filter"
    )]
    ClassFilteredTwice,
    /// No ingress can have such a class.
    #[error(
        "--ingress-class: {0:?} is no class; a class is a label value: at most 63 letters, digits, '-', '_' and '.'"
    )]
    Class(String),
}

impl Options {
    pub(super) fn read(flags: &Flags, common: &Common) -> Result<Self, OptionsError> {
        Ok(Self {
            classes: classes(flags, common).map_err(OptionsError::source)?,
            ignore_tls: flags.ignore_ingress_tls_spec,
            ignore_rules: flags.ignore_ingress_rules_spec,
        })
    }

    /// The filter of classes as its flag is written.
    pub(super) fn written_classes(&self) -> Option<EcoString> {
        (!self.classes.is_empty())
            .then(|| eco_format!("--ingress-class={}", self.classes.join(",")))
    }
}

fn classes(flags: &Flags, common: &Common) -> Result<Vec<EcoString>, IngressFlagError> {
    let filtered = |key: &str| {
        let filter = &common.written.annotations;
        filter.split(|char: char| char.is_whitespace() || "=!(),".contains(char)).any(|k| k == key)
    };
    if !flags.ingress_class.is_empty() && filtered(CLASS_ANNOTATION) {
        return Err(IngressFlagError::ClassFilteredTwice);
    }
    match flags.ingress_class.iter().find(|class| !is_label_value(class)) {
        Some(class) => Err(IngressFlagError::Class(class.clone())),
        None => Ok(flags.ingress_class.iter().map(Into::into).collect()),
    }
}

fn is_label_value(text: &str) -> bool {
    let is_edge = |byte: Option<&u8>| byte.is_none_or(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    bytes.len() <= 63
        && is_edge(bytes.first())
        && is_edge(bytes.last())
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
}
