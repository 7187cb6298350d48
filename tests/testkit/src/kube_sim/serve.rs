//! From a request to its answer.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use super::access::{Asker, User};
use super::discovery;
use super::fault::{self, Context, Fault};
use super::kinds::{Kind, Kinds, REVIEWS};
use super::list::{self, Query};
use super::status::{self, Answer, Attempt};
use super::store::{self, Store};
use super::watch;
use crate::http::{Reply, Request};

/// What the server's thread and the test share.
pub(super) struct Shared {
    pub(super) users: Vec<User>,
    pub(super) aggregated: bool,
    state: Mutex<State>,
}

/// Everything that changes.
pub(super) struct State {
    /// Whether lists are streamed.
    pub(super) streams: bool,
    pub(super) kinds: Kinds,
    pub(super) store: Store,
    pub(super) faults: Vec<Fault>,
    /// Requests by verb and resource.
    pub(super) calls: BTreeMap<(String, String), u64>,
}

impl Shared {
    pub(super) fn new(users: Vec<User>, aggregated: bool, streams: bool) -> Self {
        let state = State {
            streams,
            kinds: Kinds::built_in(),
            store: Store::new(),
            faults: Vec::new(),
            calls: BTreeMap::new(),
        };
        Self { users, aggregated, state: Mutex::new(state) }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn answer(&self, request: &Request) -> Reply {
        let mut state = self.state();
        let asker = Asker::of(request, &self.users);
        match Target::parse(&request.path) {
            Some(target) => state.resource(request, &target, asker),
            None => self.document(&mut state, request, asker),
        }
    }

    fn document(&self, state: &mut State, request: &Request, asker: Option<Asker<'_>>) -> Reply {
        state.count("get", &request.path);
        let Some(asker) = asker else { return status::unauthorized().into_reply() };
        let path = request.path.as_str();
        let truth = |state: &State| {
            if !asker.may_read(path) {
                return status::forbidden_path(asker.name(), path);
            }
            discovery::document(&state.kinds, request, self.aggregated)
                .unwrap_or_else(status::no_such_path)
        };
        let Some(effect) = fault::pick(&mut state.faults, "get", path, 1) else {
            return truth(state).into_reply();
        };
        let attempt = Attempt {
            verb: "get",
            group: "",
            plural: path,
            subresource: "",
            namespace: "",
            name: "",
        };
        let none = || status::failure(500);
        let context = Context {
            user: asker.name(),
            shown: request.header("authorization").unwrap_or_default(),
            takes_gzip: request.header("accept-encoding").is_some_and(|own| own.contains("gzip")),
            tokens: &Default::default,
            attempt: &attempt,
            expired: &none,
            conflict: &none,
        };
        effect.reply(&context, || truth(state))
    }
}

/// What the path of a resource names. What is absent is empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Target<'a> {
    pub(super) group: &'a str,
    pub(super) version: &'a str,
    pub(super) namespace: &'a str,
    pub(super) plural: &'a str,
    pub(super) name: &'a str,
    pub(super) subresource: &'a str,
}

impl<'a> Target<'a> {
    fn parse(path: &'a str) -> Option<Self> {
        let steps: Vec<&str> = path.strip_prefix('/')?.split('/').collect();
        let (group, version, rest) = match &steps[..] {
            ["api", version, rest @ ..] => ("", *version, rest),
            ["apis", group, version, rest @ ..] => (*group, *version, rest),
            _ => return None,
        };
        let (namespace, plural, rest) = match rest {
            // A subresource of a namespace is no kind inside it.
            ["namespaces", name, "status" | "finalize"] => (*name, "namespaces", &rest[1..]),
            ["namespaces", namespace, plural, rest @ ..] => (*namespace, *plural, rest),
            ["namespaces", name] => (*name, "namespaces", &rest[1..]),
            [plural, rest @ ..] => ("", *plural, rest),
            [] => return None,
        };
        let (name, subresource) = match rest {
            [] => ("", ""),
            [name] => (*name, ""),
            [name, subresource] => (*name, *subresource),
            _ => return None,
        };
        (!plural.is_empty()).then_some(Self {
            group,
            version,
            namespace,
            plural,
            name,
            subresource,
        })
    }

