//! The names of ownership TXT records: from the name of a record to that of its ownership record,
//! and back.

use std::borrow::Cow;

use extdns_model::{Name, RecordType};

/// Stands in an affix for the lower-case record type.
pub(crate) const TEMPLATE: &str = "%{record_type}";

/// The types that a name can contain, longest first: `aaaa` must not be read as `a`.
const TYPES: [RecordType; 10] = [
    RecordType::Cname,
    RecordType::Naptr,
    RecordType::Dname,
    RecordType::Aaaa,
    RecordType::Ptr,
    RecordType::Srv,
    RecordType::Txt,
    RecordType::Ns,
    RecordType::Mx,
    RecordType::A,
];

/// Letters of the longest of them.
const LONGEST_TYPE: usize = 5;

/// The rule between the name of a record and that of its ownership TXT record.
///
/// The type stands where the affix has `%{record_type}`, else in front of the name (`a-www`).
/// Records of older versions have no type in the name of their TXT.
#[derive(Debug, Clone, Default)]
pub(crate) struct NameMapper {
    affix: Affix,
    /// Whether the type stands in the affix.
    has_template: bool,
    /// The affix of the names of older versions, without the type.
    untyped: String,
    /// What stands for a leading `*`; empty for the asterisk itself.
    wildcard: String,
}

#[derive(Debug, Clone)]
enum Affix {
    Prefix(String),
    Suffix(String),
}

impl Default for Affix {
    fn default() -> Self {
        Self::Prefix(String::new())
    }
}

/// What the name of an ownership TXT record says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Owned {
    /// The record's name, lower-case; a wildcard is still replaced.
    pub(crate) name: Name,
    /// The record's type; `None` in the names of older versions, which stand for every type but
    /// AAAA.
    pub(crate) rtype: Option<RecordType>,
}

impl NameMapper {
    /// A mapper. Only one of prefix and suffix is used: the suffix, if there is one.
    pub(crate) fn new(prefix: &str, suffix: &str, wildcard: &str) -> Self {
        let affix = if suffix.is_empty() {
            Affix::Prefix(prefix.to_lowercase())
        } else {
            Affix::Suffix(suffix.to_lowercase())
        };
        let has_template = affix.text().contains(TEMPLATE);
        let untyped = affix.text().replace(TEMPLATE, "");
        Self { affix, has_template, untyped, wildcard: wildcard.to_lowercase() }
    }

