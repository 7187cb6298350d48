//! The source `newkind`: the hosts of every Newkind, with its addresses.
//!
//! Say here which names an object wants, which targets they get, which annotations are read, and what
//! hides an object.

mod object;

use std::convert::Infallible;

use extdns_model::{KindName, ResourceKind};

use self::object::Newkind;
use crate::annotations::{Key, Reads};
use crate::common::Common;
use crate::driver::{ObjectSource, Visit};
use crate::error::OptionsError;
use crate::records::{TargetGroups, Traits};
use crate::source::{Definition, NoFlags};

#[derive(Clone, Debug)]
pub(crate) struct NewkindSource;

impl NewkindSource {
    /// The addresses of an object. To be written: read them from its status.
    fn addresses(_object: &Newkind) -> TargetGroups {
        // object.status.addresses.iter().map(EcoString::as_str).collect()
        std::iter::empty::<&str>().collect()
    }
}

impl ObjectSource for NewkindSource {
    type Object = Newkind;
    type Waiting = Infallible;
    type Rule = Infallible;
    type Fault = Infallible;
    const KIND: ResourceKind = ResourceKind::new(&KindName::Labelled("newkind"));
    const READS: Reads =
        Reads { keys: &[Key::CONTROLLER, Key::TARGET, Key::TTL], properties: false };

    fn visit(&self, object: Newkind, visit: &mut Visit<'_, Infallible>) {
        let annotations = visit.annotations(&object.metadata);
        let names = visit.all_names(object.spec.hosts.iter());
        let given: TargetGroups = annotations.targets().collect();
        let targets = if given.is_empty() { Self::addresses(&object) } else { given };
        let traits = Traits::only_ttl(annotations, &visit.by);
        if targets.is_empty() {
            return visit.sink.unready(names, &traits, &visit.by);
        }
        visit.sink.publish(&names, &targets, &traits, &visit.by);
    }
}

impl Definition for NewkindSource {
    const NAME: &'static str = "newkind";
    const KINDS: &'static [&'static str] = &["newkind"];
    type Flags = NoFlags;

    fn read(_flags: &NoFlags, _common: &Common) -> Result<Self, OptionsError> {
        Ok(Self)
    }
}
// template: what follows is about the template itself

#[test]
fn a_new_source_lists_its_objects() {
    assert_eq!(crate::source::Source::needs(&NewkindSource).len(), 1);
    assert_eq!(NewkindSource::NAME, NewkindSource::KINDS[0]);
}