    fn verb(&self, request: &Request, watch: bool) -> &'static str {
        match (request.method.as_str(), self.name.is_empty()) {
            ("GET" | "HEAD", true) if watch => "watch",
            ("GET" | "HEAD", true) => "list",
            ("GET" | "HEAD", false) => "get",
            ("POST", _) => "create",
            ("PUT", _) => "update",
            ("PATCH", _) => "patch",
            ("DELETE", true) => "deletecollection",
            ("DELETE", false) => "delete",
            _ => "other",
        }
    }
}

impl State {
    fn count(&mut self, verb: &str, resource: &str) {
        *self.calls.entry((verb.to_owned(), resource.to_owned())).or_default() += 1;
    }

    fn resource(
        &mut self,
        request: &Request,
        target: &Target<'_>,
        asker: Option<Asker<'_>>,
    ) -> Reply {
        let query = Query::parse(&request.pairs(), target.plural);
        let watch = query.as_ref().is_ok_and(|query| query.is_watch);
        let Target { group, plural, subresource, namespace, name, .. } = *target;
        let verb = target.verb(request, watch);
        let attempt = Attempt { verb, group, plural, subresource, namespace, name };
        let resource = attempt.resource();
        self.count(verb, &resource);
        let Some(asker) = asker else { return status::unauthorized().into_reply() };

        let page = query.as_ref().map_or(1, Query::page);
        let effect = fault::pick(&mut self.faults, verb, &resource, page);
        let truth = |state: &mut Self| {
            if !asker.may(&attempt) {
                return status::forbidden(asker.name(), &attempt);
            }
            state
                .truth(request, target, verb, query.as_ref(), asker)
                .unwrap_or_else(|refusal| refusal)
        };
        let Some(effect) = effect else { return truth(self).into_reply() };
        let expired =
            || query.as_ref().map_or_else(|message| status::bad_request(message), Query::expired);
        let kind = self.kinds.find(group, target.version, plural).cloned();
        let conflict =
            || kind.as_ref().map_or_else(status::no_such_path, |kind| status::conflict(kind, name));
        let tokens = || query.as_ref().map(Query::tokens).unwrap_or_default();
        let context = Context {
            user: asker.name(),
            shown: request.header("authorization").unwrap_or_default(),
            takes_gzip: request.header("accept-encoding").is_some_and(|own| own.contains("gzip")),
            tokens: &tokens,
            attempt: &attempt,
            expired: &expired,
            conflict: &conflict,
        };
        effect.reply(&context, || truth(self))
    }

    /// The answer of a server in good health to someone who may ask.
    fn truth(
        &mut self,
        request: &Request,
        target: &Target<'_>,
        verb: &str,
        query: Result<&Query, &String>,
        asker: Asker<'_>,
    ) -> Result<Answer, Answer> {
        let Target { group, version, namespace, plural, name, subresource } = *target;
        let absent = || match self.kinds.is_built_in(group, version) {
            true => status::no_such_resource(),
            false => status::no_such_path(),
        };
        let kind = self.kinds.find(group, version, plural).ok_or_else(absent)?.clone();
        let fits = subresource.is_empty() || (subresource == "status" && kind.status);
        let cluster_wide = namespace.is_empty() || plural == "namespaces";
        if !fits || !(kind.namespaced || cluster_wide) {
            return Err(absent());
        }
        match verb {
            "create" if plural == REVIEWS => {
                let review = parse(request)?;
                Ok(Answer::json(201, asker.review(&review["spec"]).to_string()))
            }
            "list" if plural != REVIEWS => {
                let query = query.map_err(|message| status::bad_request(message))?;
                Ok(list::list(&self.store, &kind, version, namespace, query))
            }
            "watch" if plural != REVIEWS => {
                let query = query.map_err(|message| status::bad_request(message))?;
                match query.watch.refusal(self.streams) {
                    Some(refusal) => Err(refusal),
                    None => Ok(watch::stream(&mut self.store, &kind, version, namespace, query)),
                }
            }
            "get" if plural != REVIEWS => {
                let key = store::key(&kind, namespace, name);
                let body = self
                    .store
                    .get(&kind.id(), &key)
                    .ok_or_else(|| status::not_found(&kind, name))?;
                Ok(Answer::json(200, list::object(&kind, version, body)))
            }
            "update" if subresource == "status" => {
                self.write_status(&kind, target, parse(request)?)
            }
            _ if plural == REVIEWS || !subresource.is_empty() => Err(status::not_allowed()),
            "create" => self.create(&kind, target, parse(request)?),
            "update" => self.replace(&kind, target, parse(request)?),
            "patch" => self.patch(&kind, target, request),
            "delete" => self.remove(&kind, target, request),
            _ => Err(status::not_allowed()),
        }
    }

