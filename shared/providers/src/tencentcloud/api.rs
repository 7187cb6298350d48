//! The two APIs, as data: what each calls its actions and members.

use extdns_model::RecordType;

use crate::engine::wire::{Dots, Form, Ttls, USUAL_TYPES};
use crate::rest::{Advice, Meaning, Service};
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

/// How a list is asked for.
pub(super) struct List {
    pub(super) action: &'static str,
    /// JSON pointers to the items and to the number of all.
    pub(super) items: &'static str,
    pub(super) total: &'static str,
    /// Most items of a page.
    pub(super) most: usize,
}

pub(super) const SERVICE: Service = Service {
    texts: &["/Response/Error/Code", "/Response/Error/Message"],
    failure: "/Response/Error",
    meanings: &[
        Meaning {
            status: 0,
            text: "requestlimitexceeded",
            kind: ErrorKind::Throttled { retry_after: None },
        },
        Meaning { status: 0, text: "internalerror", kind: ErrorKind::Lost },
        Meaning { status: 0, text: "authfailure", kind: ErrorKind::Unauthorised },
        Meaning { status: 0, text: "unauthorizedoperation", kind: ErrorKind::Unauthorised },
        // A list without items.
        Meaning { status: 0, text: "nodataofrecord", kind: ErrorKind::RecordGone },
        Meaning { status: 0, text: "recordidinvalid", kind: ErrorKind::RecordGone },
        Meaning { status: 0, text: "recordnotexist", kind: ErrorKind::RecordGone },
        Meaning { status: 0, text: "domainnotexist", kind: ErrorKind::ZoneGone },
        Meaning { status: 0, text: "nodataofdomain", kind: ErrorKind::ZoneGone },
        Meaning { status: 0, text: "zonenotexist", kind: ErrorKind::ZoneGone },
        Meaning { status: 0, text: "recordexist", kind: ErrorKind::Conflict(Vec::new()) },
        Meaning { status: 0, text: "conflict", kind: ErrorKind::Conflict(Vec::new()) },
        // The plan of the domain has a least TTL.
        Meaning { status: 0, text: "recordttllimit", kind: ErrorKind::Rejected(Vec::new()) },
        Meaning { status: 0, text: "limitexceeded", kind: ErrorKind::Quota },
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
    zones: List {
        action: "DescribeDomainList",
        items: "/Response/DomainList",
        total: "/Response/DomainCountInfo/AllTotal",
        most: 3000,
    },
    records: List {
        action: "DescribeRecordList",
        items: "/Response/RecordList",
        total: "/Response/RecordCountInfo/TotalCount",
        most: 3000,
    },
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
    zones: List {
        action: "DescribePrivateZoneList",
        items: "/Response/PrivateZoneSet",
        total: "/Response/TotalCount",
        most: 100,
    },
    records: List {
        action: "DescribePrivateZoneRecordList",
        items: "/Response/RecordSet",
        total: "/Response/TotalCount",
        most: 100,
    },
    zone: "ZoneId",
    writes: ["CreatePrivateZoneRecord", "ModifyPrivateZoneRecord", "DeletePrivateZoneRecord"],
    value: "RecordValue",
    is_private: true,
};
