//! Providers of upstream that this version does not have: who names one, or a flag of one, made no
//! slip of the hand.

/// The providers of upstream's releases that are not here, as `--provider` and the names of their
/// flags have them.
const PROVIDERS: [&str; 40] = [
    "akamai",
    "alibabacloud",
    "aws-sd",
    "azure",
    "azure-dns",
    "azure-private-dns",
    "bluecat",
    "civo",
    "cloudflare",
    "coredns",
    "designate",
    "digitalocean",
    "dnsimple",
    "dyn",
    "exoscale",
    "gandi",
    "godaddy",
    "google",
    "ibmcloud",
    "infoblox",
    "linode",
    "ns1",
    "oci",
    "ovh",
    "pdns",
    "pihole",
    "plural",
    "rcodezero",
    "rdns",
    "rfc2136",
    "safedns",
    "scaleway",
    "skydns",
    "stackpath",
    "tencentcloud",
    "transip",
    "ultradns",
    "vinyldns",
    "vultr",
    "yandex",
];

/// Flags that have the name of no provider, or not as `--provider` writes it.
const BEGINNINGS: [(&str, &str); 4] = [
    ("alibaba-cloud-", "alibabacloud"),
    ("cf-", "cloudfoundry"),
    ("tencent-cloud-", "tencentcloud"),
    ("zone-name-filter", "azure"),
];

/// Whether upstream has this provider, and this version has not.
pub(super) fn is_provider(name: &str) -> bool {
    PROVIDERS.contains(&name)
}

/// The provider whose flag this is.
pub(super) fn provider_of(flag: &str) -> Option<&'static str> {
    let listed = BEGINNINGS.iter().find(|(start, _)| flag.starts_with(start));
    let named = || {
        let is_of = |provider: &&&str| {
            flag.strip_prefix(**provider).is_some_and(|rest| rest.starts_with('-'))
        };
        PROVIDERS.iter().filter(is_of).max_by_key(|provider| provider.len())
    };
    listed.map(|(_, provider)| *provider).or_else(|| named().copied())
}

#[cfg(test)]
mod tests {
    use super::provider_of;

    #[test]
    fn flags_tell_their_provider() {
        let table = [
            ("cloudflare-proxied", Some("cloudflare")),
            ("google-project", Some("google")),
            ("zone-name-filter", Some("azure")),
            ("aws-sd-create-tag", Some("aws-sd")),
            ("alibaba-cloud-zone-type", Some("alibabacloud")),
            ("aws-zone-typ", None),
            ("cloudflar-proxied", None),
            ("zone-id-filtre", None),
        ];
        for (flag, provider) in table {
            assert_eq!(provider_of(flag), provider, "{flag}");
        }
    }
}