    /// Takes the status of the body, and nothing else of it.
    fn write_status(
        &mut self,
        kind: &Kind,
        target: &Target<'_>,
        mut sent: Value,
    ) -> Result<Answer, Answer> {
        let Target { version, namespace, name, .. } = *target;
        let key = store::key(kind, namespace, name);
        let body = self.store.get(&kind.id(), &key).ok_or_else(|| status::not_found(kind, name))?;
        if let Some(other) = sent["metadata"]["name"].as_str().filter(|other| *other != name) {
            return Err(status::bad_request(&format!(
                "the name of the object ({other}) does not match the name on the URL ({name})"
            )));
        }
        let before = store::decode(body);
        check_version(kind, name, &sent, &before)?;
        let mut after = before.clone();
        match sent.get_mut("status").map(Value::take) {
            Some(new) => after["status"] = new,
            None => {
                after.as_object_mut().map(|fields| fields.remove("status"));
            }
        }
        // What changes nothing is no new version.
        if after != before {
            self.store.put(kind, key.clone(), after);
        }
        let body = self.store.get(&kind.id(), &key).ok_or_else(|| status::not_found(kind, name))?;
        Ok(Answer::json(200, list::object(kind, version, body)))
    }
}

/// Whether an update is meant for the state of the object that is there.
pub(super) fn check_version(
    kind: &Kind,
    name: &str,
    sent: &Value,
    before: &Value,
) -> Result<(), Answer> {
    match sent["metadata"]["resourceVersion"].as_str().unwrap_or_default() {
        "" | "0" if kind.custom => Err(status::unversioned(kind, name)),
        "" | "0" => Ok(()),
        seen if before["metadata"]["resourceVersion"] != seen => Err(status::conflict(kind, name)),
        _ => Ok(()),
    }
}

pub(super) fn parse(request: &Request) -> Result<Value, Answer> {
    if request.header("content-type").is_some_and(|own| own.contains("protobuf")) {
        return Err(status::unsupported_media());
    }
    let object: Option<Value> = serde_json::from_slice(&request.body).ok().filter(Value::is_object);
    object.ok_or_else(|| {
        status::bad_request("the object provided is unrecognized: it is no JSON object")
    })
}

#[cfg(test)]
mod tests {
    use super::Target;

    #[test]
    fn paths_name_resources() {
        let table = [
            ("/api/v1/services", Some(["", "v1", "", "services", "", ""])),
            (
                "/api/v1/namespaces/shop/services/web",
                Some(["", "v1", "shop", "services", "web", ""]),
            ),
            (
                "/apis/a.b/v2/namespaces/shop/things/t/status",
                Some(["a.b", "v2", "shop", "things", "t", "status"]),
            ),
            ("/apis/a.b/v2/things/t/status", Some(["a.b", "v2", "", "things", "t", "status"])),
            ("/api/v1/namespaces", Some(["", "v1", "", "namespaces", "", ""])),
            ("/api/v1/namespaces/shop", Some(["", "v1", "shop", "namespaces", "shop", ""])),
            (
                "/api/v1/namespaces/shop/status",
                Some(["", "v1", "shop", "namespaces", "shop", "status"]),
            ),
            ("/api/v1", None),
            ("/apis/a.b/v2", None),
            ("/version", None),
        ];
        for (path, expected) in table {
            let found = Target::parse(path)
                .map(|t| [t.group, t.version, t.namespace, t.plural, t.name, t.subresource]);
            assert_eq!(found, expected, "{path}");
        }
    }
}
