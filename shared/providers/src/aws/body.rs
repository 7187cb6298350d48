//! The bodies of errors, in both of their forms.

use extdns_model::Name;
use quick_xml::Reader;
use quick_xml::events::Event;

use super::names::decoded;

/// An error's body.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Body {
    pub(super) code: String,
    pub(super) messages: Vec<String>,
    pub(super) request_id: Option<String>,
}

impl Body {
    /// Reads both forms. A body that is not XML gives no code.
    pub(super) fn parse(bytes: &[u8]) -> Self {
        let mut body = Self::default();
        let xml = String::from_utf8_lossy(bytes);
        let mut reader = Reader::from_str(&xml);
        let (mut element, mut root, mut text) = (String::new(), true, String::new());
        while let Ok(event) = reader.read_event() {
            match event {
                Event::Start(start) => {
                    element = start.local_name().as_ref().to_owned();
                    if root && element != "ErrorResponse" {
                        body.code.clone_from(&element);
                    }
                    root = false;
                    text.clear();
                }
                Event::Text(part) => {
                    text.push_str(&part);
                }
                Event::GeneralRef(entity) => match entity.resolve_char_ref() {
                    Ok(Some(char)) => text.push(char),
                    _ => text.push_str(named(&entity)),
                },
                Event::End(_) => body.take(std::mem::take(&mut element), &mut text),
                Event::Eof => break,
                _ => {}
            }
        }
        body
    }

    fn take(&mut self, element: String, text: &mut String) {
        let text = std::mem::take(text).trim().to_owned();
        match element.as_str() {
            "Code" => self.code = text,
            "Message" if !text.is_empty() => self.messages.push(text),
            "RequestId" => self.request_id = Some(text),
            _ => {}
        }
    }

    /// The names of the records that the messages refuse.
    pub(super) fn offenders(&self) -> Vec<Name> {
        let mut names: Vec<Name> = Vec::new();
        for found in self.messages.iter().flat_map(|message| blamed(message)) {
            let name = Name::as_listed(&decoded(found));
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }
}

fn named(entity: &str) -> &'static str {
    match entity {
        "lt" => "<",
        "gt" => ">",
        "amp" => "&",
        "quot" => "\"",
        "apos" => "'",
        _ => "",
    }
}

/// The names in a message: `[name='a.example.org.', type='A']`, `RRSet with DNS name a.example.org.
/// is ..`, `record set 'A a.example.org.'`. The target of an alias stands in none of these forms.
fn blamed(message: &str) -> impl Iterator<Item = &str> {
    const MARKERS: [(&str, &[char], bool); 3] = [
        ("name='", &['\''], false),
        ("with DNS name ", &[' ', ','], false),
        ("resource record set '", &['\''], true),
    ];
    MARKERS.iter().flat_map(move |(marker, ends, typed)| {
        message.match_indices(marker).filter_map(move |(at, _)| {
            let rest = &message[at + marker.len()..];
            let text = &rest[..rest.find(*ends).unwrap_or(rest.len())];
            let name = if *typed { text.split_once(' ')?.1 } else { text };
            (!name.is_empty()).then_some(name)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(xml: &str) -> Body {
        Body::parse(xml.as_bytes())
    }

    #[test]
    fn both_forms_of_an_error() {
        let wrapped = "<?xml version=\"1.0\"?><ErrorResponse xmlns=\"x\"><Error><Type>Sender</Type>\
            <Code>InvalidChangeBatch</Code><Message>[Tried to create resource record set \
            [name=&apos;\\052.a.org.&apos;, type='A'] but it already exists, Tried to delete resource \
            record set [name='b.a.org.', type='A', set identifier='x'] but it was not found]</Message>\
            </Error><RequestId>r-1</RequestId></ErrorResponse>";
        let bare = "<?xml version=\"1.0\"?><InvalidChangeBatch xmlns=\"x\"><Messages>\
            <Message>RRSet of type CNAME with DNS name c.a.org. is not permitted as it conflicts with \
            other records with the same DNS name in zone a.org.</Message>\
            <Message>RRSet with DNS name d.a.org., type A, SetIdentifier x cannot be created</Message>\
            <Message>The request contains an invalid set of changes for a resource record set 'A \
            e.a.org.'</Message><Message>Tried to create an alias that targets t.a.org., type A in zone \
            Z1, but that target was not found</Message></Messages></InvalidChangeBatch>";
        let wrapped = body(wrapped);
        assert_eq!(wrapped.request_id.as_deref(), Some("r-1"));
        assert_eq!(wrapped.code, "InvalidChangeBatch");
        let names =
            |body: &Body| body.offenders().iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(names(&wrapped), ["*.a.org", "b.a.org"]);
        let bare = body(bare);
        assert_eq!(bare.code, "InvalidChangeBatch");
        assert_eq!(bare.messages.len(), 4);
        assert_eq!(names(&bare), ["c.a.org", "d.a.org", "e.a.org"]);
        assert_eq!(body("not <xml"), Body::default());
    }
}
