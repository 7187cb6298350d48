//! A provider that stands for one that could not be made.

use std::fmt::Display;
use std::sync::Arc;

use async_trait::async_trait;
use extdns_model::{Endpoint, Inventory, Permit, ZoneIndex};
use extdns_providers::{Adjusted, Capabilities, Provider, ProviderError, Reader, Writer};

/// Stands for a provider that could not be made, so that the other targets run and the rest can be
/// examined. Whatever is asked of it fails for that reason.
pub(crate) fn stand_in(reason: impl Display) -> Arc<dyn Provider> {
    Arc::new(StandIn { capabilities: Capabilities::new("none"), reason: reason.to_string() })
}

struct StandIn {
    capabilities: Capabilities,
    reason: String,
}

impl StandIn {
    fn error(&self) -> ProviderError {
        ProviderError::config(self.reason.as_str())
    }
}

#[async_trait]
impl Reader for StandIn {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn read(&self) -> Result<Inventory, ProviderError> {
        Err(self.error())
    }

    async fn adjust(
        &self,
        _desired: Vec<Endpoint>,
        _zones: &ZoneIndex,
    ) -> Result<Adjusted, ProviderError> {
        Err(self.error())
    }
}

impl Provider for StandIn {
    fn writer(
        &self,
        _permit: &Permit,
        _zones: &ZoneIndex,
    ) -> Result<Box<dyn Writer>, ProviderError> {
        Err(self.error())
    }
}
