//! What becomes of the endpoints of all clusters before the plan, in fixed order:
//!
//! 1. default targets, and what is left without a target goes;
//! 2. validation, and twins become one;
//! 3. A records for NAT64 addresses;
//! 4. the target filter;
//! 5. PTR records;
//! 6. default TTL and alias.
//!
//! So records made of NAT64 addresses are filtered and get PTR records, and PTR records get the
//! default TTL. What depends on the provider comes later, see [`retain_properties`].

mod defaults;
mod desired;
mod flags;
mod nat64;
mod ptr;
mod retain;
#[cfg(test)]
mod tests;

use extdns_model::{Endpoint, RecordType, property_names};

use crate::error::OptionsError;
use crate::merge::unite_runs;
use crate::sink::DropReason;
use desired::count;
pub use desired::{Desired, Removed, SourceCounts};
pub(crate) use flags::PipelineFlags;
pub use flags::PipelineOptions;
use ptr::Ptr;
pub use retain::retain_properties;

/// The steps with their settings.
#[derive(Clone, Debug)]
pub struct Pipeline {
    options: PipelineOptions,
    ptr: Ptr,
}

impl Pipeline {
    /// A pipeline; the flag that lists the managed record types belongs to the plan, so the caller
    /// says whether PTR is among them.
    ///
    /// # Errors
    /// If PTR records shall be made but are not managed.
    pub fn new(options: PipelineOptions, ptr_managed: bool) -> Result<Self, OptionsError> {
        if options.create_ptr && !ptr_managed {
            return Err(OptionsError::PtrNotManaged);
        }
        let ptr = Ptr { managed: ptr_managed, by_default: options.create_ptr };
        Ok(Self { options, ptr })
    }

    /// Runs all steps over the endpoints of all sources of all clusters, in the order of the
    /// settings: where two want the same record, the first one wins.
    #[must_use]
    pub fn run(&self, endpoints: Vec<Endpoint>) -> Desired {
        let mut desired = Desired { endpoints, ..Desired::default() };
        let options = &self.options;
        defaults::apply(&mut desired, &options.default_targets, options.force_default_targets);
        desired.retain(|endpoint| without_target(endpoint, DropReason::NoTarget));
        desired.validate();
        desired.unite_twins();
        nat64::apply(&mut desired.endpoints, &options.nat64);
        self.filter_targets(&mut desired);
        self.ptr.apply(&mut desired.endpoints);
        self.finish(&mut desired.endpoints);
        sort(&mut desired.endpoints);
        desired
    }

    fn filter_targets(&self, desired: &mut Desired) {
        let nets = &self.options.target_nets;
        if nets.is_open() {
            return;
        }
        for endpoint in &mut desired.endpoints {
            endpoint.set.targets.retain(|target| nets.matches(target));
        }
        desired.retain(|endpoint| without_target(endpoint, DropReason::TargetsFiltered));
    }

    fn finish(&self, endpoints: &mut [Endpoint]) {
        for endpoint in endpoints {
            endpoint.set.ttl = endpoint.set.ttl.or(self.options.default_ttl);
            let may_alias = self.options.prefer_alias && endpoint.set.rtype == RecordType::Cname;
            if may_alias && endpoint.set.properties().get(property_names::ALIAS).is_none() {
                endpoint.set.edit_properties(|properties| {
                    properties.set(property_names::ALIAS, "true");
                    properties.sort();
                });
            }
        }
    }
}

fn without_target(endpoint: &Endpoint, reason: DropReason) -> Option<DropReason> {
    endpoint.set.targets.is_empty().then_some(reason)
}

impl Desired {
    /// Drops what does not fit its record type.
    fn validate(&mut self) {
        let mut invalid = SourceCounts::new();
        self.retain(|endpoint| {
            let problem = endpoint.validate().err()?;
            count(&mut invalid, endpoint);
            Some(problem.into())
        });
        self.removed.invalid = invalid;
    }

    /// Sorts, and makes one of endpoints that differ in nothing but TTL and properties: the first one
    /// wins and gets the resources of the others, so that a record knows all clusters that want it.
    fn unite_twins(&mut self) {
        let Self { endpoints, removed, .. } = self;
        for endpoint in &mut *endpoints {
            endpoint.set.targets.normalise();
        }
        sort(endpoints);
        unite_runs(endpoints, |first, later| {
            let is_twin = identity(first) == identity(later);
            if is_twin {
                count(&mut removed.twins, later);
            }
            is_twin
        });
    }
}

fn sort(endpoints: &mut [Endpoint]) {
    endpoints.sort_by(|a, b| identity(a).cmp(&identity(b)));
}

type Identity<'a> = (&'a str, RecordType, &'a str, &'a [ecow::EcoString]);

fn identity(endpoint: &Endpoint) -> Identity<'_> {
    let set = &endpoint.set;
    (set.name.as_str(), set.rtype, set.set_identifier(), set.targets.as_slice())
}
