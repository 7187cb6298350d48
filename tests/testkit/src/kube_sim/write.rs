//! Objects that clients create, replace, patch and delete: what the real server checks, and in its words.

use serde_json::{Value, json};

use super::kinds::{Kind, api_version};
use super::serve::{State, Target, parse};
use super::status::{self, Answer};
use super::store;
use super::{events, list, serve};
use crate::http::Request;

/// Most characters of a name, and of one label of it.
const LONGEST_NAME: usize = 253;
/// Most characters of the value of a label.
const LONGEST_LABEL: usize = 63;

impl State {
    /// Makes an object. Its status is left out where the kind has the subresource.
    pub(super) fn create(
        &mut self,
        kind: &Kind,
        target: &Target<'_>,
        mut sent: Value,
    ) -> Result<Answer, Answer> {
        if !target.name.is_empty() {
            return Err(status::not_allowed());
        }
        self.admit(kind, target, &sent)?;
        let name = sent["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        validate(kind, &name, &sent)?;
        events::validate(kind, &name, &sent)?;
        if !is_empty(&sent["metadata"]["resourceVersion"]) {
            return Err(status::failure_because(
                "resourceVersion should not be set on objects to be created",
            ));
        }
        let key = store::key(kind, target.namespace, &name);
        if self.store.get(&kind.id(), &key).is_some() {
            return Err(status::already_exists(kind, &name));
        }
        drop_status(kind, &mut sent);
        let metadata = &mut sent["metadata"];
        for made_by_server in ["uid", "creationTimestamp", "generation", "deletionTimestamp"] {
            metadata.as_object_mut().map(|fields| fields.remove(made_by_server));
        }
        if kind.namespaced {
            metadata["namespace"] = json!(target.namespace);
        }
        drop_empty(metadata);
        self.store.put(kind, key.clone(), sent);
        self.stored(kind, target, &key, &name, 201)
    }

    /// Replaces an object, except its status where the kind has the subresource. What changes nothing is no new version.
    pub(super) fn replace(
        &mut self,
        kind: &Kind,
        target: &Target<'_>,
        mut sent: Value,
    ) -> Result<Answer, Answer> {
        let Target { name, namespace, .. } = *target;
        let key = store::key(kind, namespace, name);
        let body = self.store.get(&kind.id(), &key).ok_or_else(|| status::not_found(kind, name))?;
        let before = store::decode(body);
        self.admit(kind, target, &sent)?;
        serve::check_version(kind, name, &sent, &before)?;
        if let Some(uid) = text(&sent["metadata"]["uid"])
            && before["metadata"]["uid"] != uid
        {
            let was = before["metadata"]["uid"].as_str().unwrap_or_default();
            return Err(status::conflict_because(
                kind,
                name,
                &format!(
                    "Precondition failed: UID in precondition: {uid}, UID in object meta: {was}"
                ),
            ));
        }
        validate(kind, name, &sent)?;
        drop_status(kind, &mut sent);
        if kind.status && !before["status"].is_null() {
            sent["status"] = before["status"].clone();
        }
        for kept in ["uid", "creationTimestamp", "generation", "deletionTimestamp", "namespace"] {
            let old = &before["metadata"][kept];
            if old.is_null() {
                sent["metadata"].as_object_mut().map(|fields| fields.remove(kept));
            } else {
                sent["metadata"][kept] = old.clone();
            }
        }
        drop_empty(&mut sent["metadata"]);
        sent["metadata"]["resourceVersion"] = before["metadata"]["resourceVersion"].clone();
        sent.as_object_mut().map(|fields| (fields.remove("apiVersion"), fields.remove("kind")));
        let is_done = !sent["metadata"]["deletionTimestamp"].is_null() && !has_finalizers(&sent);
        if is_done {
            let body = self.store.get(&kind.id(), &key).cloned();
            self.store.delete(&kind.id(), &key);
            let body = body.ok_or_else(|| status::not_found(kind, name))?;
            return Ok(Answer::json(200, list::object(kind, target.version, &body)));
        }
        if sent != before {
            self.store.put(kind, key.clone(), sent);
        }
        self.stored(kind, target, &key, name, 200)
    }

    /// Merges a patch (RFC 7386) into an object. Other forms of patches are not simulated.
    pub(super) fn patch(
        &mut self,
        kind: &Kind,
        target: &Target<'_>,
        request: &Request,
    ) -> Result<Answer, Answer> {
        let form = request.header("content-type").unwrap_or_default();
        if form.split(';').next().map(str::trim) != Some("application/merge-patch+json") {
            return Err(status::unsupported_media());
        }
        let patch = parse(request)?;
        let key = store::key(kind, target.namespace, target.name);
        let body = self.store.get(&kind.id(), &key);
        let body = body.ok_or_else(|| status::not_found(kind, target.name))?;
        let mut merged = store::decode(body);
        merged["apiVersion"] = json!(api_version(&kind.group, target.version));
        merged["kind"] = json!(kind.kind);
        merge(&mut merged, &patch);
        self.replace(kind, target, merged)
    }

    /// Deletes an object that is as the preconditions say. One with finalizers stays until they are gone.
    pub(super) fn remove(
        &mut self,
        kind: &Kind,
        target: &Target<'_>,
        request: &Request,
    ) -> Result<Answer, Answer> {
        let Target { name, namespace, version, .. } = *target;
        let options = if request.body.is_empty() { Value::Null } else { parse(request)? };
        let key = store::key(kind, namespace, name);
        let body = self.store.get(&kind.id(), &key).ok_or_else(|| status::not_found(kind, name))?;
        let mut object = store::decode(body);
        for (field, words, end) in [
            ("uid", "UID", ". The object might have been deleted and then recreated"),
            ("resourceVersion", "ResourceVersion", ". The object might have been modified"),
        ] {
            let is = object["metadata"][field].as_str().unwrap_or_default();
            if let Some(wanted) = text(&options["preconditions"][field])
                && wanted != is
            {
                let why = format!(
                    "the {words} in the precondition ({wanted}) does not match the {words} in record ({is}){end}"
                );
                return Err(status::conflict_because(kind, name, &why));
            }
        }
        if has_finalizers(&object) {
            if object["metadata"]["deletionTimestamp"].is_null() {
                object["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
                self.store.put(kind, key.clone(), object);
            }
            let body =
                self.store.get(&kind.id(), &key).ok_or_else(|| status::not_found(kind, name))?;
            return Ok(Answer::json(200, list::object(kind, version, body)));
        }
        self.store.delete(&kind.id(), &key);
        Ok(status::deleted(kind, name, &object["metadata"]["uid"]))
    }

    /// What the server looks at before the object itself: whether it belongs where it is sent, and whether the namespace
    /// is there.
    fn admit(&self, kind: &Kind, target: &Target<'_>, sent: &Value) -> Result<(), Answer> {
        let version = api_version(&kind.group, target.version);
        if sent["kind"] != kind.kind || sent["apiVersion"] != version {
            return Err(status::bad_request(&format!(
                "the object provided is unrecognized (must be of type {}): {} {}",
                kind.kind, sent["apiVersion"], sent["kind"]
            )));
        }
        let namespace = text(&sent["metadata"]["namespace"]).unwrap_or(target.namespace);
        if kind.namespaced && target.namespace.is_empty() {
            return Err(status::bad_request("an empty namespace may not be set during creation"));
        }
        if kind.namespaced && namespace != target.namespace {
            return Err(status::bad_request(
                "the namespace of the provided object does not match the namespace sent on the request",
            ));
        }
        if let Some(other) = text(&sent["metadata"]["name"])
            && !target.name.is_empty()
            && other != target.name
        {
            return Err(status::bad_request(&format!(
                "the name of the object ({other}) does not match the name on the URL ({})",
                target.name
            )));
        }
        let namespaces = self.kinds.find("", "v1", "namespaces").map(Kind::id);
        let is_there = namespaces.is_some_and(|id| self.store.get(&id, target.namespace).is_some());
        if kind.namespaced && !is_there {
            return Err(status::no_namespace(target.namespace));
        }
        Ok(())
    }

    /// The object as it is now.
    fn stored(
        &self,
        kind: &Kind,
        target: &Target<'_>,
        key: &str,
        name: &str,
        code: u16,
    ) -> Result<Answer, Answer> {
        let body = self.store.get(&kind.id(), key).ok_or_else(|| status::not_found(kind, name))?;
        Ok(Answer::json(code, list::object(kind, target.version, body)))
    }
}

fn text(value: &Value) -> Option<&str> {
    value.as_str().filter(|text| !text.is_empty())
}

fn is_empty(value: &Value) -> bool {
    text(value).is_none()
}

fn has_finalizers(object: &Value) -> bool {
    object["metadata"]["finalizers"].as_array().is_some_and(|all| !all.is_empty())
}

fn drop_status(kind: &Kind, object: &mut Value) {
    if kind.status {
        object.as_object_mut().map(|fields| fields.remove("status"));
    }
}

/// The server keeps no empty lists and maps of metadata.
fn drop_empty(metadata: &mut Value) {
    for field in ["annotations", "finalizers", "labels", "ownerReferences"] {
        if metadata[field] == json!({}) || metadata[field] == json!([]) || metadata[field].is_null()
        {
            metadata.as_object_mut().map(|fields| fields.remove(field));
        }
    }
}

/// Name and labels, by the rules of Kubernetes.
fn validate(kind: &Kind, name: &str, sent: &Value) -> Result<(), Answer> {
    let field = "metadata.name";
    if name.is_empty() {
        let cause = "Required value: name or generateName is required";
        return Err(status::invalid(kind, name, field, cause));
    }
    if name.len() > LONGEST_NAME {
        let cause = format!("Invalid value: {name:?}: must be no more than 253 characters");
        return Err(status::invalid(kind, name, field, &cause));
    }
    if !name.split('.').all(is_name_label) {
        let cause = format!(
            "Invalid value: {name:?}: a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, \
             '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for \
             validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
        );
        return Err(status::invalid(kind, name, field, &cause));
    }
    let labels = sent["metadata"]["labels"].as_object().into_iter().flatten();
    for (_, value) in labels {
        let value = value.as_str().unwrap_or_default();
        let cause = if value.len() > LONGEST_LABEL {
            format!("Invalid value: {value:?}: must be no more than 63 characters")
        } else if !is_label_value(value) {
            format!(
                "Invalid value: {value:?}: a valid label must be an empty string or consist of alphanumeric characters, '-', \
                 '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or \
                 '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
            )
        } else {
            continue;
        };
        return Err(status::invalid(kind, name, "metadata.labels", &cause));
    }
    Ok(())
}

fn is_name_label(label: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !label.is_empty()
        && label.bytes().all(inner)
        && !label.starts_with('-')
        && !label.ends_with('-')
}

fn is_label_value(value: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let border = |char: Option<char>| char.is_none_or(|char| char.is_ascii_alphanumeric());
    value.bytes().all(inner) && border(value.chars().next()) && border(value.chars().next_back())
}

/// A merge patch: members that are null go, objects are merged, everything else is replaced.
fn merge(object: &mut Value, patch: &Value) {
    let Some(patch) = patch.as_object() else {
        *object = patch.clone();
        return;
    };
    if !object.is_object() {
        *object = json!({});
    }
    for (field, new) in patch {
        if new.is_null() {
            object.as_object_mut().map(|fields| fields.remove(field));
        } else {
            merge(&mut object[field], new);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{is_label_value, is_name_label, merge};
    use serde_json::json;

    #[test]
    fn names_and_label_values() {
        for (text, name, value) in [
            ("web", true, true),
            ("Web", false, true),
            ("-web", false, false),
            ("web-", false, false),
            ("a_b", false, true),
            ("a/b", false, false),
            ("", false, true),
        ] {
            assert_eq!((is_name_label(text), is_label_value(text)), (name, value), "{text:?}");
        }
    }

    #[test]
    fn a_merge_patch_removes_what_is_null() {
        let mut object = json!({ "a": { "b": 1, "c": 2 }, "d": [1] });
        merge(&mut object, &json!({ "a": { "b": null, "e": 3 }, "d": [2] }));
        assert_eq!(object, json!({ "a": { "c": 2, "e": 3 }, "d": [2] }));
    }
}
