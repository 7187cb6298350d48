//! Whether an answer is complete. The SDK reads XML that breaks off as if it ended there, and takes a list
//! that does not say whether it is complete for a complete one.

use std::fmt;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::AfterDeserializationInterceptorContextRef;
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use quick_xml::Reader;
use quick_xml::events::Event;

/// What the answer of an operation holds, beside what may be left out.
const MEMBERS: &[(&str, &[&str])] = &[
    ("ListHostedZones", &["HostedZones", "IsTruncated"]),
    ("GetHostedZone", &["HostedZone"]),
    ("ListTagsForResource", &["ResourceTagSet"]),
    ("ListTagsForResources", &["ResourceTagSets"]),
    ("ListResourceRecordSets", &["ResourceRecordSets", "IsTruncated"]),
    ("ChangeResourceRecordSets", &["ChangeInfo"]),
];

/// Turns every answer that is not whole into an error.
#[derive(Debug)]
pub(super) struct Whole;

impl Intercept for Whole {
    fn name(&self) -> &'static str {
        "Whole"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let (answer, operation) = (context.response(), config.load::<Metadata>());
        if !answer.status().is_success() {
            return Ok(());
        }
        let checked = match (answer.status().as_u16(), operation) {
            (200, Some(operation)) => {
                check(answer.body().bytes().unwrap_or_default(), operation.name())
            }
            (200, None) => Ok(()),
            (status, _) => Err(Broken::Status(status)),
        };
        Ok(checked?)
    }
}

/// Why an answer is not whole.
#[derive(Debug, PartialEq, Eq)]
enum Broken {
    /// A status that promises something else than a whole document.
    Status(u16),
    /// The XML breaks off, or is none.
    Xml(String),
    /// The document is another one.
    Root(String),
    /// What it must hold once is not there, or twice.
    Member(&'static str),
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the answer is not whole: ")?;
        match self {
            Self::Status(status) => write!(f, "its status is {status}"),
            Self::Xml(text) => write!(f, "its XML breaks off or is none ({text})"),
            Self::Root(root) => write!(f, "it is another document, {root}"),
            Self::Member(name) => write!(f, "it has no {name}, or several"),
        }
    }
}

impl std::error::Error for Broken {}

/// One pass over the document, from its root's beginning to its end.
fn check(body: &[u8], operation: &str) -> Result<(), Broken> {
    let xml = |error: &dyn fmt::Display| Broken::Xml(error.to_string());
    let text = std::str::from_utf8(body).map_err(|error| xml(&error))?;
    let members = MEMBERS.iter().find(|(name, _)| *name == operation);
    let members = members.map_or(&[][..], |(_, members)| members);
    let (mut reader, mut depth, mut closed) = (Reader::from_str(text), 0_usize, false);
    let mut counts = vec![0_u32; members.len()];
    loop {
        let event = reader.read_event().map_err(|error| xml(&error))?;
        match &event {
            Event::Start(element) | Event::Empty(element) => {
                let name = element.local_name();
                let name: &str = name.as_ref();
                if depth == 0 && name.strip_suffix("Response") != Some(operation) {
                    return Err(Broken::Root(name.to_owned()));
                }
                if depth == 1
                    && let Some(index) = members.iter().position(|member| *member == name)
                {
                    counts[index] += 1;
                }
                depth += usize::from(matches!(event, Event::Start(_)));
            }
            Event::End(_) => {
                depth = depth.saturating_sub(1);
                closed |= depth == 0;
            }
            Event::Eof if closed && depth == 0 => break,
            Event::Eof => return Err(xml(&"it ends within an element")),
            _ => {}
        }
    }
    match members.iter().zip(counts).find(|(_, count)| *count != 1) {
        Some((member, _)) => Err(Broken::Member(member)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ZONES: &str = "<?xml version=\"1.0\"?>\n<ListHostedZonesResponse xmlns=\"x\"><HostedZones>\
        <HostedZone><Id>/hostedzone/Z1</Id><Name>a.org.</Name></HostedZone></HostedZones>\
        <IsTruncated>false</IsTruncated><MaxItems>100</MaxItems></ListHostedZonesResponse>";

    fn zones(body: &str) -> Result<(), Broken> {
        check(body.as_bytes(), "ListHostedZones")
    }

    #[test]
    fn a_whole_answer_passes() {
        assert_eq!(zones(ZONES), Ok(()));
        assert_eq!(zones(&format!("{ZONES}\n")), Ok(()));
        let empty =
            ZONES.replace("<HostedZones>", "<HostedZones/><X>").replace("</HostedZones>", "</X>");
        assert_eq!(zones(&empty), Ok(()));
    }

    #[test]
    fn an_answer_that_is_cut_at_any_byte_does_not_pass() {
        for at in 0..ZONES.len() {
            assert!(zones(&ZONES[..at]).is_err(), "{}", &ZONES[..at]);
        }
    }

    #[test]
    fn an_answer_without_what_it_must_hold_does_not_pass() {
        let without = ZONES.replace("<IsTruncated>false</IsTruncated>", "");
        assert_eq!(zones(&without), Err(Broken::Member("IsTruncated")));
        let twice = ZONES.replace("<MaxItems>100</MaxItems>", "<IsTruncated>true</IsTruncated>");
        assert_eq!(zones(&twice), Err(Broken::Member("IsTruncated")));
        // A name of a zone that looks like it is not it.
        let inner = without.replace("<Id>", "<IsTruncated>false</IsTruncated><Id>");
        assert_eq!(zones(&inner), Err(Broken::Member("IsTruncated")));
        let bare = "<ListHostedZonesResponse/>";
        assert!(zones(bare).is_err());
        let other = ZONES.replace("ListHostedZonesResponse", "GetHostedZoneResponse");
        assert_eq!(zones(&other), Err(Broken::Root("GetHostedZoneResponse".to_owned())));
        for none in ["", "{}", "<html></html>", "\u{feff}"] {
            assert!(zones(none).is_err(), "{none:?}");
        }
        assert!(check(b"\xff\xfe", "ListHostedZones").is_err());
    }
}
