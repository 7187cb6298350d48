//! The two APIs, as data: what each calls its actions and parameters.

use extdns_model::RecordType;

use crate::engine::wire::{Dots, Form, Ttls, USUAL_TYPES};
use crate::rest::{Advice, CONFLICT, Listing, Meaning, More, Service, THROTTLED};
use crate::{ErrorKind, TxtQuoting};

/// One of the two APIs.
pub(super) struct Api {
    pub(super) service: Service,
    pub(super) version: &'static str,
    pub(super) form: Form,
    pub(super) types: &'static [RecordType],
    /// The action that lists zones or records, and its pages.
    pub(super) zones: (&'static str, Listing),
    pub(super) records: (&'static str, Listing),
    /// The parameter that names a zone.
    pub(super) zone: &'static str,
    /// The actions that make, change and remove a record.
    pub(super) writes: [&'static str; 3],
    /// The parameters of the name and the TTL.
    pub(super) fields: [&'static str; 2],
    /// Whether zones belong to VPCs.
    pub(super) is_private: bool,
}

const SERVICE: Service = Service {
    texts: &["/Code", "/Message"],
    meanings: &[
        Meaning::of("throttling", THROTTLED),
        Meaning::of("serviceunavailable", THROTTLED),
        Meaning::of("signaturedoesnotmatch", ErrorKind::Unauthorised),
        Meaning::of("invalidaccesskeyid", ErrorKind::Unauthorised),
        Meaning::of("incompletesignature", ErrorKind::Unauthorised),
        Meaning::of("invalidtimestamp", ErrorKind::Unauthorised),
        Meaning::of("illegaltimestamp", ErrorKind::Unauthorised),
        Meaning::of("forbidden", ErrorKind::Unauthorised),
        Meaning::of("domainrecordduplicate", CONFLICT),
        Meaning::of("conflict", CONFLICT),
        Meaning::of("quotaexceeded", ErrorKind::Quota),
        Meaning::of("domainrecordnotbelongtouser", ErrorKind::RecordGone),
        Meaning::of("record.invalid.id", ErrorKind::RecordGone),
        Meaning::of("invalidrecordid", ErrorKind::RecordGone),
        Meaning::of("invaliddomainname.noexist", ErrorKind::ZoneGone),
        Meaning::of("zone.invalid.id", ErrorKind::ZoneGone),
        Meaning::of("zone.notexists", ErrorKind::ZoneGone),
    ],
    rights: "check the key in the file of --alibaba-cloud-config-file, or the role of the machine, and its policies",
    advice: Advice {
        zone_gone: "add the zone at Alibaba Cloud, or leave it out with --exclude-domains",
        conflict: "delete or rename the record that is in the way",
        rejected: "correct the target or TTL of the record; the free edition takes TTLs from 600 seconds",
        throttled: "wait, or call it less often",
    },
    ..Service::new("Alibaba Cloud", "https://alidns.aliyuncs.com/")
};

const FORM: Form =
    Form { apex: "@", dots: Dots::None, txt: TxtQuoting::Bare, ttls: Ttls::from(600) };

/// By the number of all items: no page says how many there are.
const fn paged(items: &'static str, total: &'static str, size: u32) -> Listing {
    let next = More::Numbered("/PageNumber", "/-", "PageNumber");
    Listing { next, total, size: ("PageSize", size), ..Listing::at(items) }
}

/// Alibaba Cloud DNS.
pub(super) const PUBLIC: Api = Api {
    service: SERVICE,
    version: "2015-01-09",
    form: FORM,
    types: USUAL_TYPES,
    zones: ("DescribeDomains", paged("/Domains/Domain", "/TotalCount", 100)),
    records: ("DescribeDomainRecords", paged("/DomainRecords/Record", "/TotalCount", 500)),
    zone: "DomainName",
    writes: ["AddDomainRecord", "UpdateDomainRecord", "DeleteDomainRecord"],
    fields: ["RR", "TTL"],
    is_private: false,
};

/// PrivateZone.
pub(super) const PRIVATE: Api = Api {
    service: Service { base: "https://pvtz.aliyuncs.com/", ..SERVICE },
    version: "2018-01-01",
    form: Form { ttls: Ttls::from(60), ..FORM },
    types: {
        use RecordType::{A, Aaaa, Cname, Mx, Ptr, Srv, Txt};
        &[A, Aaaa, Cname, Mx, Ptr, Srv, Txt]
    },
    zones: ("DescribeZones", paged("/Zones/Zone", "/TotalItems", 100)),
    records: ("DescribeZoneRecords", paged("/Records/Record", "/TotalItems", 100)),
    zone: "ZoneId",
    writes: ["AddZoneRecord", "UpdateZoneRecord", "DeleteZoneRecord"],
    fields: ["Rr", "Ttl"],
    is_private: true,
};
