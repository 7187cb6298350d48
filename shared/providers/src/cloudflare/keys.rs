//! The names of properties: the keys of the annotations.

use extdns_model::RecordType;

pub(super) const PROXIED: &str = "external-dns.kubernetes.io/cloudflare-proxied";
pub(super) const COMMENT: &str = "external-dns.kubernetes.io/cloudflare-record-comment";
pub(super) const TAGS: &str = "external-dns.kubernetes.io/cloudflare-tags";
pub(super) const CUSTOM: &str = "external-dns.kubernetes.io/cloudflare-custom-hostname";
pub(super) const REGION: &str = "external-dns.kubernetes.io/cloudflare-region-key";

/// The types of records that can be proxied. The same have a region.
pub(super) const PROXIABLE: &[RecordType] = &[RecordType::A, RecordType::Aaaa, RecordType::Cname];
