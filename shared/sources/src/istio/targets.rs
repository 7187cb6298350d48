//! The addresses of gateways.

use std::collections::HashMap;

use ecow::EcoString;

use super::object::Gateway;
use crate::annotations::{Annotations, GA_PREFIX};
use crate::context::{Context, Run};
use crate::joins::{ByName, INGRESS, Selecting, Stop};
use crate::records::TargetGroups;

/// Where gateways get their addresses from, for one run.
pub(super) struct Targets<'a> {
    context: &'a Context,
    objects: ByName<'a>,
    services: Option<Selecting>,
    /// By namespace and name of the gateway.
    known: HashMap<(EcoString, EcoString), TargetGroups>,
}

impl<'a> Targets<'a> {
    pub(super) fn new(Run { context, view }: Run<'a>) -> Self {
        let objects = ByName::within(view, context.namespace());
        Self { context, objects, services: None, known: HashMap::new() }
    }

    /// The addresses of a gateway: the annotation `target`, else the Ingress of the annotation `ingress`, else the
    /// Services with the selector.
    pub(super) async fn of(&mut self, gateway: &Gateway) -> Result<TargetGroups, Stop> {
        let metadata = &gateway.metadata;
        let annotations = self.context.vocabulary.read(&metadata.annotations);
        let given: TargetGroups = annotations.targets().collect();
        if !given.is_empty() {
            return Ok(given);
        }
        let key = (metadata.namespace.clone(), metadata.name.clone());
        if let Some(known) = self.known.get(&key) {
            return Ok(known.clone());
        }
        let targets = match ingress(annotations) {
            Some(reference) => self.objects.ingress(reference, &metadata.namespace).await?,
            None => self.selected(gateway).await?,
        };
        self.known.insert(key, targets.clone());
        Ok(targets)
    }

    async fn selected(&mut self, gateway: &Gateway) -> Result<TargetGroups, Stop> {
        if gateway.spec.selector.is_empty() {
            tracing::warn!(
                gateway = %gateway.metadata.full_name(),
                "its selector is empty, so it takes the addresses of every Service; give it a selector"
            );
        }
        let services = match &mut self.services {
            Some(services) => services,
            none => {
                none.insert(Selecting::read(self.objects.view, self.context.namespace()).await?)
            }
        };
        Ok(services.targets(&gateway.spec.selector))
    }
}

/// The Ingress that a gateway names. Upstream looks for it under the current prefix whatever the prefix of the run.
pub(super) fn ingress(annotations: Annotations<'_>) -> Option<&str> {
    let current = || annotations.other(&format!("{GA_PREFIX}{}", INGRESS.0));
    annotations.get(INGRESS).or_else(current).filter(|reference| !reference.is_empty())
}
