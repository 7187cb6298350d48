//! Which names and targets a run looks at.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::name::unicode_form;
use crate::{DomainRegex, Name, target_ip};

/// Which names are in scope: lists of domains, or regular expressions.
///
/// Names are compared in lower-case Unicode form without a trailing dot.
#[derive(Debug, Clone)]
pub enum DomainFilter {
    /// Lists of domains.
    List(DomainPatterns),
    /// Unanchored regular expressions; the exclusion wins.
    Regex {
        /// Names must match this, if given.
        include: Option<DomainRegex>,
        /// Names must not match this, if given.
        exclude: Option<DomainRegex>,
    },
}

/// The lists of a domain filter, normalised.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DomainPatterns {
    include: Vec<String>,
    exclude: Vec<String>,
}

/// A domain filter that cannot be built.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum DomainFilterError {
    /// Both kinds at once (only in the webhook protocol's JSON).
    #[error("cannot have both domain list and regex")]
    Mixed,
    /// A regular expression that does not compile.
    #[error("invalid {which}: {source}")]
    Regex {
        /// The flag or JSON member that holds it.
        which: &'static str,
        /// What is wrong with it.
        source: Box<regex::Error>,
    },
}

impl Default for DomainFilter {
    fn default() -> Self {
        Self::List(DomainPatterns::default())
    }
}

impl DomainFilter {
    /// A filter of domain lists. An entry that begins with a dot matches below the domain only.
    /// Blank entries are dropped.
    pub fn lists<S: AsRef<str>>(
        include: impl IntoIterator<Item = S>,
        exclude: impl IntoIterator<Item = S>,
    ) -> Self {
        Self::List(DomainPatterns { include: patterns(include), exclude: patterns(exclude) })
    }

