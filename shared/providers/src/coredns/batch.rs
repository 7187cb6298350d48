//! From changes of single values to edits of keys.
//!
//! A key can hold two records of one name, an address and a text, as upstream writes them. So the changes of a batch are
//! gathered by key, and what is left of each key is written: both records, one of them, or nothing.

use std::collections::BTreeMap;

use ecow::EcoString;
use extdns_model::{
    Action, Change, ChangeGroup, Name, Planned, RecordSet, RecordType, Role, Stored,
};
use rand::RngExt as _;

use super::service::{Part, Service, is_reverse, key_of};
use super::{Coredns, Entry, FORM, GROUP};
use crate::ProviderError;
use crate::etcd::{Edit, Transaction};
use crate::rest::origin;

/// The edits of a batch.
pub(super) struct Batch<'c> {
    coredns: &'c Coredns,
    edits: BTreeMap<String, Edit<Service>>,
    /// The new keys of a name that have no text yet.
    without_text: BTreeMap<EcoString, String>,
}

impl<'c> Batch<'c> {
    /// The edits that make these groups.
    ///
    /// # Errors
    /// When a record was not read by this provider.
    pub(super) fn of(
        coredns: &'c Coredns,
        groups: &[&ChangeGroup],
    ) -> Result<Transaction, ProviderError> {
        let mut batch = Self { coredns, edits: BTreeMap::new(), without_text: BTreeMap::new() };
        let mut changes: Vec<&Change> = groups.iter().flat_map(|group| &group.changes).collect();
        // What is new can take the key of what goes, and a text can join an address that is new.
        let is_new = |change: &Change| matches!(change.action, Action::Create(_));
        changes.sort_by_key(|it| (is_new(it), it.set().rtype == RecordType::Txt));
        for change in changes {
            batch.add(change)?;
        }
        batch.transaction(groups)
    }

    fn add(&mut self, change: &Change) -> Result<(), ProviderError> {
        match &change.action {
            Action::Create(new) => self.create(change.role, new),
            Action::Delete(old) => self.delete(old)?,
            Action::Update { old, new } => {
                let entry = origin::<Entry>(old)?;
                let apart = entry.service.is_joint() && !is_reverse(&new.set.name);
                if apart && ttl(&new.set) != entry.service.ttl {
                    // One TTL stands for both records.
                    self.delete(old)?;
                    self.create(change.role, new);
                } else {
                    let value = self.value(change.role, new);
                    let (group, owner) = (group(&new.set), self.owner(new));
                    let service = self.read(old)?;
                    service.set(Part::of(new.set.rtype), value);
                    service.ttl = ttl(&new.set);
                    if new.set.rtype != RecordType::Txt {
                        service.group = group;
                    }
                    service.owner = owner;
                }
            }
        }
        Ok(())
    }

    fn create(&mut self, role: Role, new: &Planned) {
        let set = &new.set;
        let (part, value) = (Part::of(set.rtype), self.value(role, new));
        if part == Part::Text
            && let Some(key) = self.without_text.get(&EcoString::from(&*set.name.key()))
            && let Some(edit) = self.edits.get_mut(key)
            && edit.value.ttl == ttl(set)
        {
            edit.value.text = value;
            edit.names.push(set.name.clone());
            self.without_text.remove(&EcoString::from(&*set.name.key()));
            return;
        }
        let key = key_of(&self.coredns.prefix, &set.name);
        // CoreDNS takes every key below a reverse name for a PTR of it.
        let (key, targetstrip) = match is_reverse(&set.name) {
            true => (key, 0),
            false => (format!("{key}/{:08x}", rand::rng().random_range(0..=0x7fff_ffff_u32)), 1),
        };
        let owner = self.owner(new);
        let edit = self.edits.entry(key.clone()).or_insert_with(|| Edit {
            revision: None,
            value: Service { targetstrip, ..Service::default() },
            names: Vec::new(),
        });
        edit.value.set(part, value);
        edit.value.ttl = ttl(set);
        edit.value.owner = owner;
        edit.names.push(set.name.clone());
        if part == Part::Host {
            edit.value.group = group(set);
            self.without_text.insert(EcoString::from(&*set.name.key()), key);
        }
    }

    fn delete(&mut self, old: &Stored) -> Result<(), ProviderError> {
        let part = Part::of(old.set.rtype);
        self.read(old)?.set(part, String::new());
        Ok(())
    }

    /// The value of a key that was read, as the batch leaves it so far.
    fn read(&mut self, old: &Stored) -> Result<&mut Service, ProviderError> {
        let entry = origin::<Entry>(old)?;
        let edit = self.edits.entry(entry.key.to_string()).or_insert_with(|| Edit {
            revision: Some(entry.revision.to_string()),
            value: Service::clone(&entry.service),
            names: Vec::new(),
        });
        edit.names.push(old.set.name.clone());
        Ok(&mut edit.value)
    }

    /// A value as it is stored: of an ownership record as upstream does, in quotes.
    fn value(&self, role: Role, new: &Planned) -> String {
        let Planned { set, .. } = new;
        let value = set.targets.first().map_or("", EcoString::as_str);
        match role {
            Role::Ownership => value.to_owned(),
            Role::Record => FORM.value(set.rtype, value),
        }
    }

    fn owner(&self, new: &Planned) -> String {
        if !self.coredns.strictly_owned {
            return String::new();
        }
        let owner = new.labels.owner().map(str::to_owned);
        let first = || self.coredns.owners.id_of(None).map(ToString::to_string);
        owner.or_else(first).unwrap_or_default()
    }

    fn transaction(self, groups: &[&ChangeGroup]) -> Result<Transaction, ProviderError> {
        let mut required: BTreeMap<String, (String, Vec<Name>)> = BTreeMap::new();
        for own in groups.iter().flat_map(|group| &group.requires) {
            for entry in super::entries(own)? {
                if !self.edits.contains_key(entry.key.as_str()) {
                    let names = vec![own.set.name.clone()];
                    required.insert(entry.key.to_string(), (entry.revision.to_string(), names));
                }
            }
        }
        let mut edits = BTreeMap::new();
        for (key, Edit { revision, value, names }) in self.edits {
            let value = match value.is_empty() {
                true => None,
                false => Some(serde_json::to_vec(&value).map_err(|error| {
                    ProviderError::config(format!("the value of {key} cannot be written: {error}"))
                })?),
            };
            edits.insert(key, Edit { revision, value, names });
        }
        let mut transaction = Transaction::of(edits);
        for (key, (revision, names)) in required {
            transaction.require(&key, Some(revision), names);
        }
        Ok(transaction)
    }
}

fn ttl(set: &RecordSet) -> u32 {
    FORM.ttl(set.ttl)
}

fn group(set: &RecordSet) -> String {
    set.properties().get(GROUP).map(ToString::to_string).unwrap_or_default()
}
