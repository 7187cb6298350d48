//! What the simulator holds, and what each operation does with it.

use std::collections::HashMap;
use std::time::Duration;

use super::Call;
use super::answer::{ApiError, BatchErrorForm};
use super::auth::{Caller, Gate};
use super::change;
use super::fault::Fault;
use super::limits::{Bucket, Time};
use super::name::Name;
use super::operation::{Operation, Route, form};
use super::sts::{self, Role};
use super::wire::{self, NAMESPACE, document};
use super::zone::{HostedZone, Query};
use crate::http::Request;

/// Zones per page of a list.
const ZONES_PAGE: usize = 100;
/// Zones per call for tags.
const TAGGED: usize = 10;

/// The limits of one account.
#[derive(Default)]
pub(super) struct Quotas {
    pub(super) requests: Option<Bucket>,
    pub(super) changes: Option<Bucket>,
}

pub(super) struct State {
    pub(super) zones: HashMap<String, HostedZone>,
    /// Zone ids in the order of their creation, which is the order of lists.
    pub(super) order: Vec<String>,
    pub(super) gate: Gate,
    pub(super) roles: Vec<Role>,
    pub(super) quotas: HashMap<String, Quotas>,
    pub(super) time: Time,
    pub(super) retry_after: Option<Duration>,
    pub(super) in_process: Duration,
    pub(super) latency: Duration,
    pub(super) form: BatchErrorForm,
    pub(super) faults: Vec<Fault>,
    pub(super) fired: u64,
    pub(super) calls: Vec<Call>,
    pub(super) number: u64,
    pub(super) end: Option<End>,
    /// When each change is done.
    changes: Vec<Duration>,
}

/// After so many more calls, none is answered.
pub(super) struct End {
    pub(super) writes_only: bool,
    pub(super) left: u64,
}

impl State {
    pub(super) fn new() -> Self {
        Self {
            zones: HashMap::new(),
            order: Vec::new(),
            gate: Gate::default(),
            roles: Vec::new(),
            quotas: HashMap::new(),
            time: Time::new(),
            retry_after: None,
            in_process: Duration::ZERO,
            latency: Duration::ZERO,
            form: BatchErrorForm::default(),
            faults: Vec::new(),
            fired: 0,
            calls: Vec::new(),
            number: 0,
            end: None,
            changes: Vec::new(),
        }
    }

    pub(super) fn add_zone(&mut self, account: &str, name: &str, private: bool) -> String {
        let id = format!("Z0SIM{:013}", self.order.len() + 1);
        let apex = Name::parse(name).unwrap_or_else(|problem| panic!("{problem}"));
        self.zones.insert(id.clone(), HostedZone::new(id.clone(), account, apex, private));
        self.order.push(id.clone());
        id
    }

    pub(super) fn zone(&self, id: &str) -> &HostedZone {
        self.zones.get(id).unwrap_or_else(|| panic!("no zone {id}"))
    }

    /// Whether the end has come; counts the call towards it if not.
    pub(super) fn is_over(&mut self, operation: Operation) -> bool {
        let Some(end) = &mut self.end else { return false };
        if end.left == 0 {
            return true;
        }
        if !end.writes_only || operation.is_write() {
            end.left -= 1;
        }
        false
    }

    /// Everything that happens to a request that reaches the service: who it is, whether it may, then its work.
    pub(super) fn serve(
        &mut self,
        route: &Route,
        request: &Request,
        call: &mut Call,
    ) -> Result<String, ApiError> {
        let caller = self.gate.admit(request, route.operation, super::ACCOUNT)?;
        call.account.clone_from(&caller.account);
        if route.operation.is_sts() {
            return self.sts(route.operation, request, &caller, &call.request_id());
        }
        self.throttle(&caller.account, |quotas| &mut quotas.requests, 1)?;
        let query = Query(request.pairs());
        match (route.operation, route.id.as_deref()) {
            (Operation::ListHostedZones, _) => {
                self.gate.authorize(&caller, route.operation, "*")?;
                self.list_zones(&caller, &query)
            }
            (Operation::ListTagsForResources, _) => self.tags_of_many(&caller, &request.body),
            (Operation::GetChange, Some(id)) => self.change_status(&caller, id),
            (operation, Some(id)) => self.on_zone(operation, &caller, id, &query, request, call),
            (operation, None) => unreachable!("{operation:?} has a path with an id"),
        }
    }

