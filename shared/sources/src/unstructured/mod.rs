//! The source `unstructured`: names and targets of objects of any kind, from annotations and templates.

use std::sync::Arc;

use async_trait::async_trait;
use clap::{ArgAction, Args};
use ecow::EcoString;
use extdns_clusters::{Metadata, ResourceType};
use extdns_model::{KindName, ResourceKind};
use extdns_template::{Schema, UNSTRUCTURED};
use serde::Deserialize;

use crate::annotations::{Annotations, Key, Reads};
use crate::ask::Ask;
use crate::common::Common;
use crate::context::{Context, Run};
use crate::driver::{ObjectSource, Visit, gather_all};
use crate::error::{OptionsError, SourceError};
use crate::needs::{Kind, OWN_OBJECTS, Row};
use crate::objects::projection;
use crate::records::{TargetGroups, Traits};
use crate::sink::Sink;
use crate::source::{Definition, Source};
use crate::templates::{TemplateFault, Templated, Templates, Viewed, Views};

/// The flags of the source `unstructured`.
#[derive(Args, Clone, Debug)]
#[group(skip)]
pub(crate) struct Flags {
    /// Objects that the source unstructured reads, as plural.version.group, like
    /// virtualmachines.v1.kubevirt.io or configmaps.v1 (repeatable).
    #[arg(long, value_name = "RESOURCE", action = ArgAction::Append)]
    unstructured_resource: Vec<String>,
}

/// A flag of the source `unstructured` that says something wrong.
#[derive(Debug, thiserror::Error)]
#[error(
    "invalid resource identifier {0:?} (--unstructured-resource); it looks like virtualmachines.v1.kubevirt.io or configmaps.v1"
)]
pub(crate) struct ResourceFlagError(pub(crate) String);

/// What is read of an object in any case.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Anything {
    #[serde(default)]
    metadata: Metadata,
}

projection!(Anything: "", "objects", true);

impl Templated for Anything {
    const SCHEMA: &'static Schema = &UNSTRUCTURED;
}

#[derive(Clone, Debug)]
pub(crate) struct UnstructuredSource(Vec<OneKind>);

/// The objects of one kind.
#[derive(Clone, Debug)]
struct OneKind(Kind);

impl ObjectSource for OneKind {
    type Object = Viewed<Anything>;
    type Waiting = ();
    type Rule = std::convert::Infallible;
    type Fault = TemplateFault;
    const KIND: ResourceKind = ResourceKind::new(&KindName::Labelled("unstructured"));
    const READS: Reads =
        Reads { keys: &[Key::CONTROLLER, Key::HOSTNAME, Key::TARGET, Key::TTL], properties: false };

    fn row(&self) -> Row {
        Row::list_kind(self.0.clone(), OWN_OBJECTS)
    }

    fn label_kind(&self, resource: &ResourceType) -> ResourceKind {
        ResourceKind::other(&resource.kind.to_lowercase())
    }

    fn may_want(&self, annotations: Annotations<'_>, context: &Context) -> bool {
        context.common.templates.make_names() || annotations.has_any(&[Key::HOSTNAME])
    }

    fn visit(&self, object: Viewed<Anything>, visit: &mut Visit<'_, ()>) {
        let annotations = visit.annotations(&object.metadata);
        let (by, templates) = (Arc::clone(&visit.by), &visit.context.common.templates);
        let traits = Traits::only_ttl(annotations, &by);
        let before = visit.sink.endpoints.len();
        let names = visit.all_names(annotations.list(Key::HOSTNAME));
        let targets: TargetGroups = annotations.targets().collect();
        visit.sink.publish(&names, &targets, &traits, &by);
        let has_record = visit.sink.endpoints.len() > before;
        let Some(view) = object.view_as(visit.kind) else { return };
        let ask = Ask { templates, object: &view, source: UnstructuredSource::NAME, by: &by };
        ask.publish(has_record, &traits, visit.sink);
    }
}

#[async_trait]
impl Source for UnstructuredSource {
    async fn gather(&self, run: Run<'_>, sink: &mut Sink) -> Result<(), SourceError> {
        gather_all(&self.0, run, sink).await
    }

    fn needs(&self) -> Vec<Row> {
        self.0.iter().map(ObjectSource::row).collect()
    }
}

impl Definition for UnstructuredSource {
    const NAME: &'static str = "unstructured";
    const KINDS: &'static [&'static str] = &[];
    type Flags = Flags;

    fn read(flags: &Flags, _common: &Common) -> Result<Self, OptionsError> {
        let kind = |text: &String| {
            let kind = parse(text).map(OneKind);
            kind.ok_or_else(|| OptionsError::source(ResourceFlagError(text.clone())))
        };
        flags.unstructured_resource.iter().map(kind).collect::<Result<_, _>>().map(Self)
    }

    fn views(views: Views, templates: &Templates) -> Views {
        views.for_records::<Anything>(templates)
    }
}

/// `plural.version.group`, or `plural.version` of the core group.
fn parse(text: &str) -> Option<Kind> {
    let (plural, rest) = text.split_once('.')?;
    let (version, group) = rest.split_once('.').unwrap_or((rest, ""));
    let is_whole = !plural.is_empty() && !version.is_empty() && !rest.ends_with('.');
    let part = |text: &str| EcoString::from(text);
    is_whole.then(|| Kind::Listed {
        group: part(group),
        version: part(version),
        plural: part(plural),
    })
}

#[cfg(test)]
mod tests {
    use super::{Kind, parse};

    #[test]
    fn resources() {
        let listed = |plural: &str, version: &str, group: &str| {
            let (plural, version, group) = (plural.into(), version.into(), group.into());
            Some(Kind::Listed { group, version, plural })
        };
        let table = [
            ("virtualmachines.v1.kubevirt.io", listed("virtualmachines", "v1", "kubevirt.io")),
            ("configmaps.v1", listed("configmaps", "v1", "")),
            ("configmaps", None),
            (".v1.x", None),
            ("a..x", None),
            ("a.v1.", None),
            ("", None),
        ];
        for (text, expected) in table {
            assert_eq!(parse(text), expected, "{text}");
        }
    }
}
