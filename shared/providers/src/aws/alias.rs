//! The hosted zones of the names that AWS gives to load balancers and the like.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

/// The hosted zone of CloudFront: the health of its targets cannot be evaluated.
pub(super) const CLOUDFRONT: &str = "Z2FDTNDATAQYW2";

/// An entry of the table.
struct AliasZone {
    id: &'static str,
    /// Whether a CNAME to such a name becomes an alias without a property that asks for it.
    detected: bool,
}

static TABLE: LazyLock<HashMap<&'static str, AliasZone>> = LazyLock::new(|| {
    let mut detected = false;
    let mut table = HashMap::new();
    for line in include_str!("alias_zones.txt").lines() {
        match line.split_once(' ') {
            _ if line.starts_with('#') => {}
            Some((suffix, id)) => {
                table.insert(suffix, AliasZone { id, detected });
            }
            None if line.is_empty() => {}
            None => detected = line == "[detected]",
        }
    }
    table
});

/// The hosted zone of a host whose CNAME becomes an alias without a property that asks for it.
pub(super) fn detected(host: &str) -> Option<&'static str> {
    find(host, true)
}

/// The hosted zone of a host for which a property asks for an alias.
pub(super) fn known(host: &str) -> Option<&'static str> {
    find(host, false)
}

fn find(host: &str, only_detected: bool) -> Option<&'static str> {
    let host = host.strip_suffix('.').unwrap_or(host);
    let host = if host.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(host.to_ascii_lowercase())
    } else {
        Cow::Borrowed(host)
    };
    // From the last two labels to the whole name.
    let borders = host.rmatch_indices('.').map(|(at, _)| at + 1).skip(1).chain([0]);
    let found = borders
        .filter_map(|at| TABLE.get(&host[at..]))
        .find(|zone| zone.detected || !only_detected)
        .map(|zone| zone.id);
    if found.is_none() && only_detected && host.ends_with(".amazonaws.com") {
        tracing::warn!(
            "Could not find canonical hosted zone for domain {host}. This may be because your \
             region is not supported yet."
        );
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r53_case_34_canonical_hosted_zones() {
        let (unasked, asked): (Vec<_>, Vec<_>) = TABLE.iter().partition(|(_, zone)| zone.detected);
        assert_eq!(unasked.len(), 133);
        assert_eq!(asked.len(), 2 * 34 + 25);
        for (suffix, zone) in unasked {
            assert_eq!(detected(&format!("foo.{suffix}")), Some(zone.id), "{suffix}");
            assert_eq!(known(&format!("dualstack.Foo.{suffix}.")), Some(zone.id), "{suffix}");
        }
        for (suffix, zone) in asked {
            assert_eq!(detected(&format!("foo.{suffix}")), None, "{suffix}");
            assert_eq!(known(&format!("foo.{suffix}")), Some(zone.id), "{suffix}");
        }
        let cases = [
            ("foo.example.org", None),
            ("foo.elb.eastwest-1.amazonaws.com", None),
            ("xcloudfront.net", None),
            ("cloudfront.net", Some(CLOUDFRONT)),
            ("D1.CloudFront.net.", Some(CLOUDFRONT)),
            ("foo.elb.amazonaws.com", None),
            ("foo.eu-central-1.elb.amazonaws.com", Some("Z215JYRZR1TBD5")),
            ("foo.elb.eu-central-1.amazonaws.com", Some("Z3F0SRJ5LGBH90")),
            ("net", None),
            ("", None),
        ];
        for (host, expected) in cases {
            assert_eq!(detected(host), expected, "{host}");
        }
    }
}