    fn throttle(
        &mut self,
        account: &str,
        bucket: fn(&mut Quotas) -> &mut Option<Bucket>,
        count: u32,
    ) -> Result<(), ApiError> {
        let now = self.time.now();
        let bucket = self.quotas.get_mut(account).and_then(|quotas| bucket(quotas).as_mut());
        if bucket.is_none_or(|bucket| bucket.take(count, now)) {
            return Ok(());
        }
        Err(ApiError {
            retry_after: self.retry_after,
            ..ApiError::new(400, "Throttling", "Rate exceeded")
        })
    }

    fn sts(
        &mut self,
        operation: Operation,
        request: &Request,
        caller: &Caller,
        request_id: &str,
    ) -> Result<String, ApiError> {
        if operation == Operation::GetCallerIdentity {
            return Ok(sts::identity(caller, request_id));
        }
        let form = form(request);
        let role =
            form.iter().find(|(key, _)| key == "RoleArn").map_or("*", |(_, arn)| arn.as_str());
        self.gate.authorize(caller, operation, role)?;
        sts::assume(&mut self.gate, &self.roles, caller, &form, request_id)
    }

    fn on_zone(
        &mut self,
        operation: Operation,
        caller: &Caller,
        id: &str,
        query: &Query,
        request: &Request,
        call: &mut Call,
    ) -> Result<String, ApiError> {
        self.gate.authorize(caller, operation, &zone_arn(id))?;
        let zone = self.own_zone(caller, id)?;
        match operation {
            Operation::ListResourceRecordSets => {
                Ok(document("ListResourceRecordSetsResponse", NAMESPACE, &zone.page(query)?))
            }
            Operation::GetHostedZone => {
                let hosted_zone = described(zone);
                Ok(document("GetHostedZoneResponse", NAMESPACE, &wire::ZoneAnswer { hosted_zone }))
            }
            Operation::ListTagsForResource => {
                let resource_tag_set = tags(zone);
                let answer = wire::TagAnswer { resource_tag_set };
                Ok(document("ListTagsForResourceResponse", NAMESPACE, &answer))
            }
            _ => self.change(id, caller, request, call),
        }
    }

    fn own_zone(&self, caller: &Caller, id: &str) -> Result<&HostedZone, ApiError> {
        let zone = self.zones.get(id).ok_or_else(|| ApiError::no_zone(id))?;
        if zone.account == caller.account {
            return Ok(zone);
        }
        let text = format!("User: {} is not authorized to access this resource", caller.arn);
        Err(ApiError::new(403, "AccessDenied", text))
    }

    fn list_zones(&self, caller: &Caller, query: &Query) -> Result<String, ApiError> {
        let own = |id: &&String| self.zone(id).account == caller.account;
        let ids: Vec<&String> = self.order.iter().filter(own).collect();
        let marker = query.get("marker");
        let start = match marker {
            None => 0,
            Some(marker) => ids.iter().position(|id| *id == marker).ok_or_else(|| {
                ApiError::invalid_input(format!("The marker '{marker}' is not valid"))
            })?,
        };
        let size = query.max_items(ZONES_PAGE)?;
        let next = ids.get(start + size);
        let list = ids[start..].iter().take(size).map(|id| described(self.zone(id))).collect();
        let answer = wire::ZoneList {
            hosted_zones: wire::HostedZones { list },
            marker: marker.map(str::to_owned),
            is_truncated: next.is_some(),
            next_marker: next.map(|id| (*id).clone()),
            max_items: size,
        };
        Ok(document("ListHostedZonesResponse", NAMESPACE, &answer))
    }

