//! The flags that all sources share, and what they say.

use std::sync::Arc;

use clap::builder::PossibleValuesParser;
use clap::{ArgAction, Args as ClapArgs};
use ecow::EcoString;
use extdns_clusters::{Selector, SelectorError};

use crate::error::OptionsError;
use crate::events::EventReasons;
use crate::records::TargetGroups;
use crate::templates::{TemplateFlags, Templates};

/// Which objects the sources look at.
#[derive(ClapArgs, Clone, Debug)]
#[group(skip)]
pub(crate) struct CommonFlags {
    /// Look at this namespace only; empty means all.
    #[arg(long, default_value = "", hide_default_value = true, value_name = "NAMESPACE")]
    namespace: String,

    /// Look only at objects whose annotations match this selector.
    #[arg(long, default_value = "", hide_default_value = true, value_name = "SELECTOR")]
    annotation_filter: String,

    /// Read exactly the annotations that begin so. Without this flag: external-dns.kubernetes.io/,
    /// and external-dns.alpha.kubernetes.io/ for each that is not there.
    #[arg(long, value_name = "PREFIX")]
    pub(crate) annotation_prefix: Option<String>,

    /// Look only at objects whose labels match this selector.
    #[arg(long, default_value = "", hide_default_value = true, value_name = "SELECTOR")]
    label_filter: String,

    /// Leave cordoned nodes out.
    #[arg(long, action = ArgAction::Set, default_value_t = true, num_args = 0..=1, default_missing_value = "true", require_equals = true, value_name = "BOOL")]
    exclude_unschedulable: bool,

    /// Count the internal IPv6 addresses of nodes as public.
    #[arg(long, action = ArgAction::Set, default_value_t = false, num_args = 0..=1, default_missing_value = "true", require_equals = true, value_name = "BOOL")]
    expose_internal_ipv6: bool,

    /// Read the annotations of another system, too: mate, molecule or kops-dns-controller.
    #[arg(long, default_value = "", hide_default_value = true, value_name = "MODE", value_parser = PossibleValuesParser::new(["", "mate", "molecule", "kops-dns-controller"]))]
    compatibility: String,

    #[command(flatten)]
    templates: TemplateFlags,

    /// Tell the objects, by Kubernetes Events, what became of their records: RecordReady, RecordError or RecordDeleted
    /// (repeatable). It takes the right to create events.
    #[arg(long, value_name = "REASON", action = ArgAction::Append)]
    pub(crate) events_emit: Vec<String>,

    /// Warn of a source whose objects a cluster does not serve, and go on without it: its records stay. Without this
    /// flag such a cluster counts as failed.
    #[arg(long, action = ArgAction::Set, default_value_t = false, num_args = 0..=1, default_missing_value = "true", require_equals = true, value_name = "BOOL")]
    ignore_missing_crds: bool,

    /// Plan as if objects that have no address yet had this one; only with plan and --manifests.
    #[arg(long, value_name = "ADDRESS|HOSTNAME")]
    pub(crate) assume_target: Option<String>,
}

/// The annotations of the dns-controller of kOps.
pub(crate) mod kops {
    /// Names for the addresses that face the world.
    pub(crate) const EXTERNAL: &str = "dns.alpha.kubernetes.io/external";
    /// Names for the addresses inside the cluster.
    pub(crate) const INTERNAL: &str = "dns.alpha.kubernetes.io/internal";
}

/// Another system whose annotations are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compatibility {
    /// Zalando's mate.
    Mate,
    /// Molecule's route53-kubernetes.
    Molecule,
    /// The dns-controller of kOps.
    Kops,
}

/// What the shared flags say.
#[derive(Clone, Debug)]
pub(crate) struct Common {
    pub(crate) namespace: Option<EcoString>,
    pub(crate) annotation_prefix: Option<EcoString>,
    pub(crate) annotation_filter: Selector,
    pub(crate) label_filter: Selector,
    pub(crate) exclude_unschedulable: bool,
    pub(crate) expose_internal_v6: bool,
    pub(crate) written: WrittenFilters,
    pub(crate) compatibility: Option<Compatibility>,
    pub(crate) templates: Templates,
    pub(crate) ignores_hostnames: bool,
    pub(crate) events: EventReasons,
    /// Whether a source goes on whose objects the cluster does not serve.
    pub(crate) ignores_missing_crds: bool,
    pub(crate) assumed_target: Option<Arc<TargetGroups>>,
    /// The sources of the run.
    pub(crate) sources: Vec<&'static str>,
}

/// The values of the shared filters as the user wrote them.
#[derive(Clone, Debug, Default)]
pub(crate) struct WrittenFilters {
    pub(crate) annotations: EcoString,
    pub(crate) labels: EcoString,
}

impl Common {
    /// Reads the flags of a run with these sources, of all that there are.
    ///
    /// # Errors
    /// The first flag that says something wrong.
    pub(crate) fn read(
        flags: &CommonFlags,
        sources: Vec<&'static str>,
        all: Vec<&'static str>,
    ) -> Result<Self, OptionsError> {
        let (annotations, labels) = (&flags.annotation_filter, &flags.label_filter);
        Ok(Self {
            namespace: non_empty(&flags.namespace),
            annotation_filter: selector("annotation-filter", Selector::annotations(annotations))?,
            label_filter: selector("label-filter", Selector::labels(labels))?,
            annotation_prefix: flags.annotation_prefix.as_deref().map(prefix).transpose()?,
            exclude_unschedulable: flags.exclude_unschedulable,
            expose_internal_v6: flags.expose_internal_ipv6,
            written: WrittenFilters { annotations: annotations.into(), labels: labels.into() },
            compatibility: Compatibility::of(&flags.compatibility),
            templates: flags.templates.templates(all)?,
            assumed_target: flags.assume_target.as_deref().and_then(assumed_target),
            ignores_hostnames: flags.templates.ignores_hostnames()?,
            events: EventReasons::read(&flags.events_emit),
            ignores_missing_crds: flags.ignore_missing_crds,
            sources,
        })
    }
}

impl Compatibility {
    fn of(text: &str) -> Option<Self> {
        Some(match text {
            "mate" => Self::Mate,
            "molecule" => Self::Molecule,
            "kops-dns-controller" => Self::Kops,
            _ => return None,
        })
    }
}

/// The value of a flag whose empty value means that it is not set.
pub(crate) fn non_empty(text: &str) -> Option<EcoString> {
    (!text.is_empty()).then(|| text.into())
}

/// The target of `--assume-target`.
fn assumed_target(text: &str) -> Option<Arc<TargetGroups>> {
    let text = text.trim();
    let targets: TargetGroups = [text.strip_suffix('.').unwrap_or(text)].into_iter().collect();
    (!targets.is_empty()).then(|| Arc::new(targets))
}

/// A selector of a flag.
pub(crate) fn selector(
    flag: &'static str,
    parsed: Result<Selector, SelectorError>,
) -> Result<Selector, OptionsError> {
    parsed.map_err(|source| OptionsError::Selector { flag, source })
}

fn prefix(prefix: &str) -> Result<EcoString, OptionsError> {
    match prefix {
        "" => Err(OptionsError::EmptyPrefix),
        prefix if !prefix.ends_with('/') => Err(OptionsError::PrefixWithoutSlash),
        prefix => Ok(prefix.into()),
    }
}
