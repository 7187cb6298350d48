//! Writing: services are made, changed and deleted, and instances registered and deregistered.

use extdns_model::{Action, LabelKey, Labels, RecordSet, Targets, Zone};
use serde::Deserialize;
use serde_json::{Value, json};

use super::api::{Begun, CREATE, DELETE, DEREGISTER, REGISTER, UPDATE};
use super::instance::{Form, Instance, id_of};
use super::service::{Service, name_in};
use super::{Namespaces, TTL};
use crate::{ErrorKind, ProviderError, Step, Transport};

/// A record set that is to be stored.
struct New<'s> {
    set: &'s RecordSet,
    form: Form,
    ttl: i64,
    /// The text that says who owns it; empty where nobody keeps owners.
    description: &'s str,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Made {
    service: MadeService,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct MadeService {
    id: String,
}

impl<'s> New<'s> {
    fn of(set: &'s RecordSet, labels: &'s Labels) -> Result<Self, ProviderError> {
        let form = Form::of(set).ok_or_else(|| {
            let message =
                format!("{}: Cloud Map has no records of the type {}", set.name, set.rtype);
            ProviderError::new(ErrorKind::Rejected(vec![set.name.clone()]), message)
        })?;
        let ttl = set.ttl.seconds().map_or(TTL, Into::into);
        let description = labels.get(LabelKey::AWS_SD_DESCRIPTION).unwrap_or_default();
        Ok(Self { set, form, ttl, description })
    }

    fn conflict(&self, why: &str) -> ProviderError {
        let message = format!("{}: {why}", self.set.name);
        ProviderError::new(ErrorKind::Conflict(vec![self.set.name.clone()]), message)
    }
}

impl Namespaces {
    /// Makes one step.
    pub(super) async fn make(
        &self,
        via: &Transport,
        zone: &Zone,
        step: &Step,
    ) -> Result<(), ProviderError> {
        let service = self.known.get(zone, &name_in(zone, &step.set().name));
        match &step.action {
            Action::Create(new) => {
                let new = New::of(&new.set, &new.labels)?;
                self.create(via, zone, &new, service).await
            }
            Action::Update { old, new } => {
                let new = New::of(&new.set, &new.labels)?;
                let service = service.ok_or_else(|| gone(&old.set))?;
                self.update(via, zone, &old.set.targets, &new, service).await
            }
            Action::Delete(old) => {
                let mut service = service.ok_or_else(|| gone(&old.set))?;
                self.deregister(via, zone, &mut service, &old.set.targets).await?;
                let is_ours = self.owners.own(&service.labels());
                if self.clears && is_ours && service.instances.is_empty() {
                    self.delete_or_warn(via, zone, service).await;
                }
                Ok(())
            }
        }
    }

    async fn create(
        &self,
        via: &Transport,
        zone: &Zone,
        new: &New<'_>,
        service: Option<Service>,
    ) -> Result<(), ProviderError> {
        let service = match service {
            Some(service) => service,
            None => match self.create_service(via, zone, new).await {
                Ok(mut made) => return self.register(via, zone, new, &mut made).await,
                // It was made since the namespace was read, or the answer to a first call was lost.
                Err(error) if matches!(error.kind, ErrorKind::Conflict(_)) => {
                    self.look_up(via, zone, new).await?.ok_or(error)?
                }
                Err(error) => return Err(error),
            },
        };
        let theirs = service.labels();
        let is_free = service.instances.is_empty() && service.is_undescribed();
        if !(is_free || new.description.is_empty() || self.owners.own(&theirs)) {
            let owner = theirs.owner().unwrap_or("nobody");
            return Err(new.conflict(&format!(
                "the service {} is there already, and is owned by {owner}; delete it, or use another name",
                service.id
            )));
        }
        if service.takes(new.form) {
            return self.update(via, zone, &Targets::new(), new, service).await;
        }
        if !service.instances.is_empty() {
            return Err(new.conflict(&format!(
                "the service {} holds records of another type, and a service has one; remove these first",
                service.id
            )));
        }
        self.replace(via, zone, new, service).await
    }

    async fn update(
        &self,
        via: &Transport,
        zone: &Zone,
        old: &Targets,
        new: &New<'_>,
        mut service: Service,
    ) -> Result<(), ProviderError> {
        if !service.takes(new.form) {
            self.deregister(via, zone, &mut service, old).await?;
            return self.replace(via, zone, new, service).await;
        }
        let is_described = service.description.as_deref().unwrap_or_default() == new.description;
        if service.ttl() != Some(new.ttl) || !is_described {
            let records = json!([{ "Type": new.form.rtype(), "TTL": new.ttl }]);
            let body = json!({
                "Id": &*service.id,
                "Service": { "Description": new.description, "DnsConfig": { "DnsRecords": records } },
            });
            let _: Begun = self.api.call(via, UPDATE, &body).await?;
            service.update(new.ttl, new.description);
            self.known.put(zone, service.clone());
        }
        self.register(via, zone, new, &mut service).await?;
        let is_kept = |target: &str| new.set.targets.iter().any(|own| id_of(own) == id_of(target));
        let gone: Targets = old.iter().filter(|target| !is_kept(target)).cloned().collect();
        self.deregister(via, zone, &mut service, &gone).await
    }

