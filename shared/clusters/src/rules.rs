//! Rights as the rules of a Role or ClusterRole.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::access::Right;

/// One entry of `rules:`, as YAML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    group: &'static str,
    resources: Vec<String>,
    verbs: Vec<&'static str>,
}

impl Rule {
    /// The fewest rules that grant these rights and no others, in an order that depends on the rights alone.
    /// Namespaces are not part of a rule: they say in which Role it stands.
    pub fn of<'r>(rights: impl IntoIterator<Item = &'r Right>) -> Vec<Self> {
        let mut verbs: BTreeMap<(&'static str, String), BTreeSet<&'static str>> = BTreeMap::new();
        for right in rights {
            let resource = (right.resource.group, right.plural());
            verbs.entry(resource).or_default().insert(right.verb);
        }
        let mut rules: BTreeMap<(&'static str, BTreeSet<&'static str>), Vec<String>> =
            BTreeMap::new();
        for ((group, resource), verbs) in verbs {
            rules.entry((group, verbs)).or_default().push(resource);
        }
        rules
            .into_iter()
            .map(|((group, verbs), resources)| Self {
                group,
                resources,
                verbs: verbs.into_iter().collect(),
            })
            .collect()
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { group, resources, verbs } = self;
        write!(f, "- apiGroups: [{group:?}]\n  resources: {resources:?}\n  verbs: {verbs:?}")
    }
}

#[cfg(test)]
mod tests {
    use super::Rule;
    use crate::access::Right;
    use crate::object::ResourceType;

    fn kind(group: &'static str, plural: &'static str) -> ResourceType {
        ResourceType { group, version: "v1", plural, kind: "Any", namespaced: true }
    }

    #[test]
    fn what_has_one_group_and_the_same_verbs_is_one_rule() {
        let (services, pods) = (kind("", "services"), kind("", "pods"));
        let things = kind("a.org", "things");
        let mut rights = vec![
            Right::list(services, None),
            Right::update_status(things, None),
            Right::list(pods, None),
            Right::list(things, None),
            Right::list(services, None),
            Right::get(kind("", "nodes"), None),
        ];
        let streams: Vec<Right> = rights.iter().filter_map(Right::to_stream).collect();
        rights.extend(streams);
        let rules: Vec<String> = Rule::of(&rights).iter().map(ToString::to_string).collect();
        rights.reverse();
        let again: Vec<String> = Rule::of(&rights).iter().map(ToString::to_string).collect();
        assert_eq!(rules, again);
        assert_eq!(
            rules.join("\n"),
            "- apiGroups: [\"\"]\n  resources: [\"nodes\"]\n  verbs: [\"get\"]\n\
             - apiGroups: [\"\"]\n  resources: [\"pods\", \"services\"]\n  verbs: [\"list\", \"watch\"]\n\
             - apiGroups: [\"a.org\"]\n  resources: [\"things\"]\n  verbs: [\"list\", \"watch\"]\n\
             - apiGroups: [\"a.org\"]\n  resources: [\"things/status\"]\n  verbs: [\"update\"]"
        );
    }
}
