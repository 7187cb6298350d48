//! A provider that stands for one that could not be made.

use std::sync::Arc;

use async_trait::async_trait;
use extdns_model::{Endpoint, Inventory, Permit, ZoneIndex};
use extdns_providers::{Adjusted, Capabilities, Provider, ProviderError, Reader, Writer};

/// Stands for a provider that could not be made, so that the rest can be examined.
pub(crate) fn stand_in() -> Arc<dyn Provider> {
    Arc::new(StandIn(Capabilities::new("none")))
}

struct StandIn(Capabilities);

impl StandIn {
    fn error() -> ProviderError {
        ProviderError::config("the provider is not to be had")
    }
}

#[async_trait]
impl Reader for StandIn {
    fn capabilities(&self) -> &Capabilities {
        &self.0
    }

    async fn read(&self) -> Result<Inventory, ProviderError> {
        Err(Self::error())
    }

    async fn adjust(
        &self,
        _desired: Vec<Endpoint>,
        _zones: &ZoneIndex,
    ) -> Result<Adjusted, ProviderError> {
        Err(Self::error())
    }
}

impl Provider for StandIn {
    fn writer(
        &self,
        _permit: &Permit,
        _zones: &ZoneIndex,
    ) -> Result<Box<dyn Writer>, ProviderError> {
        Err(Self::error())
    }
}
