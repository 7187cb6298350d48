//! The desired endpoints as they can be stored: what does not fit is changed or dropped, and noted.

use extdns_model::{Endpoint, Name, RecordType, Targets, property_names};

use super::text;
use crate::{Adaptation, AdaptationKind, Adjusted, Capabilities, TxtQuoting};

/// Compares the desired endpoints with what the provider can store.
pub(crate) fn fit(capabilities: &Capabilities, desired: Adjusted) -> Adjusted {
    let Adjusted { endpoints, mut notes } = desired;
    let fitted = endpoints
        .into_iter()
        .filter_map(|mut endpoint| match fit_one(capabilities, &mut endpoint, &mut notes) {
            Ok(()) => Some(endpoint),
            Err(reason) => {
                notes.push(Adaptation::of(&endpoint, AdaptationKind::Dropped, reason));
                None
            }
        })
        .collect();
    Adjusted { endpoints: fitted, notes }
}

/// Adapts one endpoint; the error says why it cannot be stored at all.
fn fit_one(
    capabilities: &Capabilities,
    endpoint: &mut Endpoint,
    notes: &mut Vec<Adaptation>,
) -> Result<(), String> {
    let provider = capabilities.provider;
    let rtype = endpoint.set.rtype;
    if !capabilities.manages(rtype) {
        return Err(format!("{provider} does not store {rtype} records"));
    }
    let mut changes = Vec::new();
    if !capabilities.alias {
        changes.extend(without_alias(provider, endpoint)?);
    }
    if !capabilities.set_identifiers && !endpoint.set.set_identifier().is_empty() {
        changes
            .push(format!("{provider} knows no set identifiers; it is stored as a simple record"));
    }
    changes.extend(fit_ttl(capabilities, endpoint));
    notes.extend(
        changes.into_iter().map(|reason| Adaptation::of(endpoint, AdaptationKind::Changed, reason)),
    );
    if !capabilities.set_identifiers {
        endpoint.set.set_set_identifier("");
    }
    fit_targets(capabilities, endpoint)
}

/// Without the property `alias`: a CNAME can do without, an address record whose target is a host
/// cannot.
fn without_alias(provider: &str, endpoint: &mut Endpoint) -> Result<Option<String>, String> {
    let set = &mut endpoint.set;
    let desired = match set.properties().get(property_names::ALIAS) {
        None => return Ok(None),
        Some(value) => matches!(value, "true" | "A" | "AAAA"),
    };
    if desired
        && set.rtype.is_address()
        && !set.targets.iter().all(|target| extdns_model::is_ip_target(target))
    {
        return Err(format!("{provider} has no alias records; use a CNAME or addresses"));
    }
    set.edit_properties(|properties| properties.remove(property_names::ALIAS));
    Ok(desired.then(|| format!("{provider} has no alias records; it is stored as a plain record")))
}

fn fit_ttl(capabilities: &Capabilities, endpoint: &mut Endpoint) -> Option<String> {
    let desired = endpoint.set.ttl;
    let Some(seconds) = desired.seconds() else {
        endpoint.set.ttl = capabilities.default_ttl;
        return None;
    };
    let stored = desired.max(capabilities.min_ttl).min(capabilities.max_ttl);
    endpoint.set.ttl = stored;
    let bound = if stored > desired { "least" } else { "largest" };
    (stored != desired).then(|| {
        format!("the {bound} TTL of {} is {stored} seconds, not {seconds}", capabilities.provider)
    })
}

fn fit_targets(capabilities: &Capabilities, endpoint: &mut Endpoint) -> Result<(), String> {
    let set = &mut endpoint.set;
    match (set.rtype, capabilities.txt_quoting) {
        (RecordType::Txt, TxtQuoting::Quoted) => map(&mut set.targets, text::quoted),
        (RecordType::Txt, TxtQuoting::Bare) => map(&mut set.targets, text::bare),
        (RecordType::Cname | RecordType::Ns | RecordType::Ptr | RecordType::Dname, _)
            if capabilities.ascii_names && !set.targets.iter().all(|target| target.is_ascii()) =>
        {
            let ascii = |target: &ecow::EcoString| {
                let name = Name::as_listed(target);
                name.to_ascii().map(|ascii| ascii.into_owned()).map_err(|error| error.to_string())
            };
            set.targets =
                set.targets.iter().map(ascii).collect::<Result<Vec<_>, _>>()?.into_iter().collect();
        }
        _ => {}
    }
    Ok(())
}

fn map(targets: &mut Targets, form: impl Fn(&str) -> std::borrow::Cow<'_, str>) {
    if targets.iter().any(|target| form(target) != target.as_str()) {
        *targets = targets.iter().map(|target| form(target)).collect();
    }
}

