//! The source `ingress`: names of rules, TLS hosts and annotations of `networking.k8s.io/v1`
//! Ingresses, with the addresses of their load balancers.

mod flags;

use ecow::EcoString;
use extdns_model::{KindName, ResourceKind};

use crate::annotations::{Annotations, HostnameSource, Key, Reads};
use crate::common::Common;
use crate::context::Context;
use crate::driver::{ObjectSource, Visit};
use crate::error::OptionsError;
use crate::objects::{CLASS_ANNOTATION, Ingress};
use crate::records::{TargetGroups, Traits};
use crate::source::Definition;
use crate::templates::{TemplateFault, Templates, Viewed, Views};
use crate::visit::IGNORED_ANNOTATION;
#[cfg(test)]
pub(crate) use flags::IngressFlagError;
use flags::{Flags, Options};

/// Where an ingress takes its names from.
const HOSTNAME_SOURCE: Key = Key("ingress-hostname-source");

/// Why an ingress, or one of its fields with names, is not looked at.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum IngressRule {
    /// `--ingress-class`.
    #[error("{}", class_words(class.as_deref()))]
    Class {
        /// Its class, if it has one.
        class: Option<EcoString>,
    },
    /// The annotation that says where an ingress takes its names from.
    #[error("its annotation ingress-hostname-source does not read the place where the name stands")]
    HostnameSource,
    /// `--ignore-ingress-rules-spec`.
    #[error("the name stands in its rules, which --ignore-ingress-rules-spec leaves out")]
    IgnoredRules,
    /// `--ignore-hostname-annotation`.
    #[error("{}", IGNORED_ANNOTATION)]
    IgnoredAnnotation,
    /// `--ignore-ingress-tls-spec`.
    #[error("the name stands in its TLS section, which --ignore-ingress-tls-spec leaves out")]
    IgnoredTls,
}

fn class_words(class: Option<&str>) -> String {
    match class {
        Some(class) => format!("its class {class:?} is not among --ingress-class"),
        None => "it has no class, and --ingress-class asks for one".to_owned(),
    }
}

/// The rule that hides a place from which no name is taken; every place where the annotation says nothing known.
fn hides(said: Option<HostnameSource>, place: HostnameSource) -> Option<IngressRule> {
    let is_read = said.is_some_and(|said| said == HostnameSource::All || said == place);
    (!is_read).then_some(IngressRule::HostnameSource)
}

#[derive(Clone, Debug)]
pub(crate) struct IngressSource {
    options: Options,
}

impl ObjectSource for IngressSource {
    type Object = Viewed<Ingress>;
    type Waiting = ();
    type Rule = IngressRule;
    type Fault = TemplateFault;
    const KIND: ResourceKind = ResourceKind::new(&KindName::Labelled("ingress"));
    const READS: Reads = Reads {
        keys: &[
            Key::CONTROLLER,
            Key::HOSTNAME,
            Key::TARGET,
            Key::TTL,
            Key::SET_IDENTIFIER,
            HOSTNAME_SOURCE,
        ],
        properties: true,
    };

    fn own_filter(&self) -> Option<EcoString> {
        self.options.written_classes()
    }

    /// The class filter: `ingressClassName` decides alone where it is set.
    fn hides(&self, ingress: &Viewed<Ingress>, _context: &Context) -> Option<IngressRule> {
        let wanted = &self.options.classes;
        if wanted.is_empty() {
            return None;
        }
        let class = match ingress.spec.ingress_class_name.as_str() {
            "" => ingress.metadata.annotations.get(CLASS_ANNOTATION),
            class => Some(class),
        };
        let is_wanted = class.is_some_and(|class| wanted.iter().any(|wanted| wanted == class));
        (!is_wanted).then(|| IngressRule::Class { class: class.map(EcoString::from) })
    }

    fn visit(&self, ingress: Viewed<Ingress>, visit: &mut Visit<'_, ()>) {
        let annotations = visit.annotations(&ingress.metadata);
        let said = HostnameSource::of(annotations, HOSTNAME_SOURCE).ok();
        let common = &visit.context.common;
        let unread =
            |place, ignored: bool, rule| hides(said, place).or_else(|| ignored.then_some(rule));
        let (defined, annotated) = (HostnameSource::Defined, HostnameSource::Annotated);
        let (spec, options) = (&ingress.spec, &self.options);
        let rules = spec.rules.iter().map(|rule| &rule.host).filter(|host| !host.is_empty());
        let tls = spec.tls.iter().flat_map(|tls| &tls.hosts).filter(|host| !host.is_empty());
        let rule = unread(defined, options.ignore_rules, IngressRule::IgnoredRules);
        let mut names = visit.names(rules, rule);
        let rule = unread(defined, options.ignore_tls, IngressRule::IgnoredTls);
        names.extend(visit.names(tls, rule));
        let rule = unread(annotated, common.ignores_hostnames, IngressRule::IgnoredAnnotation);
        names.extend(visit.names(annotations.list(Key::HOSTNAME), rule));
        let template = visit.template(ingress.view(), Self::NAME);
        names.extend(visit.sink.templated_names(!names.is_empty(), &template, &visit.by));
        if names.is_empty() {
            return;
        }
        let traits = Traits::read(annotations, &visit.by);
        visit.settle(names, &targets(&ingress, annotations), &traits);
    }
}

fn targets(ingress: &Ingress, annotations: Annotations<'_>) -> TargetGroups {
    let given: TargetGroups = annotations.targets().collect();
    if given.is_empty() { ingress.status.load_balancer.targets() } else { given }
}

impl Definition for IngressSource {
    const NAME: &'static str = "ingress";
    const KINDS: &'static [&'static str] = &["ingress"];
    type Flags = Flags;

    fn read(flags: &Flags, common: &Common) -> Result<Self, OptionsError> {
        Ok(Self { options: Options::read(flags, common)? })
    }

    fn views(views: Views, templates: &Templates) -> Views {
        views.for_names::<Ingress>(templates)
    }
}