    /// The name of the TXT record for a record of this name and type, or of any type in the format
    /// of older versions. The name keeps its case.
    pub(crate) fn to_txt_name(&self, name: &str, rtype: Option<RecordType>) -> String {
        let (head, tail) = match name.split_once('.') {
            Some((head, tail)) => (head, Some(tail)),
            None => (name, None),
        };
        let head = if head == "*" && !self.wildcard.is_empty() { &self.wildcard } else { head };
        let kind = match rtype {
            Some(RecordType::Other(_)) => rtype
                .map_or(Cow::Borrowed(""), |rtype| rtype.to_string().to_ascii_lowercase().into()),
            _ => rtype.map_or("", type_text).into(),
        };
        let affix: Cow<'_, str> = if self.has_template {
            self.affix.text().replace(TEMPLATE, &kind).into()
        } else {
            self.affix.text().into()
        };
        let (prefix, suffix) = match self.affix {
            Affix::Prefix(_) => (&*affix, ""),
            Affix::Suffix(_) => ("", &*affix),
        };
        // Put together by hand: it is done for each record.
        let mut txt = String::with_capacity(name.len() + head.len() + affix.len() + kind.len() + 1);
        txt.push_str(prefix);
        if rtype.is_some() && !self.has_template {
            txt.push_str(&kind);
            txt.push('-');
        }
        txt.push_str(head);
        txt.push_str(suffix);
        if let Some(tail) = tail {
            txt.push('.');
            txt.push_str(tail);
        }
        txt
    }

    /// The record that an ownership record of this lower-case name stands for; `None` if the name
    /// does not have the affix.
    pub(crate) fn to_endpoint_name(&self, txt: &str) -> Option<Owned> {
        let (part, rest) = self.affix.split(txt)?;
        let (stripped, rtype) = self.strip(part)?;
        let name = match rest {
            "" => Name::as_listed(stripped),
            _ => Name::as_listed(&format!("{stripped}{rest}")),
        };
        (!name.is_empty()).then_some(Owned { name, rtype })
    }

    /// The name that a TXT record of this lower-case name stands for in the format of older
    /// versions.
    pub(crate) fn to_untyped_name(&self, txt: &str) -> Option<String> {
        let (part, rest) = self.affix.split(txt)?;
        let stripped = self.affix.strip(part, &self.untyped)?;
        Some(format!("{stripped}{rest}"))
    }

    /// Whether the ownership record of this record's name in the format of older versions may look
    /// like the ownership record of another record: `a-shop` stands for the host `a-shop`, and for
    /// the A record of `shop`. A quick look that says yes too often.
    pub(crate) fn may_read_as_typed(&self, name: &str) -> bool {
        let head = name.split_once(['-', '.']).map_or(name, |(head, _)| head);
        let head = if head == "*" { self.wildcard.split('-').next().unwrap_or(head) } else { head };
        head.len() <= LONGEST_TYPE
            && TYPES.into_iter().any(|rtype| type_text(rtype).eq_ignore_ascii_case(head))
    }

    /// Whether a record of this name may share its ownership record with that of another name: a
    /// wildcard and the name that replaces it.
    pub(crate) fn may_share(&self, name: &str) -> bool {
        let head = name.split_once('.').map_or(name, |(head, _)| head);
        !self.wildcard.is_empty() && (head == "*" || head.eq_ignore_ascii_case(&self.wildcard))
    }

    /// How a record's name is written in the names of its ownership records: a leading `*`
    /// replaced.
    pub(crate) fn replace_wildcard<'a>(&self, name: &'a str) -> Cow<'a, str> {
        match name.strip_prefix('*') {
            Some(rest)
                if !self.wildcard.is_empty() && (rest.is_empty() || rest.starts_with('.')) =>
            {
                Cow::Owned(format!("{}{rest}", self.wildcard))
            }
            _ => Cow::Borrowed(name),
        }
    }

    fn strip<'a>(&self, part: &'a str) -> Option<(&'a str, Option<RecordType>)> {
        if self.has_template {
            let affix = self.affix.text();
            let typed = TYPES.into_iter().find_map(|rtype| {
                let affix = affix.replace(TEMPLATE, type_text(rtype));
                self.affix.strip(part, &affix).map(|stripped| (stripped, Some(rtype)))
            });
            if typed.is_some() {
                return typed;
            }
        }
        let stripped = self.affix.strip(part, &self.untyped)?;
        let head = stripped.split_once('-').map_or(stripped, |(head, _)| head);
        let rtype = TYPES.into_iter().find(|rtype| type_text(*rtype) == head);
        let rest = rtype.and_then(|_| stripped.strip_prefix(head)?.strip_prefix('-'));
        Some((rest.unwrap_or(stripped), rtype))
    }
}

impl Affix {
    fn text(&self) -> &str {
        match self {
            Self::Prefix(text) | Self::Suffix(text) => text,
        }
    }

    /// The part of a TXT name in which the affix and the type stand, and the rest. A suffix ends
    /// the first label of the record's name, so with each dot of its own the part has a label more.
    fn split<'a>(&self, txt: &'a str) -> Option<(&'a str, &'a str)> {
        let Self::Suffix(suffix) = self else { return Some((txt, "")) };
        let dots = suffix.matches('.').count();
        match txt.match_indices('.').nth(dots) {
            Some((at, _)) => Some(txt.split_at(at)),
            None => (txt.matches('.').count() == dots).then_some((txt, "")),
        }
    }

    fn strip<'a>(&self, part: &'a str, affix: &str) -> Option<&'a str> {
        match self {
            Self::Prefix(_) => part.strip_prefix(affix),
            Self::Suffix(_) => part.strip_suffix(affix),
        }
    }
}

fn type_text(rtype: RecordType) -> &'static str {
    match rtype {
        RecordType::A => "a",
        RecordType::Aaaa => "aaaa",
        RecordType::Cname => "cname",
        RecordType::Txt => "txt",
        RecordType::Srv => "srv",
        RecordType::Ns => "ns",
        RecordType::Ptr => "ptr",
        RecordType::Mx => "mx",
        RecordType::Naptr => "naptr",
        RecordType::Dname => "dname",
        RecordType::Other(_) => "",
    }
}

#[cfg(test)]
mod tests;
