//! What a record has beside DNS: properties under the keys of the annotations, as they are compared.

use ecow::EcoString;
use extdns_model::{Endpoint, Properties, Ttl, ZoneIndex, parse_go_bool, property_names};

use super::keys::{COMMENT, CUSTOM, PROXIABLE, PROXIED, REGION, TAGS};
use super::record::Plan;
use super::{CloudflareArgs, FORM, beside};
use crate::engine::text::joined;
use crate::engine::wire::{keeping_texts, well_formed};
use crate::{Adaptation, AdaptationKind, Adjusted};

/// The desired endpoints as they are stored.
pub(super) fn adjust(args: &CloudflareArgs, desired: Adjusted, zones: &ZoneIndex) -> Adjusted {
    let mut desired = FORM.wanted(well_formed(keeping_texts(desired)));
    for endpoint in &mut desired.endpoints {
        let zone = zones.route(&endpoint.set.name.key(), None).first().copied();
        let plan = zone.map_or(Plan::PAID, |key| Plan::of(zones.zone(key)));
        let reasons = fit(args, endpoint, plan);
        let note = |reason| Adaptation::of(endpoint, AdaptationKind::Changed, reason);
        desired.notes.extend(reasons.into_iter().map(note));
    }
    desired
}

/// Gives an endpoint the properties and the TTL that are stored, and says what is another than given.
fn fit(args: &CloudflareArgs, endpoint: &mut Endpoint, plan: Plan) -> Vec<String> {
    let set = &mut endpoint.set;
    let given = |name| set.properties().under_any_prefix(name).map(EcoString::from);
    let mut reasons = Vec::new();
    let flag = args.cloudflare_proxied;
    let proxied = given(PROXIED).map_or(flag, |text| {
        parse_go_bool(&text).unwrap_or_else(|| {
            let reason = "cloudflare-proxied is neither true nor false but";
            reasons.push(format!("{reason} {text:?}; it is {flag}"));
            flag
        })
    });
    let is_proxiable = PROXIABLE.contains(&set.rtype);
    let proxied = proxied && is_proxiable;
    let comment = given(COMMENT).unwrap_or_else(|| args.cloudflare_record_comment.as_str().into());
    let cut = comment.char_indices().nth(plan.comment).map(|(end, _)| comment[..end].into());
    if cut.is_some() {
        let most = plan.comment;
        reasons.push(format!("a comment in this zone has at most {most} characters; it is cut"));
    }
    let list = |name| given(name).and_then(|list| joined(list.split(',')));
    let custom = args.cloudflare_custom_hostnames && beside::CUSTOM.types.contains(&set.rtype);
    let region = (args.has_regions() && is_proxiable)
        .then(|| given(REGION).unwrap_or_else(|| args.cloudflare_region_key.as_str().into()));
    let all = [
        (property_names::ALIAS, set.properties().get(property_names::ALIAS).map(Into::into)),
        (PROXIED, Some(if proxied { "true".into() } else { "false".into() })),
        (COMMENT, Some(cut.unwrap_or(comment)).filter(|comment| !comment.is_empty())),
        (TAGS, list(TAGS)),
        (CUSTOM, list(CUSTOM).filter(|_| custom)),
        (REGION, region),
    ];
    let all: Properties =
        all.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
    set.set_properties(all);
    match set.ttl.seconds() {
        Some(_) if proxied => set.ttl = Ttl::UNSET,
        // 1 means automatic.
        Some(seconds @ 2..) if seconds < plan.ttl => {
            set.ttl = Ttl::from_seconds(plan.ttl.into());
            let least = plan.ttl;
            reasons.push(format!("the least TTL in this zone is {least} seconds, not {seconds}"));
        }
        _ => {}
    }
    reasons
}
