//! Who asks, and what they may do.

use std::sync::Arc;

use serde_json::{Value, json};

use super::status::Attempt;
use crate::http::Request;

/// Somebody who shows a bearer token.
#[derive(Clone)]
pub struct User {
    name: String,
    token: Token,
    /// Everything, if there are none to look at.
    grants: Option<Vec<Grant>>,
}

impl std::fmt::Debug for User {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("User").field("name", &self.name).finish_non_exhaustive()
    }
}

/// What the user shows.
#[derive(Clone)]
enum Token {
    Text(String),
    /// One of many, as with cloud identities: the function says whether a token is one.
    Checked(Arc<dyn Fn(&str) -> bool + Send + Sync>),
}

impl Token {
    fn is(&self, shown: &str) -> bool {
        match self {
            Self::Text(text) => text == shown,
            Self::Checked(check) => check(shown),
        }
    }
}

/// RBAC rules that hold in a namespace, or everywhere.
#[derive(Clone)]
struct Grant {
    namespace: Option<String>,
    rules: Value,
}

impl User {
    /// A user who may do everything.
    pub fn admin(name: &str, token: &str) -> Self {
        Self { name: name.to_owned(), token: Token::Text(token.to_owned()), grants: None }
    }

    /// The same user by any token that passes a check.
    #[must_use]
    pub fn by(self, check: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        Self { token: Token::Checked(Arc::new(check)), ..self }
    }

    /// A user who may ask what is served and for their own rights, and nothing else until given rules.
    pub fn new(name: &str, token: &str) -> Self {
        Self { grants: Some(Vec::new()), ..Self::admin(name, token) }
    }

    /// Adds RBAC rules for the whole cluster: a JSON array as in a ClusterRole.
    #[must_use]
    pub fn may(self, rules: &Value) -> Self {
        self.grant(None, rules)
    }

    /// Adds RBAC rules for one namespace: a JSON array as in a Role.
    #[must_use]
    pub fn may_in(self, namespace: &str, rules: &Value) -> Self {
        self.grant(Some(namespace.to_owned()), rules)
    }

    fn grant(mut self, namespace: Option<String>, rules: &Value) -> Self {
        assert!(rules.is_array(), "rules are a JSON array: {rules}");
        self.grants.get_or_insert_default().push(Grant { namespace, rules: rules.clone() });
        self
    }
}

/// Who sent a request.
#[derive(Clone, Copy)]
pub(super) enum Asker<'a> {
    /// The simulator knows no users: everybody may do everything.
    Anybody,
    /// No token, though there are users.
    Anonymous,
    Known(&'a User),
}

impl<'a> Asker<'a> {
    /// `None` for a token of no user.
    pub(super) fn of(request: &Request, users: &'a [User]) -> Option<Self> {
        if users.is_empty() {
            return Some(Self::Anybody);
        }
        let Some(header) = request.header("authorization") else { return Some(Self::Anonymous) };
        let token = header.strip_prefix("Bearer ")?;
        users.iter().find(|user| user.token.is(token)).map(Self::Known)
    }

    pub(super) fn name(&self) -> &str {
        match self {
            Self::Anybody => "anybody",
            Self::Anonymous => "system:anonymous",
            Self::Known(user) => &user.name,
        }
    }

    pub(super) fn may(&self, attempt: &Attempt<'_>) -> bool {
        match self {
            Self::Anybody => true,
            Self::Anonymous => false,
            Self::Known(_) if attempt.plural == super::kinds::REVIEWS => true,
            Self::Known(user) => user.grants.as_ref().is_none_or(|grants| {
                grants.iter().any(|grant| {
                    let here = grant.namespace.as_ref().is_none_or(|own| own == attempt.namespace);
                    here && grant
                        .rules
                        .as_array()
                        .into_iter()
                        .flatten()
                        .any(|rule| allows(rule, attempt))
                })
            }),
        }
    }

    /// Whether this one may read a document that is no resource.
    pub(super) fn may_read(&self, path: &str) -> bool {
        !matches!(self, Self::Anonymous)
            || matches!(path, "/version" | "/healthz" | "/livez" | "/readyz")
    }

    /// The answer to a SelfSubjectAccessReview with this `spec`.
    pub(super) fn review(&self, spec: &Value) -> Value {
        let attributes = &spec["resourceAttributes"];
        let text = |field: &str| attributes[field].as_str().unwrap_or_default();
        let allowed = match spec["nonResourceAttributes"]["path"].as_str() {
            Some(path) => self.may_read(path),
            None => self.may(&Attempt {
                verb: text("verb"),
                group: text("group"),
                plural: text("resource"),
                subresource: text("subresource"),
                namespace: text("namespace"),
                name: text("name"),
            }),
        };
        let mut status = json!({ "allowed": allowed });
        if allowed {
            status["reason"] =
                json!(format!("RBAC: allowed to {:?} by the simulator's table", self.name()));
        }
        json!({
            "kind": "SelfSubjectAccessReview", "apiVersion": "authorization.k8s.io/v1",
            "metadata": {}, "spec": spec, "status": status,
        })
    }
}

fn allows(rule: &Value, attempt: &Attempt<'_>) -> bool {
    let among = |field: &str, wanted: &str| {
        rule[field].as_array().into_iter().flatten().any(|own| own == "*" || own == wanted)
    };
    let names = rule["resourceNames"].as_array();
    among("verbs", attempt.verb)
        && among("apiGroups", attempt.group)
        && among("resources", &attempt.resource())
        && names.is_none_or(|names| names.iter().any(|own| own == attempt.name))
}

#[cfg(test)]
mod tests {
    use super::{Asker, User};
    use crate::kube_sim::status::Attempt;
    use serde_json::json;

    #[test]
    fn rules_allow_what_they_name() {
        let user = User::new("reader", "t")
            .may(&json!([{ "apiGroups": [""], "resources": ["services"], "verbs": ["get", "list"] }]))
            .may(&json!([{ "apiGroups": ["x.io"], "resources": ["*"], "verbs": ["get"], "resourceNames": ["a"] }]))
            .may_in("shop", &json!([{ "apiGroups": ["*"], "resources": ["things/status"], "verbs": ["*"] }]));
        let asker = Asker::Known(&user);
        let table = [
            (("list", "", "services", "", "", ""), true),
            (("list", "", "services", "", "shop", ""), true),
            (("watch", "", "services", "", "", ""), false),
            (("list", "x.io", "services", "", "", ""), false),
            (("get", "x.io", "services", "", "", "a"), true),
            (("get", "x.io", "services", "", "", "b"), false),
            (("update", "", "things", "status", "shop", "a"), true),
            (("update", "", "things", "", "shop", "a"), false),
            (("update", "", "things", "status", "other", "a"), false),
        ];
        for ((verb, group, plural, subresource, namespace, name), expected) in table {
            let attempt = Attempt { verb, group, plural, subresource, namespace, name };
            assert_eq!(asker.may(&attempt), expected, "{attempt:?}");
        }
    }
}
