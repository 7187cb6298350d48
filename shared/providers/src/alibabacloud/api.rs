//! The two APIs, as data: what each calls its actions and parameters.

use extdns_model::RecordType;

use crate::engine::wire::{Dots, Form, Ttls, USUAL_TYPES};
use crate::rest::{
    Actions, Advice, CONFLICT, Holds, Layout, Listing, Meaning, More, Parameters, Service,
    THROTTLED, ZoneLayout,
};
use crate::{ErrorKind, TxtQuoting};

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
        rejected: "correct the target or TTL of the record; the free edition takes TTLs from 600 seconds",
        ..Advice::USUAL
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
pub(super) const PUBLIC: Actions = Actions {
    service: SERVICE,
    name: "",
    version: "2015-01-09",
    is_private: false,
    form: FORM,
    types: USUAL_TYPES,
    parameters: Parameters::Query("Action"),
    ids: "",
    zones: (
        "DescribeDomains",
        paged("/Domains/Domain", "/TotalCount", 100),
        ZoneLayout::of("DomainName", "DomainName"),
    ),
    records: (
        "DescribeDomainRecords",
        paged("/DomainRecords/Record", "/TotalCount", 500),
        PUBLIC_RECORD,
    ),
    writes: ["AddDomainRecord", "UpdateDomainRecord", "DeleteDomainRecord"],
    written: PUBLIC_RECORD,
    more: &[],
    zone: "DomainName",
    always_zone: false,
    number_ids: false,
};

const PUBLIC_RECORD: Layout = Layout::of(&[
    ("RecordId", Holds::Id),
    ("RR", Holds::Name),
    ("Type", Holds::Type),
    ("Value", Holds::Value),
    ("TTL", Holds::Ttl),
    ("Priority", Holds::Preference),
]);

/// PrivateZone.
pub(super) const PRIVATE: Actions = Actions {
    service: Service { base: "https://pvtz.aliyuncs.com/", ..SERVICE },
    version: "2018-01-01",
    is_private: true,
    form: Form { ttls: Ttls::from(60), ..FORM },
    types: {
        use RecordType::{A, Aaaa, Cname, Mx, Ptr, Srv, Txt};
        &[A, Aaaa, Cname, Mx, Ptr, Srv, Txt]
    },
    zones: (
        "DescribeZones",
        paged("/Zones/Zone", "/TotalItems", 100),
        ZoneLayout::of("ZoneId", "ZoneName"),
    ),
    records: ("DescribeZoneRecords", paged("/Records/Record", "/TotalItems", 100), PRIVATE_RECORD),
    writes: ["AddZoneRecord", "UpdateZoneRecord", "DeleteZoneRecord"],
    written: PRIVATE_RECORD,
    zone: "ZoneId",
    ..PUBLIC
};

const PRIVATE_RECORD: Layout = Layout::of(&[
    ("RecordId", Holds::Id),
    ("Rr", Holds::Name),
    ("Type", Holds::Type),
    ("Value", Holds::Value),
    ("Ttl", Holds::Ttl),
    ("Priority", Holds::Preference),
]);