    /// Another service takes the place of one without instances. What takes these away must be carried out before.
    async fn replace(
        &self,
        via: &Transport,
        zone: &Zone,
        new: &New<'_>,
        service: Service,
    ) -> Result<(), ProviderError> {
        self.delete(via, zone, service).await.map_err(|error| {
            error.within(format!(
                "{}: the service must give way to one of another type",
                new.set.name
            ))
        })?;
        let mut made = self.create_service(via, zone, new).await?;
        self.register(via, zone, new, &mut made).await
    }

    async fn create_service(
        &self,
        via: &Transport,
        zone: &Zone,
        new: &New<'_>,
    ) -> Result<Service, ProviderError> {
        let name = name_in(zone, &new.set.name);
        let records = json!([{ "Type": new.form.rtype(), "TTL": new.ttl }]);
        let mut body = json!({
            "Name": &*name,
            "NamespaceId": &*zone.id,
            "Description": new.description,
            "DnsConfig": { "RoutingPolicy": new.form.routing(), "DnsRecords": records },
        });
        if !self.tags.is_empty() {
            body["Tags"] = Value::Array(self.tags.clone());
        }
        let Made { service } = self.api.call(via, CREATE, &body).await?;
        let service = Service::made(&service.id, &name, new.form, new.ttl, new.description);
        self.known.put(zone, service.clone());
        Ok(service)
    }

    /// A service that was not there when the namespace was read.
    async fn look_up(
        &self,
        via: &Transport,
        zone: &Zone,
        new: &New<'_>,
    ) -> Result<Option<Service>, ProviderError> {
        let name = name_in(zone, &new.set.name);
        let services = self.services(via, zone).await?;
        match services.into_iter().find(|own| own.name.eq_ignore_ascii_case(&name)) {
            Some(service) => Ok(Some(self.filled(via, zone, service).await?)),
            None => Ok(None),
        }
    }

    /// Registers the targets that are not instances yet.
    async fn register(
        &self,
        via: &Transport,
        zone: &Zone,
        new: &New<'_>,
        service: &mut Service,
    ) -> Result<(), ProviderError> {
        for target in &new.set.targets {
            let there: Targets = [target.clone()].into_iter().collect();
            if service.instances_of(&there).next().is_some() {
                continue;
            }
            let instance = Instance::of(new.form, target);
            let body = json!({
                "ServiceId": &*service.id, "InstanceId": &*instance.id, "Attributes": instance.attributes(),
            });
            let _: Begun = self.api.call(via, REGISTER, &body).await?;
            service.instances.push(instance);
            self.known.put(zone, service.clone());
        }
        Ok(())
    }

    /// Deregisters the instances of these targets.
    async fn deregister(
        &self,
        via: &Transport,
        zone: &Zone,
        service: &mut Service,
        targets: &Targets,
    ) -> Result<(), ProviderError> {
        let ids: Vec<_> = service.instances_of(targets).map(|own| own.id.clone()).collect();
        for id in ids {
            let body = json!({ "ServiceId": &*service.id, "InstanceId": &*id });
            match self.api.call::<Begun>(via, DEREGISTER, &body).await {
                Ok(begun) => service.leaving.extend(begun.operation_id),
                // It is gone already.
                Err(error) if error.kind == ErrorKind::RecordGone => {}
                Err(error) => return Err(error),
            }
            service.instances.retain(|own| own.id != id);
            self.known.put(zone, service.clone());
        }
        Ok(())
    }

    /// Deletes services of ours that have no instances.
    pub(super) async fn clear(&self, via: &Transport, zone: &Zone) {
        for service in self.known.empty(zone) {
            let labels = service.labels();
            if labels.owner().is_some_and(|id| self.owners.contains(id)) {
                self.delete_or_warn(via, zone, service).await;
            } else {
                tracing::debug!("Skipping service removal {}: it is not ours", service.name);
            }
        }
    }

    async fn delete_or_warn(&self, via: &Transport, zone: &Zone, service: Service) {
        let name = service.name.clone();
        if let Err(error) = self.delete(via, zone, service).await {
            self.known.forget(zone, &name);
            tracing::warn!("the empty service {name} of {zone} stays: {error}");
        }
    }

    /// Deletes a service without instances, once those that it had are gone.
    async fn delete(
        &self,
        via: &Transport,
        zone: &Zone,
        service: Service,
    ) -> Result<(), ProviderError> {
        for operation in &service.leaving {
            self.api.done(via, operation).await?;
        }
        let body = json!({ "Id": &*service.id });
        match self.api.call::<Value>(via, DELETE, &body).await {
            Err(error) if error.kind != ErrorKind::RecordGone => return Err(error),
            _ => self.known.forget(zone, &service.name),
        }
        Ok(())
    }
}

fn gone(set: &RecordSet) -> ProviderError {
    let message = format!("{}: there is no such service any more", set.name);
    ProviderError::new(ErrorKind::RecordGone, message)
}
