//! The two APIs, as data: what each calls its actions and members.

use extdns_model::RecordType;

use crate::engine::wire::{Dots, Form, Ttls, USUAL_TYPES};
use crate::rest::{
    Actions, Advice, CONFLICT, Holds, Layout, Listing, Meaning, More, Parameters, Service,
    THROTTLED, ZoneLayout,
};
use crate::{ErrorKind, TxtQuoting};

/// The pages of a list, which are asked for in the body.
const fn paged(items: &'static str, total: &'static str, most: u32) -> Listing {
    Listing { next: More::Member("Offset"), total, size: ("Limit", most), ..Listing::at(items) }
}

const SERVICE: Service = Service {
    texts: &["/Response/Error/Code", "/Response/Error/Message"],
    failure: "/Response/Error",
    meanings: &[
        Meaning::of("requestlimitexceeded", THROTTLED),
        Meaning::of("internalerror", ErrorKind::Lost),
        Meaning::of("authfailure", ErrorKind::Unauthorised),
        Meaning::of("unauthorizedoperation", ErrorKind::Unauthorised),
        // A list without items.
        Meaning::of("nodataofrecord", ErrorKind::RecordGone),
        Meaning::of("recordidinvalid", ErrorKind::RecordGone),
        Meaning::of("recordnotexist", ErrorKind::RecordGone),
        Meaning::of("domainnotexist", ErrorKind::ZoneGone),
        Meaning::of("nodataofdomain", ErrorKind::ZoneGone),
        Meaning::of("zonenotexist", ErrorKind::ZoneGone),
        Meaning::of("recordexist", CONFLICT),
        Meaning::of("conflict", CONFLICT),
        // The plan of the domain has a least TTL.
        Meaning::of("recordttllimit", ErrorKind::Rejected(Vec::new())),
        Meaning::of("limitexceeded", ErrorKind::Quota),
    ],
    rights: "check secretId and secretKey in the file of --tencent-cloud-config-file, and the policies of their user",
    advice: Advice {
        zone_gone: "add the zone at Tencent Cloud, or leave it out with --exclude-domains",
        ..Advice::USUAL
    },
    ..Service::new("Tencent Cloud", "https://dnspod.tencentcloudapi.com/")
};

const FORM: Form =
    Form { apex: "@", dots: Dots::None, txt: TxtQuoting::Bare, ttls: Ttls::from(600) };

/// DNSPod.
pub(super) const PUBLIC: Actions = Actions {
    service: SERVICE,
    name: "dnspod",
    version: "2021-03-23",
    is_private: false,
    form: FORM,
    types: USUAL_TYPES,
    parameters: Parameters::Body("x-tc-action", "x-tc-version"),
    ids: "",
    zones: (
        "DescribeDomainList",
        paged("/Response/DomainList", "/Response/DomainCountInfo/AllTotal", 3000),
        ZoneLayout::of("Name", "Name"),
    ),
    records: (
        "DescribeRecordList",
        paged("/Response/RecordList", "/Response/RecordCountInfo/TotalCount", 3000),
        Layout::of(&[
            ("RecordId", Holds::Id),
            ("Name", Holds::Name),
            ("Type", Holds::Type),
            ("Value", Holds::Value),
            ("TTL", Holds::Ttl),
            ("MX", Holds::Preference),
        ]),
    ),
    writes: ["CreateRecord", "ModifyRecord", "DeleteRecord"],
    written: Layout::of(&[
        ("SubDomain", Holds::Name),
        ("RecordType", Holds::Type),
        ("Value", Holds::Value),
        ("TTL", Holds::Ttl),
        ("MX", Holds::Preference),
    ]),
    // The two sites call the default line differently, and its id the same.
    more: &[("RecordLine", "默认"), ("RecordLineId", "0")],
    zone: "Domain",
    always_zone: true,
    number_ids: true,
};

/// Private DNS.
pub(super) const PRIVATE: Actions = Actions {
    service: Service { base: "https://privatedns.tencentcloudapi.com/", ..SERVICE },
    name: "privatedns",
    version: "2020-10-28",
    is_private: true,
    ids: "RecordIdSet",
    types: {
        use RecordType::{A, Aaaa, Cname, Mx, Ptr, Txt};
        &[A, Aaaa, Cname, Mx, Ptr, Txt]
    },
    zones: (
        "DescribePrivateZoneList",
        paged("/Response/PrivateZoneSet", "/Response/TotalCount", 100),
        ZoneLayout::of("ZoneId", "Domain"),
    ),
    records: (
        "DescribePrivateZoneRecordList",
        paged("/Response/RecordSet", "/Response/TotalCount", 100),
        PRIVATE_RECORD,
    ),
    writes: ["CreatePrivateZoneRecord", "ModifyPrivateZoneRecord", "DeletePrivateZoneRecord"],
    written: PRIVATE_RECORD,
    more: &[],
    zone: "ZoneId",
    number_ids: false,
    ..PUBLIC
};

const PRIVATE_RECORD: Layout = Layout::of(&[
    ("RecordId", Holds::Id),
    ("SubDomain", Holds::Name),
    ("RecordType", Holds::Type),
    ("RecordValue", Holds::Value),
    ("TTL", Holds::Ttl),
    ("MX", Holds::Preference),
]);
