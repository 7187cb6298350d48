//! What the process as a whole has asked of others, under the names of ExternalDNS.

use extdns_providers::webhook::request_counts;

use super::Page;

/// The requests to webhook providers. ExternalDNS calls them totals, and their type is a gauge.
pub(super) fn of_webhooks(page: &mut Page) {
    for own in request_counts() {
        let name = |end: &str| format!("webhook_provider_{}_{end}_total", own.request);
        page.gauge(&name("requests"), "Requests to webhook providers.").sample(&[], own.requests);
        page.gauge(&name("errors"), "Requests to webhook providers that failed.")
            .sample(&[], own.errors);
    }
}