    /// A filter of regular expressions; empty texts count as absent.
    ///
    /// # Errors
    /// The expression that does not compile, named by its flag or JSON member.
    pub fn regex(
        (include_name, include): (&'static str, &str),
        (exclude_name, exclude): (&'static str, &str),
    ) -> Result<Self, DomainFilterError> {
        Ok(Self::Regex {
            include: compile(include_name, include)?,
            exclude: compile(exclude_name, exclude)?,
        })
    }

    /// Whether the filter lets every name pass.
    #[must_use]
    pub fn is_open(&self) -> bool {
        match self {
            Self::List(lists) => lists.include.is_empty() && lists.exclude.is_empty(),
            Self::Regex { include, exclude } => include.is_none() && exclude.is_none(),
        }
    }

    /// Whether a name is in scope.
    #[must_use]
    pub fn matches(&self, name: &Name) -> bool {
        if self.is_open() {
            return true;
        }
        let name = name.to_unicode();
        match self {
            Self::List(lists) => {
                let any =
                    |patterns: &[String]| patterns.iter().any(|pattern| covers(pattern, &name));
                (lists.include.is_empty() || any(&lists.include)) && !any(&lists.exclude)
            }
            Self::Regex { include, exclude } => {
                !exclude.as_ref().is_some_and(|regex| regex.is_match(&name))
                    && include.as_ref().is_none_or(|regex| regex.is_match(&name))
            }
        }
    }

    /// Whether some name in scope lies strictly below this domain, so that the domain's zone may
    /// hold it although the domain itself is out of scope. For regular expressions that is not known: yes,
    /// unless the domain is excluded.
    #[must_use]
    pub fn matches_parent(&self, domain: &Name) -> bool {
        let name = domain.to_unicode();
        match self {
            Self::List(lists) => {
                if lists.exclude.iter().any(|pattern| covers(pattern, &name)) {
                    return false;
                }
                lists.include.is_empty()
                    || lists.include.iter().any(|pattern| {
                        !pattern.starts_with('.')
                            && pattern
                                .strip_suffix(name.as_ref())
                                .is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
                    })
            }
            Self::Regex { exclude, .. } => {
                !exclude.as_ref().is_some_and(|regex| regex.is_match(&name))
            }
        }
    }

    /// The lists, in list mode.
    #[must_use]
    pub fn as_lists(&self) -> Option<&DomainPatterns> {
        match self {
            Self::List(lists) => Some(lists),
            Self::Regex { .. } => None,
        }
    }
}

impl DomainPatterns {
    /// The domains in scope; empty means all.
    #[must_use]
    pub fn include(&self) -> &[String] {
        &self.include
    }

    /// The domains out of scope.
    #[must_use]
    pub fn exclude(&self) -> &[String] {
        &self.exclude
    }
}

fn patterns<S: AsRef<str>>(texts: impl IntoIterator<Item = S>) -> Vec<String> {
    texts
        .into_iter()
        .map(|text| {
            let text = text.as_ref().trim();
            unicode_form(text.strip_suffix('.').unwrap_or(text)).into_owned()
        })
        .filter(|pattern| !pattern.is_empty())
        .collect()
}

fn covers(pattern: &str, name: &str) -> bool {
    if pattern.starts_with('.') {
        return name.ends_with(pattern);
    }
    name.strip_suffix(pattern).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

fn compile(which: &'static str, text: &str) -> Result<Option<DomainRegex>, DomainFilterError> {
    if text.is_empty() {
        return Ok(None);
    }
    DomainRegex::new(text)
        .map(Some)
        .map_err(|source| DomainFilterError::Regex { which, source: Box::new(source) })
}

/// Which addresses may be targets (`--target-net-filter`, `--exclude-target-net`).
#[derive(Debug, Clone, Default)]
pub struct NetFilter {
    include: Vec<IpNet>,
    exclude: Vec<IpNet>,
}

/// A network that is no CIDR.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{flag}: {text:?} is no network in CIDR form, like 10.0.0.0/8")]
pub struct NetFilterError {
    flag: &'static str,
    text: String,
}

impl NetFilter {
    /// A filter from the texts of the two flags; blank entries are dropped.
    ///
    /// # Errors
    /// The first text that is no CIDR.
    pub fn new<S: AsRef<str>>(
        include: impl IntoIterator<Item = S>,
        exclude: impl IntoIterator<Item = S>,
    ) -> Result<Self, NetFilterError> {
        Ok(Self {
            include: nets("--target-net-filter", include)?,
            exclude: nets("--exclude-target-net", exclude)?,
        })
    }

    /// Whether the filter lets every target pass.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.include.is_empty() && self.exclude.is_empty()
    }

    /// Whether a target may stay. A host name, or an address with a zone, lies in no network.
    #[must_use]
    pub fn matches(&self, target: &str) -> bool {
        let address =
            if target.contains('%') { None } else { target_ip(target).map(|ip| ip.to_canonical()) };
        let within = |nets: &[IpNet]| {
            address.is_some_and(|address: IpAddr| nets.iter().any(|net| net.contains(&address)))
        };
        (self.include.is_empty() || within(&self.include)) && !within(&self.exclude)
    }
}

fn nets<S: AsRef<str>>(
    flag: &'static str,
    texts: impl IntoIterator<Item = S>,
) -> Result<Vec<IpNet>, NetFilterError> {
    texts
        .into_iter()
        .filter(|text| !text.as_ref().trim().is_empty())
        .map(|text| {
            let text = text.as_ref().trim();
            net(text).ok_or_else(|| NetFilterError { flag, text: text.to_owned() })
        })
        .collect()
}

/// A CIDR by Go's grammar, which knows no octets with leading zeros. A network of IPv4-mapped
/// addresses becomes one of IPv4 addresses, as such targets do.
fn net(text: &str) -> Option<IpNet> {
    let (address, length) = text.split_once('/')?;
    let address: IpAddr = address.parse().ok()?;
    if !length.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let length: u8 = length.parse().ok()?;
    match (address.to_canonical(), length.checked_sub(96)) {
        (v4 @ IpAddr::V4(_), Some(v4_length)) if address.is_ipv6() => IpNet::new(v4, v4_length),
        _ => IpNet::new(address, length),
    }
    .ok()
}

#[cfg(test)]
mod tests;
