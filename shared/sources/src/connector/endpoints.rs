//! From what a server sends to endpoints. Fields count by their name: others may be there, and some may not.

use std::sync::Arc;

use ecow::EcoString;
use extdns_model::{
    ClusterId, Endpoint, KindName, Properties, RecordSet, Resource, ResourceKind, Ttl,
};

use super::gob::{GobError, Value};
use crate::sink::{DropReason, Sink};

/// Stands for the object that wants an endpoint; the server says in labels which one it is.
const KIND: ResourceKind = ResourceKind::new(&KindName::Unlabelled("connector"));

/// Puts the endpoints of a list into the sink.
pub(super) fn put(list: &Value, cluster: ClusterId, sink: &mut Sink) -> Result<(), GobError> {
    let Value::List(list) = list else { return Err(GobError::Malformed("it is no list")) };
    for endpoint in list {
        let Value::Struct(_) = endpoint else {
            return Err(GobError::Malformed("an element is no struct"));
        };
        put_one(endpoint, cluster, sink);
    }
    Ok(())
}

fn put_one(endpoint: &Value, cluster: ClusterId, sink: &mut Sink) {
    let dns_name = endpoint.text("DNSName");
    let name = dns_name.clone();
    let by = Arc::new(Resource { cluster, kind: KIND, namespace: None, name });
    let rtype = match endpoint.text("RecordType").parse() {
        Ok(rtype) => rtype,
        Err(error) => return sink.drop(&dns_name, &by, DropReason::from(error)),
    };
    let Some(name) = sink.name(&dns_name, &by) else { return };
    let targets = endpoint.list("Targets").iter().map(Value::as_text).collect();
    let ttl = match endpoint.field("RecordTTL") {
        Some(Value::Int(seconds)) => Ttl::from_seconds(*seconds),
        _ => Ttl::UNSET,
    };
    let properties = endpoint.list("ProviderSpecific").iter();
    let properties: Properties =
        properties.map(|property| (property.text("Name"), property.text("Value"))).collect();
    let set = RecordSet::new(name, rtype, ttl, targets)
        .with_set_identifier(endpoint.text("SetIdentifier"))
        .with_properties(properties);
    let mut endpoint_found = Endpoint::from_set(set).wanted_by(by);
    if let Some(Value::Map(labels)) = endpoint.field("Labels").filter(|labels| !labels.is_empty()) {
        endpoint_found.edit_labels(|own| {
            labels.iter().for_each(|(key, value)| own.set(key.as_text(), value.as_text()));
        });
    }
    sink.endpoints.push(endpoint_found);
}

impl Value {
    fn field(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Struct(fields) => {
                fields.iter().find(|(own, _)| own == name).map(|(_, value)| value)
            }
            _ => None,
        }
    }

    fn as_text(&self) -> EcoString {
        match self {
            Self::Bytes(bytes) => String::from_utf8_lossy(bytes).as_ref().into(),
            _ => EcoString::new(),
        }
    }

    fn text(&self, name: &str) -> EcoString {
        self.field(name).map(Self::as_text).unwrap_or_default()
    }

    fn list(&self, name: &str) -> &[Self] {
        match self.field(name) {
            Some(Self::List(list)) => list,
            _ => &[],
        }
    }

    fn is_empty(&self) -> bool {
        matches!(self, Self::Map(pairs) if pairs.is_empty())
    }
}
