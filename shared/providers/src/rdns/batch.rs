//! From changes of single values to edits of keys. A key can hold an address and a text, as upstream writes them, so the
//! changes of a batch are gathered by key.

use std::collections::BTreeMap;

use extdns_model::{Action, Change, ChangeGroup, RecordSet, RecordType, Role, Stored};

use super::service::{Service, key_of, key_of_address};
use super::{Entries, FORM};
use crate::ProviderError;
use crate::etcd::{Edit, Transaction};
use crate::rest::origin;

type Edits = BTreeMap<String, Edit<Service>>;

/// What makes these groups.
///
/// # Errors
/// When a record was not read by this provider.
pub(super) fn transaction(groups: &[&ChangeGroup]) -> Result<Transaction, ProviderError> {
    let mut edits = Edits::new();
    let mut changes: Vec<&Change> = groups.iter().flat_map(|group| &group.changes).collect();
    // What is new can take the key of what goes.
    changes.sort_by_key(|change| matches!(change.action, Action::Create(_)));
    for change in changes {
        match &change.action {
            Action::Create(new) => create(&mut edits, &new.set, change.role),
            Action::Delete(old) => {
                for service in read(&mut edits, old)? {
                    set(service, old.set.rtype, String::new());
                }
            }
            Action::Update { old, new } => {
                let (ttl, value) = (FORM.ttl(new.set.ttl), value_of(&new.set, change.role));
                for service in read(&mut edits, old)? {
                    set(service, new.set.rtype, value.clone());
                    service.ttl = ttl;
                }
            }
        }
    }
    let mut written = BTreeMap::new();
    for (key, Edit { revision, value, names }) in edits {
        let value = match value.is_empty() {
            true => None,
            false => Some(serde_json::to_vec(&value).map_err(|error| {
                ProviderError::config(format!("the value of {key} cannot be written: {error}"))
            })?),
        };
        written.insert(key, Edit { revision, value, names });
    }
    let mut required = Vec::new();
    for own in groups.iter().flat_map(|group| &group.requires) {
        for entry in origin::<Entries>(own)? {
            let is_other = |(key, ..): &(String, String, Vec<_>)| *key != entry.key.as_str();
            if !written.contains_key(entry.key.as_str()) && required.iter().all(is_other) {
                let names = vec![own.set.name.clone()];
                required.push((entry.key.to_string(), entry.revision.to_string(), names));
            }
        }
    }
    let mut transaction = Transaction::of(written);
    for (key, revision, names) in required {
        transaction.require(&key, Some(revision), names);
    }
    Ok(transaction)
}

fn create(edits: &mut Edits, new: &RecordSet, role: Role) {
    let target = new.targets.first().map_or("", |it| it.as_str());
    let key = match new.rtype {
        RecordType::Txt => key_of(&new.name),
        _ => key_of_address(&new.name, target),
    };
    let edit = edits.entry(key).or_insert_with(|| Edit {
        revision: None,
        value: Service::default(),
        names: Vec::new(),
    });
    edit.names.push(new.name.clone());
    edit.value.ttl = FORM.ttl(new.ttl);
    set(&mut edit.value, new.rtype, value_of(new, role));
}

/// The values of the keys of a record, as the batch leaves them so far.
fn read<'e>(edits: &'e mut Edits, old: &Stored) -> Result<Vec<&'e mut Service>, ProviderError> {
    let entries = origin::<Entries>(old)?;
    for entry in entries {
        let edit = edits.entry(entry.key.to_string()).or_insert_with(|| Edit {
            revision: Some(entry.revision.to_string()),
            value: Service::clone(&entry.service),
            names: Vec::new(),
        });
        edit.names.push(old.set.name.clone());
    }
    let of_record = |key: &String| entries.iter().any(|entry| entry.key == key.as_str());
    let found = edits.iter_mut().filter(|(key, _)| of_record(key));
    Ok(found.map(|(_, edit)| &mut edit.value).collect())
}

fn set(service: &mut Service, rtype: RecordType, value: String) {
    match rtype {
        RecordType::Txt => service.text = value,
        _ => service.host = value,
    }
}

/// A value as it is stored: of an ownership record as upstream does, in quotes.
fn value_of(set: &RecordSet, role: Role) -> String {
    let target = set.targets.first().map_or("", |it| it.as_str());
    match role {
        Role::Ownership => target.to_owned(),
        Role::Record => FORM.value(set.rtype, target),
    }
}
