//! The source `skipper-routegroup`: the hosts of Skipper's RouteGroups, those of their annotations and those that a template
//! gives, with the addresses of their load balancers.
//!
//! ```text
//! RouteGroup  (zalando.org/v1, or --skipper-routegroup-groupversion)
//! ```

mod object;

use std::convert::Infallible;

use clap::Args;
use extdns_clusters::Projection as _;
use extdns_model::{KindName, ResourceKind};

use crate::annotations::Reads;
use crate::common::Common;
use crate::driver::{ObjectSource, Visit};
use crate::error::OptionsError;
use crate::needs::{Kind, OWN_OBJECTS, Row};
use crate::records::{TargetGroups, Traits};
use crate::source::Definition;
use crate::templates::{TemplateFault, Templates, Viewed, Views};
use object::RouteGroup;

/// The flags of the source `skipper-routegroup`.
#[derive(Args, Clone, Debug)]
#[group(skip)]
pub(crate) struct Flags {
    /// Where the cluster serves RouteGroups of Skipper, as group/version.
    #[arg(long, default_value = "zalando.org/v1", value_name = "GROUP/VERSION")]
    skipper_routegroup_groupversion: String,
}

/// A flag of the source `skipper-routegroup` that says something wrong.
#[derive(Debug, thiserror::Error)]
#[error(
    "--skipper-routegroup-groupversion: {0:?} is no group with a version; it looks like zalando.org/v1"
)]
pub(crate) struct GroupVersionError(pub(crate) String);

#[derive(Clone, Debug)]
pub(crate) struct SkipperSource {
    kind: Kind,
}

impl ObjectSource for SkipperSource {
    type Object = Viewed<RouteGroup>;
    type Waiting = Infallible;
    type Rule = Infallible;
    type Fault = TemplateFault;
    const KIND: ResourceKind = ResourceKind::new(&KindName::Labelled("routegroup"));
    const READS: Reads = Reads::USUAL;

    fn row(&self) -> Row {
        Row::list_as::<Viewed<RouteGroup>>(self.kind.clone(), OWN_OBJECTS)
    }

    fn visit(&self, group: Viewed<RouteGroup>, visit: &mut Visit<'_, Infallible>) {
        let annotations = visit.annotations(&group.metadata);
        let hosts = group.spec.hosts.iter().filter(|host| !host.is_empty());
        let mut names = visit.all_names(hosts);
        names.extend(visit.hostnames(annotations));
        let given: TargetGroups = annotations.targets().collect();
        let targets = given.or_else(|| group.targets());
        let traits = Traits::read(annotations, &visit.by);
        let template = visit.template(group.view_as(visit.kind), Self::NAME);
        visit.settle_templated(names, &targets, &traits, &template);
    }
}

impl Definition for SkipperSource {
    const NAME: &'static str = "skipper-routegroup";
    const KINDS: &'static [&'static str] = &["routegroup"];
    type Flags = Flags;

    fn read(flags: &Flags, _common: &Common) -> Result<Self, OptionsError> {
        let text = &flags.skipper_routegroup_groupversion;
        let kind = kind(text);
        let kind = kind.ok_or_else(|| OptionsError::source(GroupVersionError(text.clone())))?;
        Ok(Self { kind })
    }

    fn views(views: Views, templates: &Templates) -> Views {
        views.for_names::<RouteGroup>(templates)
    }
}

/// Where RouteGroups are served: the usual place for an empty text.
fn kind(text: &str) -> Option<Kind> {
    let usual = RouteGroup::RESOURCE;
    if text.is_empty() || *text == *usual.api_version() {
        return Some(Kind::of::<RouteGroup>());
    }
    let (group, version) = text.split_once('/')?;
    let is_whole = !group.is_empty() && !version.is_empty() && !version.contains('/');
    is_whole.then(|| Kind::Listed {
        group: group.into(),
        version: version.into(),
        plural: usual.plural.into(),
    })
}
