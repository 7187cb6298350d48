//! Which operation a request asks for.

use crate::http::Request;

/// The operations that are answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Operation {
    /// Zones, 100 a page.
    ListHostedZones,
    /// One zone.
    GetHostedZone,
    /// Tags of one zone.
    ListTagsForResource,
    /// Tags of up to ten zones.
    ListTagsForResources,
    /// Record sets, 300 a page.
    ListResourceRecordSets,
    /// A batch of changes; the one operation that writes.
    ChangeResourceRecordSets,
    /// Whether a batch has reached all servers.
    GetChange,
    /// STS: who the credentials are.
    GetCallerIdentity,
    /// STS: credentials of a role.
    AssumeRole,
}

impl Operation {
    /// Whether it changes anything.
    pub fn is_write(self) -> bool {
        self == Self::ChangeResourceRecordSets
    }

    /// Whether it is one of STS, which neither limits nor counters of Route 53 know.
    pub fn is_sts(self) -> bool {
        matches!(self, Self::GetCallerIdentity | Self::AssumeRole)
    }

    /// The IAM action, such as `route53:ListHostedZones`.
    pub fn action(self) -> String {
        format!("{}:{self:?}", self.service())
    }

    /// The service that a signature for it names.
    pub(super) fn service(self) -> &'static str {
        if self.is_sts() { "sts" } else { "route53" }
    }
}

/// A request's operation, and the zone or change that it names.
pub(super) struct Route {
    pub(super) operation: Operation,
    pub(super) id: Option<String>,
}

const VERSION: &str = "/2013-04-01/";

impl Route {
    /// `None` for what no client of this project asks for.
    pub(super) fn of(request: &Request) -> Option<Self> {
        use Operation::*;
        if request.path == "/" {
            return Some(Self { operation: sts(request)?, id: None });
        }
        let path = request.path.strip_prefix(VERSION)?;
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let (operation, id) = match (request.method.as_str(), &parts[..]) {
            ("GET", ["hostedzone"]) => (ListHostedZones, None),
            ("GET", ["hostedzone", id]) => (GetHostedZone, Some(id)),
            ("GET", ["hostedzone", id, "rrset"]) => (ListResourceRecordSets, Some(id)),
            ("POST", ["hostedzone", id, "rrset"]) => (ChangeResourceRecordSets, Some(id)),
            ("GET", ["tags", "hostedzone", id]) => (ListTagsForResource, Some(id)),
            ("POST", ["tags", "hostedzone"]) => (ListTagsForResources, None),
            ("GET", ["change", id]) => (GetChange, Some(id)),
            _ => return None,
        };
        Some(Self { operation, id: id.map(|id| (*id).to_owned()) })
    }

    /// Whether a request asks for a page after the first.
    pub(super) fn continues(&self, request: &Request) -> bool {
        let cursor = match self.operation {
            Operation::ListHostedZones => "marker",
            Operation::ListResourceRecordSets => "name",
            _ => return false,
        };
        request.pairs().iter().any(|(key, _)| key == cursor)
    }
}

fn sts(request: &Request) -> Option<Operation> {
    match form(request).into_iter().find(|(key, _)| key == "Action")?.1.as_str() {
        "GetCallerIdentity" => Some(Operation::GetCallerIdentity),
        "AssumeRole" => Some(Operation::AssumeRole),
        _ => None,
    }
}

/// The parameters of a call to STS: a form in the body, or the query.
pub(super) fn form(request: &Request) -> Vec<(String, String)> {
    if request.body.is_empty() {
        return request.pairs();
    }
    form_urlencoded::parse(&request.body).into_owned().collect()
}