    fn tags_of_many(&self, caller: &Caller, body: &[u8]) -> Result<String, ApiError> {
        let ids = wire::parse::<wire::TagsRequest>(body)?.resource_ids.list;
        if !(1..=TAGGED).contains(&ids.len()) {
            return Err(ApiError::invalid_input(format!(
                "1 validation error detected: Value '{ids:?}' at 'resourceIds' failed to satisfy constraint: Member \
                 must have length between 1 and {TAGGED}"
            )));
        }
        for id in &ids {
            self.gate.authorize(caller, Operation::ListTagsForResources, &zone_arn(id))?;
        }
        let list: Result<_, ApiError> =
            ids.iter().map(|id| Ok(tags(self.own_zone(caller, id)?))).collect();
        let answer = wire::TagList { resource_tag_sets: wire::TagSets { list: list? } };
        Ok(document("ListTagsForResourcesResponse", NAMESPACE, &answer))
    }

    fn change(
        &mut self,
        id: &str,
        caller: &Caller,
        request: &Request,
        call: &mut Call,
    ) -> Result<String, ApiError> {
        call.changes = wire::parse::<wire::ChangeRequest>(&request.body)?.changes()?;
        let count = u32::try_from(call.changes.len()).unwrap_or(u32::MAX);
        self.throttle(&caller.account, |quotas| &mut quotas.changes, count)?;
        let now = self.time.now();
        if self.zone(id).busy_until > now {
            let text =
                "The request was rejected because Route 53 was still processing a prior request.";
            return Err(ApiError::new(400, "PriorRequestNotComplete", text));
        }
        // Out of the map while it changes: its aliases may point into the other zones.
        let mut zone = self.zones.remove(id).ok_or_else(|| ApiError::no_zone(id))?;
        let applied = change::apply(&mut zone, &self.zones, &call.changes);
        if applied.is_ok() {
            zone.busy_until = now + self.in_process;
            self.changes.push(zone.busy_until);
        }
        self.zones.insert(id.to_owned(), zone);
        applied?;
        Ok(document(
            "ChangeResourceRecordSetsResponse",
            NAMESPACE,
            &self.change_info(self.changes.len(), "PENDING"),
        ))
    }

    fn change_status(&self, caller: &Caller, id: &str) -> Result<String, ApiError> {
        self.gate.authorize(
            caller,
            Operation::GetChange,
            &format!("arn:aws:route53:::change/{id}"),
        )?;
        let number = id.strip_prefix('C').and_then(|number| number.parse().ok());
        match number.filter(|number| (1..=self.changes.len()).contains(number)) {
            Some(number) => {
                let done = self.changes[number - 1] <= self.time.now();
                let status = if done { "INSYNC" } else { "PENDING" };
                Ok(document("GetChangeResponse", NAMESPACE, &self.change_info(number, status)))
            }
            None => Err(ApiError::new(
                404,
                "NoSuchChange",
                format!("Could not find resource with ID: {id}"),
            )),
        }
    }

    fn change_info(&self, number: usize, status: &'static str) -> wire::ChangeAnswer {
        let submitted_at = self.gate.clock().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        wire::ChangeAnswer {
            change_info: wire::ChangeInfo {
                id: format!("/change/C{number:013}"),
                status,
                submitted_at,
            },
        }
    }
}

fn zone_arn(id: &str) -> String {
    format!("arn:aws:route53:::hostedzone/{id}")
}

fn described(zone: &HostedZone) -> wire::HostedZone {
    wire::HostedZone {
        id: format!("/hostedzone/{}", zone.id),
        name: zone.apex.to_string(),
        caller_reference: zone.id.clone(),
        config: wire::ZoneConfig { private_zone: zone.private },
        resource_record_set_count: zone.sets.len(),
    }
}

fn tags(zone: &HostedZone) -> wire::TagSet {
    let list = zone
        .tags
        .iter()
        .map(|(key, value)| wire::Tag { key: key.clone(), value: value.clone() })
        .collect();
    wire::TagSet {
        resource_type: "hostedzone",
        resource_id: zone.id.clone(),
        tags: wire::Tags { list },
    }
}
