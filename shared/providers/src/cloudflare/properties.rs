//! What a record has beside DNS: properties under the keys of the annotations, as they are compared.

use ecow::EcoString;
use extdns_model::{Endpoint, Properties, Ttl, ZoneIndex, property_names};

use super::keys::{COMMENT, CUSTOM, PROXIABLE, PROXIED, REGION, TAGS};
use super::record::Plan;
use super::{CloudflareArgs, FORM, beside};
use crate::Adjusted;
use crate::engine::text::joined;
use crate::engine::wire::{flag, keeping_texts, well_formed};

/// The desired endpoints as they are stored.
pub(super) fn adjust(args: &CloudflareArgs, desired: Adjusted, zones: &ZoneIndex) -> Adjusted {
    FORM.wanted(well_formed(keeping_texts(desired))).changed(|endpoint| {
        let zone = zones.route(&endpoint.set.name.key(), None).first().copied();
        let plan = zone.map_or(Plan::PAID, |key| Plan::of(zones.zone(key)));
        fit(args, endpoint, plan)
    })
}

/// Gives an endpoint the properties and the TTL that are stored, and says what is another than given.
fn fit(args: &CloudflareArgs, endpoint: &mut Endpoint, plan: Plan) -> Vec<String> {
    let set = &mut endpoint.set;
    let given = |name| set.properties().under_any_prefix(name).map(EcoString::from);
    let (proxied, odd) =
        flag("cloudflare-proxied", given(PROXIED).as_deref(), args.cloudflare_proxied);
    let mut reasons: Vec<String> = odd.into_iter().collect();
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