#[cfg(test)]
mod tests {
    use extdns_model::Ttl;

    use super::*;

    fn capabilities() -> Capabilities {
        Capabilities {
            record_types: &[RecordType::A, RecordType::Cname, RecordType::Txt],
            min_ttl: Ttl::from_seconds(60),
            max_ttl: Ttl::from_seconds(86_400),
            default_ttl: Ttl::from_seconds(300),
            txt_quoting: TxtQuoting::Quoted,
            ..Capabilities::new("example")
        }
    }

    fn endpoint(rtype: RecordType, ttl: i64, target: &str) -> Endpoint {
        let targets = [target].into_iter().collect();
        Endpoint::new(Name::as_listed("www.example.org"), rtype, Ttl::from_seconds(ttl), targets)
    }

    fn alias(rtype: RecordType, target: &str, value: &str) -> Endpoint {
        let mut endpoint = endpoint(rtype, 300, target);
        endpoint.set.edit_properties(|properties| properties.set("alias", value));
        endpoint
    }

    #[test]
    fn desired_endpoints_and_what_becomes_of_them() {
        use RecordType::{A, Cname, Mx, Txt};
        let with_id = |mut endpoint: Endpoint| {
            endpoint.set.set_set_identifier("blue");
            endpoint
        };
        let cases: Vec<(Endpoint, Option<&str>, Option<&str>)> = vec![
            (endpoint(A, 300, "192.0.2.1"), Some("www.example.org 300 IN A  192.0.2.1 []"), None),
            (endpoint(A, 0, "192.0.2.1"), Some("www.example.org 300 IN A  192.0.2.1 []"), None),
            (
                endpoint(A, 5, "192.0.2.1"),
                Some("www.example.org 60 IN A  192.0.2.1 []"),
                Some("the least TTL of example is 60 seconds, not 5"),
            ),
            (
                endpoint(A, 100_000, "192.0.2.1"),
                Some("www.example.org 86400 IN A  192.0.2.1 []"),
                Some("the largest TTL of example is 86400 seconds, not 100000"),
            ),
            (endpoint(Mx, 300, "10 a.org"), None, Some("example does not store MX records")),
            (endpoint(Txt, 300, "a b"), Some("www.example.org 300 IN TXT  \"a b\" []"), None),
            (
                endpoint(Cname, 300, "bücher.de"),
                Some("www.example.org 300 IN CNAME  xn--bcher-kva.de []"),
                None,
            ),
            (
                with_id(endpoint(A, 300, "192.0.2.1")),
                Some("www.example.org 300 IN A  192.0.2.1 []"),
                Some("example knows no set identifiers; it is stored as a simple record"),
            ),
            (alias(A, "192.0.2.1", "false"), Some("www.example.org 300 IN A  192.0.2.1 []"), None),
            (
                alias(Cname, "a.org", "true"),
                Some("www.example.org 300 IN CNAME  a.org []"),
                Some("example has no alias records; it is stored as a plain record"),
            ),
            (
                alias(A, "a.org", "true"),
                None,
                Some("example has no alias records; use a CNAME or addresses"),
            ),
        ];
        for (desired, stored, note) in cases {
            let given = desired.set.to_string();
            let desired = Adjusted { endpoints: vec![desired], notes: Vec::new() };
            let adjusted = fit(&capabilities(), desired);
            let sets: Vec<_> = adjusted.endpoints.iter().map(|it| it.set.to_string()).collect();
            assert_eq!(sets, stored.into_iter().collect::<Vec<_>>(), "{given}");
            assert_eq!(adjusted.notes.len(), usize::from(note.is_some()), "{given}");
            for (found, expected) in adjusted.notes.iter().zip(note) {
                assert!(found.reason.contains(expected), "{given}: {}", found.reason);
                let kind = if stored.is_some() {
                    AdaptationKind::Changed
                } else {
                    AdaptationKind::Dropped
                };
                assert_eq!(found.kind, kind, "{given}");
            }
        }
    }

    #[test]
    fn a_provider_with_aliases_and_set_identifiers_keeps_them() {
        let able = Capabilities { alias: true, set_identifiers: true, ..capabilities() };
        let mut desired = alias(RecordType::A, "a.org", "true");
        desired.set.set_set_identifier("blue");
        let given = desired.set.clone();
        let adjusted = fit(&able, Adjusted { endpoints: vec![desired], notes: Vec::new() });
        assert_eq!(adjusted.endpoints[0].set, given);
        assert!(adjusted.notes.is_empty());
    }
}
