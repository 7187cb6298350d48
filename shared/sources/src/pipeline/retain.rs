//! Which provider-specific properties the endpoints for a provider keep.

use extdns_model::Endpoint;

/// Takes off the properties of other providers and sorts the rest. `own` has the beginnings of the property names that
/// the provider keeps; `None` keeps all. Names without `/` (`alias`) belong to no provider and stay.
pub fn retain_properties(endpoints: &mut [Endpoint], own: Option<&[&str]>) {
    for endpoint in endpoints.iter_mut().filter(|e| !e.set.properties().is_empty()) {
        endpoint.set.edit_properties(|properties| {
            if let Some(own) = own {
                properties.retain(|property| {
                    let is_own = || own.iter().any(|start| property.name.starts_with(start));
                    !property.name.contains('/') || is_own()
                });
            }
            properties.sort();
        });
    }
}
