//! From names and targets to endpoints.

use std::sync::Arc;

use ecow::EcoString;
use extdns_model::{
    Endpoint, Name, Properties, RecordType, Resource, Targets, Ttl, property_names, suitable_type,
};

use crate::annotations::Annotations;

/// Targets by the record type that each of them asks for, in the order in which they were found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TargetGroups {
    a: Targets,
    aaaa: Targets,
    cname: Targets,
}

impl TargetGroups {
    /// Adds a target; an empty one (a pod without an address, say) is none.
    pub(crate) fn push(&mut self, target: &str) {
        match suitable_type(target) {
            _ if target.is_empty() => tracing::debug!("skipping an empty target"),
            RecordType::A => self.a.push(target),
            RecordType::Aaaa => self.aaaa.push(target),
            _ => self.cname.push(target),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.a.is_empty() && self.aaaa.is_empty() && self.cname.is_empty()
    }

    /// Adds the targets of others, behind those that are there.
    pub(crate) fn extend(&mut self, others: &Self) {
        let pairs = [
            (&mut self.a, &others.a),
            (&mut self.aaaa, &others.aaaa),
            (&mut self.cname, &others.cname),
        ];
        for (own, others) in pairs {
            others.iter().for_each(|target| own.push(target.clone()));
        }
    }

    /// These targets, or others where there are none.
    pub(crate) fn or_else(self, others: impl FnOnce() -> Self) -> Self {
        if self.is_empty() { others() } else { self }
    }

    /// Sorts and removes duplicates, where the order in which targets were found means nothing.
    pub(crate) fn normalise(&mut self) {
        self.a.normalise();
        self.aaaa.normalise();
        self.cname.normalise();
    }

    /// The types that have targets: A, AAAA, CNAME.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (RecordType, &Targets)> {
        [(RecordType::A, &self.a), (RecordType::Aaaa, &self.aaaa), (RecordType::Cname, &self.cname)]
            .into_iter()
            .filter(|(_, targets)| !targets.is_empty())
    }

    /// One endpoint per type.
    pub(crate) fn endpoints<'a>(
        &'a self,
        name: &'a Name,
        traits: &'a Traits,
        resource: &'a Arc<Resource>,
    ) -> impl Iterator<Item = Endpoint> + 'a {
        self.iter()
            .map(|(rtype, targets)| traits.endpoint(name.clone(), rtype, targets.clone(), resource))
    }
}

impl<T: AsRef<str>> FromIterator<T> for TargetGroups {
    fn from_iter<I: IntoIterator<Item = T>>(targets: I) -> Self {
        let mut groups = Self::default();
        for target in targets {
            groups.push(target.as_ref());
        }
        groups
    }
}

/// A name and its target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pair {
    pub(crate) name: EcoString,
    pub(crate) target: EcoString,
}

impl Pair {
    /// `name:target`; the target can hold colons.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (name, target) = text.split_once(':')?;
        let (name, target) = (name.trim(), target.trim());
        let is_whole = !name.is_empty() && !target.is_empty();
        is_whole.then(|| Self { name: name.into(), target: target.into() })
    }
}

/// What all endpoints of an object have in common.
#[derive(Clone, Debug, Default)]
pub(crate) struct Traits {
    pub(crate) ttl: Ttl,
    pub(crate) set_identifier: EcoString,
    pub(crate) properties: Properties,
}

impl Traits {
    /// What an object's annotations say.
    pub(crate) fn read(annotations: Annotations<'_>, resource: &Resource) -> Self {
        Self {
            ttl: ttl(annotations, resource),
            set_identifier: annotations.set_identifier(),
            properties: annotations.properties(),
        }
    }

    /// The TTL alone, for sources that read no other annotation of this kind.
    pub(crate) fn only_ttl(annotations: Annotations<'_>, resource: &Resource) -> Self {
        Self { ttl: ttl(annotations, resource), ..Self::default() }
    }

    /// For record types that are neither aliases nor have reverse names.
    pub(crate) fn without_address_properties(&self) -> Self {
        let mut traits = self.clone();
        traits.properties.remove(property_names::ALIAS);
        traits.properties.remove(property_names::RECORD_TYPE);
        traits
    }

    pub(crate) fn endpoint(
        &self,
        name: Name,
        rtype: RecordType,
        targets: Targets,
        resource: &Arc<Resource>,
    ) -> Endpoint {
        let mut endpoint =
            Endpoint::new(name, rtype, self.ttl, targets).wanted_by(Arc::clone(resource));
        endpoint.set.set_set_identifier(self.set_identifier.clone());
        endpoint.set.set_properties(self.properties.clone());
        endpoint
    }
}

/// The TTL that an object's annotations say. A text that is no TTL is reported, and no TTL is configured.
fn ttl(annotations: Annotations<'_>, resource: &Resource) -> Ttl {
    annotations.ttl().unwrap_or_else(|error| {
        tracing::warn!(%resource, %error, "ignoring the ttl annotation");
        Ttl::UNSET
    })
}
