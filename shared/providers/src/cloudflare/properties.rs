//! What a record has beside DNS: properties under the keys of the annotations, as they are compared.

use ecow::EcoString;
use extdns_model::{
    Endpoint, Opaque, Properties, RecordType, Ttl, Zone, ZoneIndex, property_names,
};

use super::record::{Plan, Texts};
use super::{CloudflareArgs, FORM};
use crate::engine::text;
use crate::engine::wire::{Mx, Srv};
use crate::{Adaptation, AdaptationKind, Adjusted};

pub(super) const PROXIED: &str = "external-dns.kubernetes.io/cloudflare-proxied";
pub(super) const COMMENT: &str = "external-dns.kubernetes.io/cloudflare-record-comment";
pub(super) const TAGS: &str = "external-dns.kubernetes.io/cloudflare-tags";
pub(super) const CUSTOM: &str = "external-dns.kubernetes.io/cloudflare-custom-hostname";
pub(super) const REGION: &str = "external-dns.kubernetes.io/cloudflare-region-key";

/// Whether requests for records of this type can go through the proxy. The same types have a region.
pub(super) fn is_proxiable(rtype: RecordType) -> bool {
    matches!(rtype, RecordType::A | RecordType::Aaaa | RecordType::Cname)
}

/// Whether custom hostnames can lead to records of this type.
pub(super) fn has_custom_hostnames(rtype: RecordType) -> bool {
    matches!(rtype, RecordType::A | RecordType::Cname)
}

/// The words of a list as they are compared: trimmed, sorted, each once; `None` without any.
pub(super) fn joined<'w>(words: impl Iterator<Item = &'w str>) -> Option<EcoString> {
    let mut words: Vec<&str> = words.map(str::trim).filter(|word| !word.is_empty()).collect();
    words.sort_unstable();
    words.dedup();
    (!words.is_empty()).then(|| words.join(",").into())
}

/// The desired endpoints as they are stored.
pub(super) fn adjust(args: &CloudflareArgs, mut desired: Adjusted, zones: &ZoneIndex) -> Adjusted {
    let mut notes = std::mem::take(&mut desired.notes);
    desired.endpoints.retain_mut(|endpoint| {
        keep_texts(endpoint);
        let goes = without_malformed(endpoint, &mut notes);
        if goes {
            let zone = zones.route(&endpoint.set.name.key(), None).first().copied();
            fit(args, endpoint, zone.map(|key| zones.zone(key)), &mut notes);
        }
        goes
    });
    FORM.wanted(Adjusted { notes, ..desired })
}

/// Notes texts in quotes, to be written as they were given.
fn keep_texts(endpoint: &mut Endpoint) {
    let targets = &endpoint.set.targets;
    if endpoint.set.rtype == RecordType::Txt
        && targets.iter().any(|it| text::bare(it) != it.as_str())
    {
        let texts = Opaque::new(Texts(targets.iter().cloned().collect()));
        endpoint.edit_hints(|hints| hints.data = texts);
    }
}

/// Takes away targets that have not the fields of their type; false if none is left.
fn without_malformed(endpoint: &mut Endpoint, notes: &mut Vec<Adaptation>) -> bool {
    let (is_good, form): (fn(&str) -> bool, _) = match endpoint.set.rtype {
        // A preference alone is the null MX (RFC 7505) if it is 0.
        RecordType::Mx => (
            |it| Mx::parse(it).is_some_and(|mx| mx.preference == 0 || it.contains(' ')),
            "10 mail.example.org",
        ),
        RecordType::Srv => (|it| Srv::parse(it).is_some(), "10 20 5060 sip.example.org."),
        _ => return true,
    };
    let is_bad = |it: &EcoString| !is_good(it);
    let Some(bad) = endpoint.set.targets.iter().find(|it| is_bad(it)).cloned() else { return true };
    let good = endpoint.set.targets.iter().filter(|it| !is_bad(it)).cloned().collect();
    endpoint.set.targets = good;
    let (kind, rtype) = (
        if endpoint.set.targets.is_empty() {
            AdaptationKind::Dropped
        } else {
            AdaptationKind::Changed
        },
        endpoint.set.rtype,
    );
    let reason =
        format!("the target {bad:?} is no {rtype} value and is left out; write it like {form:?}");
    notes.push(Adaptation::of(endpoint, kind, reason));
    kind == AdaptationKind::Changed
}

fn fit(
    args: &CloudflareArgs,
    endpoint: &mut Endpoint,
    zone: Option<&Zone>,
    notes: &mut Vec<Adaptation>,
) {
    let plan = zone.map_or(Plan::PAID, Plan::of);
    let rtype = endpoint.set.rtype;
    let given = |name: &str| own(endpoint.set.properties(), name);
    let mut reasons = Vec::new();
    let flag = args.cloudflare_proxied;
    let proxied = given(PROXIED).map_or(flag, |text| {
        go_bool(&text).unwrap_or_else(|| {
            reasons.push(format!(
                "cloudflare-proxied is neither true nor false but {text:?}; it is {flag}"
            ));
            flag
        })
    });
    let proxied = proxied && is_proxiable(rtype);
    let alias = endpoint.set.properties().get(property_names::ALIAS).map(EcoString::from);
    let flag = Some(&args.cloudflare_record_comment).filter(|flag| !flag.is_empty());
    let comment = given(COMMENT).or_else(|| flag.map(EcoString::from)).map(|comment| {
        let Some((end, _)) = comment.char_indices().nth(plan.comment) else { return comment };
        reasons.push(format!(
            "a comment in this zone has at most {} characters; it is cut",
            plan.comment
        ));
        comment[..end].into()
    });
    let list = |name| given(name).and_then(|list| joined(list.split(',')));
    let custom = args.cloudflare_custom_hostnames && has_custom_hostnames(rtype);
    let region = (args.has_regions() && is_proxiable(rtype))
        .then(|| given(REGION).unwrap_or_else(|| args.cloudflare_region_key.as_str().into()));
    let all = [
        (property_names::ALIAS, alias),
        (PROXIED, Some(if proxied { "true".into() } else { "false".into() })),
        (COMMENT, comment.filter(|comment| !comment.is_empty())),
        (TAGS, list(TAGS)),
        (CUSTOM, list(CUSTOM).filter(|_| custom)),
        (REGION, region),
    ];
    let all: Properties =
        all.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
    let set = &mut endpoint.set;
    set.set_properties(all);
    match set.ttl.seconds() {
        Some(_) if proxied => set.ttl = Ttl::UNSET,
        // 1 means automatic.
        Some(seconds @ 2..) if seconds < plan.ttl => {
            set.ttl = Ttl::from_seconds(plan.ttl.into());
            reasons
                .push(format!("the least TTL in this zone is {} seconds, not {seconds}", plan.ttl));
        }
        _ => {}
    }
    notes.extend(
        reasons.into_iter().map(|reason| Adaptation::of(endpoint, AdaptationKind::Changed, reason)),
    );
}

/// The value of a property, by its own name or under another prefix of annotations.
fn own(properties: &Properties, name: &str) -> Option<EcoString> {
    let short = name.rsplit('/').next();
    let other = || {
        properties.iter().find(|it| it.name.contains('/') && it.name.rsplit('/').next() == short)
    };
    let value = properties.get(name).map(EcoString::from);
    value.or_else(|| other().map(|it| it.value.clone()))
}

/// A truth value as Go's `strconv.ParseBool` reads it.
fn go_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
        _ => None,
    }
}
