//! The two APIs, as data: what each calls its actions and members.

use extdns_model::RecordType;

use crate::engine::wire::{Dots, Form, Ttls, USUAL_TYPES};
use crate::rest::{Advice, CONFLICT, Listing, Meaning, More, Service, THROTTLED};
use crate::{ErrorKind, TxtQuoting};

/// One of the two APIs.
pub(super) struct Api {
    /// The name of the service in signatures and host names.
    pub(super) name: &'static str,
    pub(super) version: &'static str,
    pub(super) types: &'static [RecordType],
    pub(super) zones: List,
    pub(super) records: List,
    /// The member that names a zone.
    pub(super) zone: &'static str,
    /// The actions that make, change and remove a record.
    pub(super) writes: [&'static str; 3],
    /// The member with the value of a record.
    pub(super) value: &'static str,
    pub(super) is_private: bool,
}

/// A list by its action, whose pages are asked for in the body.
pub(super) type List = (&'static str, Listing);

const fn paged(items: &'static str, total: &'static str, most: u32) -> Listing {
    Listing { next: More::Member("Offset"), total, size: ("Limit", most), ..Listing::at(items) }
}

pub(super) const SERVICE: Service = Service {
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
        conflict: "delete or rename the record that is in the way",
        rejected: "correct the target or TTL of the record",
        throttled: "wait, or call it less often",
    },
    ..Service::new("Tencent Cloud", "https://dnspod.tencentcloudapi.com/")
};

pub(super) const FORM: Form =
    Form { apex: "@", dots: Dots::None, txt: TxtQuoting::Bare, ttls: Ttls::from(600) };

/// DNSPod.
pub(super) const PUBLIC: Api = Api {
    name: "dnspod",
    version: "2021-03-23",
    types: USUAL_TYPES,
    zones: (
        "DescribeDomainList",
        paged("/Response/DomainList", "/Response/DomainCountInfo/AllTotal", 3000),
    ),
    records: (
        "DescribeRecordList",
        paged("/Response/RecordList", "/Response/RecordCountInfo/TotalCount", 3000),
    ),
    zone: "Domain",
    writes: ["CreateRecord", "ModifyRecord", "DeleteRecord"],
    value: "Value",
    is_private: false,
};

/// Private DNS.
pub(super) const PRIVATE: Api = Api {
    name: "privatedns",
    version: "2020-10-28",
    types: {
        use RecordType::{A, Aaaa, Cname, Mx, Ptr, Txt};
        &[A, Aaaa, Cname, Mx, Ptr, Txt]
    },
    zones: (
        "DescribePrivateZoneList",
        paged("/Response/PrivateZoneSet", "/Response/TotalCount", 100),
    ),
    records: (
        "DescribePrivateZoneRecordList",
        paged("/Response/RecordSet", "/Response/TotalCount", 100),
    ),
    zone: "ZoneId",
    writes: ["CreatePrivateZoneRecord", "ModifyPrivateZoneRecord", "DeletePrivateZoneRecord"],
    value: "RecordValue",
    is_private: true,
};
